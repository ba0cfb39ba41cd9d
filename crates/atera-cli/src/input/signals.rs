//! The signals of the operating system that ask a process to end.

use crate::output::exit_code::Signal;

#[cfg(unix)]
pub(crate) use unix::Signals;

#[cfg(unix)]
mod unix {
    use std::{
        fs,
        future::poll_fn,
        task::{Context, Poll},
    };

    use tokio::signal::unix::{self, SignalKind, signal};

    use super::Signal;

    /// Signals that are caught, for as long as the process lives.
    pub(crate) struct Signals(Vec<(Signal, unix::Signal)>);

    impl Signals {
        /// Catches the signals from now on. One that cannot be caught ends the process as usual.
        pub(crate) fn catch() -> Self {
            let kinds = [
                (Signal::Interrupt, SignalKind::interrupt()),
                (Signal::Terminate, SignalKind::terminate()),
                (Signal::HangUp, SignalKind::hangup()),
            ];
            let hang_up_is_ignored = is_ignored(SignalKind::hangup());
            let kinds = kinds
                .into_iter()
                .filter(|(signal, _)| *signal != Signal::HangUp || !hang_up_is_ignored);
            Signals(
                kinds
                    .filter_map(|(name, kind)| Some((name, signal(kind).ok()?)))
                    .collect(),
            )
        }

        /// Waits for the next of them.
        pub(crate) async fn next(&mut self) -> Signal {
            poll_fn(|context| self.poll(context)).await
        }

        fn poll(&mut self, context: &mut Context<'_>) -> Poll<Signal> {
            for (name, signal) in &mut self.0 {
                if signal.poll_recv(context).is_ready() {
                    return Poll::Ready(*name);
                }
            }
            Poll::Pending
        }
    }

    /// Whether the process was started to ignore this signal, as `nohup` does with SIGHUP. To catch it would undo that. Only
    /// Linux says so.
    fn is_ignored(kind: SignalKind) -> bool {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
    }
}

/// Ctrl-C alone, which is what other systems have in common.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Catches the signals from now on.
    pub(crate) fn catch() -> Self {
        Signals
    }

    /// Waits for the next of them.
    pub(crate) async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            // Where it cannot be caught, Ctrl-C ends the process as usual.
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
