-- title = "How many tickets are open, and how old are they?"
-- description = "Open tickets by age. A ticket is open until it is Resolved or Closed. Fresh, recent and aging ones are no older than the parameters of these names say."
-- tables = ["tickets"]
-- chart = { type = "bar", label = "name", value = "open_tickets" }
-- params.by = { type = "text", default = "customer", choices = ["customer", "technician", "status", "priority"], description = "What is counted apart" }
-- params.fresh = { type = "days ago", default = 1, description = "The most days of a fresh ticket" }
-- params.recent = { type = "days ago", default = 7, description = "The most days of a recent ticket" }
-- params.aging = { type = "days ago", default = 30, description = "The most days of an aging ticket; what is older is old" }
SELECT
    name,
    count(*) AS open_tickets,
    count(CASE WHEN created >= :fresh THEN 1 END) AS fresh,
    count(CASE WHEN created >= :recent AND created < :fresh THEN 1 END) AS recent,
    count(CASE WHEN created >= :aging AND created < :recent THEN 1 END) AS aging,
    count(CASE WHEN created < :aging THEN 1 END) AS old,
    min(created) AS oldest
FROM (
    SELECT
        ticket_created_date AS created,
        coalesce(
            CASE :by
                WHEN 'technician' THEN technician_full_name
                WHEN 'status' THEN ticket_status
                WHEN 'priority' THEN ticket_priority
                ELSE customer_name
            END,
            '(none)'
        ) AS name
    FROM tickets
    WHERE _deleted IS NULL AND coalesce(ticket_status, '') NOT IN ('Resolved', 'Closed')
) AS open
GROUP BY name
ORDER BY open_tickets DESC, name
