//! The time zone of the account.
//!
//! The published document has parameters without an offset, such as `startWorkhour`. They are times of the account's
//! clocks, and its zone is `TimeZoneName` of `GET /account`.

use atera::{Error, Result};
use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// A zone and its name in the answer of `GET /account`.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    name: String,
    zone: Tz,
}

impl Default for Zone {
    /// London, where the made-up account has its clocks. The name is that of Windows, since the service runs on .NET
    /// and may well show it; programs have to cope with both.
    fn default() -> Self {
        Zone {
            name: "GMT Standard Time".to_string(),
            zone: Tz::Europe__London,
        }
    }
}

impl Zone {
    /// The zone with this IANA name.
    ///
    /// # Errors
    ///
    /// `Config` if there is no such zone.
    pub(crate) fn named(name: &str) -> Result<Self> {
        match name.parse() {
            Ok(zone) => Ok(Zone {
                name: name.to_string(),
                zone,
            }),
            Err(_) => Err(Error::config(format!(
                "cannot set the time zone: `{name}` is not an IANA name; write it like Europe/London or America/New_York"
            ))),
        }
    }

    /// The name of the zone, as the account shows it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A point in time as the clocks of the zone show it.
    pub(crate) fn local(&self, time: DateTime<Utc>) -> NaiveDateTime {
        time.with_timezone(&self.zone).naive_local()
    }

    /// The point in time at which the clocks of the zone show this.
    ///
    /// In the hour that the clocks show twice in autumn, it is the earlier one. In the hour that they skip in spring,
    /// the offset from before the change applies.
    pub(crate) fn utc(&self, local: NaiveDateTime) -> DateTime<Utc> {
        match self.zone.from_local_datetime(&local) {
            LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => time.to_utc(),
            LocalResult::None => {
                // No zone skips three hours, so the time before that exists.
                let before = self.zone.from_local_datetime(&(local - TimeDelta::hours(3)));
                let before = before.earliest();
                before.map_or(local.and_utc(), |time| time.to_utc() + TimeDelta::hours(3))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_follow_the_clocks() -> Result<()> {
        let zone = Zone::named("America/New_York")?;
        for (local, utc) in [
            ("2026-01-15T08:00:00", "2026-01-15T13:00:00Z"),
            ("2026-07-15T08:00:00", "2026-07-15T12:00:00Z"),
            // The clocks skip from 2 to 3 o'clock in March, and go back from 2 to 1 o'clock in November.
            ("2026-03-08T02:30:00", "2026-03-08T07:30:00Z"),
            ("2026-11-01T01:30:00", "2026-11-01T05:30:00Z"),
        ] {
            let local: NaiveDateTime = local.parse().expect(local);
            let utc: DateTime<Utc> = utc.parse().expect(utc);
            assert_eq!(zone.utc(local), utc, "{local}");
        }
        Ok(())
    }

    #[test]
    fn a_name_that_is_no_zone_is_refused() {
        assert!(Zone::named("Middle of nowhere").is_err());
    }
}
