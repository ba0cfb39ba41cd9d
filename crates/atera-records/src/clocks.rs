//! When the clocks of a zone show a time: once, unless they are set forward over it, or back.

use atera::AccountZone;
use chrono::{DateTime, FixedOffset, NaiveDateTime, SubsecRound, TimeDelta, Utc};

/// When the clocks of a zone show a time.
pub(crate) enum Shown {
    /// At this moment.
    Once(DateTime<Utc>),
    /// They are set forward over it, and go on at this moment.
    Never { resumed: DateTime<Utc> },
    /// They are set back, and show it at both of these moments.
    Twice([DateTime<FixedOffset>; 2]),
}

impl Shown {
    /// The moment at which the clocks of this zone show this.
    pub(crate) fn at(zone: AccountZone, local: NaiveDateTime) -> Self {
        let shown = |time: DateTime<Utc>| zone.clock(time.into());
        let ahead = |time: DateTime<Utc>| shown(time) - time.naive_utc();
        let first = zone.timestamp(local).to_utc();
        if shown(first) != local {
            // `first` is as long after the change as `local` is after the time at which they are set forward. They are set at a
            // whole second.
            let after = first.trunc_subsecs(0);
            return Shown::Never {
                resumed: change(after - TimeDelta::days(1), after, ahead),
            };
        }
        // Once the clocks have been set back, they have been so a day later.
        let Some(later) = first.checked_add_signed(TimeDelta::days(1)) else {
            return Shown::Once(first);
        };
        let second = (local - ahead(later)).and_utc();
        let with_offset = |time: DateTime<Utc>| {
            let seconds = i32::try_from(ahead(time).num_seconds()).ok()?;
            Some(time.with_timezone(&FixedOffset::east_opt(seconds)?))
        };
        match (with_offset(first), with_offset(second)) {
            (Some(one), Some(other)) if first < second && shown(second) == local => {
                Shown::Twice([one, other])
            }
            _ => Shown::Once(first),
        }
    }
}

/// The second, between these two, at which the clocks are set.
fn change(
    mut before: DateTime<Utc>,
    mut after: DateTime<Utc>,
    ahead: impl Fn(DateTime<Utc>) -> TimeDelta,
) -> DateTime<Utc> {
    let new = ahead(after);
    while after - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        match ahead(middle) == new {
            true => after = middle,
            false => before = middle,
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(zone: &str, local: &str) -> String {
        let zone = zone.parse().expect("a zone");
        match Shown::at(zone, local.parse().expect("a time")) {
            Shown::Once(time) => time.to_rfc3339(),
            Shown::Never { resumed } => format!("not before {}", resumed.to_rfc3339()),
            Shown::Twice(times) => times.map(|time| time.to_rfc3339()).join(" or "),
        }
    }

    #[test]
    fn clocks_that_are_set_skip_times_and_show_others_twice() {
        for (zone, local, expected) in [
            ("UTC", "2026-03-29T01:30:00", "2026-03-29T01:30:00+00:00"),
            (
                "Europe/London",
                "2026-03-29T01:30:00",
                "not before 2026-03-29T01:00:00+00:00",
            ),
            (
                "Europe/London",
                "2026-10-25T01:30:00",
                "2026-10-25T01:30:00+01:00 or 2026-10-25T01:30:00+00:00",
            ),
            // Half an hour, at midnight, and a whole day.
            (
                "Australia/Lord_Howe",
                "2026-10-04T02:15:00",
                "not before 2026-10-03T15:30:00+00:00",
            ),
            (
                "Australia/Lord_Howe",
                "2026-04-05T01:45:00",
                "2026-04-05T01:45:00+11:00 or 2026-04-05T01:45:00+10:30",
            ),
            (
                "Africa/Cairo",
                "2026-04-24T00:00:00",
                "not before 2026-04-23T22:00:00+00:00",
            ),
            (
                "Pacific/Apia",
                "2011-12-30T12:00:00",
                "not before 2011-12-30T10:00:00+00:00",
            ),
        ] {
            assert_eq!(shown(zone, local), expected, "{zone} {local}");
        }
    }
}
