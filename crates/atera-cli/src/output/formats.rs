//! The list of formats: what `--output` takes.

use super::{csv_rows, format::Format, json, look::is_for_people, ndjson, table, yaml};

/// All formats, in the order in which the help lists them.
static FORMATS: [&Format; 6] = [
    &table::FORMAT,
    &table::WIDE,
    &json::FORMAT,
    &ndjson::FORMAT,
    &yaml::FORMAT,
    &csv_rows::FORMAT,
];

/// The names of the formats.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|format| format.name)
}

/// The format of this name.
pub(crate) fn named(name: &str) -> Option<&'static Format> {
    FORMATS.into_iter().find(|format| format.name == name)
}

/// The format where `--output` is not given: a table for people, JSON for programs.
pub(crate) fn suits_stdout(to_file: bool) -> &'static Format {
    match is_for_people(to_file) {
        true => &table::FORMAT,
        false => &json::FORMAT,
    }
}
