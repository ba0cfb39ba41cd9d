//! The time zone of the account.

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

use atera::{Error, Result};

/// A zone, and what the account calls it.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    name: String,
    zone: Tz,
}

impl Default for Zone {
    /// That of the account's town, under the name that Windows has for it, as the service may show it.
    fn default() -> Self {
        Zone {
            name: "GMT Standard Time".to_string(),
            zone: Tz::Europe__London,
        }
    }
}

impl Zone {
    /// The zone of this IANA name.
    pub(super) fn named(name: &str) -> Result<Self> {
        match name.parse() {
            Ok(zone) => Ok(Zone {
                name: name.to_string(),
                zone,
            }),
            Err(_) => Err(Error::config(format!(
                "`{name}` is not a time zone; write it like Europe/London or America/New_York"
            ))),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A time as clocks there show it.
    pub(super) fn local(&self, time: DateTime<Utc>) -> NaiveDateTime {
        time.with_timezone(&self.zone).naive_local()
    }

    /// The time at which clocks there show this. Of two such times it is the earlier, and if there is none, since the
    /// clocks are put forward, it is as if they were not yet.
    pub(super) fn utc(&self, local: NaiveDateTime) -> DateTime<Utc> {
        match self.zone.from_local_datetime(&local) {
            LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => time.to_utc(),
            LocalResult::None => {
                let before = local - chrono::TimeDelta::hours(3);
                let before_utc = self.zone.from_local_datetime(&before).earliest();
                before_utc.map_or(local.and_utc(), |time| {
                    time.to_utc() + chrono::TimeDelta::hours(3)
                })
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
            // Clocks are put forward from 2 to 3 o'clock, and back from 2 to 1 o'clock.
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
