//! How far a walk has come, on stderr where that is a terminal.

use std::{
    fmt::Write,
    io::{self, IsTerminal},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// A bar with count, rate and time left.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar, or none where it would get in the way: of whoever reads the records on the same terminal, and of logs.
    pub(super) fn new(wanted: bool) -> Self {
        if !wanted || !io::stderr().is_terminal() {
            return Progress(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style("{spinner} {human_pos} records, {rate}"));
        Progress(bar)
    }

    /// How many records there are in all.
    pub(super) fn plan(&self, total: Option<u64>) {
        let Some(total) = total.filter(|total| self.0.length() != Some(*total)) else {
            return;
        };
        if self.0.length().is_none() {
            self.0.set_style(style(
                "{bar:24} {human_pos} of {human_len} records, {rate}, {eta} left",
            ));
        }
        self.0.set_length(total);
    }

    /// How many there are now.
    pub(super) fn reached(&self, count: u64) {
        self.0.set_position(count);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
        // Without a terminal there is nobody to tell.
        let _ = write!(out, "{:.0}/s", state.per_sec());
    })
}
