//! The names of tables and columns, from those of groups and fields.

use heck::ToSnakeCase;

/// Names that the service spells wrongly. The library calls the fields as they should be, and so do the columns.
const CORRECTED: &[(&str, &str)] = &[("Billiable", "billable")];

/// The column of a field: `TicketID` is `ticket_id`, `KBRating_Yes` is `kb_rating_yes`, `KBID` is `kb_id`.
pub(super) fn column(field: &str) -> String {
    if let Some((_, corrected)) = CORRECTED.iter().find(|(wrong, _)| *wrong == field) {
        return (*corrected).to_string();
    }
    let acronym = field.strip_suffix("ID").filter(|rest| !rest.is_empty());
    match acronym.filter(|rest| rest.bytes().all(|byte| byte.is_ascii_uppercase())) {
        Some(rest) => format!("{}_id", rest.to_snake_case()),
        None => field.to_snake_case(),
    }
}

/// A name, so that words of SQL can be names.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// Names in a row.
pub(super) fn list(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::column;

    #[test]
    fn acronyms_are_words() {
        let names = [
            ("TicketID", "ticket_id"),
            ("KBID", "kb_id"),
            ("KBRating_Yes", "kb_rating_yes"),
            ("OSNum", "os_num"),
            ("URLUp", "url_up"),
            ("OnSLADurationSeconds", "on_sla_duration_seconds"),
            ("ReportedFromIP", "reported_from_ip"),
            ("SKU", "sku"),
            ("Id", "id"),
            ("kbId", "kb_id"),
            ("ZipCodeStr", "zip_code_str"),
            ("Billiable", "billable"),
        ];
        for (field, expected) in names {
            assert_eq!(column(field), expected);
        }
    }
}
