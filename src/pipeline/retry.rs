//! Whether a call is sent again, and after how long. Nothing here waits or sends.
//!
//! | what happened | read, update, delete | create |
//! |---|---|---|
//! | nothing was sent, or the service refused the request unprocessed | again | again |
//! | 429 | again, after the pause | again, after the pause |
//! | 408, 500, 503 | again | give up |
//! | 502, 504: a gateway answered, not the service | again | give up, the outcome is unknown |
//! | no answer: timeout, reset | again | give up, the outcome is unknown |
//! | a success whose body was cut short | a read: again | give up, it took effect |
//! | anything else, such as an untrusted certificate | give up | give up |

use std::{sync::Arc, time::Duration};

/// How calls are sent again.
///
/// A create is never sent twice once the service may have seen it. Reads, updates and deletes are retried, unless
/// [`send_once`](RetryPolicy::send_once) or [`send_writes_once`](RetryPolicy::send_writes_once) forbids it: an update that
/// is sent twice runs the automations of your account twice.
///
/// ```
/// use std::time::Duration;
///
/// let policy = atera::RetryPolicy::new()
///     .max_attempts(3)
///     .base_delay(Duration::from_millis(200))
///     .send_once("tickets_update");
/// # let _ = policy;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RetryPolicy {
    max_attempts: u32,
    base_delay: Duration,
    max_delay: Duration,
    longest_pause: Duration,
    once: Arc<[Box<str>]>,
    writes_once: bool,
}

impl RetryPolicy {
    /// At most 5 attempts, with pauses of up to 500 ms, 1 s, 2 s, and so on, up to 30 s.
    pub fn new() -> Self {
        RetryPolicy {
            max_attempts: 5,
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            longest_pause: Duration::from_secs(5 * 60),
            once: Arc::default(),
            writes_once: false,
        }
    }

    /// Sends every request once.
    pub fn never() -> Self {
        RetryPolicy::new().max_attempts(1)
    }

    /// The largest number of attempts, including the first; 5 by default, and at least 1.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The longest delay before the second attempt; 500 ms by default. It doubles with each attempt, and each delay is
    /// drawn at random between nothing and the longest.
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// The upper bound of every delay; 30 s by default.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// The longest pause that the service may ask for before a call gives up; 5 minutes by default. A
    /// [store](crate::limit::SlotStore) of the rate limit may not need longer either, to know again what was sent before.
    pub fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest_pause = pause;
        self
    }

    /// Does not send this operation again once the service may have seen it, as if it were a create. `operation` is the id
    /// of the operation, such as `tickets_update`.
    pub fn send_once(mut self, operation: &str) -> Self {
        self.once = self.once.iter().cloned().chain([Box::from(operation)]).collect();
        self
    }

    /// Does not send any write again once the service may have seen it: updates and deletes are then sent like creates.
    pub fn send_writes_once(mut self) -> Self {
        self.writes_once = true;
        self
    }

    /// How long a call waits for a pause to end.
    pub(crate) fn patience(&self) -> Duration {
        self.longest_pause
    }

    /// The largest number of retries.
    pub(crate) fn most_retries(&self) -> u32 {
        self.max_attempts - 1
    }

    /// The longest delay after this attempt.
    fn longest_delay(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.base_delay.saturating_mul(1 << doublings).min(self.max_delay)
    }

    /// What sending this operation twice would do.
    pub(crate) fn effect(&self, id: &str, reads: bool, creates: bool) -> Effect {
        let once = || self.writes_once || self.once.iter().any(|operation| **operation == *id);
        match (reads, creates) {
            (true, _) => Effect::Reads,
            (false, false) if !once() => Effect::Repeats,
            _ => Effect::Once,
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy::new()
    }
}

/// What sending a call twice would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Reads,
    /// The same as sending it once.
    Repeats,
    /// Perhaps another record.
    Once,
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureClass {
    /// Nothing was sent, or the service refused the request without processing it.
    Unsent,
    /// 429: the service accepts no requests for a while.
    Throttled,
    /// 408, 500, 503: the service says that it failed.
    Unavailable,
    /// 502, 504: a gateway answered instead of the service.
    Gateway,
    /// The request was sent and not answered.
    Unanswered,
    /// The body of a successful answer is incomplete.
    CutShort,
    /// The next attempt would fail in the same way.
    Final,
}

/// An attempt that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedAttempt {
    /// Number of the attempt, from 1.
    pub(crate) attempt: u32,
    pub(crate) class: FailureClass,
    pub(crate) effect: Effect,
    /// How long the service asks to wait.
    pub(crate) hint: Option<Duration>,
    /// Whether the limiter already knew of a pause.
    pub(crate) paused: bool,
    /// How long the call may still take.
    pub(crate) left: Option<Duration>,
}

/// What to do after an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Send it again after the delay.
    Retry(Duration),
    GiveUp,
}

/// How long nothing is sent after a 429 that does not say how long to wait.
const PAUSE: Duration = Duration::from_secs(30);
/// The largest random addition to a pause, so that clients do not all resume at once.
const PAUSE_JITTER: Duration = Duration::from_secs(1);

/// How long nothing may be sent after a 429. `random` is between 0 and 1.
pub(crate) fn pause(hint: Option<Duration>, random: f64) -> Duration {
    hint.unwrap_or(PAUSE).saturating_add(PAUSE_JITTER.mul_f64(random))
}

/// Decides what to do. `random` is between 0 and 1.
pub(crate) fn decide(
    policy: &RetryPolicy,
    failed: FailedAttempt,
    budget: &mut Budget,
    random: f64,
) -> Decision {
    let repeatable = match failed.class {
        FailureClass::Unsent | FailureClass::Throttled => true,
        FailureClass::Unavailable | FailureClass::Gateway | FailureClass::Unanswered => {
            failed.effect != Effect::Once
        }
        FailureClass::CutShort => failed.effect == Effect::Reads,
        FailureClass::Final => false,
    };
    if !repeatable || failed.attempt >= policy.max_attempts {
        return Decision::GiveUp;
    }
    let (least, delay, cost) = match failed.class {
        // The limiter holds back every call during a pause, so no further delay is needed.
        FailureClass::Throttled => {
            let cost = if failed.paused { 0 } else { Budget::PAUSE };
            (failed.hint.unwrap_or(PAUSE), Duration::ZERO, cost)
        }
        _ => {
            let delay = policy.longest_delay(failed.attempt).mul_f64(random);
            let hint = failed.hint.unwrap_or_default();
            (hint, delay.max(hint), Budget::RETRY)
        }
    };
    let too_late = failed.left.is_some_and(|left| least.max(delay) >= left);
    if least > policy.longest_pause || too_late || !budget.spend(cost) {
        return Decision::GiveUp;
    }
    Decision::Retry(delay)
}

/// The retry budget of a client, in tokens, so that an outage does not multiply its requests. A retry costs 14 tokens, the
/// first retry after a pause began 5, and every success earns 1.
#[derive(Debug)]
pub(crate) struct Budget {
    left: u32,
}

impl Budget {
    const FULL: u32 = 500;
    const RETRY: u32 = 14;
    const PAUSE: u32 = 5;

    pub(crate) fn new() -> Self {
        Budget { left: Budget::FULL }
    }

    fn spend(&mut self, cost: u32) -> bool {
        let left = self.left.checked_sub(cost);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    /// A call succeeded. If it was retried, it earns back the cost of its last retry.
    pub(crate) fn succeeded(&mut self, repeated: bool) {
        let earned = if repeated { Budget::RETRY } else { 1 };
        self.left = (self.left + earned).min(Budget::FULL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EFFECTS: [Effect; 3] = [Effect::Reads, Effect::Repeats, Effect::Once];

    fn failed(class: FailureClass, effect: Effect) -> FailedAttempt {
        FailedAttempt {
            attempt: 1,
            class,
            effect,
            hint: None,
            paused: false,
            left: None,
        }
    }

    fn decided(failed: FailedAttempt, random: f64) -> Decision {
        decide(&RetryPolicy::new(), failed, &mut Budget::new(), random)
    }

    #[test]
    fn every_row_of_the_table_is_kept() {
        for (class, again) in [
            (FailureClass::Unsent, [true, true, true]),
            (FailureClass::Throttled, [true, true, true]),
            (FailureClass::Unavailable, [true, true, false]),
            (FailureClass::Gateway, [true, true, false]),
            (FailureClass::Unanswered, [true, true, false]),
            (FailureClass::CutShort, [true, false, false]),
            (FailureClass::Final, [false, false, false]),
        ] {
            for (effect, again) in EFFECTS.into_iter().zip(again) {
                let decision = decided(failed(class, effect), 0.5);
                assert_eq!(decision != Decision::GiveUp, again, "{class:?} {effect:?}");
            }
        }
    }

    #[test]
    fn delays_double_up_to_the_cap_and_never_overflow() {
        let policy = RetryPolicy::new().max_attempts(u32::MAX);
        let longest = |attempt| {
            let failed = FailedAttempt {
                attempt,
                ..failed(FailureClass::Unavailable, Effect::Reads)
            };
            match decide(&policy, failed, &mut Budget::new(), 1.0) {
                Decision::Retry(delay) => delay.as_millis(),
                Decision::GiveUp => panic!("gave up"),
            }
        };
        let delays: Vec<_> = [1, 2, 3, 4, 5, 6, 7, 8, 33, 1000, u32::MAX - 1]
            .map(longest)
            .into();
        assert_eq!(
            delays,
            [
                500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000
            ]
        );
        let huge = RetryPolicy::new()
            .base_delay(Duration::MAX)
            .max_delay(Duration::MAX);
        assert_eq!(huge.longest_delay(40), Duration::MAX);
        let none = decided(failed(FailureClass::Unavailable, Effect::Reads), 0.0);
        assert_eq!(
            none,
            Decision::Retry(Duration::ZERO),
            "full jitter begins at nothing"
        );
    }

    #[test]
    fn the_last_attempt_is_the_last() {
        for (attempt, again) in [(4, true), (5, false), (6, false)] {
            let failed = FailedAttempt {
                attempt,
                ..failed(FailureClass::Unsent, Effect::Once)
            };
            assert_eq!(decided(failed, 0.5) != Decision::GiveUp, again, "{attempt}");
        }
        let never = RetryPolicy::never();
        let failed = failed(FailureClass::Unsent, Effect::Reads);
        assert_eq!(decide(&never, failed, &mut Budget::new(), 0.5), Decision::GiveUp);
    }

    #[test]
    fn a_pause_that_is_too_long_is_not_waited_for() {
        let throttled = |hint, left| FailedAttempt {
            hint,
            left,
            ..failed(FailureClass::Throttled, Effect::Reads)
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (hint, left, again) in [
            (None, None, true),
            (None, seconds(30), false),
            (None, seconds(31), true),
            (seconds(300), None, true),
            (seconds(301), None, false),
            (seconds(20), seconds(20), false),
            (seconds(20), seconds(21), true),
        ] {
            let decision = decided(throttled(hint, left), 0.5);
            assert_eq!(decision != Decision::GiveUp, again, "{hint:?} {left:?}");
        }
    }

    #[test]
    fn a_delay_is_no_shorter_than_the_hint_and_ends_within_the_deadline() {
        let mut unavailable = failed(FailureClass::Unavailable, Effect::Reads);
        unavailable.hint = Some(Duration::from_secs(7));
        assert_eq!(decided(unavailable, 0.5), Decision::Retry(Duration::from_secs(7)));
        unavailable.left = Some(Duration::from_secs(7));
        assert_eq!(decided(unavailable, 0.5), Decision::GiveUp);
    }

    #[test]
    fn a_pause_lasts_as_long_as_the_service_asks_and_up_to_a_second_more() {
        assert_eq!(pause(None, 0.0), Duration::from_secs(30));
        assert_eq!(pause(Some(Duration::from_secs(5)), 1.0), Duration::from_secs(6));
        assert_eq!(pause(Some(Duration::MAX), 1.0), Duration::MAX);
    }

    #[test]
    fn the_budget_ends_and_successes_fill_it() {
        let policy = RetryPolicy::new();
        let mut budget = Budget::new();
        let retry = |budget: &mut Budget| {
            let failed = failed(FailureClass::Unavailable, Effect::Reads);
            decide(&policy, failed, budget, 0.5) != Decision::GiveUp
        };
        assert_eq!((0..100).filter(|_| retry(&mut budget)).count(), 500 / 14);
        for _ in 0..14 {
            budget.succeeded(false);
        }
        assert!(retry(&mut budget), "fourteen successes pay for one");
        assert!(!retry(&mut budget));
        budget.succeeded(true);
        assert!(retry(&mut budget), "a repetition that succeeds costs nothing");
        for _ in 0..1000 {
            budget.succeeded(true);
        }
        assert_eq!(budget.left, Budget::FULL);
    }

    #[test]
    fn a_pause_is_paid_for_once_by_all_who_wait() {
        let mut budget = Budget::new();
        let mut throttled = failed(FailureClass::Throttled, Effect::Reads);
        for paused in [false, true, true, true] {
            throttled.paused = paused;
            assert_ne!(
                decide(&RetryPolicy::new(), throttled, &mut budget, 0.5),
                Decision::GiveUp
            );
        }
        assert_eq!(budget.left, 495);
    }

    #[test]
    fn operations_and_writes_can_be_kept_from_being_sent_twice() {
        let policy = RetryPolicy::new().send_once("tickets_update");
        assert_eq!(policy.effect("tickets_update", false, false), Effect::Once);
        assert_eq!(policy.effect("agents_delete", false, false), Effect::Repeats);
        let policy = RetryPolicy::new().send_writes_once();
        assert_eq!(policy.effect("agents_delete", false, false), Effect::Once);
        assert_eq!(policy.effect("agents_list", true, false), Effect::Reads);
        assert_eq!(
            RetryPolicy::new().effect("tickets_create", false, true),
            Effect::Once
        );
    }
}
