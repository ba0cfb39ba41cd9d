-- title = "Which machines are behind with updates?"
-- description = "Machines that lack patches, have an older release or build than another one with the same system, or were not restarted for long, so that updates may wait. How many patches a machine lacks is only known after `atera mirror sync --with patches`."
-- tables = ["agents", "agents_available_patches"]
-- chart = { type = "bar", label = "customer" }
-- params.days = { type = "days ago", default = 30, description = "How many days a machine may run without a restart" }
WITH machines AS (
    SELECT
        customer_name AS customer,
        agent_name AS machine,
        agent_id,
        os,
        os_version,
        os_build,
        last_reboot_time,
        -- Builds are numbers in texts: of two, the longer one is the higher.
        first_value(os_version) OVER by_build AS newest_version,
        first_value(os_build) OVER by_build AS newest_build
    FROM agents
    WHERE _deleted IS NULL
    WINDOW by_build AS (PARTITION BY os ORDER BY coalesce(length(os_build), 0) DESC, os_build DESC, os_version DESC)
),
missing AS (
    SELECT
        agent_id,
        count(*) AS patches,
        count(CASE WHEN class LIKE '%Security%' THEN 1 END) AS security_patches
    FROM agents_available_patches
    GROUP BY agent_id
)
SELECT
    m.customer,
    m.machine,
    m.agent_id,
    -- Null if the patches of the machine were not read.
    CASE WHEN r.id IS NOT NULL THEN coalesce(p.patches, 0) END AS missing_patches,
    CASE WHEN r.id IS NOT NULL THEN coalesce(p.security_patches, 0) END AS missing_security,
    CASE
        WHEN m.os_version <> m.newest_version THEN 'older release'
        WHEN m.os_build <> m.newest_build THEN 'older build'
    END AS behind,
    m.os,
    m.os_version AS release,
    m.os_build AS build,
    m.last_reboot_time AS last_restart
FROM machines AS m
LEFT JOIN missing AS p ON p.agent_id = m.agent_id
LEFT JOIN _children AS r ON r.list = 'agents_available_patches' AND r.id = CAST(m.agent_id AS text)
WHERE p.patches > 0
    OR m.os_version <> m.newest_version
    OR m.os_build <> m.newest_build
    OR m.last_reboot_time < :days
ORDER BY coalesce(p.security_patches, 0) DESC, coalesce(p.patches, 0) DESC, last_restart NULLS FIRST, m.agent_id
