//! The creates that were sent lately, so that an assistant that tries again does not create anything twice.
//!
//! A host that grows tired of waiting, or a model that has not understood an answer, sends the same call again. Within some minutes
//! the same create is not sent a second time: if it was carried out, its answer is given again, and if that is unknown, it is
//! refused.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use atera::Applied;
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    failure::{Failure, Kind},
    request::Fingerprint,
};

/// How long a create is remembered.
const REMEMBERED: Duration = Duration::from_secs(600);
/// How many are remembered at most.
const MOST: usize = 1_000;

/// The creates that were sent lately.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    calls: Mutex<HashMap<Fingerprint, (Instant, State)>>,
}

/// What is known of a create.
#[derive(Clone, Debug)]
enum State {
    /// It is on its way.
    Sending,
    /// It may have been carried out.
    Unknown,
    /// It was carried out, with this answer.
    Done(Value),
}

/// A create that is on its way. If nothing is said of it before it is dropped, it may have been carried out.
pub(crate) struct Sending<'a> {
    sent: &'a Sent,
    fingerprint: Option<Fingerprint>,
}

/// What to do with a create.
pub(crate) enum Decision<'a> {
    /// Send it.
    Send(Sending<'a>),
    /// It was carried out, so many seconds ago, with this answer.
    Repeat(Value, u64),
}

impl Sent {
    /// Decides whether a create is sent. What was carried out may be sent again if a person has confirmed it anew: the same script may
    /// be wanted twice.
    ///
    /// # Errors
    ///
    /// `AlreadySent` if the same one is on its way, or may have been carried out.
    pub(crate) fn begin(
        &self,
        fingerprint: Fingerprint,
        is_confirmed: bool,
    ) -> Result<Decision<'_>, Failure> {
        let now = Instant::now();
        let mut calls = self.calls();
        calls.retain(|_, (since, state)| matches!(state, State::Sending) || now - *since < REMEMBERED);
        match calls.get(&fingerprint) {
            Some((_, State::Done(_))) if is_confirmed => {}
            Some((since, State::Done(answer))) => {
                return Ok(Decision::Repeat(answer.clone(), (now - *since).as_secs()));
            }
            Some((_, state)) => {
                let message = match state {
                    State::Sending => "the same call is on its way",
                    _ => {
                        "the same call was sent a short while ago, and it is not known whether it took effect"
                    }
                };
                let failure = Failure::new(
                    Kind::AlreadySent,
                    format!("{message}; it was not sent again"),
                    "read the list that would show the new record; if it is not there, ask the user before you create it with \
                     other words, or wait ten minutes",
                );
                return Err(failure.with_applied(Applied::Unknown));
            }
            None => {}
        }
        if calls.len() >= MOST {
            let oldest = calls.iter().min_by_key(|(_, (since, _))| *since);
            if let Some(oldest) = oldest.map(|(fingerprint, _)| *fingerprint) {
                calls.remove(&oldest);
            }
        }
        calls.insert(fingerprint, (now, State::Sending));
        Ok(Decision::Send(Sending {
            sent: self,
            fingerprint: Some(fingerprint),
        }))
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<Fingerprint, (Instant, State)>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sending<'_> {
    /// It was carried out.
    pub(crate) fn done(mut self, answer: Value) {
        self.settle(Some(State::Done(answer)));
    }

    /// It had no effect, so it may be sent again.
    pub(crate) fn failed(mut self) {
        self.settle(None);
    }

    fn settle(&mut self, state: Option<State>) {
        let Some(fingerprint) = self.fingerprint.take() else {
            return;
        };
        let mut calls = self.sent.calls();
        match state {
            Some(state) => drop(calls.insert(fingerprint, (Instant::now(), state))),
            None => drop(calls.remove(&fingerprint)),
        }
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.settle(Some(State::Unknown));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sending<'a>(sent: &'a Sent, call: &str) -> Sending<'a> {
        match sent.begin(Fingerprint::of(call), false) {
            Ok(Decision::Send(sending)) => sending,
            _ => panic!("it is not sent"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_create_is_sent_once_in_ten_minutes() {
        let sent = Sent::default();
        let (a, b) = (Fingerprint::of("a"), Fingerprint::of("b"));
        let first = sending(&sent, "a");
        assert!(sent.begin(a, false).is_err(), "it is on its way");
        first.done(json!({"ActionID": 7}));
        assert!(matches!(sent.begin(a, false), Ok(Decision::Repeat(answer, 0)) if answer["ActionID"] == 7));
        match sent.begin(a, true) {
            Ok(Decision::Send(confirmed)) => confirmed.done(json!({"ActionID": 7})),
            _ => panic!("what a person confirms anew is not sent"),
        }
        sending(&sent, "b").failed();
        drop(sending(&sent, "b"));
        assert!(sent.begin(b, true).is_err());
        let failure = sent.begin(b, false).err().expect("it is unknown");
        assert_eq!(failure.applied, Applied::Unknown);
        tokio::time::advance(REMEMBERED).await;
        sending(&sent, "a").failed();
        sending(&sent, "b").failed();
    }
}
