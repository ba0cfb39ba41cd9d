-- title = "Which records contradict each other?"
-- description = "Records that name another that does not exist, or whose times cannot be right. A list that the mirror has no records of is not held against others."
-- tables = ["tickets", "customers", "contacts", "agents", "alerts", "contracts", "work_hours", "invoices"]
-- chart = { type = "bar", label = "problem" }
-- params.now = { type = "time", default = "now", description = "A contract that ended before is over" }
WITH
live_customers AS (SELECT customer_id FROM customers WHERE _deleted IS NULL),
live_contacts AS (SELECT end_user_id FROM contacts WHERE _deleted IS NULL),
live_agents AS (SELECT agent_id FROM agents WHERE _deleted IS NULL),
live_tickets AS (SELECT ticket_id FROM tickets WHERE _deleted IS NULL),
problems AS (
    SELECT 'ticket of a contact that does not exist' AS problem, 'tickets' AS table_name, CAST(ticket_id AS text) AS id,
        customer_name AS customer, ticket_title AS name
    FROM tickets
    WHERE _deleted IS NULL AND end_user_id IS NOT NULL AND EXISTS (SELECT 1 FROM contacts)
        AND end_user_id NOT IN (SELECT end_user_id FROM live_contacts)
    UNION ALL
    SELECT 'ticket of a customer that does not exist', 'tickets', CAST(ticket_id AS text), customer_name, ticket_title
    FROM tickets
    WHERE _deleted IS NULL AND customer_id IS NOT NULL AND EXISTS (SELECT 1 FROM customers)
        AND customer_id NOT IN (SELECT customer_id FROM live_customers)
    UNION ALL
    SELECT 'resolved ticket without its time', 'tickets', CAST(ticket_id AS text), customer_name, ticket_title
    FROM tickets
    WHERE _deleted IS NULL AND ticket_status IN ('Resolved', 'Closed') AND ticket_resolved_date IS NULL
    UNION ALL
    SELECT 'ticket resolved before it was created', 'tickets', CAST(ticket_id AS text), customer_name, ticket_title
    FROM tickets
    WHERE _deleted IS NULL AND ticket_resolved_date < ticket_created_date
    UNION ALL
    SELECT 'machine without customer', 'agents', CAST(agent_id AS text), customer_name, agent_name
    FROM agents
    WHERE _deleted IS NULL AND EXISTS (SELECT 1 FROM customers)
        AND (customer_id IS NULL OR customer_id NOT IN (SELECT customer_id FROM live_customers))
    UNION ALL
    SELECT 'contact without customer', 'contacts', CAST(end_user_id AS text), customer_name,
        trim(coalesce(firstname, '') || ' ' || coalesce(lastname, ''))
    FROM contacts
    WHERE _deleted IS NULL AND EXISTS (SELECT 1 FROM customers)
        AND (customer_id IS NULL OR customer_id NOT IN (SELECT customer_id FROM live_customers))
    UNION ALL
    SELECT 'contract without customer', 'contracts', CAST(contract_id AS text), customer_name, contract_name
    FROM contracts
    WHERE _deleted IS NULL AND EXISTS (SELECT 1 FROM customers)
        AND (customer_id IS NULL OR customer_id NOT IN (SELECT customer_id FROM live_customers))
    UNION ALL
    SELECT 'contract in force after its end', 'contracts', CAST(contract_id AS text), customer_name, contract_name
    FROM contracts
    WHERE _deleted IS NULL AND active IS TRUE AND end_date < :now
    UNION ALL
    SELECT 'open alert of a machine that does not exist', 'alerts', CAST(alert_id AS text), customer_name, title
    FROM alerts
    WHERE _deleted IS NULL AND archived IS NOT TRUE AND agent_id IS NOT NULL AND EXISTS (SELECT 1 FROM agents)
        AND agent_id NOT IN (SELECT agent_id FROM live_agents)
    UNION ALL
    SELECT 'work without its ticket', 'work_hours', CAST(work_hours_id AS text), NULL, description
    FROM work_hours
    WHERE _deleted IS NULL AND EXISTS (SELECT 1 FROM tickets)
        AND (ticket_id IS NULL OR ticket_id NOT IN (SELECT ticket_id FROM live_tickets))
    UNION ALL
    SELECT 'work without an end after its start', 'work_hours', CAST(work_hours_id AS text), NULL, description
    FROM work_hours
    WHERE _deleted IS NULL AND (start_work_hour IS NULL OR end_work_hour IS NULL OR end_work_hour < start_work_hour)
    UNION ALL
    SELECT 'invoice without date or customer', 'invoices', invoice_id, to_company_name, invoice_number_as_string
    FROM invoices
    WHERE _deleted IS NULL AND (invoice_date IS NULL OR to_company_name IS NULL)
)
SELECT problem, table_name, id, customer, name
FROM problems
ORDER BY problem, table_name, id
