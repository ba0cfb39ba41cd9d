//! How far a walk has come, on stderr where that is a terminal.

use std::{
    fmt::Write,
    io::{self, IsTerminal},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// How often something moves where no records come.
const TICK: Duration = Duration::from_millis(100);

/// A bar with count, rate and time left.
pub(super) struct Progress {
    bar: ProgressBar,
    /// Whether lists are read again once all their records are there.
    reads_again: bool,
}

impl Progress {
    /// A bar, or none where it would get in the way: where records run over the same terminal, and in logs.
    pub(super) fn new(wanted: bool, reads_again: bool) -> Self {
        let bar = match wanted && io::stderr().is_terminal() {
            true => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
            false => ProgressBar::hidden(),
        };
        bar.set_style(style("{spinner} {human_pos} records, {rate}"));
        Progress { bar, reads_again }
    }

    /// How many records there are in all.
    pub(super) fn plan(&self, total: Option<u64>) {
        let Some(total) = total.filter(|total| *total > 0 && self.bar.length() != Some(*total)) else {
            return;
        };
        self.bar.disable_steady_tick();
        self.bar.set_style(style(
            "{bar:24} {human_pos} of {human_len} records, {rate}, {eta} left",
        ));
        self.bar.set_length(total);
    }

    /// How many there are now.
    pub(super) fn reached(&self, count: u64) {
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

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
        // Without a terminal there is nobody to tell.
        let _ = write!(out, "{:.0}/s", state.per_sec());
    })
}
