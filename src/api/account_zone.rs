//! The time zone of the account: from points in time to its clocks, and back.

use std::{fmt, str::FromStr};

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::account::Account;
use crate::{
    Error, ErrorKind, Result,
    pipeline::context::Context,
    types::{AccountTime, Timestamp},
};

/// The time zone of an account, as [`Client::account_zone`](crate::Client::account_zone) returns it.
///
/// It is parsed from a Windows name, as the service sends it, or from an IANA name:
///
/// ```
/// use atera::{AccountZone, Timestamp};
///
/// let zone: AccountZone = "W. Europe Standard Time".parse().unwrap();
/// assert_eq!(zone, "Europe/Berlin".parse().unwrap());
///
/// let time: Timestamp = "2026-07-02T12:00:00Z".parse().unwrap();
/// let clock = zone.clock(time);
/// assert_eq!(clock.to_string(), "2026-07-02 14:00:00");
/// assert_eq!(zone.timestamp(clock), time);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccountZone(Tz);

impl AccountZone {
    /// UTC.
    pub const UTC: Self = AccountZone(Tz::UTC);

    /// The zone of the account, which is requested from the service.
    pub(crate) async fn of_account(context: &Context) -> Result<Self> {
        let account = Account::new(context.clone()).get().await?;
        account.time_zone_name.as_deref().unwrap_or_default().parse()
    }

    /// What the clocks of the account show at a point in time.
    pub fn clock(self, time: Timestamp) -> NaiveDateTime {
        self.0.from_utc_datetime(&time.to_utc().naive_utc()).naive_local()
    }

    /// The point in time at which the clocks of the account show this. Of two such points, when the clocks are set back, it is
    /// the earlier; where there is none, when they are set forward, it is the one as long after the change.
    pub fn timestamp(self, clock: NaiveDateTime) -> Timestamp {
        match self.0.from_local_datetime(&clock) {
            LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => time.to_utc().into(),
            // A day earlier the clocks had not been set forward yet.
            LocalResult::None => {
                let before = self.0.from_utc_datetime(&(clock - TimeDelta::days(1)));
                let offset = TimeDelta::seconds(before.offset().fix().local_minus_utc().into());
                (clock - offset).and_utc().into()
            }
        }
    }

    /// A point in time for a parameter of type [`AccountTime`]. A local time that occurs twice, when the clocks are set back, is
    /// moved back by the length of that change, since the service may take it for the later one.
    pub fn parameter(self, time: Timestamp) -> AccountTime {
        self.early_clock(time.to_utc()).into()
    }

    /// The local time for a parameter.
    fn early_clock(self, time: DateTime<Utc>) -> NaiveDateTime {
        let local = self.clock(time.into());
        match self.0.from_local_datetime(&local) {
            LocalResult::Ambiguous(earlier, later) => {
                let [earlier, later] = [earlier, later].map(|time| time.offset().fix().local_minus_utc());
                local - TimeDelta::seconds((earlier - later).abs().into())
            }
            _ => local,
        }
    }
}

impl FromStr for AccountZone {
    type Err = Error;

    /// Reads a Windows name, since the service runs on .NET, or an IANA name.
    fn from_str(name: &str) -> Result<Self> {
        let name = name.trim();
        let iana = localzone::win_zone_to_iana(name, None).unwrap_or(name);
        iana.parse().map(AccountZone).map_err(|_| {
            let sentence = format!(
                "the time zone of the account is not known: `{}`; convert the time yourself, and use `from_last_modified_date`",
                name.escape_debug()
            );
            Error::new(ErrorKind::Decode, sentence)
        })
    }
}

impl fmt::Display for AccountZone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> AccountZone {
        name.parse().expect(name)
    }

    fn local_time(name: &str, time: &str) -> String {
        zone(name).parameter(time.parse().expect(time)).to_string()
    }

    #[test]
    fn a_time_is_told_by_the_clocks_of_the_account() {
        for (name, time, local) in [
            ("UTC", "2026-03-02T12:00:00Z", "2026-03-02T12:00:00"),
            (
                "Eastern Standard Time",
                "2026-03-02T12:00:00Z",
                "2026-03-02T07:00:00",
            ),
            (
                "Eastern Standard Time",
                "2026-07-02T12:00:00Z",
                "2026-07-02T08:00:00",
            ),
            (
                "W. Europe Standard Time",
                "2026-07-02T12:00:00Z",
                "2026-07-02T14:00:00",
            ),
            ("Europe/Berlin", "2026-03-02T12:00:00Z", "2026-03-02T13:00:00"),
            (
                "India Standard Time",
                "2026-03-02T12:00:00Z",
                "2026-03-02T17:30:00",
            ),
        ] {
            assert_eq!(local_time(name, time), local, "{name}");
        }
    }

    #[test]
    fn a_time_that_came_twice_is_told_before_it_came() {
        for (time, local) in [
            ("2026-11-01T04:59:00Z", "2026-11-01T00:59:00"),
            // 1:30 came twice that night: an hour before the first of them is safe for both.
            ("2026-11-01T05:30:00Z", "2026-11-01T00:30:00"),
            ("2026-11-01T06:30:00Z", "2026-11-01T00:30:00"),
            ("2026-11-01T07:00:00Z", "2026-11-01T02:00:00"),
            // 2:30 did not come at all that night.
            ("2026-03-08T07:30:00Z", "2026-03-08T03:30:00"),
        ] {
            assert_eq!(local_time("Eastern Standard Time", time), local, "{time}");
        }
    }

    #[test]
    fn the_clocks_name_a_point_in_time_even_when_they_are_set() {
        for (clock, time) in [
            ("2026-03-02T07:00:00", "2026-03-02T12:00:00Z"),
            ("2026-07-02T08:00:00", "2026-07-02T12:00:00Z"),
            ("2026-11-01T01:30:00", "2026-11-01T05:30:00Z"),
            ("2026-11-01T02:00:00", "2026-11-01T07:00:00Z"),
            // 2:30 did not come at all: it is half an hour after the change.
            ("2026-03-08T02:30:00", "2026-03-08T07:30:00Z"),
        ] {
            let point = zone("Eastern Standard Time").timestamp(clock.parse().expect(clock));
            assert_eq!(point.to_string(), time, "{clock}");
        }
    }

    #[test]
    fn a_zone_that_is_not_known_is_told() {
        for name in ["", "Middle Earth Standard Time"] {
            let error = name.parse::<AccountZone>().expect_err("no zone");
            assert!(error.to_string().contains("is not known"), "{error}");
        }
    }
}
