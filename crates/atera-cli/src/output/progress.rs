//! Progress of a walk, on stderr where that is a terminal.
//!
//! Until the first page tells a total there is a count that grows; from then on a bar with the time that is left. A complete
//! walk reads the list again when all records are there, so the bar then says why it does not end.

use std::{
    fmt::Write,
    io::{self, IsTerminal},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// How often the spinner moves while no records come.
const TICK: Duration = Duration::from_millis(100);

/// A bar with count, rate and time left. It disappears when it is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Whether lists are read again when all their records are there.
    reads_again: bool,
}

impl Progress {
    /// A bar if it is wanted and stderr is a terminal. It is not wanted while records run over the same terminal.
    pub(crate) fn new(wanted: bool, reads_again: bool) -> Self {
        let bar = match wanted && io::stderr().is_terminal() {
            true => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
            false => ProgressBar::hidden(),
        };
        bar.set_style(style("{spinner} {human_pos} records, {rate}"));
        Progress { bar, reads_again }
    }

    /// Sets how many records are expected in all.
    pub(crate) fn plan(&self, total: Option<u64>) {
        let Some(total) = total.filter(|total| *total > 0 && self.bar.length() != Some(*total)) else {
            return;
        };
        self.bar.disable_steady_tick();
        self.bar.set_style(style(
            "{bar:24} {human_pos} of {human_len} records, {rate}, {eta} left",
        ));
        self.bar.set_length(total);
    }

    /// Sets how many records have come.
    pub(crate) fn reached(&self, count: u64) {
        self.bar.set_position(count);
        if self.reads_again && self.bar.length().is_some_and(|total| count >= total) {
            self.bar.set_style(style(
                "{spinner} {human_pos} records, reading again in case one moved and was missed",
            ));
            self.bar.enable_steady_tick(TICK);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A style that knows the key `rate`: records per second, without decimals.
fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
        // Writing into indicatif's buffer does not fail.
        let _ = write!(out, "{:.0}/s", state.per_sec());
    })
}
