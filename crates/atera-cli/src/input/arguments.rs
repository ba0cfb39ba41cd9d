//! Single arguments: how a parameter or a field becomes a flag, and how its text becomes a value.
//!
//! An argument is checked by its kind here, so that clap names the flag in its message. Whether a value is in bounds, or in its
//! closed list, depends on the whole request and is left to [`check`](super::check).

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use atera::{
    AccountTime, Timestamp,
    description::{Kind, Parameter, parse_boolean},
    types::InvalidTime,
};
use chrono::NaiveDate;
use clap::{
    Arg, ArgAction, Command,
    builder::{PossibleValue, TypedValueParser, ValueParser},
    value_parser,
};
use heck::ToShoutySnakeCase;
use serde_json::{Number, Value};
use uuid::Uuid;

use super::{completion, since::Since, source};
use crate::names::{flag_name, with_commands};

/// Name of the flag for all pages of a list.
pub(crate) const ALL: &str = "all";
/// Name of the flag for the body.
pub(crate) const BODY: &str = "body";
/// Name of the flag for fields that are sent as null.
pub(crate) const CLEAR: &str = "clear";
/// Name of the flag for values that a list lacks.
pub(crate) const ALLOW_UNKNOWN: &str = "allow-unknown";
/// Name of the flag for reading a list once.
pub(crate) const FAST: &str = "fast";
/// Name of the flag for the file with rows.
pub(crate) const FROM: &str = "from";
/// Name of the flag for the journal of the rows.
pub(crate) const JOURNAL: &str = "journal";
/// Name of the flag for how many rows may fail.
pub(crate) const MAX_FAILURES: &str = "max-failures";
/// Name of the flag for the time that the service has to show what it created.
pub(crate) const SETTLE_AFTER: &str = "settle-after";
/// Name of the flag for rows whose outcome cannot be found out.
pub(crate) const UNKNOWN_ROWS: &str = "unknown-rows";
/// Name of the flag for the file with ids.
pub(crate) const IDS: &str = "ids";
/// Name of the flag for the number of records.
pub(crate) const LIMIT: &str = "limit";
/// Name of the flag for the time from which on records are wanted.
pub(crate) const SINCE: &str = "since";

/// The heading for the fields of a body in help.
const FIELDS: &str = "Fields of the body";
/// The heading for the rows of a file.
const ROWS: &str = "Many records from a file";
/// The heading for everything else about the request.
const FILTERS: &str = "Parameters";

/// A parameter of the path, given by its place.
pub(crate) fn positional(parameter: &'static Parameter) -> Arg {
    typed(parameter.name, parameter.kind)
        .value_name(parameter.name.to_shouty_snake_case())
        .required(true)
        .help(with_commands(parameter.description))
}

/// A parameter of the path that may be given by these flags instead.
pub(crate) fn positional_or(parameter: &'static Parameter, instead: &[&'static str]) -> Arg {
    match instead.is_empty() {
        true => positional(parameter),
        false => positional(parameter)
            .required(false)
            .required_unless_present_any(instead.iter().copied()),
    }
}

/// The name of a record, in place of its id.
pub(crate) fn by_name(noun: &'static str, is_field: bool, help: String) -> Arg {
    Arg::new(noun)
        .long(noun)
        .value_name("NAME")
        .help(help)
        .help_heading(if is_field { FIELDS } else { FILTERS })
}

/// The flags for the rows of a file. They take the place of these other ways to say which records are meant.
pub(crate) fn rows(instead: Vec<&'static str>) -> [Arg; 5] {
    let value = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(value)
            .help(help)
            .help_heading(ROWS)
    };
    let of_rows = |arg: Arg| arg.requires(FROM);
    [
        value(
            FROM,
            "FILE",
            "Do it for each row of this CSV, NDJSON or JSON file, or of stdin for `-`; columns are named as fields",
        )
        .value_parser(value_parser!(PathBuf))
        .conflicts_with_all([BODY, CLEAR])
        .conflicts_with_all(instead),
        of_rows(value(
            JOURNAL,
            "PATH",
            "Where to note which rows are sent, so that none is sent twice; beside the file if left out, and needed to send creates from stdin",
        ))
        .value_parser(value_parser!(PathBuf)),
        of_rows(value(
            MAX_FAILURES,
            "COUNT",
            "Stop when so many rows have failed; no more than that fail, since no more are on their way than may still fail",
        ))
            .value_parser(value_parser!(u64).range(1..)),
        of_rows(value(
            SETTLE_AFTER,
            "SECONDS",
            "How long after a row was sent without an answer it is looked for",
        ))
        .value_parser(value_parser!(u64))
        .default_value("30"),
        of_rows(value(
            UNKNOWN_ROWS,
            "WHAT",
            "What to do with rows of which nobody but you can tell whether they took effect",
        ))
        .value_parser(["send", "skip"]),
    ]
}

/// The ids of many records, from a file.
pub(crate) fn ids(parameter: &'static Parameter) -> Arg {
    Arg::new(IDS)
        .long(IDS)
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .conflicts_with(parameter.name)
        .help(
            "Do it for each id in this file, or from stdin for `-`: one on each line, or records as NDJSON, JSON or CSV; a write \
             takes records of its own kind, or a column alone",
        )
        .help_heading(FILTERS)
}

/// A parameter of the query.
pub(crate) fn filter(parameter: &'static Parameter) -> Arg {
    flag(parameter.name, parameter.kind)
        .required(parameter.required)
        .help(with_commands(parameter.description))
        .help_heading(FILTERS)
}

/// A field of the body. Its help is empty where the name says everything.
pub(crate) fn field(name: &'static str, kind: Kind, help: String) -> Arg {
    let arg = flag(name, kind).help_heading(FIELDS);
    if help.is_empty() { arg } else { arg.help(help) }
}

/// The body as a whole.
pub(crate) fn body() -> Arg {
    Arg::new(BODY)
        .long(BODY)
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help("Read the body as JSON from this file, or from stdin for `-`; flags for its fields win over it")
        .help_heading(FIELDS)
}

/// Fields that are sent as null.
pub(crate) fn clear() -> Arg {
    Arg::new(CLEAR)
        .long(CLEAR)
        .value_name("FIELD")
        .add(completion::body_fields())
        .action(ArgAction::Append)
        .value_delimiter(',')
        .help(
            "Send this field as null, which empties it; a name as in `atera schema`, or the name of its flag",
        )
        .help_heading(FIELDS)
}

/// Permission for values and fields that the description lacks.
pub(crate) fn allow_unknown() -> Arg {
    Arg::new(ALLOW_UNKNOWN)
        .long(ALLOW_UNKNOWN)
        .action(ArgAction::SetTrue)
        .help("Let values through that their list lacks, and fields that the type lacks: Atera may have added them")
        .help_heading(FILTERS)
}

/// All pages instead of one.
pub(crate) fn all() -> Arg {
    Arg::new(ALL)
        .long(ALL)
        .action(ArgAction::SetTrue)
        .help(
            "Read every page of the list, and again until no record that moved meanwhile is missing; with `--page`, read once \
             from that page on",
        )
        .help_heading(FILTERS)
}

/// One pass over the list, although records may move meanwhile.
pub(crate) fn fast() -> Arg {
    Arg::new(FAST)
        .long(FAST)
        .action(ArgAction::SetTrue)
        .help("Read the list once: records that move while it is read may be missing")
        .help_heading(FILTERS)
}

/// A number of records, over as many pages as it takes.
pub(crate) fn limit() -> Arg {
    Arg::new(LIMIT)
        .long(LIMIT)
        .value_name("COUNT")
        .value_parser(value_parser!(u64).range(1..))
        .help("Print this many records, however many pages it takes; with --sort, the first of all")
        .help_heading(FILTERS)
}

/// The time from which on records are wanted. It takes the place of the list's own parameter.
pub(crate) fn since(parameter: &'static Parameter) -> Arg {
    Arg::new(SINCE)
        .long(SINCE)
        .value_name("TIME")
        .value_parser(|text: &str| text.parse::<Since>())
        .conflicts_with(parameter.name)
        .help(format!(
            "Set --{} to this time or day (yesterday, 2026-03-01, '2026-03-01 08:00', 2026-03-02T08:15:00Z), or to so long ago \
             (90m, 12h, 7d, 2w); days and clock times are those of the account's time zone",
            flag_name(parameter.name),
        ))
        .help_heading(FILTERS)
}

/// What stands for a value of this kind in help.
fn placeholder(kind: Kind) -> &'static str {
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

/// A flag for a value of this kind. `--include-relations` alone means true, and `--include-relations false` works as well.
fn flag(name: &'static str, kind: Kind) -> Arg {
    let arg = typed(name, kind)
        .long(flag_name(name))
        .value_name(placeholder(kind));
    match kind {
        Kind::Text => arg.value_parser(text_or_file),
        // A flag without a value means true.
        Kind::Boolean => arg.num_args(0..=1).default_missing_value("true"),
        _ => arg,
    }
}

/// An argument that takes a value of this kind, under its name on the wire. Numbers may be negative; elsewhere a word that
/// begins with a minus is a flag.
fn typed(name: &'static str, kind: Kind) -> Arg {
    let parser = match kind {
        Kind::Enum { values, .. } => ValueParser::new(Listed(values)),
        _ => ValueParser::new(move |text: &str| parse(kind, text)),
    };
    let arg = Arg::new(name)
        .value_parser(parser)
        .allow_negative_numbers(matches!(kind, Kind::Integer | Kind::Number));
    match completion::values_of(name) {
        Some(values) => arg.add(values),
        None => arg,
    }
}

/// Reads a value of a closed list. Help and completions show the list; other values are let through, because
/// `--allow-unknown` may follow.
#[derive(Clone)]
struct Listed(&'static [&'static str]);

/// A value of a list as the list spells it, whatever its case.
pub(crate) fn as_known(values: &[&str], text: &str) -> String {
    let known = values.iter().find(|value| value.eq_ignore_ascii_case(text));
    known.map_or(text, |value| value).to_string()
}

impl TypedValueParser for Listed {
    type Value = Value;

    fn parse_ref(&self, _: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Value, clap::Error> {
        match value.to_str() {
            Some(text) => Ok(Value::from(as_known(self.0, text))),
            None => Err(clap::Error::new(clap::error::ErrorKind::InvalidUtf8)),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(PossibleValue::new)))
    }
}

/// The text of a flag: the word itself, or for `@FILE` what is in that file, and for `@-` what comes from stdin. `@@` stands for
/// an `@` at the beginning.
///
/// A line break at the end is that of the file and not of the value, so it is left out.
fn text_or_file(word: &str) -> Result<Value, String> {
    let Some(file) = word.strip_prefix('@') else {
        return Ok(Value::from(word));
    };
    if file.starts_with('@') {
        return Ok(Value::from(file));
    }
    let path = Path::new(file);
    let text = source::text(path).map_err(|error| {
        format!(
            "{} cannot be read: {error}; write @{word} if the text itself begins with @",
            source::name(path)
        )
    })?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Value::from(text.strip_suffix('\r').unwrap_or(text)))
}

/// The JSON value that a text stands for. Times, dates and UUIDs are checked, and sent as they were written.
pub(crate) fn parse(kind: Kind, text: &str) -> Result<Value, String> {
    let written = Value::from(text);
    match kind {
        Kind::Integer => must_be("a whole number", text.parse::<i64>().map(Value::from)),
        Kind::Number => must_be("a number", serde_json::from_str::<Number>(text).map(Value::from)),
        Kind::Boolean => must_be("true or false", parse_boolean(text).map(Value::from).ok_or(())),
        Kind::Uuid => must_be("a UUID", text.parse::<Uuid>().map(|_| written)),
        Kind::Date => must_be("a date, yyyy-MM-dd", text.parse::<NaiveDate>().map(|_| written)),
        Kind::Timestamp => said(text.parse::<Timestamp>().map(|_| written)),
        Kind::AccountTime => said(text.parse::<AccountTime>().map(|_| written)),
        _ => Ok(written),
    }
}

/// The value, or what it has to be.
fn must_be<E>(what: &str, parsed: Result<Value, E>) -> Result<Value, String> {
    parsed.map_err(|_| format!("it must be {what}"))
}

/// The value, or the library's own words about a time, which say how to write one.
fn said(parsed: Result<Value, InvalidTime>) -> Result<Value, String> {
    parsed.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: Kind, text: &str) -> String {
        parse(kind, text).expect_err(text)
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
    fn a_text_may_be_in_a_file() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "\u{feff}two\r\nlines\r\n").expect("a file");
        let path = file.path().to_str().expect("a path");
        for (word, text) in [
            (format!("@{path}"), "two\r\nlines"),
            ("@@home".to_string(), "@home"),
            ("home@".to_string(), "home@"),
        ] {
            assert_eq!(text_or_file(&word), Ok(Value::from(text)), "{word}");
        }
        let refused = text_or_file("@no/such/file").expect_err("no file");
        assert!(
            refused.starts_with("no/such/file cannot be read: ") && refused.contains("@@no/such/file"),
            "{refused}"
        );
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
        let list = ["Low", "High"];
        assert_eq!(
            (as_known(&list, "high"), as_known(&list, "Urgent")),
            ("High".into(), "Urgent".into())
        );
    }
}
