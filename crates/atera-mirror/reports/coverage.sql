-- title = "Which customers, contracts and contacts are incomplete?"
-- description = "Customers without a contract that is in force, contracts in force whose customer has no machine or device, and contacts without an e-mail address."
-- tables = ["customers", "contracts", "contacts", "agents", "devices_generic", "devices_http", "devices_snmp", "devices_tcp"]
-- chart = { type = "bar", label = "gap" }
WITH equipped AS (
    SELECT customer_id FROM agents WHERE _deleted IS NULL
    UNION SELECT customer_id FROM devices_generic WHERE _deleted IS NULL
    UNION SELECT customer_id FROM devices_http WHERE _deleted IS NULL
    UNION SELECT customer_id FROM devices_snmp WHERE _deleted IS NULL
    UNION SELECT customer_id FROM devices_tcp WHERE _deleted IS NULL
)
SELECT
    'customer without contract' AS gap,
    c.customer_name AS customer,
    'customers' AS table_name,
    c.customer_id AS id,
    c.customer_name AS name
FROM customers AS c
WHERE c._deleted IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM contracts AS k
        WHERE k._deleted IS NULL AND k.active IS TRUE AND k.customer_id = c.customer_id
    )
UNION ALL
SELECT 'contract without devices', k.customer_name, 'contracts', k.contract_id, k.contract_name
FROM contracts AS k
WHERE k._deleted IS NULL
    AND k.active IS TRUE
    AND NOT EXISTS (SELECT 1 FROM equipped AS e WHERE e.customer_id = k.customer_id)
UNION ALL
SELECT
    'contact without e-mail',
    p.customer_name,
    'contacts',
    p.end_user_id,
    trim(coalesce(p.firstname, '') || ' ' || coalesce(p.lastname, ''))
FROM contacts AS p
WHERE p._deleted IS NULL AND p.archived IS NOT TRUE AND coalesce(p.email, '') = ''
ORDER BY gap, customer NULLS LAST, id
