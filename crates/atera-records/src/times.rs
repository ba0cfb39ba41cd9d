//! Times in a condition: `2026-03-01 08:00`, `yesterday`, `last-month`, `-3d`.
//!
//! A time stands for a span: a day for all of that day, a minute for all of that minute. So `=2026-03-01` is true for every
//! moment of that day, `>2026-03-01` for those after it and `>=2026-03-01` for both. Days and clock times without an offset are
//! those of the account's zone. `-3d` is a moment: three times 24 hours ago.
//!
//! A clock time that is skipped when the clocks are set forward is no moment, and lies where they go on: everything before that is
//! before it, and everything from then on after it. One that comes twice when they are set back is refused, because a part of
//! the records would be on the wrong side of it either way.

use std::{cmp::Ordering, fmt};

use atera::{AccountZone, Timestamp};
use chrono::{
    DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc,
};

use crate::clocks::Shown;

/// What relative times refer to.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The current time.
    pub now: DateTime<Utc>,
    /// The zone of days and clock times: that of the account, unless someone names another.
    pub zone: AccountZone,
}

/// A span of time: from its first moment to the moment behind its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first moment.
    pub from: DateTime<Utc>,
    /// The moment behind its last. For a moment it is the moment itself.
    pub to: DateTime<Utc>,
    /// Whether it is a moment. Any other span without length has no moment in it.
    is_moment: bool,
}

impl Span {
    fn moment(moment: DateTime<Utc>) -> Self {
        Span {
            from: moment,
            to: moment,
            is_moment: true,
        }
    }

    fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Span {
            from,
            to,
            is_moment: false,
        }
    }

    /// Whether a moment lies before the span, within it or behind it.
    pub fn compare(self, moment: DateTime<Utc>) -> Ordering {
        match moment {
            moment if moment < self.from => Ordering::Less,
            moment if moment < self.to || (self.is_moment && moment == self.from) => Ordering::Equal,
            _ => Ordering::Greater,
        }
    }
}

/// Why a time stands for no span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSpan {
    /// It lies beyond all times that can be told.
    TooFar,
    /// The clocks show it twice, because they are set back: the two points in time.
    Twice([DateTime<FixedOffset>; 2]),
}

impl fmt::Display for NoSpan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoSpan::TooFar => out.write_str("this time lies beyond all times that can be told"),
            NoSpan::Twice([first, second]) => write!(
                out,
                "the clocks show {} twice, because they are set back that day; write {} for the first time, or {} for the second",
                first.format("%Y-%m-%d %H:%M"),
                first.format("%Y-%m-%dT%H:%M:%S%.f%:z"),
                second.format("%Y-%m-%dT%H:%M:%S%.f%:z"),
            ),
        }
    }
}

impl std::error::Error for NoSpan {}

/// A time as it is written, before there is a clock: `2026-03-01` (all of that day), `2026-03-01 08:00`, `2026-03`, `today`,
/// `yesterday`, `last-month`, `this-week`, `-3d`, `-12h`, `1mo` (a month ago), `+30d` (in 30 days).
///
/// ```
/// use atera::{AccountZone, Timestamp};
/// use atera_records::{Clock, TimeText};
///
/// let now: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
/// let clock = Clock { now: now.to_utc(), zone: "Europe/Berlin".parse().unwrap() };
/// let span = TimeText::parse("yesterday").unwrap().span(&clock).unwrap();
/// assert_eq!(span.from.to_rfc3339(), "2026-02-28T23:00:00+00:00");
/// assert_eq!(span.to.to_rfc3339(), "2026-03-01T23:00:00+00:00");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeText(Meaning);

/// What a time says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// `now`.
    Now,
    /// A moment with an offset, and the length of time that its last digit stands for.
    Moment(DateTime<Utc>, TimeDelta),
    /// A time by the clocks of the account, and the length of time that its last digit stands for.
    Clock(NaiveDateTime, TimeDelta),
    /// A length of time before now, or behind it if it is positive.
    Away(TimeDelta),
    /// So many months away, by the clocks of the account.
    MonthsAway(i32),
    /// A day, week, month or year: the one of `date`, or the one that is so many away from the current one.
    Calendar(Unit, Anchor),
}

/// A stretch of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Day,
    /// From Monday on.
    Week,
    Month,
    Year,
}

/// Which stretch of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    /// The one that begins with this day.
    From(NaiveDate),
    /// The one that is so many away from the current one.
    Away(i32),
}

impl TimeText {
    /// Reads a time. `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        Meaning::parse(text).map(TimeText)
    }

    /// Whether what it stands for depends on the zone of the account.
    pub fn needs_zone(self) -> bool {
        !matches!(self.0, Meaning::Now | Meaning::Moment(..) | Meaning::Away(_))
    }

    /// The span that it stands for.
    ///
    /// # Errors
    ///
    /// If it lies beyond all times that can be told, or comes twice by the clocks.
    pub fn span(self, clock: &Clock) -> Result<Span, NoSpan> {
        self.0.span(clock)
    }
}

impl Meaning {
    /// Reads a time. `None` if it is none.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let calendar = |unit, away| Some(Meaning::Calendar(unit, Anchor::Away(away)));
        match text.as_str() {
            "now" => return Some(Meaning::Now),
            "today" => return calendar(Unit::Day, 0),
            "yesterday" => return calendar(Unit::Day, -1),
            "tomorrow" => return calendar(Unit::Day, 1),
            _ => {}
        }
        if let Some((which, unit)) = text.split_once(['-', ' '])
            && let Some(away) = named(which, &[("last", -1), ("this", 0), ("next", 1)])
            && let Some(unit) = named(
                unit,
                &[("week", Unit::Week), ("month", Unit::Month), ("year", Unit::Year)],
            )
        {
            return calendar(unit, away);
        }
        away(&text).or_else(|| date(&text)).or_else(|| clock(&text))
    }

    fn span(self, clock: &Clock) -> Result<Span, NoSpan> {
        match self {
            Meaning::Clock(local, length) => match Shown::at(clock.zone, local) {
                Shown::Once(from) => {
                    let to = from.checked_add_signed(length).ok_or(NoSpan::TooFar)?;
                    Ok(match length.is_zero() {
                        true => Span::moment(from),
                        false => Span::between(from, to),
                    })
                }
                Shown::Never { resumed } => Ok(Span::between(resumed, resumed)),
                Shown::Twice(times) => Err(NoSpan::Twice(times)),
            },
            text => text.beside_clocks(clock).ok_or(NoSpan::TooFar),
        }
    }

    /// The span of anything but a clock time that someone has written. Of days that begin twice, and of months ago, it is the first
    /// time that the clocks show.
    fn beside_clocks(self, clock: &Clock) -> Option<Span> {
        let point = |local| match Shown::at(clock.zone, local) {
            Shown::Once(time) | Shown::Never { resumed: time } => time,
            Shown::Twice([first, _]) => first.to_utc(),
        };
        let local = clock.zone.clock(Timestamp::from(clock.now));
        Some(match self {
            Meaning::Now => Span::moment(clock.now),
            Meaning::Moment(from, length) if length.is_zero() => Span::moment(from),
            Meaning::Moment(from, length) => Span::between(from, from.checked_add_signed(length)?),
            Meaning::Clock(..) => return None,
            Meaning::Away(length) => Span::moment(clock.now.checked_add_signed(length)?),
            Meaning::MonthsAway(months) => Span::moment(point(
                local.date().checked_add_or_sub(months)?.and_time(local.time()),
            )),
            Meaning::Calendar(unit, anchor) => {
                let from = match anchor {
                    Anchor::From(day) => day,
                    Anchor::Away(away) => unit.add(unit.first_day(local.date())?, away)?,
                };
                let midnight = |day: NaiveDate| point(day.and_time(NaiveTime::MIN));
                Span::between(midnight(from), midnight(unit.add(from, 1)?))
            }
        })
    }
}

/// Adds months, or takes them away.
trait AddMonths: Sized {
    fn checked_add_or_sub(self, months: i32) -> Option<Self>;
}

impl AddMonths for NaiveDate {
    fn checked_add_or_sub(self, months: i32) -> Option<Self> {
        let length = Months::new(months.unsigned_abs());
        match months < 0 {
            true => self.checked_sub_months(length),
            false => self.checked_add_months(length),
        }
    }
}

impl Unit {
    /// The first day of the stretch that a day is in.
    fn first_day(self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            Unit::Day => Some(day),
            Unit::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
            Unit::Month => day.with_day(1),
            Unit::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        }
    }

    /// The first day of the stretch that is so many behind the one that begins with `day`.
    fn add(self, day: NaiveDate, count: i32) -> Option<NaiveDate> {
        match self {
            Unit::Day => day.checked_add_signed(TimeDelta::days(count.into())),
            Unit::Week => day.checked_add_signed(TimeDelta::weeks(count.into())),
            Unit::Month => day.checked_add_or_sub(count),
            Unit::Year => day.checked_add_or_sub(count * 12),
        }
    }
}

/// The value of a name.
fn named<T: Copy>(name: &str, values: &[(&str, T)]) -> Option<T> {
    values
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| *value)
}

/// `-3d`, and `3d` for the same; `+3d` for three days from now.
fn away(text: &str) -> Option<Meaning> {
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-').unwrap_or(text)),
    };
    let digits = rest.find(|it: char| !it.is_ascii_digit())?;
    let number: i64 = sign * rest[..digits].parse::<i64>().ok()?;
    let months = |number: Option<i64>| Some(Meaning::MonthsAway(i32::try_from(number?).ok()?));
    let length = match &rest[digits..] {
        "s" => TimeDelta::try_seconds(number),
        "m" | "min" => TimeDelta::try_minutes(number),
        "h" => TimeDelta::try_hours(number),
        "d" => TimeDelta::try_days(number),
        "w" => TimeDelta::try_weeks(number),
        "mo" => return months(Some(number)),
        "y" => return months(number.checked_mul(12)),
        _ => None,
    };
    length.map(Meaning::Away)
}

/// A day, a month or a year.
fn date(text: &str) -> Option<Meaning> {
    let of = |unit, day| Some(Meaning::Calendar(unit, Anchor::From(day)));
    let is_number = |text: &str, length| text.len() == length && text.bytes().all(|it| it.is_ascii_digit());
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return of(Unit::Day, day);
    }
    let (year, month) = text.split_once('-').unwrap_or((text, "01"));
    if !is_number(year, 4) || !is_number(month, 2) {
        return None;
    }
    let day = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)?;
    of(if text.len() == 4 { Unit::Year } else { Unit::Month }, day)
}

/// A day with a time, which may have an offset.
fn clock(text: &str) -> Option<Meaning> {
    let (day, time) = text.split_once(['t', ' '])?;
    let (time, offset) = time.split_at(time.find(['z', '+', '-']).unwrap_or(time.len()));
    let (time, length) = match (time.matches(':').count(), time.contains('.')) {
        (1, false) => (format!("{time}:00"), TimeDelta::minutes(1)),
        (_, false) => (time.to_string(), TimeDelta::seconds(1)),
        (_, true) => (time.to_string(), TimeDelta::zero()),
    };
    let local = NaiveDateTime::parse_from_str(&format!("{day}T{time}"), "%Y-%m-%dT%H:%M:%S%.f").ok()?;
    if offset.is_empty() {
        return Some(Meaning::Clock(local, length));
    }
    let whole = format!("{}{offset}", local.format("%Y-%m-%dt%H:%M:%S%.f"));
    let moment = DateTime::parse_from_rfc3339(&whole).ok()?;
    Some(Meaning::Moment(moment.to_utc(), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> DateTime<Utc> {
        text.parse::<Timestamp>().expect(text).to_utc()
    }

    fn span(text: &str) -> (String, String) {
        let clock = Clock {
            now: moment("2026-03-02T04:30:00Z"),
            zone: "America/New_York".parse().expect("a zone"),
        };
        let span = TimeText::parse(text).expect(text).span(&clock).expect(text);
        let text = |time: DateTime<Utc>| Timestamp::from(time).to_string();
        (text(span.from), text(span.to))
    }

    #[test]
    fn a_time_stands_for_a_span_by_the_clocks_of_the_account() {
        // In New York it is half past eleven in the evening of Sunday, March 1st; the clocks are set forward on the 8th.
        for (text, from, to) in [
            ("2026-03-01", "2026-03-01T05:00:00Z", "2026-03-02T05:00:00Z"),
            ("2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"),
            ("2026-03", "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z"),
            ("2026", "2026-01-01T05:00:00Z", "2027-01-01T05:00:00Z"),
            ("2026-03-01 08:00", "2026-03-01T13:00:00Z", "2026-03-01T13:01:00Z"),
            (
                "2026-03-01T08:00:30",
                "2026-03-01T13:00:30Z",
                "2026-03-01T13:00:31Z",
            ),
            (
                "2026-03-01 08:00Z",
                "2026-03-01T08:00:00Z",
                "2026-03-01T08:01:00Z",
            ),
            (
                "2026-03-01T08:00:00.5+02:00",
                "2026-03-01T06:00:00.500Z",
                "2026-03-01T06:00:00.500Z",
            ),
            ("now", "2026-03-02T04:30:00Z", "2026-03-02T04:30:00Z"),
            ("today", "2026-03-01T05:00:00Z", "2026-03-02T05:00:00Z"),
            ("Yesterday", "2026-02-28T05:00:00Z", "2026-03-01T05:00:00Z"),
            ("tomorrow", "2026-03-02T05:00:00Z", "2026-03-03T05:00:00Z"),
            ("this-week", "2026-02-23T05:00:00Z", "2026-03-02T05:00:00Z"),
            ("last month", "2026-02-01T05:00:00Z", "2026-03-01T05:00:00Z"),
            ("next-year", "2027-01-01T05:00:00Z", "2028-01-01T05:00:00Z"),
            ("-3d", "2026-02-27T04:30:00Z", "2026-02-27T04:30:00Z"),
            ("3d", "2026-02-27T04:30:00Z", "2026-02-27T04:30:00Z"),
            ("+90m", "2026-03-02T06:00:00Z", "2026-03-02T06:00:00Z"),
            ("1mo", "2026-02-02T04:30:00Z", "2026-02-02T04:30:00Z"),
            ("-1y", "2025-03-02T04:30:00Z", "2025-03-02T04:30:00Z"),
        ] {
            assert_eq!(span(text), (from.to_string(), to.to_string()), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "3",
            "d",
            "-",
            "soon",
            "last-friday",
            "2026-13",
            "2026-02-30",
            "20260302",
            "08:00",
            "1e3d",
        ] {
            assert_eq!(TimeText::parse(text), None, "{text}");
        }
        let clock = Clock {
            now: moment("2026-03-02"),
            zone: AccountZone::UTC,
        };
        let far = TimeText::parse("99999999d").expect("a time");
        assert_eq!(far.span(&clock), Err(NoSpan::TooFar));
    }

    #[test]
    fn a_moment_is_before_a_span_or_in_it_or_behind_it() {
        let clock = Clock {
            now: moment("2026-03-02"),
            zone: AccountZone::UTC,
        };
        let day = TimeText::parse("2026-03-01")
            .expect("a day")
            .span(&clock)
            .expect("a span");
        for (time, order) in [
            ("2026-02-28T23:59:59.9Z", Ordering::Less),
            ("2026-03-01T00:00:00Z", Ordering::Equal),
            ("2026-03-01T23:59:59.9Z", Ordering::Equal),
            ("2026-03-02T00:00:00Z", Ordering::Greater),
        ] {
            assert_eq!(day.compare(moment(time)), order, "{time}");
        }
    }

    /// The order of these moments to a clock time in London, where the clocks are set on 29 March and 25 October 2026 at 01:00Z.
    fn orders(text: &str, moments: &[&str]) -> Result<Vec<Ordering>, NoSpan> {
        let clock = Clock {
            now: moment("2026-11-02"),
            zone: "Europe/London".parse().expect("a zone"),
        };
        let span = TimeText::parse(text).expect(text).span(&clock)?;
        Ok(moments.iter().map(|time| span.compare(moment(time))).collect())
    }

    #[test]
    fn a_clock_time_that_is_skipped_lies_where_the_clocks_go_on() {
        use Ordering::{Equal, Greater, Less};
        let moments = [
            "2026-03-29T00:59:59.9Z",
            "2026-03-29T01:00:00Z",
            "2026-03-29T01:30:00Z",
        ];
        for (text, order) in [
            ("2026-03-29 00:59", [Equal, Greater, Greater]),
            ("2026-03-29 01:00", [Less, Greater, Greater]),
            ("2026-03-29 01:30", [Less, Greater, Greater]),
            ("2026-03-29 01:59:59.5", [Less, Greater, Greater]),
            ("2026-03-29 02:00", [Less, Equal, Greater]),
        ] {
            assert_eq!(orders(text, &moments), Ok(order.to_vec()), "{text}");
        }
    }

    #[test]
    fn months_ago_are_where_the_clocks_go_on_or_first_show_the_time() {
        for (now, then) in [
            ("2026-04-29T00:30:00Z", "2026-03-29T01:00:00Z"),
            ("2026-11-25T01:30:00Z", "2026-10-25T00:30:00Z"),
            ("2026-06-25T01:30:00Z", "2026-05-25T01:30:00Z"),
        ] {
            let clock = Clock {
                now: moment(now),
                zone: "Europe/London".parse().expect("a zone"),
            };
            let span = TimeText::parse("1mo").expect("a time").span(&clock);
            assert_eq!(span, Ok(Span::moment(moment(then))), "{now}");
        }
    }

    #[test]
    fn a_clock_time_that_comes_twice_is_refused_with_both() {
        for text in ["2026-10-25 01:00", "2026-10-25 01:30", "2026-10-25T01:59:59"] {
            assert!(matches!(orders(text, &[]), Err(NoSpan::Twice(_))), "{text}");
        }
        let told = orders("2026-10-25 01:30", &[])
            .expect_err("it comes twice")
            .to_string();
        for time in ["2026-10-25T01:30:00+01:00", "2026-10-25T01:30:00+00:00"] {
            assert!(told.contains(time) && orders(time, &[]).is_ok(), "{told}");
        }
        for text in [
            "2026-10-25 00:59",
            "2026-10-25 02:00",
            "2026-10-25",
            "2026-10-25T01:30Z",
        ] {
            assert!(orders(text, &[]).is_ok(), "{text}");
        }
    }
}
