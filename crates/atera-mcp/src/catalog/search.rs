//! Operations by words.
//!
//! Each word scores where it stands: in the name, the summary, the parameters, the fields, the description. Words that people use
//! for the things of Atera count as its own: a laptop is an agent, and a client is a customer.

use std::collections::BTreeSet;

use atera::description::{GROUPS, Kind, OPERATIONS, Operation, Source};

/// The most operations that are found at once.
const MOST: usize = 10;

/// Words that people use, and what they are called here.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("computer", &["agent", "machine"]),
    ("laptop", &["agent", "machine"]),
    ("pc", &["agent", "machine"]),
    ("server", &["agent", "machine", "device"]),
    ("workstation", &["agent", "machine"]),
    ("endpoint", &["agent", "device"]),
    ("client", &["customer"]),
    ("company", &["customer"]),
    ("site", &["customer"]),
    ("user", &["contact"]),
    ("person", &["contact"]),
    ("requester", &["contact"]),
    ("issue", &["ticket"]),
    ("case", &["ticket"]),
    ("incident", &["ticket"]),
    ("reply", &["comment"]),
    ("note", &["comment"]),
    ("answer", &["comment"]),
    ("message", &["comment"]),
    ("close", &["update", "resolve"]),
    ("change", &["update"]),
    ("edit", &["update"]),
    ("modify", &["update"]),
    ("assign", &["update", "ticket"]),
    ("new", &["create"]),
    ("open", &["create"]),
    ("make", &["create"]),
    ("remove", &["delete"]),
    ("erase", &["delete"]),
    ("find", &["list"]),
    ("show", &["get", "list"]),
    ("script", &["powershell"]),
    ("execute", &["run"]),
    ("update", &["patch"]),
    ("vulnerability", &["patch"]),
    ("time", &["hours"]),
    ("timesheet", &["hours"]),
    ("bill", &["invoice"]),
    ("price", &["rate"]),
    ("article", &["knowledge"]),
    ("documentation", &["knowledge"]),
    ("kb", &["knowledge"]),
    ("file", &["attachment"]),
    ("warning", &["alert"]),
    ("monitoring", &["alert", "device"]),
    ("printer", &["snmp", "device"]),
    ("switch", &["snmp", "device"]),
    ("website", &["http", "device"]),
    ("port", &["tcp", "device"]),
];

/// Words that say nothing.
const FILLERS: [&str; 22] = [
    "a", "an", "the", "of", "to", "in", "on", "for", "by", "with", "and", "or", "is", "are", "how", "do",
    "i", "all", "my", "from", "it", "at",
];

/// Operations that fit the words, the best ones first, of those that are offered.
pub(crate) fn search(
    words: &str,
    is_offered: impl Fn(&'static Operation) -> bool,
) -> Vec<&'static Operation> {
    let terms = terms(words);
    let name = words.trim().to_lowercase().replace([' ', '-'], "_");
    let mut found: Vec<(u32, &'static Operation)> = OPERATIONS
        .iter()
        .filter(|operation| is_offered(operation))
        .map(|operation| match operation.id == name {
            true => (u32::MAX / 4, operation),
            false => (score(&terms, operation), operation),
        })
        .filter(|(score, _)| *score > 0)
        .collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.truncate(MOST);
    // The last ones only share a common word with the question.
    let best = found.first().map_or(0, |(score, _)| *score);
    found.retain(|(score, _)| score * 4 >= best);
    found.into_iter().map(|(_, operation)| operation).collect()
}

/// The groups that have an operation that is offered, with what they are about.
pub(crate) fn groups(is_offered: impl Fn(&'static Operation) -> bool) -> Vec<(&'static str, &'static str)> {
    let offered: BTreeSet<_> = OPERATIONS
        .iter()
        .filter(|operation| is_offered(operation))
        .map(|operation| operation.group)
        .collect();
    GROUPS
        .iter()
        .filter(|group| offered.contains(group.name))
        .map(|group| (group.name, group.description))
        .collect()
}

/// A word to search for, and the words that mean the same.
struct Term {
    word: String,
    same: Vec<&'static str>,
}

fn terms(words: &str) -> Vec<Term> {
    let words = words
        .split(|it: char| !it.is_alphanumeric())
        .map(str::to_lowercase);
    words
        .filter(|word| !word.is_empty() && !FILLERS.contains(&word.as_str()))
        .take(12)
        .map(|word| {
            let word = singular(&word).to_string();
            let same = SYNONYMS.iter().filter(|(name, _)| *name == word);
            Term {
                same: same.flat_map(|(_, same)| same.iter().copied()).collect(),
                word,
            }
        })
        .collect()
}

/// A word without the ending of its plural.
fn singular(word: &str) -> &str {
    match word.strip_suffix("ches") {
        Some(stem) => &word[..stem.len() + 2],
        None if word.len() > 3 && !word.ends_with("ss") && !word.ends_with("us") => {
            word.strip_suffix('s').unwrap_or(word)
        }
        None => word,
    }
}

/// How well an operation fits the words.
fn score(terms: &[Term], operation: &Operation) -> u32 {
    let sum: u32 = terms
        .iter()
        .map(|term| {
            let same = term.same.iter().map(|word| of_word(word, operation) * 2 / 3);
            of_word(&term.word, operation).max(same.max().unwrap_or(0))
        })
        .sum();
    // Where two do the same, the one of the published document comes first, and so does the shorter name.
    let is_twin =
        operation.source == Source::Guide && operation.group == "guide" || operation.verb.ends_with("_put");
    match is_twin {
        true => sum / 2,
        false => sum + sum.min(1) * u32::from(operation.verb.len() < 7),
    }
}

/// How well an operation fits a word, by where it stands.
fn of_word(word: &str, operation: &Operation) -> u32 {
    let is_word = |text: &str| {
        text.split(|it: char| !it.is_alphanumeric())
            .any(|it| singular(it).eq_ignore_ascii_case(word))
    };
    let has = |text: &str| text.to_lowercase().contains(word);
    if is_word(operation.group) {
        return 12;
    }
    if is_word(operation.verb) {
        return 11;
    }
    if is_word(operation.summary) {
        return 9;
    }
    if word.len() < 3 {
        return 0;
    }
    let parameters = || operation.parameters.iter().any(|it| has(it.name));
    let fields = |kind: Option<Kind>| match kind {
        Some(Kind::Object(schema)) => schema.fields.iter().any(|field| has(field.name)),
        _ => false,
    };
    let record = || {
        operation
            .record()
            .is_some_and(|record| record.fields.iter().any(|it| has(it.name)))
    };
    match () {
        () if has(operation.summary) => 6,
        () if parameters() => 5,
        () if fields(operation.body) => 4,
        () if fields(operation.answer) || record() => 3,
        () if has(operation.description) => 2,
        () => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(words: &str) -> Vec<&'static str> {
        search(words, |_| true).iter().take(3).map(|it| it.id).collect()
    }

    /// What people ask for is among the first three.
    #[test]
    fn the_words_of_people_find_the_operation() {
        for (words, id) in [
            ("open tickets", "tickets_list"),
            ("list tickets", "tickets_list"),
            ("reply to a ticket", "tickets_add_comment"),
            ("internal note", "tickets_add_comment"),
            ("close ticket", "tickets_update"),
            ("delete customer", "customers_delete"),
            ("run a script on a laptop", "agents_run_powershell"),
            ("powershell", "agents_run_powershell"),
            ("missing patches of a machine", "agents_get_available_patches"),
            ("computers of a client", "agents_list_by_customer"),
            ("find machine by name", "agents_list_by_machine"),
            ("resolve alert", "alerts_resolve"),
            ("time zone of the account", "account_get"),
            ("log hours on a ticket", "tickets_add_work_hours"),
            ("invoices", "invoices_list"),
            ("knowledge base articles", "knowledge_bases_list"),
            ("new contact", "contacts_create"),
            ("set a custom field on a ticket", "custom_values_set_on_ticket"),
            ("snmp devices", "devices_snmp_list"),
        ] {
            let found = first(words);
            assert!(found.contains(&id), "{words}: {found:?}");
        }
    }

    #[test]
    fn every_operation_is_found_by_its_name() {
        for operation in OPERATIONS {
            let found = search(&operation.id.replace('_', " "), |_| true);
            assert!(found.iter().any(|it| it.id == operation.id), "{}", operation.id);
        }
    }

    #[test]
    fn words_that_fit_nothing_find_nothing() {
        assert!(first("quux zyzzyva").is_empty());
        assert!(first("").is_empty());
        assert!(groups(|_| true).len() > 10);
    }
}
