-- title = "Who works how many hours, for whom, and how much of it is billable?"
-- description = "Hours of work by technician, customer or month. Work without an end, or that ends before it starts, is left out; the report quality names it."
-- tables = ["work_hours", "customers"]
-- chart = { type = "bar", label = "name", value = "hours" }
-- params.by = { type = "text", default = "technician", choices = ["technician", "customer", "month"], description = "What is summed apart" }
-- params.months = { type = "months ago", default = 2, description = "Work since the beginning of the month that was so many months ago; 0 is this month" }
SELECT
    name,
    round(CAST(sum(seconds) / 3600.0 AS numeric), 2) AS hours,
    round(CAST(sum(CASE WHEN billable IS TRUE THEN seconds ELSE 0 END) / 3600.0 AS numeric), 2) AS billable,
    round(CAST(sum(CASE WHEN billable IS TRUE THEN 0 ELSE seconds END) / 3600.0 AS numeric), 2) AS not_billable,
    count(*) AS entries,
    count(DISTINCT ticket_id) AS tickets
FROM (
    SELECT
        coalesce(
            CASE :by
                WHEN 'technician' THEN w.technician_full_name
                WHEN 'month' THEN substr(CAST(w.start_work_hour AS text), 1, 7)
                ELSE c.customer_name
            END,
            '(none)'
        ) AS name,
        strftime('%s', end_work_hour) - strftime('%s', start_work_hour) AS seconds,
        w.billable,
        w.ticket_id
    FROM work_hours AS w
    LEFT JOIN customers AS c ON c.customer_id = w.customer_id
    WHERE w._deleted IS NULL AND w.start_work_hour >= :months AND w.end_work_hour >= w.start_work_hour
) AS work
GROUP BY name
ORDER BY CASE WHEN :by = 'month' THEN name END, hours DESC, name
