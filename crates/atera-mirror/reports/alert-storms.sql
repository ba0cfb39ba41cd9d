-- title = "Which devices raise the same alert again and again?"
-- description = "Alerts of the same title from the same device, by how often they came. The threshold is that of the machine's profile."
-- tables = ["alerts", "agents"]
-- chart = { type = "bar", label = "title", value = "alerts" }
-- params.days = { type = "days ago", default = 30, description = "Alerts of so many days" }
-- params.times = { type = "integer", default = 3, description = "How often an alert must have come" }
SELECT
    a.customer_name AS customer,
    a.device_name AS device,
    a.agent_id,
    m.threshold_id,
    a.title,
    count(*) AS alerts,
    count(CASE WHEN a.severity = 'Critical' THEN 1 END) AS critical,
    count(CASE WHEN a.archived IS NOT TRUE THEN 1 END) AS still_open,
    min(a.created) AS first,
    max(a.created) AS last
FROM alerts AS a
LEFT JOIN agents AS m ON m.agent_id = a.agent_id
WHERE a._deleted IS NULL AND a.created >= :days
GROUP BY a.customer_name, a.device_name, a.agent_id, m.threshold_id, a.title
HAVING count(*) >= :times
ORDER BY alerts DESC, last DESC, a.device_name, a.title
