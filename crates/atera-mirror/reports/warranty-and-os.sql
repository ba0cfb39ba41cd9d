-- title = "Which machines have an operating system without support, or are past their warranty?"
-- description = "The service knows no date of purchase: the warranty is an estimate, from the date of the firmware that the machine has. The ends of support are those of os-support.csv, which names its sources; a system that it lacks has none here."
-- tables = ["agents"]
-- data = ["os-support.csv"]
-- chart = { type = "bar", label = "customer" }
-- params.years = { type = "years ago", default = 3, description = "How many years a warranty lasts" }
-- params.days = { type = "days ahead", default = 180, description = "Support that ends within so many days ends soon" }
-- params.today = { type = "date", default = "today", description = "What ended before has ended" }
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
)
SELECT
    a.customer_name AS customer,
    a.agent_name AS machine,
    a.agent_id,
    a.os,
    a.os_version AS release,
    m.ends AS support_ends,
    CASE
        WHEN m.ends < CAST(:today AS text) THEN 'ended'
        WHEN m.ends < CAST(:days AS text) THEN 'ends soon'
    END AS support,
    a.bios_release_date AS firmware_date,
    CASE WHEN a.bios_release_date < :years THEN 'over (estimate)' END AS warranty,
    a.vendor_serial_number AS serial_number
FROM agents AS a
LEFT JOIN matches AS m ON m.os = a.os AND m.release = coalesce(a.os_version, '') AND m.place = 1
WHERE a._deleted IS NULL AND (m.ends < CAST(:days AS text) OR a.bios_release_date < :years)
ORDER BY m.ends NULLS LAST, a.bios_release_date NULLS LAST, a.agent_id
