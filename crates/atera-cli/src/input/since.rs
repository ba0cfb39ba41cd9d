//! `--since`: a time, or so long ago, as the parameter of a list wants it.

use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::{connection::Connection, failure::Failure, globals::Globals, interrupt::Interrupt};
use crate::{ErrorKind, Kind, Location, Operation, Parameter, Timestamp, changes};

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
    /// The time that is meant.
    pub(super) fn time(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Since::At(time) => time,
            Since::Ago(ago) => now.checked_sub_signed(ago).unwrap_or(DateTime::UNIX_EPOCH),
        }
    }
}

/// A time for a parameter that wants it in UTC; `None` if it is by the clocks of the account.
pub(super) fn in_utc(kind: Kind, time: DateTime<Utc>) -> Option<String> {
    matches!(kind, Kind::Timestamp).then(|| Timestamp::from(time).to_string())
}

/// A time for a parameter that wants it by the clocks of the account.
pub(super) fn in_account(kind: Kind, local: NaiveDateTime) -> String {
    let format = match kind {
        Kind::Date => "%Y-%m-%d",
        _ => "%Y-%m-%dT%H:%M:%S",
    };
    local.format(format).to_string()
}

/// A time by the clocks of the account, and whether that is certain. Where the account cannot be asked for its zone, or
/// that is not known, the time is early enough in every zone: rather records too many than one too few.
pub(super) async fn of_account(
    time: DateTime<Utc>,
    connection: &Connection,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(NaiveDateTime, bool), Failure> {
    if !globals.dry_run {
        let client = connection.client()?;
        match interrupt.or(changes::account_time(&client, time)).await? {
            Ok(local) => return Ok((local, true)),
            Err(error) if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::Decode) => {}
            Err(error) => return Err(connection.explain(error).into()),
        }
    }
    Ok((in_any_zone(time), false))
}

fn in_any_zone(time: DateTime<Utc>) -> NaiveDateTime {
    (time - FURTHEST_BEHIND).naive_utc()
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
            let shown = in_utc(Kind::Timestamp, since.time(now));
            assert_eq!(shown.as_deref(), Some(value), "{text}");
        }
        for text in ["", "7", "d", "-7d", "7y", "soon", "99999999999999w", "7\u{e9}"] {
            assert!(
                text.parse::<Since>().is_err_and(|told| told.contains("7d")),
                "{text}"
            );
        }
    }

    #[test]
    fn times_of_an_unknown_zone_are_early_enough_in_every_one() {
        let local = in_any_zone(time("2026-03-02T09:00:00Z"));
        assert_eq!(in_account(Kind::AccountTime, local), "2026-03-01T21:00:00");
        assert_eq!(in_account(Kind::Date, local), "2026-03-01");
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
