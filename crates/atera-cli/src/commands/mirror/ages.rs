//! How old the lists of a mirror are, in words.

use std::time::Duration;

use atera::Timestamp;
use atera_mirror::{ListState, ListStatus, Mirror};

use super::failure::failure;
use crate::{
    input::globals::Globals,
    output::{failure::Failure, terminal},
};

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
            ListState::Complete => format!("{}: {age}", status.list),
            state => format!("{}: {age} ({})", status.list, state.name()),
        }
    });
    lists.collect::<Vec<_>>().join(", ")
}

/// Says on stderr how old those lists of a mirror are that were read, unless the command is to be quiet.
///
/// # Errors
///
/// Whatever the mirror fails with.
pub(crate) async fn tell(
    mirror: &Mirror,
    globals: &Globals,
    is_read: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    if globals.quiet {
        return Ok(());
    }
    let status = mirror.status().await.map_err(|error| failure(&error))?;
    let ages = told(status.iter().filter(|list| is_read(&list.list)), Timestamp::now());
    if !ages.is_empty() {
        terminal::tell(ages);
    }
    Ok(())
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
