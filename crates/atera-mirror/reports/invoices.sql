-- title = "What was invoiced, by month, customer or product?"
-- description = "Sums of invoices in each currency. By product they are those of the lines, otherwise those of the invoices."
-- tables = ["invoices"]
-- chart = { type = "bar", label = "name", value = "total" }
-- params.by = { type = "text", default = "month", choices = ["month", "customer", "product"], description = "What is summed apart" }
-- params.months = { type = "months ago", default = 11, description = "Invoices since the beginning of the month that was so many months ago; 0 is this month" }
SELECT
    name,
    currency,
    count(DISTINCT invoice_id) AS invoices,
    round(CAST(sum(subtotal) AS numeric), 2) AS subtotal,
    round(CAST(sum(tax) AS numeric), 2) AS tax,
    round(CAST(sum(total) AS numeric), 2) AS total
FROM (
    SELECT
        coalesce(
            CASE :by WHEN 'month' THEN substr(CAST(invoice_date AS text), 1, 7) ELSE to_company_name END,
            '(none)'
        ) AS name,
        currency,
        invoice_id,
        subtotal,
        tax,
        total
    FROM invoices
    WHERE _deleted IS NULL AND invoice_date >= :months AND :by <> 'product'
    UNION ALL
    SELECT coalesce(l.product, '(none)'), i.currency, l.invoice_id, l.subtotal, l.tax, l.total
    FROM invoices_line_items AS l
    JOIN invoices AS i ON i.invoice_id = l.invoice_id
    WHERE i._deleted IS NULL AND i.invoice_date >= :months AND :by = 'product'
) AS sums
GROUP BY name, currency
ORDER BY CASE WHEN :by = 'month' THEN name END, total DESC, name, currency
