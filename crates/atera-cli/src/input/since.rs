//! `--since`: the time from which on records are wanted, for the lists that take one. It is written as a time in `--where`.
//!
//! Each of these lists has a parameter of its own for it, and they disagree about the kind of time: tickets take a point in
//! time in UTC, contacts and customers a local time of the account, invoices a date. `--since` is the same for all of them.
//! For a local time, and for days and clock times, the account is asked for its time zone.

use std::str::FromStr;

use atera::{AccountTime, AccountZone, ErrorKind, description::Kind};
use atera_records::{Clock, NoSpan, TimeText};
use chrono::{DateTime, TimeDelta, Utc};

use super::{connection::Connection, globals::Globals, interrupt::Interrupt};
use crate::output::failure::Failure;

/// The greatest time by which any zone's clocks are ahead of UTC.
const FURTHEST_AHEAD: TimeDelta = TimeDelta::hours(14);

/// The time from which on records are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Since(TimeText);

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = TimeText::parse(text).filter(|_| !text.trim_start().starts_with('+'));
        time.map(Since).ok_or_else(|| {
            "it must be a time, as in yesterday, 2026-03-01, '2026-03-01 08:00' or 2026-03-02T08:15:00Z, or so long ago, as in \
             90m, 12h, 7d or 2w"
                .to_string()
        })
    }
}

impl Since {
    /// The value for a parameter, if it does not depend on the zone of the account.
    pub(crate) fn in_utc(self, kind: Kind, now: DateTime<Utc>) -> Option<String> {
        kind.utc_time(self.time(now, AccountZone::UTC).into())
            .filter(|_| !self.0.needs_zone())
    }

    /// The value for a parameter in the zone of the account.
    pub(crate) fn in_zone(self, kind: Kind, now: DateTime<Utc>, zone: AccountZone) -> String {
        let time = self.time(now, zone).into();
        kind.utc_time(time)
            .unwrap_or_else(|| kind.account_time(zone.parameter(time)))
    }

    /// A value for a parameter that is early enough in every zone.
    pub(crate) fn in_any_zone(self, kind: Kind, now: DateTime<Utc>) -> String {
        let mut time = self.time(now, AccountZone::UTC);
        if self.0.needs_zone() {
            time -= FURTHEST_AHEAD;
        }
        kind.utc_time(time.into())
            .unwrap_or_else(|| kind.account_time(AccountTime::earliest(time.into())))
    }

    /// The first moment of the time. One before all times that can be told is as good as the first.
    fn time(self, now: DateTime<Utc>, zone: AccountZone) -> DateTime<Utc> {
        match self.0.span(&Clock { now, zone }) {
            Ok(span) => span.from,
            Err(NoSpan::Twice([first, _])) => first.to_utc(),
            Err(NoSpan::TooFar) => DateTime::UNIX_EPOCH,
        }
    }
}

/// The zone of the account. `None` if it cannot be known: a key may lack the permission to read the account, the zone's name may
/// be unknown, and a dry run asks nobody.
pub(crate) async fn account_zone(
    connection: &Connection,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<Option<AccountZone>, Failure> {
    if globals.dry_run {
        return Ok(None);
    }
    let client = connection.client()?;
    match interrupt.or(client.account_zone()).await? {
        Ok(zone) => Ok(Some(zone)),
        Err(error) if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::Decode) => Ok(None),
        Err(error) => Err(connection.explain(error).into()),
    }
}

#[cfg(test)]
mod tests {
    use atera::Timestamp;

    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse::<Timestamp>().expect(text).to_utc()
    }

    #[test]
    fn a_time_or_so_long_ago() {
        let now = time("2026-03-02T09:00:00Z");
        let read = |text: &str| text.parse::<Since>().expect(text);
        for (text, value) in [
            ("2026-03-01T10:15:00+02:00", "2026-03-01T08:15:00Z"),
            ("90m", "2026-03-02T07:30:00Z"),
            ("12h", "2026-03-01T21:00:00Z"),
            ("7d", "2026-02-23T09:00:00Z"),
            ("-7d", "2026-02-23T09:00:00Z"),
            ("2W", "2026-02-16T09:00:00Z"),
        ] {
            assert_eq!(
                read(text).in_utc(Kind::Timestamp, now).as_deref(),
                Some(value),
                "{text}"
            );
        }
        let new_york = "America/New_York".parse().expect("a zone");
        for (text, utc, local) in [
            ("yesterday", "2026-03-01T05:00:00Z", "2026-03-01T00:00:00"),
            ("2026-03-01", "2026-03-01T05:00:00Z", "2026-03-01T00:00:00"),
            ("2026-03-01 08:00", "2026-03-01T13:00:00Z", "2026-03-01T08:00:00"),
            ("1mo", "2026-02-02T09:00:00Z", "2026-02-02T04:00:00"),
            // It came twice that night, and what changed since the first time is wanted.
            ("2025-11-02 01:30", "2025-11-02T05:30:00Z", "2025-11-02T00:30:00"),
        ] {
            let since = read(text);
            assert_eq!(since.in_utc(Kind::Timestamp, now), None, "{text}");
            assert_eq!(since.in_zone(Kind::Timestamp, now, new_york), utc, "{text}");
            assert_eq!(since.in_zone(Kind::AccountTime, now, new_york), local, "{text}");
            assert!(since.in_any_zone(Kind::Timestamp, now).as_str() < utc, "{text}");
            assert!(
                since.in_any_zone(Kind::AccountTime, now).as_str() < local,
                "{text}"
            );
        }
        for text in ["", "7", "d", "+7d", "soon", "99999999999999999999w", "7\u{e9}"] {
            assert!(
                text.parse::<Since>().is_err_and(|told| told.contains("7d")),
                "{text}"
            );
        }
    }

    #[test]
    fn the_lists_that_can_are_known_by_their_parameters() {
        let can: Vec<_> = atera::description::OPERATIONS
            .iter()
            .filter_map(|operation| Some((operation.id, operation.since_parameter()?.name)))
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
