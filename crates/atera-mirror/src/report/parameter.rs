//! The values that a report is asked with.
//!
//! SQLite and Postgres reckon with times in different ways. So a report asks for a number of days, and its SQL gets the time that was so
//! many days ago: it only has to compare.

use atera::Timestamp;
use chrono::{DateTime, Datelike, Months, NaiveDate, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;

use crate::{
    engine::Value,
    error::{Error, Result},
};

/// A parameter of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name, which is `:name` in the SQL.
    pub name: String,
    /// What its values are.
    pub kind: ParameterKind,
    /// The value that it has if none is given.
    pub default: String,
    /// The values that it can have. If empty, any of its kind.
    pub choices: Vec<String>,
    /// What it is for.
    pub description: String,
}

/// What the values of a parameter are, and what the SQL gets for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub enum ParameterKind {
    /// A text.
    #[serde(rename = "text")]
    Text,
    /// A whole number.
    #[serde(rename = "integer")]
    Integer,
    /// A number.
    #[serde(rename = "number")]
    Number,
    /// `true` or `false`.
    #[serde(rename = "boolean")]
    Boolean,
    /// A date, as in `2026-03-02`, or `today`.
    #[serde(rename = "date")]
    Date,
    /// A time, as in `2026-03-02T08:15:00Z`, or `now`.
    #[serde(rename = "time")]
    Time,
    /// A number of hours; the SQL gets the time that was so long ago.
    #[serde(rename = "hours ago")]
    HoursAgo,
    /// A number of days; the SQL gets the time that was so long ago.
    #[serde(rename = "days ago")]
    DaysAgo,
    /// A number of months; the SQL gets the beginning of the month that was so many months ago, in UTC.
    #[serde(rename = "months ago")]
    MonthsAgo,
    /// A number of years; the SQL gets the time that was so long ago.
    #[serde(rename = "years ago")]
    YearsAgo,
    /// A number of hours; the SQL gets the time that is so far ahead.
    #[serde(rename = "hours ahead")]
    HoursAhead,
    /// A number of days; the SQL gets the time that is so far ahead.
    #[serde(rename = "days ahead")]
    DaysAhead,
}

impl ParameterKind {
    /// What a value has to be, in words.
    fn wanted(self) -> &'static str {
        match self {
            ParameterKind::Text => "a text",
            ParameterKind::Integer => "a whole number",
            ParameterKind::Number => "a number",
            ParameterKind::Boolean => "true or false",
            ParameterKind::Date => "a date, as in 2026-03-02, or `today`",
            ParameterKind::Time => "a time, as in 2026-03-02T08:15:00Z, or `now`",
            ParameterKind::HoursAgo | ParameterKind::HoursAhead => "a number of hours, 0 or more",
            ParameterKind::DaysAgo | ParameterKind::DaysAhead => "a number of days, 0 or more",
            ParameterKind::MonthsAgo => "a number of months, 0 or more",
            ParameterKind::YearsAgo => "a number of years, 0 or more",
        }
    }

    /// The highest number that leads to a year of four digits, and where a higher one leads. None if it is no number of hours, days,
    /// months or years.
    fn furthest(self, now: DateTime<Utc>) -> Option<(i64, &'static str)> {
        let years_begin = NaiveDate::from_ymd_opt(0, 1, 1)?
            .and_time(chrono::NaiveTime::MIN)
            .and_utc();
        let years_end = NaiveDate::from_ymd_opt(10_000, 1, 1)?
            .and_time(chrono::NaiveTime::MIN)
            .and_utc();
        let past = now - years_begin;
        // The year 10000 begins just behind the last time.
        let future = years_end - now - TimeDelta::milliseconds(1);
        let year = i64::from(now.year());
        let most = match self {
            ParameterKind::HoursAgo => past.num_hours(),
            ParameterKind::DaysAgo => past.num_days(),
            ParameterKind::MonthsAgo => year * 12 + i64::from(now.month0()),
            ParameterKind::YearsAgo => year,
            ParameterKind::HoursAhead => future.num_hours(),
            ParameterKind::DaysAhead => future.num_days(),
            _ => return None,
        };
        Some(match self {
            ParameterKind::HoursAhead | ParameterKind::DaysAhead => (most, "after the year 9999"),
            _ => (most, "before the year 0"),
        })
    }
}

impl Parameter {
    /// What the SQL gets for a value.
    ///
    /// # Errors
    ///
    /// `Config` if the parameter cannot have the value.
    pub(super) fn value(&self, text: &str, now: Timestamp) -> Result<Value> {
        if !self.choices.is_empty() && !self.choices.iter().any(|choice| choice == text) {
            return Err(self.refused(text, &format!("one of {}", self.choices.join(", "))));
        }
        let (plain, now) = (text.trim(), now.to_utc());
        self.read(plain, now).ok_or_else(|| {
            let is_count = !plain.is_empty() && plain.bytes().all(|it| it.is_ascii_digit());
            match self.kind.furthest(now).filter(|_| is_count) {
                Some((most, beyond)) => Error::config(format!(
                    "the parameter {} cannot be `{text}`: that leads to {beyond}; give it at most {most}",
                    self.name
                )),
                None => self.refused(text, self.kind.wanted()),
            }
        })
    }

    fn read(&self, text: &str, now: DateTime<Utc>) -> Option<Value> {
        let count = || text.parse::<u32>().ok();
        let time = match self.kind {
            ParameterKind::Text => return Some(Value::Text(text.to_string())),
            ParameterKind::Integer => return text.parse().ok().map(Value::Integer),
            ParameterKind::Number => {
                let number = text.parse().ok().filter(|number: &f64| number.is_finite());
                return number.map(Value::Real);
            }
            ParameterKind::Boolean => return text.parse().ok().map(Value::Boolean),
            ParameterKind::Date => {
                let date = match text {
                    "today" => now.date_naive(),
                    _ => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?,
                };
                return is_plain(date.year()).then(|| Value::Text(date.to_string()));
            }
            ParameterKind::Time if text == "now" => now,
            ParameterKind::Time => DateTime::parse_from_rfc3339(text).ok()?.to_utc(),
            ParameterKind::HoursAgo => now.checked_sub_signed(TimeDelta::hours(count()?.into()))?,
            ParameterKind::DaysAgo => now.checked_sub_signed(TimeDelta::days(count()?.into()))?,
            ParameterKind::MonthsAgo => {
                let first = now.date_naive().with_day(1)?.and_time(chrono::NaiveTime::MIN);
                first.and_utc().checked_sub_months(Months::new(count()?))?
            }
            ParameterKind::YearsAgo => now.checked_sub_months(Months::new(count()?.checked_mul(12)?))?,
            ParameterKind::HoursAhead => now.checked_add_signed(TimeDelta::hours(count()?.into()))?,
            ParameterKind::DaysAhead => now.checked_add_signed(TimeDelta::days(count()?.into()))?,
        };
        // As the columns of times have it, so that texts compare as times do.
        is_plain(time.year()).then(|| Value::Text(time.to_rfc3339_opts(SecondsFormat::Millis, true)))
    }

    fn refused(&self, text: &str, wanted: &str) -> Error {
        Error::config(format!(
            "the parameter {} cannot be `{text}`: it has to be {wanted}; correct it",
            self.name
        ))
    }
}

/// Whether a year has four digits, so that texts of times compare as the times do.
fn is_plain(year: i32) -> bool {
    (0..=9999).contains(&year)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(kind: ParameterKind, text: &str) -> Result<Value> {
        let parameter = Parameter {
            name: "it".into(),
            kind,
            default: String::new(),
            choices: Vec::new(),
            description: String::new(),
        };
        parameter.value(text, now())
    }

    fn now() -> Timestamp {
        "2026-03-31T08:15:00Z".parse().unwrap()
    }

    #[test]
    fn each_kind_is_read_as_the_database_compares_it() {
        let text = |text: &str| Value::Text(text.into());
        for (kind, given, expected) in [
            (ParameterKind::Text, "Ä 'b'", text("Ä 'b'")),
            (ParameterKind::Integer, "-3", Value::Integer(-3)),
            (ParameterKind::Number, "0.5", Value::Real(0.5)),
            (ParameterKind::Boolean, "true", Value::Boolean(true)),
            (ParameterKind::Date, "today", text("2026-03-31")),
            (ParameterKind::Date, "2024-02-29", text("2024-02-29")),
            (ParameterKind::Time, "now", text("2026-03-31T08:15:00.000Z")),
            (
                ParameterKind::Time,
                "2026-03-31T10:15:00.5+02:00",
                text("2026-03-31T08:15:00.500Z"),
            ),
            (ParameterKind::HoursAgo, "9", text("2026-03-30T23:15:00.000Z")),
            (ParameterKind::DaysAgo, "0", text("2026-03-31T08:15:00.000Z")),
            (ParameterKind::DaysAgo, "31", text("2026-02-28T08:15:00.000Z")),
            (ParameterKind::MonthsAgo, "0", text("2026-03-01T00:00:00.000Z")),
            (ParameterKind::MonthsAgo, "3", text("2025-12-01T00:00:00.000Z")),
            (ParameterKind::YearsAgo, "2", text("2024-03-31T08:15:00.000Z")),
            (ParameterKind::HoursAhead, "16", text("2026-04-01T00:15:00.000Z")),
            (ParameterKind::DaysAhead, "1", text("2026-04-01T08:15:00.000Z")),
        ] {
            assert_eq!(value(kind, given).unwrap(), expected, "{kind:?} {given}");
        }
    }

    #[test]
    fn a_number_that_leads_too_far_is_told_the_highest_one() {
        for (kind, beyond) in [
            (ParameterKind::HoursAgo, "before the year 0"),
            (ParameterKind::DaysAgo, "before the year 0"),
            (ParameterKind::MonthsAgo, "before the year 0"),
            (ParameterKind::YearsAgo, "before the year 0"),
            (ParameterKind::HoursAhead, "after the year 9999"),
            (ParameterKind::DaysAhead, "after the year 9999"),
        ] {
            let (most, _) = kind.furthest(now().to_utc()).unwrap();
            value(kind, &most.to_string()).unwrap();
            for given in [(most + 1).to_string(), "99999999999999999999".to_string()] {
                assert_eq!(
                    value(kind, &given).unwrap_err().to_string(),
                    format!(
                        "the parameter it cannot be `{given}`: that leads to {beyond}; give it at most {most}"
                    ),
                    "{kind:?}"
                );
            }
        }
    }

    #[test]
    fn what_a_parameter_cannot_be_is_refused() {
        for (kind, given) in [
            (ParameterKind::Integer, "1.5"),
            (ParameterKind::Number, "NaN"),
            (ParameterKind::Boolean, "yes"),
            (ParameterKind::Date, "2026-02-30"),
            (ParameterKind::Date, "+12026-01-01"),
            (ParameterKind::Time, "yesterday"),
            (ParameterKind::DaysAgo, "-1"),
            (ParameterKind::DaysAgo, ""),
            // Before the year 0, or beyond what can be reckoned.
            (ParameterKind::DaysAgo, "4000000000"),
            (ParameterKind::MonthsAgo, "30000"),
            (ParameterKind::YearsAgo, "4000000000"),
            (ParameterKind::DaysAhead, "3000000"),
        ] {
            assert!(value(kind, given).is_err(), "{kind:?} {given}");
        }
        let parameter = Parameter {
            name: "by".into(),
            kind: ParameterKind::Text,
            default: "month".into(),
            choices: vec!["month".into(), "customer".into()],
            description: String::new(),
        };
        assert_eq!(
            parameter.value("week", now()).unwrap_err().to_string(),
            "the parameter by cannot be `week`: it has to be one of month, customer; correct it"
        );
        assert_eq!(
            value(ParameterKind::DaysAgo, "soon").unwrap_err().to_string(),
            "the parameter it cannot be `soon`: it has to be a number of days, 0 or more; correct it"
        );
    }
}
