-- title = "Which machines have not reported for a long time?"
-- description = "Machines whose agent last reported before that, or never, the longest silent first."
-- tables = ["agents"]
-- chart = { type = "bar", label = "customer" }
-- params.days = { type = "days ago", default = 30, description = "How many days a machine may be silent" }
-- params.customer = { type = "text", default = "", description = "Only the machines of this customer; all if empty" }
SELECT
    customer_name AS customer,
    agent_name AS machine,
    agent_id,
    os,
    last_seen,
    last_login_user AS last_user
FROM agents
WHERE _deleted IS NULL
    AND online IS NOT TRUE
    AND (last_seen IS NULL OR last_seen < :days)
    AND (:customer = '' OR customer_name = :customer)
ORDER BY last_seen NULLS FIRST, agent_id
