//! The questions that are not answered yet.
//!
//! Since version 2026-07-28 of the protocol a server asks by ending the call with a question, and the host makes the same call again
//! with the answer. Between the two the server remembers the question by a random handle. The handle alone is worth nothing: the
//! answer of the person comes beside it, from the host.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use uuid::Uuid;

use super::subject::Subject;
use crate::request::Fingerprint;

/// How many questions are remembered. More than a person can answer.
const MOST: usize = 100;

/// The questions that are not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    waiting: Mutex<HashMap<String, Pending>>,
}

/// A question that is not answered yet.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    /// The call that it is about.
    pub(crate) fingerprint: Fingerprint,
    /// The record as it was when it was asked about.
    pub(crate) subject: Subject,
    /// Until when an answer counts.
    deadline: Instant,
}

impl Questions {
    /// Remembers a question, and returns its handle.
    pub(crate) fn ask(&self, fingerprint: Fingerprint, subject: Subject, within: Duration) -> String {
        let now = Instant::now();
        let mut waiting = self.waiting();
        waiting.retain(|_, pending| pending.deadline > now);
        if waiting.len() >= MOST
            && let Some(oldest) = waiting.iter().min_by_key(|(_, pending)| pending.deadline)
        {
            let oldest = oldest.0.clone();
            waiting.remove(&oldest);
        }
        let handle = Uuid::new_v4().to_string();
        let pending = Pending {
            fingerprint,
            subject,
            deadline: now + within,
        };
        waiting.insert(handle.clone(), pending);
        handle
    }

    /// The question of a handle, once. `None` if there is none, if it was answered, or if its time is over.
    pub(crate) fn take(&self, handle: &str) -> Option<Pending> {
        let pending = self.waiting().remove(handle)?;
        (pending.deadline > Instant::now()).then_some(pending)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, Pending>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        Subject {
            id: "7".to_string(),
            name: None,
            customer: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_counts_once_and_for_a_while() {
        let questions = Questions::default();
        let minute = Duration::from_secs(60);
        let first = questions.ask(Fingerprint::of("a"), subject(), minute);
        assert!(questions.take("another").is_none());
        assert_eq!(
            questions.take(&first).expect("it waits").fingerprint,
            Fingerprint::of("a")
        );
        assert!(questions.take(&first).is_none());
        let second = questions.ask(Fingerprint::of("b"), subject(), minute);
        tokio::time::advance(minute).await;
        assert!(questions.take(&second).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_remembered_than_can_be_answered() {
        let questions = Questions::default();
        let handles: Vec<_> = (1..=150)
            .map(|it| {
                questions.ask(
                    Fingerprint::of(&it.to_string()),
                    subject(),
                    Duration::from_secs(it),
                )
            })
            .collect();
        assert!(questions.take(&handles[0]).is_none());
        assert!(questions.take(&handles[149]).is_some());
        assert_eq!(questions.waiting().len(), MOST - 1);
    }
}
