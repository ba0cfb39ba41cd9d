//! What operations, parameters and fields are called on the command line.
//!
//! The description names things as they are on the wire: `tickets_list_comments`, `EndUserID`. On the command line these are
//! `atera tickets list-comments` and `--end-user-id`. The rule is applied here and nowhere else, so that the commands, their
//! help, the messages and `atera operations` agree.

use atera::description::Operation;
use heck::ToKebabCase;

/// The name of a flag for a parameter or a field, without the dashes: `end-user-id` for `EndUserID`.
pub(crate) fn flag_name(name: &str) -> String {
    name.to_kebab_case()
}

/// The name of the command for a group of operations: `custom-values` for `custom_values`.
pub(crate) fn group_name(group: &str) -> String {
    group.to_kebab_case()
}

/// Further names for what a command does, as in `gh` and the shell.
const ALIASES: [(&str, &str); 5] = [
    ("list", "ls"),
    ("get", "view"),
    ("create", "new"),
    ("update", "edit"),
    ("delete", "rm"),
];

/// Another name that people know a verb by: `ls` for `list`.
pub(crate) fn alias(verb: &str) -> Option<&'static str> {
    let alias = ALIASES.iter().find(|(name, _)| *name == verb);
    alias.map(|(_, alias)| *alias)
}

/// The name of an operation within its group, and a second name for it if people look for one.
///
/// `agents_run_powershell` is `agents powershell`, because that is what it runs; `agents run-powershell` works as well.
pub(crate) fn verb_names(operation: &Operation) -> (String, Option<String>) {
    let verb = operation.verb.to_kebab_case();
    match verb.strip_prefix("run-") {
        Some(thing) => (thing.to_string(), Some(verb)),
        None => {
            let alias = alias(&verb).map(str::to_string);
            (verb, alias)
        }
    }
}

/// The command that calls an operation, as a person types it.
pub(crate) fn command_line(operation: &Operation) -> String {
    format!(
        "atera {} {}",
        group_name(operation.group),
        verb_names(operation).0
    )
}

/// A text of the description for the command line: where it names an operation between backticks, it names the command.
pub(crate) fn with_commands(text: &str) -> String {
    let mut parts = text.split('`').enumerate().map(|(index, part)| {
        // The parts with odd numbers stand between backticks.
        match Operation::find(part).filter(|_| index % 2 == 1) {
            Some(operation) => command_line(operation),
            None => part.to_string(),
        }
    });
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |text, part| text + "`" + &part)
}

/// The known name that a misspelt one most likely means, if one is near enough. Case does not matter.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
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
pub(crate) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"))
}

/// Values that the service has of its own where accounts may add others, by the name on the wire in small letters.
const OPEN_LISTS: [(&str, &[&str]); 1] = [("ticketstatus", &["Open", "Pending", "Resolved", "Closed"])];

/// The service's own value that one of a list is nearly, where accounts may have added others to the list.
pub(crate) fn nearly_known(list: &str, value: &str) -> Option<&'static str> {
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

    #[test]
    fn operations_are_called_by_their_commands() {
        assert_eq!(
            with_commands("See `tickets_list_comments` of `TicketID`, not tickets_get."),
            "See `atera tickets list-comments` of `TicketID`, not tickets_get."
        );
    }
}
