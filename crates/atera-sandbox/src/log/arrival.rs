//! One request in the log.

use std::time::Duration;

use serde::{Serialize, Serializer};

/// One request as it arrived, and what was answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Arrival {
    /// Counted from 1, without gaps.
    pub number: u64,
    /// When it arrived, since the sandbox was started or reset. In JSON it is `at_ms`, in milliseconds.
    #[serde(rename = "at_ms", serialize_with = "millis")]
    pub at: Duration,
    /// The method.
    pub method: String,
    /// The path, with the query. Header fields are not in the log, so the key is not either.
    pub path: String,
    /// The operation that the method and the path belong to, if there is one.
    pub operation: Option<&'static str>,
    /// Which key it had, counted from 1 in the order in which they were set up; none if it had no valid one.
    pub key: Option<usize>,
    /// Whether it arrived before the time that an earlier 429 named in `Retry-After`.
    pub early: bool,
    /// Status of the answer; none if the connection was reset, or as long as there is no answer.
    pub status: Option<u16>,
    /// The fault that it met, as [`Faults`](crate::Faults) names it. Latency is not noted.
    pub fault: Option<String>,
    /// How long the answer took. In JSON it is `took_ms`, in milliseconds.
    #[serde(rename = "took_ms", serialize_with = "optional_millis")]
    pub took: Option<Duration>,
}

/// Milliseconds with three decimals.
fn millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0)
}

fn optional_millis<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => millis(duration, serializer),
        None => serializer.serialize_none(),
    }
}
