//! Reads from the headers of an answer when to send again.
//!
//! An invalid header is ignored; it never makes the client send sooner.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, header};

use crate::{clock, limit::Remaining};

const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// `X-RateLimit-Reset` is a Unix time from this number of seconds on: as a wait it would be more than thirty years.
const EPOCH: u64 = 1_000_000_000;

/// How long the service asks to wait: by `Retry-After`, or else until `X-RateLimit-Reset`. `None` if that time has passed.
pub(crate) fn wait(headers: &HeaderMap) -> Option<Duration> {
    retry_after(headers).or_else(|| reset(headers))
}

/// How long `Retry-After` asks to wait, in seconds or as a date.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = text(headers, &header::RETRY_AFTER)?;
    seconds(text)
        .map(Duration::from_secs)
        .or_else(|| until(headers, httpdate::parse_http_date(text).ok()?.into()))
        .filter(|wait| !wait.is_zero())
}

/// How many more requests the service accepts, and how long that number is valid, if the headers say so.
pub(crate) fn remaining(headers: &HeaderMap) -> Option<Remaining> {
    let remaining = seconds(text(headers, &REMAINING)?)?;
    Some(Remaining {
        requests: u32::try_from(remaining).unwrap_or(u32::MAX),
        reset: reset(headers),
    })
}

fn reset(headers: &HeaderMap) -> Option<Duration> {
    let reset = seconds(text(headers, &RESET)?)?;
    let wait = if reset < EPOCH {
        Some(Duration::from_secs(reset))
    } else {
        until(headers, DateTime::from_timestamp(i64::try_from(reset).ok()?, 0)?)
    };
    wait.filter(|wait| !wait.is_zero())
}

/// From now until a time by the clock of the service, whose current time is the `Date` header.
fn until(headers: &HeaderMap, time: DateTime<Utc>) -> Option<Duration> {
    let date = text(headers, &header::DATE).and_then(|date| httpdate::parse_http_date(date).ok());
    let now = date.map_or_else(clock::utc, DateTime::from);
    (time - now).to_std().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A number without a sign. A number that does not fit is the largest one.
fn seconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: &str = "Mon, 02 Mar 2026 12:00:00 GMT";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), value.parse().expect("a header"))
        };
        pairs.iter().map(pair).collect()
    }

    fn waits(pairs: &[(&'static str, &str)]) -> Option<u64> {
        wait(&headers(pairs)).map(|wait| wait.as_secs())
    }

    fn allows(requests: u32, reset: Option<Duration>) -> Option<Remaining> {
        Some(Remaining { requests, reset })
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        for (text, seconds) in [
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("86400", Some(86_400)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Mon, 02 Mar 2026 12:01:30 GMT", Some(90)),
            ("Mon, 02 Mar 2026 12:00:00 GMT", None),
            ("Mon, 02 Mar 2026 11:00:00 GMT", None),
            ("0", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(waits(&[("retry-after", text), ("date", NOON)]), seconds, "{text}");
        }
    }

    #[test]
    fn without_the_date_of_the_service_our_own_clock_counts() {
        let soon = httpdate::fmt_http_date((clock::utc() + chrono::TimeDelta::minutes(10)).into());
        let wait = waits(&[("retry-after", &soon)]).expect("a wait");
        assert!((595..=600).contains(&wait), "{wait}");
    }

    #[test]
    fn reset_is_seconds_or_a_time_and_stands_in_for_retry_after() {
        for (reset, seconds) in [
            ("42", Some(42)),
            ("1772452845", Some(45)),
            ("1772452700", None),
            ("0", None),
            ("-1", None),
            ("x", None),
        ] {
            let pairs = [("x-ratelimit-reset", reset), ("date", NOON)];
            assert_eq!(waits(&pairs), seconds, "{reset}");
        }
        assert_eq!(
            waits(&[("retry-after", "7"), ("x-ratelimit-reset", "42")]),
            Some(7)
        );
        assert_eq!(
            waits(&[("retry-after", "0"), ("x-ratelimit-reset", "42")]),
            Some(42)
        );
    }

    #[test]
    fn what_remains_holds_until_the_reset() {
        let left = |pairs: &[(&'static str, &str)]| remaining(&headers(pairs));
        assert_eq!(
            left(&[("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "9")]),
            allows(3, Some(Duration::from_secs(9)))
        );
        assert_eq!(left(&[("x-ratelimit-remaining", "3")]), allows(3, None));
        assert_eq!(
            left(&[("x-ratelimit-remaining", "99999999999")]),
            allows(u32::MAX, None)
        );
        assert_eq!(left(&[("x-ratelimit-remaining", "-1")]), None);
        assert_eq!(left(&[("x-ratelimit-reset", "9")]), None);
    }
}
