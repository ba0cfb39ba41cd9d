//! `--since`: a time, or so long ago, as the parameter of a list wants it.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{Kind, Location, Operation, Parameter, Timestamp};

/// How far the clock of any zone is behind UTC at most.
const FURTHEST_BEHIND: TimeDelta = TimeDelta::hours(12);

/// The time from which on records are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// From this time on.
    At(DateTime<Utc>),
    /// So long before now.
    Ago(TimeDelta),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(Since::At(time.to_utc()));
        }
        let refused =
            || "it must be a time, as in 2026-03-02T08:15:00Z, or so long ago, as in 90m, 12h, 7d or 2w";
        let unit = text.chars().next_back().ok_or_else(refused)?;
        let number: i64 = text[..text.len() - unit.len_utf8()]
            .parse()
            .map_err(|_| refused())?;
        let ago = match unit.to_ascii_lowercase() {
            'm' => TimeDelta::try_minutes(number),
            'h' => TimeDelta::try_hours(number),
            'd' => TimeDelta::try_days(number),
            'w' => TimeDelta::try_weeks(number),
            _ => None,
        };
        ago.filter(|_| number >= 0)
            .map(Since::Ago)
            .ok_or_else(|| refused().to_string())
    }
}

impl Since {
    /// The value for a parameter of this kind. Where that is local to the account's zone, which is not known here, it is
    /// early enough in every zone: rather records too many than one too few.
    pub(super) fn value(self, kind: Kind, now: DateTime<Utc>) -> String {
        let time = match self {
            Since::At(time) => time,
            Since::Ago(ago) => now.checked_sub_signed(ago).unwrap_or(DateTime::UNIX_EPOCH),
        };
        let local = time - FURTHEST_BEHIND;
        match kind {
            Kind::AccountTime => local.format("%Y-%m-%dT%H:%M:%S").to_string(),
            Kind::Date => local.format("%Y-%m-%d").to_string(),
            _ => Timestamp::from(time).to_string(),
        }
    }
}

/// The parameter that takes the time from which on an operation lists records.
pub(super) fn parameter(operation: &'static Operation) -> Option<&'static Parameter> {
    let mut parameters = operation.parameters.iter();
    parameters.find(|parameter| {
        operation.list
            && parameter.location == Location::Query
            && matches!(parameter.kind, Kind::Timestamp | Kind::AccountTime | Kind::Date)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse::<Timestamp>().expect(text).to_utc()
    }

    #[test]
    fn a_time_or_so_long_ago() {
        let now = time("2026-03-02T09:00:00Z");
        for (text, value) in [
            ("2026-03-01T10:15:00+02:00", "2026-03-01T08:15:00Z"),
            ("2026-03-01", "2026-03-01T00:00:00Z"),
            ("90m", "2026-03-02T07:30:00Z"),
            ("12h", "2026-03-01T21:00:00Z"),
            ("7d", "2026-02-23T09:00:00Z"),
            ("2W", "2026-02-16T09:00:00Z"),
        ] {
            let since: Since = text.parse().expect(text);
            assert_eq!(since.value(Kind::Timestamp, now), value, "{text}");
        }
        for text in ["", "7", "d", "-7d", "7y", "soon", "99999999999999w", "7\u{e9}"] {
            assert!(
                text.parse::<Since>().is_err_and(|told| told.contains("7d")),
                "{text}"
            );
        }
    }

    #[test]
    fn local_times_are_early_enough_in_every_zone() {
        let since = Since::At(time("2026-03-02T09:00:00Z"));
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(since.value(Kind::AccountTime, now), "2026-03-01T21:00:00");
        assert_eq!(since.value(Kind::Date, now), "2026-03-01");
    }

    #[test]
    fn the_lists_that_can_are_known_by_their_parameters() {
        let can: Vec<_> = crate::OPERATIONS
            .iter()
            .filter_map(|operation| Some((operation.id, parameter(operation)?.name)))
            .collect();
        assert_eq!(
            can,
            [
                ("tickets_list_last_modified", "date"),
                ("work_hours_list", "startWorkhour"),
                ("customers_list", "FromLastModifiedDate"),
                ("contacts_list", "FromLastModifiedDate"),
                ("invoices_list", "invoiceDateFrom"),
            ]
        );
    }
}
