//! `--since`: a point in time, or a length of time before now, for the lists that take one.
//!
//! Each of these lists has a parameter of its own for it, and they disagree about the kind of time: tickets take a point in
//! time in UTC, contacts and customers a local time of the account, invoices a date. `--since` is the same for all of them.
//! For a local time the account is asked for its time zone (see [`local_time`]).

use std::str::FromStr;

use atera::{
    AccountTime, ErrorKind, Timestamp,
    description::{Kind, Location, Operation, Parameter},
};
use chrono::{DateTime, TimeDelta, Utc};

use super::{connection::Connection, globals::Globals, interrupt::Interrupt};
use crate::output::failure::Failure;

/// The greatest time by which any zone's clocks are behind UTC.
const FURTHEST_BEHIND: TimeDelta = TimeDelta::hours(12);

/// The time from which on records are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// A point in time.
    At(DateTime<Utc>),
    /// This long before now.
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
    /// The point in time, where it is `now`.
    pub(crate) fn time(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Since::At(time) => time,
            Since::Ago(ago) => now.checked_sub_signed(ago).unwrap_or(DateTime::UNIX_EPOCH),
        }
    }
}

/// The value for a parameter that takes a point in time. `None` if it takes a local time of the account.
pub(crate) fn in_utc(kind: Kind, time: DateTime<Utc>) -> Option<String> {
    matches!(kind, Kind::Timestamp).then(|| Timestamp::from(time).to_string())
}

/// The value for a parameter that takes a local time of the account, or its date. Seconds are the finest that the service reads.
pub(crate) fn in_account(kind: Kind, local: AccountTime) -> String {
    let text = local.to_string();
    match kind {
        Kind::Date => text.split('T').next().unwrap_or_default().to_string(),
        _ => text,
    }
}

/// A time by the clocks of the account, and whether it is certain.
///
/// A key may lack the permission to read the account, and the zone's name may be unknown. The time is then taken to be that
/// of the zone furthest behind UTC: the list has too many records rather than one too few. A dry run, which asks nobody, does
/// the same.
pub(crate) async fn local_time(
    time: DateTime<Utc>,
    connection: &Connection,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(AccountTime, bool), Failure> {
    if !globals.dry_run {
        let client = connection.client()?;
        match interrupt.or(client.account_time(time.into())).await? {
            Ok(local) => return Ok((local, true)),
            Err(error) if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::Decode) => {}
            Err(error) => return Err(connection.explain(error).into()),
        }
    }
    Ok((in_any_zone(time), false))
}

/// A local time that is early enough in every zone.
pub(crate) fn in_any_zone(time: DateTime<Utc>) -> AccountTime {
    (time - FURTHEST_BEHIND).naive_utc().into()
}

/// The parameter of a list that takes the time of `--since`: the first one in the query that is a time.
pub(crate) fn parameter(operation: &'static Operation) -> Option<&'static Parameter> {
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
        let can: Vec<_> = atera::description::OPERATIONS
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
