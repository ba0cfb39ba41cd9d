-- title = "Which open tickets have missed their SLA, or are about to?"
-- description = "Open tickets whose first response or resolution is overdue, or due soon. A ticket is open until it is Resolved or Closed."
-- tables = ["tickets"]
-- chart = { type = "bar", label = "technician" }
-- params.hours = { type = "hours ahead", default = 4, description = "What is due within so many hours is due soon" }
-- params.now = { type = "time", default = "now", description = "What was due before is overdue" }
SELECT
    ticket_id,
    ticket_title AS title,
    customer_name AS customer,
    coalesce(technician_full_name, '(nobody)') AS technician,
    ticket_priority AS priority,
    ticket_status AS status,
    CASE
        WHEN technician_first_comment_date IS NOT NULL THEN NULL
        WHEN first_response_due_date < :now THEN 'overdue'
        WHEN first_response_due_date < :hours THEN 'due soon'
    END AS first_response,
    first_response_due_date AS first_response_due,
    CASE
        WHEN closed_ticket_due_date < :now THEN 'overdue'
        WHEN closed_ticket_due_date < :hours THEN 'due soon'
    END AS resolution,
    closed_ticket_due_date AS resolution_due
FROM tickets
WHERE _deleted IS NULL
    AND coalesce(ticket_status, '') NOT IN ('Resolved', 'Closed')
    AND (
        (technician_first_comment_date IS NULL AND first_response_due_date < :hours)
        OR closed_ticket_due_date < :hours
    )
ORDER BY closed_ticket_due_date NULLS LAST, ticket_id
