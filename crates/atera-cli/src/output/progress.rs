//! Progress of a walk, on stderr where that is a terminal.
//!
//! Until the first page tells a total there is a count that grows; from then on a bar with the time that is left. A complete
//! walk reads the list again when all records are there, so the bar then says why it does not end. While calls wait, the line
//! says that too, see [`waits`](super::waits).

use indicatif::{ProgressBar, ProgressDrawTarget};

use super::waits::{TICK, Waits};

/// A bar with count, rate and time left. It disappears when it is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    waits: Waits,
    /// Whether lists are read again when all their records are there.
    reads_again: bool,
}

impl Progress {
    /// A bar if it is wanted and stderr is a terminal that nothing else is printed to. It is not wanted while records run over
    /// the same terminal; then a wait is a line between them.
    pub(crate) fn new(wanted: bool, reads_again: bool, waits: &Waits) -> Self {
        let bar = match wanted && waits.in_place() {
            true => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
            false => {
                waits.in_lines();
                ProgressBar::hidden()
            }
        };
        let progress = Progress {
            bar,
            waits: waits.clone(),
            reads_again,
        };
        progress.show("{spinner} {human_pos} records, {rate}");
        progress
    }

    /// Counts records that an earlier run has left, which say nothing about the rate of this one.
    pub(crate) fn had(&self, count: u64) {
        self.waits.shown().leave_out(count);
    }

    /// Sets how many records are expected in all.
    pub(crate) fn plan(&self, total: Option<u64>) {
        let Some(total) = total.filter(|total| *total > 0 && self.bar.length() != Some(*total)) else {
            return;
        };
        self.bar.set_length(total);
        if !self.bar.is_hidden() {
            // From now on a line is drawn, and its time left moves though no records come.
            self.bar.enable_steady_tick(TICK);
        }
        self.show("{bar:24} {human_pos} of {human_len} records, {rate}, {left} left");
    }

    /// Sets how many records have come.
    pub(crate) fn reached(&self, count: u64) {
        self.bar.set_position(count);
        if self.reads_again && self.bar.length().is_some_and(|total| count >= total) {
            self.show("{spinner} {human_pos} records, reading again in case one moved and was missed");
        }
    }

    /// Draws the line like this, unless it tells of a wait.
    fn show(&self, template: &str) {
        if !self.bar.is_hidden() {
            let style = self.waits.shown().style(template);
            self.waits.show_in(&self.bar, style);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.waits.forget_line();
        self.bar.finish_and_clear();
    }
}
