-- Questions that reports ask, in the SQL of both databases. Each begins with a line of its name.

-- name: machines that were not seen for 30 days
SELECT customer_name, machine_name, os, last_seen
FROM agents
WHERE _deleted IS NULL AND last_seen < :month_ago
ORDER BY last_seen
LIMIT 1000;

-- name: backlog by status and age
SELECT ticket_status,
       count(*) AS tickets,
       sum(CASE WHEN ticket_created_date < :week_ago THEN 1 ELSE 0 END) AS older_than_a_week,
       sum(CASE WHEN ticket_created_date < :month_ago THEN 1 ELSE 0 END) AS older_than_a_month
FROM tickets
WHERE _deleted IS NULL AND ticket_status NOT IN ('Resolved', 'Closed')
GROUP BY ticket_status;

-- name: hours by technician, this year
SELECT technician_full_name, count(*) AS entries, count(DISTINCT ticket_id) AS tickets
FROM work_hours
WHERE _deleted IS NULL AND start_work_hour >= :year_ago
GROUP BY technician_full_name
ORDER BY entries DESC;

-- name: devices that raise most alerts
SELECT customer_name, device_name, count(*) AS alerts, max(created) AS last_one
FROM alerts
WHERE _deleted IS NULL AND created >= :month_ago
GROUP BY customer_name, device_name
HAVING count(*) > 2
ORDER BY alerts DESC
LIMIT 100;

-- name: customers without a contract
SELECT c.customer_id, c.customer_name
FROM customers c
WHERE c._deleted IS NULL
  AND NOT EXISTS (SELECT 1 FROM contracts k WHERE k.customer_id = c.customer_id AND k._deleted IS NULL AND k.active);

-- name: invoices by month
SELECT substr(CAST(invoice_date AS text), 1, 7) AS month, count(*) AS invoices, sum(total) AS total
FROM invoices
WHERE _deleted IS NULL
GROUP BY 1
ORDER BY 1;

-- name: contacts without an e-mail address
SELECT customer_name, count(*) AS contacts
FROM contacts
WHERE _deleted IS NULL AND (email IS NULL OR email = '')
GROUP BY customer_name
ORDER BY contacts DESC;

-- name: open tickets by customer
SELECT c.customer_name, count(*) AS tickets
FROM tickets t JOIN customers c ON c.customer_id = t.customer_id
WHERE t._deleted IS NULL AND t.ticket_status = 'Open'
GROUP BY c.customer_name
ORDER BY tickets DESC
LIMIT 50;

-- name: machines by operating system
SELECT os, os_build, count(*) AS machines
FROM agents
WHERE _deleted IS NULL
GROUP BY os, os_build
ORDER BY machines DESC;

-- name: open tickets past their due date
SELECT ticket_id, ticket_title, customer_name, technician_full_name, closed_ticket_due_date
FROM tickets
WHERE _deleted IS NULL AND ticket_status = 'Open' AND closed_ticket_due_date < :now
ORDER BY closed_ticket_due_date
LIMIT 200;
