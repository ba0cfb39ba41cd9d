-- title = "Which customers have the most open tickets?"
-- description = "A report of your own. Change its lines, and run `atera report {name}`."
-- tables = ["tickets"]
-- chart = { type = "bar", label = "customer", value = "open_tickets" }
-- params.days = { type = "days ago", default = 30, description = "Tickets that were created in so many days" }
SELECT customer_name AS customer, count(*) AS open_tickets
FROM tickets
WHERE _deleted IS NULL AND ticket_status NOT IN ('Resolved', 'Closed') AND ticket_created_date >= :days
GROUP BY customer_name
ORDER BY open_tickets DESC, customer
