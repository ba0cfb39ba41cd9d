//! `--every`: one sync after another, until a signal.
//!
//! A round that fails is told, and the next one tries again, also if another sync is at work, unless the mirror is not the right
//! one or cannot be used. The exit code at the end
//! is that of the last round that ended, so that a service manager that stops the command sees whether it was well. Without one
//! it is that of the signal.

use std::time::Duration;

use tokio::time::Instant;

use super::account::Account;
use crate::output::{failure::Failure, terminal::tell};

/// Syncs, and again as long after the beginning of each round as `every` says. A round that takes longer is followed by the next
/// one at once.
///
/// # Errors
///
/// That of the last round that ended, or the signal.
pub(crate) async fn run(account: &Account<'_>, every: Duration) -> Result<(), Failure> {
    let mut last = None;
    loop {
        let next = Instant::now().checked_add(every);
        match account.round().await {
            Ok(round) => {
                if let Some(sentence) = round.as_ref().err().and_then(Failure::sentence) {
                    tell(format!("atera: {sentence}"));
                }
                last = Some(round);
            }
            Err(signal @ Failure::Interrupted(..)) => return at_the_end(last, signal),
            Err(failure) => return Err(failure),
        }
        let wait = async {
            match next {
                Some(next) => tokio::time::sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        if let Err(signal) = account.interrupt.or(wait).await {
            return at_the_end(last, signal);
        }
    }
}

/// How the command ends after a signal. What failed has been told.
fn at_the_end(last: Option<Result<(), Failure>>, signal: Failure) -> Result<(), Failure> {
    match last {
        None => Err(signal),
        Some(Ok(())) => Ok(()),
        Some(Err(failure)) => Err(Failure::Records(
            "stopped; the last round failed".to_string(),
            failure.exit_code(),
        )),
    }
}
