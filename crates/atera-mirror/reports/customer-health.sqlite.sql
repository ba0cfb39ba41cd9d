-- title = "How is each customer doing?"
-- description = "A row for each customer, with what the other reports count: open, old and overdue tickets, open alerts, silent machines, systems without support, contracts in force, hours, invoices. Those with most trouble come first."
-- tables = ["customers", "tickets", "alerts", "agents", "contracts", "contacts", "work_hours", "invoices"]
-- data = ["os-support.csv"]
-- chart = { type = "bar", label = "customer", value = "open_tickets" }
-- params.days = { type = "days ago", default = 30, description = "Older tickets are old, machines silent for longer are silent, and hours are those since then" }
-- params.months = { type = "months ago", default = 11, description = "Invoices since the beginning of the month that was so many months ago" }
-- params.now = { type = "time", default = "now", description = "What was due before is overdue" }
-- params.today = { type = "date", default = "today", description = "Support that ended before has ended" }
WITH support (product, release, ends) AS (VALUES /* os-support.csv */),
systems AS (
    SELECT DISTINCT os, coalesce(os_version, '') AS release
    FROM agents
    WHERE _deleted IS NULL AND os IS NOT NULL
),
matches AS (
    SELECT
        y.os,
        y.release,
        s.ends,
        row_number() OVER (PARTITION BY y.os, y.release ORDER BY length(s.product) DESC, length(s.release) DESC) AS place
    FROM systems AS y
    JOIN support AS s ON y.os LIKE '%' || s.product || '%' AND s.release IN ('', y.release)
),
of_tickets AS (
    SELECT
        customer_id,
        count(*) AS open_tickets,
        count(CASE WHEN ticket_created_date < :days THEN 1 END) AS old_tickets,
        count(CASE
            WHEN closed_ticket_due_date < :now THEN 1
            WHEN technician_first_comment_date IS NULL AND first_response_due_date < :now THEN 1
        END) AS overdue_tickets
    FROM tickets
    WHERE _deleted IS NULL AND coalesce(ticket_status, '') NOT IN ('Resolved', 'Closed')
    GROUP BY customer_id
),
of_alerts AS (
    SELECT customer_id, count(*) AS open_alerts
    FROM alerts
    WHERE _deleted IS NULL AND archived IS NOT TRUE
    GROUP BY customer_id
),
of_machines AS (
    SELECT
        a.customer_id,
        count(*) AS machines,
        count(CASE WHEN a.online IS NOT TRUE AND (a.last_seen IS NULL OR a.last_seen < :days) THEN 1 END) AS silent_machines,
        count(CASE WHEN m.ends < CAST(:today AS text) THEN 1 END) AS unsupported_machines
    FROM agents AS a
    LEFT JOIN matches AS m ON m.os = a.os AND m.release = coalesce(a.os_version, '') AND m.place = 1
    WHERE a._deleted IS NULL
    GROUP BY a.customer_id
),
of_contracts AS (
    SELECT customer_id, count(*) AS contracts
    FROM contracts
    WHERE _deleted IS NULL AND active IS TRUE
    GROUP BY customer_id
),
of_contacts AS (
    SELECT customer_id, count(*) AS contacts_without_email
    FROM contacts
    WHERE _deleted IS NULL AND archived IS NOT TRUE AND coalesce(email, '') = ''
    GROUP BY customer_id
),
of_work AS (
    SELECT customer_id, sum(strftime('%s', end_work_hour) - strftime('%s', start_work_hour)) / 3600.0 AS hours
    FROM work_hours
    WHERE _deleted IS NULL AND start_work_hour >= :days AND end_work_hour >= start_work_hour
    GROUP BY customer_id
),
of_invoices AS (
    SELECT to_company_name AS customer_name, sum(total) AS invoiced
    FROM invoices
    WHERE _deleted IS NULL AND invoice_date >= :months
    GROUP BY to_company_name
)
SELECT
    c.customer_name AS customer,
    c.customer_id,
    coalesce(open_tickets, 0) AS open_tickets,
    coalesce(old_tickets, 0) AS old_tickets,
    coalesce(overdue_tickets, 0) AS overdue_tickets,
    coalesce(open_alerts, 0) AS open_alerts,
    coalesce(machines, 0) AS machines,
    coalesce(silent_machines, 0) AS silent_machines,
    coalesce(unsupported_machines, 0) AS unsupported_machines,
    coalesce(contracts, 0) AS contracts,
    coalesce(contacts_without_email, 0) AS contacts_without_email,
    round(CAST(coalesce(hours, 0) AS numeric), 2) AS hours,
    round(CAST(coalesce(invoiced, 0) AS numeric), 2) AS invoiced
FROM customers AS c
LEFT JOIN of_tickets ON of_tickets.customer_id = c.customer_id
LEFT JOIN of_alerts ON of_alerts.customer_id = c.customer_id
LEFT JOIN of_machines ON of_machines.customer_id = c.customer_id
LEFT JOIN of_contracts ON of_contracts.customer_id = c.customer_id
LEFT JOIN of_contacts ON of_contacts.customer_id = c.customer_id
LEFT JOIN of_work ON of_work.customer_id = c.customer_id
LEFT JOIN of_invoices ON of_invoices.customer_name = c.customer_name
WHERE c._deleted IS NULL
ORDER BY overdue_tickets DESC, old_tickets DESC, open_alerts DESC, c.customer_id
