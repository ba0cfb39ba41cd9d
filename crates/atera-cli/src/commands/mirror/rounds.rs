//! One sync or look after another, until a signal.
//!
//! A round that fails is told, and the next one tries again, also if another sync is at work, unless no further round can
//! help. The exit code at the end is that of the last round that ended, so that a service manager that stops the command sees
//! whether it was well. Without one it is that of the signal.

use std::{cell::Cell, ops::ControlFlow, time::Duration};

use tokio::time::Instant;

use crate::{
    input::interrupt::Interrupt,
    output::{failure::Failure, terminal::tell},
};

/// Does a round, and another one as long after the beginning of each as `every` says. A round that takes longer is followed by the
/// next one at once. A round says what is wrong with it, or that it is the last one.
///
/// # Errors
///
/// That of the last round, or the signal.
pub(crate) async fn run(
    interrupt: &Interrupt,
    every: Duration,
    round: impl AsyncFnMut() -> ControlFlow<Result<(), Failure>, Result<(), Failure>>,
) -> Result<(), Failure> {
    let began = Cell::new(Instant::now());
    let mut round = round;
    let round = async || {
        began.set(Instant::now());
        round().await
    };
    run_varied(interrupt, || every.saturating_sub(began.get().elapsed()), round).await
}

/// Does a round, and another one when a time has passed since the end of each, which may be another time for each.
///
/// # Errors
///
/// That of the last round, or the signal.
pub(crate) async fn run_varied(
    interrupt: &Interrupt,
    wait: impl Fn() -> Duration,
    mut round: impl AsyncFnMut() -> ControlFlow<Result<(), Failure>, Result<(), Failure>>,
) -> Result<(), Failure> {
    let mut last = None;
    loop {
        match round().await {
            ControlFlow::Continue(round) => {
                if let Some(sentence) = round.as_ref().err().and_then(Failure::sentence) {
                    tell(format!("atera: {sentence}"));
                }
                last = Some(round);
            }
            ControlFlow::Break(Err(signal @ Failure::Interrupted(..))) => return at_the_end(last, signal),
            ControlFlow::Break(ended) => return ended,
        }
        let wait = tokio::time::sleep(wait());
        if let Err(signal) = interrupt.or(wait).await {
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
