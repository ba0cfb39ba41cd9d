//! Single arguments: how a parameter or a field becomes a flag, and how its text becomes a value.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{
    Arg, ArgAction,
    builder::{PossibleValuesParser, TypedValueParser, ValueParser},
    value_parser,
};
use heck::{ToKebabCase, ToShoutySnakeCase};
use serde_json::{Number, Value};
use uuid::Uuid;

use super::{help, output::Format};
use crate::{AccountTime, Kind, Parameter, RateLimit, Timestamp};

/// Name of the flag for all pages of a list.
pub(super) const ALL: &str = "all";
/// Name of the flag for the file with the key.
pub(super) const API_KEY_FILE: &str = "api-key-file";
/// Name of the flag for the body.
pub(super) const BODY: &str = "body";
/// Name of the flag for the format of the output.
pub(super) const OUTPUT: &str = "output";
/// Name of the flag for the rate limit.
pub(super) const RATE_LIMIT: &str = "rate-limit";
/// Name of the flag for the embedded server.
pub(super) const SANDBOX: &str = "sandbox";

const FIELDS: &str = "Fields of the body";
const FILTERS: &str = "Parameters";
const GLOBAL: &str = "Global options";

/// The flags that every command has.
pub(super) fn global() -> [Arg; 4] {
    [
        Arg::new(OUTPUT)
            .short('o')
            .long(OUTPUT)
            .value_name("FORMAT")
            .value_parser(PossibleValuesParser::new(Format::NAMES))
            .help("How to print: `table` for people, `json` as the service sent it, `ndjson` a record a line; table on a terminal and json elsewhere if left out"),
        Arg::new(SANDBOX)
            .long(SANDBOX)
            .action(ArgAction::SetTrue)
            .help("Ask a sandbox that lives as long as the command, instead of the service; it needs no key"),
        Arg::new(API_KEY_FILE)
            .long(API_KEY_FILE)
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("Read the API key from this file instead of ATERA_API_KEY or the file that ATERA_API_KEY_FILE names"),
        Arg::new(RATE_LIMIT)
            .long(RATE_LIMIT)
            .value_name("LIMIT")
            .env("ATERA_RATE_LIMIT")
            .value_parser(value_parser!(RateLimit))
            .help("Send no more requests than this, as in 500/5m, or `off`; 700/60s if left out"),
    ]
    .map(|arg| arg.global(true).help_heading(GLOBAL))
}

/// A parameter of the path, given by its place.
pub(super) fn positional(parameter: &'static Parameter) -> Arg {
    typed(parameter.name, parameter.kind)
        .value_name(parameter.name.to_shouty_snake_case())
        .required(true)
        .help(help::in_commands(parameter.description))
}

/// A parameter of the query.
pub(super) fn filter(parameter: &'static Parameter) -> Arg {
    flag(parameter.name, parameter.kind)
        .required(parameter.required)
        .help(help::in_commands(parameter.description))
        .help_heading(FILTERS)
}

/// A field of the body. Without words for it, its name says it all.
pub(super) fn field(name: &'static str, kind: Kind, help: String) -> Arg {
    let arg = flag(name, kind).help_heading(FIELDS);
    if help.is_empty() { arg } else { arg.help(help) }
}

/// The body as a whole.
pub(super) fn body() -> Arg {
    Arg::new(BODY)
        .long(BODY)
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help("Read the body as JSON from this file, or from stdin for `-`; flags for its fields win over it")
        .help_heading(FIELDS)
}

/// All pages instead of one.
pub(super) fn all() -> Arg {
    Arg::new(ALL)
        .long(ALL)
        .action(ArgAction::SetTrue)
        .help("Read every page of the list, from `--page` on if that is given")
        .help_heading(FILTERS)
}

/// What a flag for this wire name is called.
pub(super) fn flag_name(name: &str) -> String {
    name.to_kebab_case()
}

/// What stands for a value of this kind in help.
pub(super) fn placeholder(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "INTEGER",
        Kind::Number => "NUMBER",
        Kind::Boolean => "BOOL",
        Kind::Uuid => "UUID",
        Kind::Date => "DATE",
        Kind::Timestamp => "TIME",
        Kind::AccountTime => "LOCAL_TIME",
        Kind::Enum { .. } => "VALUE",
        _ => "TEXT",
    }
}

fn flag(name: &'static str, kind: Kind) -> Arg {
    let arg = typed(name, kind)
        .long(flag_name(name))
        .value_name(placeholder(kind));
    match kind {
        // A bare flag says yes.
        Kind::Boolean => arg.num_args(0..=1).default_missing_value("true"),
        _ => arg,
    }
}

fn typed(name: &'static str, kind: Kind) -> Arg {
    let parser = match kind {
        Kind::Enum { values, .. } => ValueParser::new(
            PossibleValuesParser::new(values).map(move |text| Value::from(as_known(values, text))),
        ),
        _ => ValueParser::new(move |text: &str| parse(kind, text)),
    };
    Arg::new(name)
        .value_parser(parser)
        .ignore_case(true)
        .allow_negative_numbers(matches!(kind, Kind::Integer | Kind::Number))
}

/// The value as the list spells it: case is not worth an error.
fn as_known(values: &'static [&'static str], text: String) -> String {
    let known = values.iter().find(|value| value.eq_ignore_ascii_case(&text));
    known.map_or(text, |value| (*value).to_string())
}

/// The JSON value that a text stands for. What is text on the wire goes there as it was written.
fn parse(kind: Kind, text: &str) -> Result<Value, String> {
    let written = Value::from(text);
    match kind {
        Kind::Integer => must_be("a whole number", text.parse::<i64>().map(Value::from)),
        Kind::Number => must_be("a number", serde_json::from_str::<Number>(text).map(Value::from)),
        Kind::Boolean => must_be(
            "true or false",
            text.to_ascii_lowercase().parse::<bool>().map(Value::from),
        ),
        Kind::Uuid => must_be("a UUID", text.parse::<Uuid>().map(|_| written)),
        Kind::Date => must_be("a date, yyyy-MM-dd", text.parse::<NaiveDate>().map(|_| written)),
        Kind::Timestamp => said(text.parse::<Timestamp>().map(|_| written)),
        Kind::AccountTime => said(text.parse::<AccountTime>().map(|_| written)),
        _ => Ok(written),
    }
}

fn must_be<E>(what: &str, parsed: Result<Value, E>) -> Result<Value, String> {
    parsed.map_err(|_| format!("it must be {what}"))
}

fn said(parsed: crate::Result<Value>) -> Result<Value, String> {
    parsed.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: Kind, text: &str) -> String {
        parse(kind, text).expect_err(text)
    }

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
    fn values_are_read_by_their_kind() {
        for (kind, text, value) in [
            (Kind::Integer, "-7", Value::from(-7)),
            (Kind::Number, "1.5", Value::from(1.5)),
            (Kind::Boolean, "True", Value::from(true)),
            (Kind::Text, "7", Value::from("7")),
            (Kind::Date, "2026-03-02", Value::from("2026-03-02")),
            (
                Kind::Timestamp,
                "2026-03-02T08:15:00Z",
                Value::from("2026-03-02T08:15:00Z"),
            ),
        ] {
            assert_eq!(parse(kind, text), Ok(value));
        }
    }

    #[test]
    fn what_is_not_of_its_kind_is_refused() {
        assert_eq!(refused(Kind::Integer, "7.5"), "it must be a whole number");
        assert_eq!(refused(Kind::Number, "NaN"), "it must be a number");
        assert_eq!(refused(Kind::Boolean, "maybe"), "it must be true or false");
        assert_eq!(refused(Kind::Date, "02.03.2026"), "it must be a date, yyyy-MM-dd");
        assert_eq!(refused(Kind::Uuid, "7"), "it must be a UUID");
        assert!(refused(Kind::Timestamp, "soon").contains("not a point in time"));
        assert!(refused(Kind::AccountTime, "2026-03-02T08:15:00Z").contains("has an offset"));
    }

    #[test]
    fn values_of_a_list_are_sent_as_the_list_spells_them() {
        assert_eq!(as_known(&["Low", "High"], "high".into()), "High");
    }
}
