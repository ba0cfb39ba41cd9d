//! The two kinds of time that the API knows: points in time, and times in the account's zone.

#[cfg(feature = "schemars")]
use std::borrow::Cow;
use std::{fmt, str::FromStr};

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::lenient::{self, Scalar};
use crate::clock;

/// A text that is not a time of the expected kind. Its message says how to write one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTime(String);

impl fmt::Display for InvalidTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for InvalidTime {}

/// A point in time, in UTC.
///
/// Reads every form that the service is known to send: with `Z` or an offset, without one (which means UTC), with any
/// number of fraction digits, or a date alone. Writes RFC 3339 in UTC.
///
/// ```
/// use atera::Timestamp;
///
/// let with_offset: Timestamp = "2026-03-02T10:15:00+02:00".parse().unwrap();
/// let without: Timestamp = "2026-03-02T08:15:00.0000000".parse().unwrap();
/// assert_eq!(with_offset, without);
/// assert_eq!(with_offset.to_string(), "2026-03-02T08:15:00Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The current time, by the clock of this machine.
    pub fn now() -> Self {
        Timestamp(clock::utc())
    }

    /// The same point in time as chrono's type.
    pub fn to_utc(self) -> DateTime<Utc> {
        self.0
    }

    /// Whether this is .NET's `0001-01-01T00:00:00`, which stands for no time at all.
    pub fn is_unset(self) -> bool {
        self.0.date_naive() == NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default()
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Timestamp(time)
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(time: Timestamp) -> Self {
        time.0
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let text = text.trim();
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Timestamp(time.to_utc()));
        }
        let local = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .or_else(|| {
                text.parse::<NaiveDate>()
                    .ok()
                    .map(|date| date.and_time(Default::default()))
            });
        match local {
            Some(time) => Ok(Timestamp(time.and_utc())),
            None => Err(InvalidTime(format!(
                "`{text}` is not a point in time; write it like 2026-03-02T08:15:00Z"
            ))),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// A time in the account's own zone, or a whole day there, without an offset.
///
/// The parameters `FromLastModifiedDate`, `startWorkhour` and `endWorkhour` have this type. A text with an offset is refused. The
/// zone is `TimeZoneName` of [`account().get()`](crate::api::account::Account::get).
///
/// ```
/// use atera::AccountTime;
///
/// assert_eq!("2026-03-02T08:15:00".parse::<AccountTime>().unwrap().to_string(), "2026-03-02T08:15:00");
/// assert_eq!("2026-03-02".parse::<AccountTime>().unwrap().to_string(), "2026-03-02");
/// assert!("2026-03-02T08:15:00Z".parse::<AccountTime>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccountTime(Local);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Local {
    Day(NaiveDate),
    Second(NaiveDateTime),
}

impl AccountTime {
    /// A local time that is early enough in every zone to ask for the records since a point in time.
    ///
    /// ```
    /// use atera::{AccountTime, Timestamp};
    ///
    /// let time: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    /// assert_eq!(AccountTime::earliest(time).to_string(), "2026-03-01T21:00:00");
    /// ```
    pub fn earliest(time: Timestamp) -> Self {
        /// The greatest time by which any zone's clocks are behind UTC.
        const FURTHEST_BEHIND: TimeDelta = TimeDelta::hours(12);
        let local = time.0.checked_sub_signed(FURTHEST_BEHIND);
        local.unwrap_or(DateTime::UNIX_EPOCH).naive_utc().into()
    }
}

impl From<NaiveDate> for AccountTime {
    fn from(day: NaiveDate) -> Self {
        AccountTime(Local::Day(day))
    }
}

impl From<NaiveDateTime> for AccountTime {
    fn from(time: NaiveDateTime) -> Self {
        AccountTime(Local::Second(time))
    }
}

impl FromStr for AccountTime {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let text = text.trim();
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Ok(day.into());
        }
        if let Ok(time) = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S") {
            return Ok(time.into());
        }
        Err(InvalidTime(match DateTime::parse_from_rfc3339(text) {
            Ok(_) => format!(
                "`{text}` has an offset, which the service refuses here; write the time as it is in the account's zone, \
                 like 2026-03-02T08:15:00"
            ),
            Err(_) => format!("`{text}` is not a time; write it like 2026-03-02 or 2026-03-02T08:15:00"),
        }))
    }
}

impl fmt::Display for AccountTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Local::Day(day) => write!(out, "{day}"),
            Local::Second(time) => write!(out, "{}", time.format("%Y-%m-%dT%H:%M:%S")),
        }
    }
}

/// Text on the wire both ways.
macro_rules! as_text {
    ($name:ident, $format:literal, $expected:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl Scalar for $name {
            const EXPECTED: &'static str = $expected;

            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                lenient::read(deserializer)
            }
        }

        #[cfg(feature = "schemars")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "format": $format})
            }
        }
    };
}

as_text!(
    Timestamp,
    "date-time",
    "a point in time, as in 2026-03-02T08:15:00Z"
);
as_text!(
    AccountTime,
    "account-time",
    "a time without an offset, as in 2026-03-02T08:15:00"
);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        text.parse::<Timestamp>()
            .map(|time| time.to_string())
            .unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn every_known_form_of_a_timestamp_is_read() {
        for (form, point) in [
            ("2026-03-02T08:15:00Z", "2026-03-02T08:15:00Z"),
            ("2026-03-02T08:15:00", "2026-03-02T08:15:00Z"),
            ("2026-03-02T08:15:00.1234567", "2026-03-02T08:15:00.123456700Z"),
            ("2026-03-02T08:15:00.1234567Z", "2026-03-02T08:15:00.123456700Z"),
            ("2026-03-02T08:15:00.5+02:00", "2026-03-02T06:15:00.500Z"),
            ("2026-03-02 08:15:00", "2026-03-02T08:15:00Z"),
            ("2026-03-02T08:15", "2026-03-02T08:15:00Z"),
            ("2026-03-02", "2026-03-02T00:00:00Z"),
            ("0001-01-01T00:00:00", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59.999999900Z"),
        ] {
            assert_eq!(read(form), point, "{form}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_form_that_is_wanted() {
        assert_eq!(
            read("yesterday"),
            "`yesterday` is not a point in time; write it like 2026-03-02T08:15:00Z"
        );
    }

    #[test]
    fn dotnets_default_stands_for_no_time() {
        assert!(
            "0001-01-01T00:00:00"
                .parse::<Timestamp>()
                .is_ok_and(Timestamp::is_unset)
        );
        assert!(!"2026-03-02".parse::<Timestamp>().is_ok_and(Timestamp::is_unset));
    }

    #[test]
    fn an_account_time_refuses_every_offset() {
        for form in [
            "2026-03-02T08:15:00Z",
            "2026-03-02T08:15:00+00:00",
            "2026-03-02T08:15:00-05:00",
        ] {
            let error = form.parse::<AccountTime>().map(|_| ()).expect_err(form);
            assert!(error.to_string().contains("has an offset"), "{error}");
        }
    }
}
