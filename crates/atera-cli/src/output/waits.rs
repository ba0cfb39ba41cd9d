//! What calls wait for, on stderr: a slot of the rate limit, a pause that the service asked for, another attempt.
//!
//! A wait of more than two seconds is told, so that nobody takes it for a command that hangs. On a terminal it is told in place,
//! with the seconds that are left: in the line of the progress where there is one, and otherwise in a line that disappears.
//! Elsewhere it is one line for all calls that wait for the same.

use std::{
    fmt::{self, Write},
    io::{self, IsTerminal},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use atera::{Wait, WaitPhase, WaitReason};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::terminal::tell;

/// The longest wait that is not told.
const UNTOLD: Duration = Duration::from_secs(2);

/// The longest wait for the store of the rate limit that is not told. It is long only if the store is slow or the machine busy.
const UNTOLD_STORE: Duration = Duration::from_secs(10);

/// How much later than the told one a wait may end that is still the same, since pauses differ by a random second.
const SAME: Duration = Duration::from_secs(2);

/// How long a line holds for calls of which it is not known how long they wait. One whose slot is free waits so for a moment.
const UNKNOWN: Duration = Duration::from_secs(30);

/// How often the line moves.
pub(crate) const TICK: Duration = Duration::from_millis(250);

/// Where waits are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nowhere.
    Nowhere,
    /// A line each.
    Lines,
    /// A line each, between records on the same terminal.
    BetweenRecords,
    /// In a line of the terminal that changes.
    Terminal,
}

/// What keeps the rate limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StoreKind {
    /// A file of this machine, or this process.
    #[default]
    File,
    /// A server.
    Server,
}

/// Tells what calls wait for. A clone tells it in the same place.
#[derive(Clone)]
pub(crate) struct Waits(Arc<Mutex<Telling>>);

/// A wait that was told.
#[derive(Clone, Copy, Debug)]
struct Told {
    reason: WaitReason,
    store: StoreKind,
    until: Option<Instant>,
    /// When it was told.
    at: Instant,
    /// How long after its answer a request gives its slot back.
    window: Duration,
}

/// The wait that a line on the terminal shows. The line reads it when it is drawn, with locks of its own held, so nothing else is
/// locked under this.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    told: Arc<Mutex<Option<Told>>>,
    /// How many records an earlier run has left, which no time of this one went into.
    had: Arc<AtomicU64>,
}

struct Telling {
    place: Place,
    /// The window of the rate limit.
    window: Duration,
    /// How many calls wait.
    waiting: usize,
    /// The wait that was told last.
    told: Option<Told>,
    shown: Shown,
    /// The line of the terminal: the progress and its style without a wait, or one that is there for the wait alone.
    line: Option<(ProgressBar, Option<ProgressStyle>)>,
}

impl fmt::Debug for Waits {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Waits")
    }
}

impl Waits {
    /// Tells them, in place if stderr is a terminal, unless the command is to be quiet. `in_lines` is for a command that prints
    /// other lines there, and `window` is that of the rate limit.
    pub(crate) fn new(quiet: bool, in_lines: bool, window: Duration) -> Self {
        Waits(Arc::new(Mutex::new(Telling {
            place: match io::stderr().is_terminal() {
                _ if quiet => Place::Nowhere,
                true if !in_lines => Place::Terminal,
                _ => Place::Lines,
            },
            window,
            waiting: 0,
            told: None,
            shown: Shown::default(),
            line: None,
        })))
    }

    /// Whether they are told in place.
    pub(crate) fn in_place(&self) -> bool {
        self.lock().place == Place::Terminal
    }

    /// Tells them in lines from now on, because records run over the terminal.
    pub(crate) fn in_lines(&self) {
        let mut telling = self.lock();
        if telling.place == Place::Terminal {
            telling.place = Place::BetweenRecords;
        }
    }

    /// The wait that is shown.
    pub(crate) fn shown(&self) -> Shown {
        self.lock().shown.clone()
    }

    /// Shows them in this line from now on. Its style is `style` while nothing waits.
    pub(crate) fn show_in(&self, bar: &ProgressBar, style: ProgressStyle) {
        let mut telling = self.lock();
        if telling.shown.get().is_none() {
            bar.set_style(style.clone());
        }
        telling.line = Some((bar.clone(), Some(style)));
    }

    /// The line of the progress is over. What is printed next may not be mixed with another one.
    pub(crate) fn forget_line(&self) {
        let mut telling = self.lock();
        if telling.line.take().is_some() {
            telling.place = Place::Lines;
        }
    }

    /// Takes note of a wait.
    pub(crate) fn note(&self, wait: &Wait, store: StoreKind, now: Instant) {
        let mut telling = self.lock();
        match wait.phase {
            WaitPhase::Began => telling.waiting += 1,
            WaitPhase::Ended => {
                telling.waiting = telling.waiting.saturating_sub(1);
                if telling.waiting == 0 {
                    telling.hide();
                }
                return;
            }
            _ => {}
        }
        let until = wait.until.filter(|until| *until > now);
        let untold = match wait.reason {
            WaitReason::Store => UNTOLD_STORE,
            _ => UNTOLD,
        };
        if until.unwrap_or(now) - wait.since <= untold {
            return;
        }
        let told = Told {
            reason: wait.reason,
            store,
            until,
            at: now,
            window: telling.window,
        };
        match telling.place {
            Place::Nowhere => {}
            Place::Terminal => telling.show(told),
            Place::Lines | Place::BetweenRecords => {
                if telling.told.is_none_or(|before| !before.covers(told, now)) {
                    telling.told = Some(told);
                    if telling.place == Place::BetweenRecords {
                        // The line of a record may not be at its end yet.
                        tell("");
                    }
                    tell(told.sentence(now, false));
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Telling> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Telling {
    /// Shows a wait on the terminal.
    fn show(&mut self, told: Told) {
        self.shown.set(Some(told));
        self.told = Some(told);
        let (bar, style) = self.line.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            (bar, None)
        });
        let template = match (&style, bar.length()) {
            (None, _) => "{spinner} {wait}",
            (Some(_), None) => "{spinner} {human_pos} records; {wait}",
            (Some(_), Some(_)) => "{spinner} {human_pos} of {human_len} records; {wait}; {left} left",
        };
        bar.set_style(self.shown.style(template));
        bar.enable_steady_tick(TICK);
    }

    /// Shows no wait any more.
    fn hide(&mut self) {
        self.shown.set(None);
        match self.line.take() {
            Some((bar, Some(style))) => {
                bar.set_style(style.clone());
                self.line = Some((bar, Some(style)));
            }
            Some((bar, None)) => bar.finish_and_clear(),
            None => {}
        }
    }
}

impl Shown {
    /// A style that knows the keys `wait`, the sentence about the wait; `rate`, records a second; and `left`, how much time is
    /// left. Both count the time that calls have waited, and the latter the wait that is shown.
    pub(crate) fn style(&self, template: &str) -> ProgressStyle {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let (wait, rate_of, left) = (self.clone(), self.clone(), self.clone());
        // Writing into indicatif's buffer does not fail.
        style
            .with_key("wait", move |_: &ProgressState, out: &mut dyn Write| {
                if let Some(told) = wait.get() {
                    let _ = out.write_str(&told.sentence(now(), true));
                }
            })
            .with_key("rate", move |state: &ProgressState, out: &mut dyn Write| {
                let new = state.pos().saturating_sub(rate_of.had());
                let _ = write!(out, "{:.0}/s", rate(new, state.elapsed()));
            })
            .with_key("left", move |state: &ProgressState, out: &mut dyn Write| {
                let wait = left.get().map(|told| told.left(now()));
                let had = left.had();
                let total = state.len().map(|total| total.saturating_sub(had));
                let left = left_at(state.pos().saturating_sub(had), total, state.elapsed(), wait);
                let left = left.map_or("some time".to_string(), in_words);
                let _ = out.write_str(&left);
            })
    }

    /// Leaves records that an earlier run has left out of the rate.
    pub(crate) fn leave_out(&self, records: u64) {
        self.had.fetch_add(records, Ordering::Relaxed);
    }

    fn had(&self) -> u64 {
        self.had.load(Ordering::Relaxed)
    }

    fn get(&self) -> Option<Told> {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, told: Option<Told>) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }
}

impl Told {
    /// Whether this line says all that another would say now.
    fn covers(self, other: Told, now: Instant) -> bool {
        let end = self.until.unwrap_or(self.at);
        (self.reason, self.store) == (other.reason, other.store)
            && match other.until {
                Some(until) => end > now && until <= end + SAME,
                None => now <= end + UNKNOWN,
            }
    }

    fn left(self, now: Instant) -> Duration {
        self.until
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// What a call waits for. On a terminal it is said again and again, with what is left.
    fn sentence(self, now: Instant, in_place: bool) -> String {
        let left = self.left(now);
        let time = in_words(left);
        match self.reason {
            // The slots of requests under way come back at a time that is not known yet, and one that is due may go to another
            // command.
            WaitReason::RateLimit if left.is_zero() && in_place => {
                "rate limit reached: waiting for slots of other requests".to_string()
            }
            WaitReason::RateLimit if left.is_zero() => format!(
                "rate limit reached: its slots are taken by other requests with this key, here or in other commands; each is free \
                 {} after its answer",
                in_words(self.window)
            ),
            WaitReason::Store if self.store != StoreKind::File => {
                "waiting for the limit store: the server or the way to it is slow, or it cannot be reached"
                    .to_string()
            }
            WaitReason::Store => {
                "waiting for the file of the rate limit: the disk is slow, or other commands use the file"
                    .to_string()
            }
            WaitReason::RateLimit => format!("rate limit reached: next slot in {time}"),
            WaitReason::Quarantine => {
                format!("the limit store does not know what was sent before: nothing is sent for {time}")
            }
            WaitReason::Pause if in_place => format!("Atera asked for a pause: {time} left"),
            WaitReason::Pause => format!("Atera asked for a pause of {time}"),
            WaitReason::Retry {
                number, most, status, ..
            } => {
                let failed = match status {
                    Some(status) => format!("Atera failed ({})", status.as_u16()),
                    None => "no answer".to_string(),
                };
                format!("{failed}, retry {number} of {most} in {time}")
            }
            // The library may learn to wait for other things.
            _ => format!("waiting for {time}"),
        }
    }
}

/// The time by tokio's clock, as the library has it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Records a second, the waits among the seconds.
fn rate(records: u64, elapsed: Duration) -> f64 {
    match elapsed.is_zero() {
        true => 0.0,
        false => records as f64 / elapsed.as_secs_f64(),
    }
}

/// The time that is left at this rate, and at least for the wait.
fn left_at(records: u64, total: Option<u64>, elapsed: Duration, wait: Option<Duration>) -> Option<Duration> {
    let left = total?.saturating_sub(records) as f64 / rate(records, elapsed);
    let left = Duration::try_from_secs_f64(left).ok();
    left.max(wait)
}

/// A duration in words. Seconds are rounded up, so that none is 0 before it is over, and longer times to the nearest unit.
fn in_words(length: Duration) -> String {
    let seconds = length.as_millis().div_ceil(1000);
    match seconds {
        0..=120 => format!("{seconds} s"),
        121..=7200 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h", (seconds + 1800) / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_line_says_why_and_until_when() {
        let now = now();
        for (reason, left, sentence, in_place) in [
            (
                WaitReason::RateLimit,
                Duration::from_millis(51_001),
                "rate limit reached: next slot in 52 s",
                "rate limit reached: next slot in 52 s",
            ),
            (
                WaitReason::RateLimit,
                seconds(3601),
                "rate limit reached: next slot in 60 min",
                "rate limit reached: next slot in 60 min",
            ),
            (
                WaitReason::RateLimit,
                Duration::ZERO,
                "rate limit reached: its slots are taken by other requests with this key, here or in other commands; each is \
                 free 60 s after its answer",
                "rate limit reached: waiting for slots of other requests",
            ),
            (
                WaitReason::Store,
                Duration::ZERO,
                "waiting for the file of the rate limit: the disk is slow, or other commands use the file",
                "waiting for the file of the rate limit: the disk is slow, or other commands use the file",
            ),
            (
                WaitReason::Pause,
                seconds(30),
                "Atera asked for a pause of 30 s",
                "Atera asked for a pause: 30 s left",
            ),
        ] {
            let told = Told {
                reason,
                store: StoreKind::File,
                until: Some(now + left),
                at: now,
                window: seconds(60),
            };
            assert_eq!(told.sentence(now, false), sentence);
            assert_eq!(told.sentence(now, true), in_place);
        }
        for (reason, store, part) in [
            (
                WaitReason::Store,
                StoreKind::Server,
                "waiting for the limit store",
            ),
            (WaitReason::Pause, StoreKind::Server, "Atera asked for a pause"),
            (
                WaitReason::Quarantine,
                StoreKind::Server,
                "nothing is sent for 30 s",
            ),
        ] {
            let told = Told {
                reason,
                store,
                until: Some(now + seconds(30)),
                at: now,
                window: seconds(60),
            };
            assert!(told.sentence(now, false).contains(part), "{part}");
        }
    }

    #[test]
    fn calls_that_wait_for_the_same_are_one_line() {
        let now = now();
        let told = |reason, left| Told {
            reason,
            store: StoreKind::File,
            until: Some(now + seconds(left)),
            at: now,
            window: seconds(60),
        };
        let first = told(WaitReason::RateLimit, 50);
        assert!(first.covers(told(WaitReason::RateLimit, 50), now));
        assert!(first.covers(told(WaitReason::RateLimit, 52), now));
        assert!(!first.covers(told(WaitReason::RateLimit, 53), now));
        assert!(!first.covers(told(WaitReason::Pause, 50), now));
        let later = now + seconds(50);
        assert!(
            !first.covers(told(WaitReason::RateLimit, 52), later),
            "the first is over"
        );
    }

    /// A minute of waiting after 700 records in 10 seconds: at the rate without it, 10 s would be left.
    #[test]
    fn rate_and_time_left_count_the_waiting() {
        assert_eq!(rate(700, seconds(70)), 10.0);
        assert_eq!(left_at(700, Some(1400), seconds(70), None), Some(seconds(70)));
        let wait = Some(seconds(59));
        assert_eq!(
            left_at(1400, Some(1400), seconds(10), wait),
            wait,
            "none left, and still a wait"
        );
        assert_eq!(left_at(0, Some(1400), seconds(1), wait), wait);
        assert_eq!(left_at(0, Some(1400), seconds(1), None), None);
    }
}
