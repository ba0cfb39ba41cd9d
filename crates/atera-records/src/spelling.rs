//! How names are spelled, and which one a misspelt name means.

use heck::ToKebabCase;

/// The name of a flag for a parameter or a field, without the dashes: `end-user-id` for `EndUserID`. Where fields are named, this
/// name is understood too.
pub fn flag_name(name: &str) -> String {
    name.to_kebab_case()
}

/// The known name that a misspelt one most likely means, if one is near enough. Case does not matter.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let distances = known.into_iter().filter_map(|known| {
        let distance = strsim::damerau_levenshtein(&name, &known.to_lowercase());
        // One letter in four may be wrong: more would suggest words that only look alike.
        let most = (known.chars().count() / 4).max(1);
        (distance <= most).then_some((distance, known))
    });
    distances
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// The nearest known name as a part of a sentence, in parentheses. It is empty if none is near enough.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"))
}

/// Values that the service has of its own where accounts may add others, by the name on the wire in small letters.
const OPEN_LISTS: [(&str, &[&str]); 1] = [("ticketstatus", &["Open", "Pending", "Resolved", "Closed"])];

/// The service's own value that one of a list is nearly, where accounts may have added others to the list.
pub fn nearly_known(list: &str, value: &str) -> Option<&'static str> {
    let (_, known) = OPEN_LISTS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(list))?;
    let near = nearest(value, known.iter().copied())?;
    (!near.eq_ignore_ascii_case(value)).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_named_after_the_wire() {
        for (wire, flag) in [
            ("EndUserID", "end-user-id"),
            ("itemsInPage", "items-in-page"),
            ("FromLastModifiedDate", "from-last-modified-date"),
            ("CommentTimestampUTC", "comment-timestamp-utc"),
            ("_SecurityLevel", "security-level"),
        ] {
            assert_eq!(flag_name(wire), flag);
        }
    }

    #[test]
    fn a_misspelt_name_means_the_nearest_one() {
        let known = ["TicketTitle", "TicketType", "City"];
        for (name, meant) in [
            ("TicketTitel", Some("TicketTitle")),
            ("tickettype", Some("TicketType")),
            ("Citty", Some("City")),
            ("Town", None),
        ] {
            assert_eq!(nearest(name, known), meant, "{name}");
        }
    }

    #[test]
    fn the_description_has_the_values_of_open_lists() {
        for (list, values) in OPEN_LISTS {
            let fields = atera::description::SCHEMAS
                .iter()
                .flat_map(|schema| schema.fields);
            let mut texts = fields
                .filter(|field| field.name.eq_ignore_ascii_case(list))
                .map(|field| field.description);
            let is_whole = |text: &str| values.iter().all(|value| text.contains(&format!("`{value}`")));
            assert!(texts.any(is_whole), "{list}");
        }
    }
}
