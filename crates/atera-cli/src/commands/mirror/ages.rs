//! How old the lists of a mirror are, in words.

use std::time::Duration;

use atera::Timestamp;
use atera_mirror::{ListState, ListStatus, ListsRead};

use crate::{input::globals::Globals, output::terminal};

/// How old a list is. `None` if it was never read.
pub(crate) fn age(status: &ListStatus, now: Timestamp) -> Option<Duration> {
    let age = now.to_utc() - status.as_of?.to_utc();
    // By a clock that was set back, it may be of the future.
    Some(age.to_std().unwrap_or_default())
}

/// The lists with their ages, as in `tickets: 12 min, contacts: 3 h (no permission)`.
fn told<'a>(lists: impl IntoIterator<Item = &'a ListStatus>, now: Timestamp) -> String {
    let lists = lists.into_iter().map(|status| {
        let age = age(status, now).map_or_else(|| "never read".to_string(), in_words);
        match status.state {
            // None was asked for, or is read right now.
            _ if status.tried.is_none() && status.as_of.is_none() => format!("{}: {age}", status.list),
            ListState::Complete => format!("{}: {age}", status.list),
            state => format!("{}: {age} ({})", status.list, state.name()),
        }
    });
    lists.collect::<Vec<_>>().join(", ")
}

/// Says on stderr how old the lists are that were read, unless the command is to be quiet. How all lists are is to be known from before
/// that: the rows may be younger than what is said of them, and not older.
pub(crate) fn tell(lists: &ListsRead, known: &[ListStatus], globals: &Globals) {
    let ages = told(&lists.status(known), Timestamp::now());
    if !globals.quiet && !ages.is_empty() {
        terminal::tell(ages);
    }
}

/// A duration in words, in the unit that suits it.
pub(crate) fn in_words(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_suits_the_age() {
        for (seconds, words) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7199, "119 min"),
            (7200, "2 h"),
            (172_800, "2 days"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
