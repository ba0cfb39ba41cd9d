//! Single arguments: how a parameter or a field becomes a flag, and how its text becomes a value.

use std::{ffi::OsStr, path::PathBuf};

use chrono::NaiveDate;
use clap::{
    Arg, ArgAction, Command,
    builder::{PossibleValue, TypedValueParser, ValueParser},
    value_parser,
};
use heck::{ToKebabCase, ToShoutySnakeCase};
use serde_json::{Number, Value};
use uuid::Uuid;

use super::{help, since::Since};
use crate::{AccountTime, Kind, Parameter, Timestamp};

/// Name of the flag for all pages of a list.
pub(super) const ALL: &str = "all";
/// Name of the flag for the body.
pub(super) const BODY: &str = "body";
/// Name of the flag for fields that are sent as null.
pub(super) const CLEAR: &str = "clear";
/// Name of the flag for values that a list lacks.
pub(super) const ALLOW_UNKNOWN: &str = "allow-unknown";
/// Name of the flag for reading a list once.
pub(super) const FAST: &str = "fast";
/// Name of the flag for the number of records.
pub(super) const LIMIT: &str = "limit";
/// Name of the flag for the time from which on records are wanted.
pub(super) const SINCE: &str = "since";

const FIELDS: &str = "Fields of the body";
const FILTERS: &str = "Parameters";

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

/// Fields that are sent as null.
pub(super) fn clear() -> Arg {
    Arg::new(CLEAR)
        .long(CLEAR)
        .value_name("FIELD")
        .action(ArgAction::Append)
        .value_delimiter(',')
        .help(
            "Send this field as null, which empties it; a name as in `atera schema`, or the name of its flag",
        )
        .help_heading(FIELDS)
}

/// Values and fields that the description lacks.
pub(super) fn allow_unknown() -> Arg {
    Arg::new(ALLOW_UNKNOWN)
        .long(ALLOW_UNKNOWN)
        .action(ArgAction::SetTrue)
        .help("Let values through that their list lacks, and fields that the type lacks: Atera may have added them")
        .help_heading(FILTERS)
}

/// All pages instead of one.
pub(super) fn all() -> Arg {
    Arg::new(ALL)
        .long(ALL)
        .action(ArgAction::SetTrue)
        .help(
            "Read every page of the list, again until no record is missing that moved meanwhile; from `--page` on, once, \
             if that is given",
        )
        .help_heading(FILTERS)
}

/// Once, whatever moves meanwhile.
pub(super) fn fast() -> Arg {
    Arg::new(FAST)
        .long(FAST)
        .action(ArgAction::SetTrue)
        .requires(ALL)
        .help("Read the list once: records that move while it is read may be missing")
        .help_heading(FILTERS)
}

/// So many records, over as many pages as it takes.
pub(super) fn limit() -> Arg {
    Arg::new(LIMIT)
        .long(LIMIT)
        .value_name("COUNT")
        .value_parser(value_parser!(u64).range(1..))
        .help("Stop after so many records, however many pages it takes")
        .help_heading(FILTERS)
}

/// The time from which on records are wanted, in place of the parameter for it.
pub(super) fn since(parameter: &'static Parameter) -> Arg {
    Arg::new(SINCE)
        .long(SINCE)
        .value_name("TIME")
        .value_parser(|text: &str| text.parse::<Since>())
        .conflicts_with(parameter.name)
        .help(format!(
            "Sets --{} to a time, UTC if it has no offset, as in 2026-03-02T08:15:00Z, or to so long ago, as in 90m, 12h, \
             7d or 2w{}",
            flag_name(parameter.name),
            match parameter.kind {
                Kind::Timestamp => "",
                _ => "; the account is asked for its time zone first",
            }
        ))
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
        Kind::Enum { values, .. } => ValueParser::new(Listed(values)),
        _ => ValueParser::new(move |text: &str| parse(kind, text)),
    };
    Arg::new(name)
        .value_parser(parser)
        .allow_negative_numbers(matches!(kind, Kind::Integer | Kind::Number))
}

/// Takes the values of a list, which help and completions show, and any other: whether that is right depends on
/// another flag, and is checked once all are there.
#[derive(Clone)]
struct Listed(&'static [&'static str]);

impl Listed {
    /// The value as the list spells it: case is not worth an error.
    fn as_known(&self, text: &str) -> String {
        let known = self.0.iter().find(|value| value.eq_ignore_ascii_case(text));
        known.map_or(text, |value| value).to_string()
    }
}

impl TypedValueParser for Listed {
    type Value = Value;

    fn parse_ref(&self, _: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Value, clap::Error> {
        match value.to_str() {
            Some(text) => Ok(Value::from(self.as_known(text))),
            None => Err(clap::Error::new(clap::error::ErrorKind::InvalidUtf8)),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(PossibleValue::new)))
    }
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
        let list = Listed(&["Low", "High"]);
        assert_eq!(
            (list.as_known("high"), list.as_known("Urgent")),
            ("High".into(), "Urgent".into())
        );
    }
}
