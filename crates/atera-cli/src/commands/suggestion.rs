//! The flag that an unknown one may have been meant for: `--ticket-status` for `--status` and for `--stauts`.
//!
//! clap compares whole names. The flags of filters and fields begin with the name of their record, which people leave out, so
//! here the ends of names are compared as well, where clap has found nothing.

use std::ffi::OsString;

use clap::{
    Command, Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

/// How much alike two names have to be, from 0 to 1.
const ALIKE: f64 = 0.7;
/// The most flags that are named.
const MOST: usize = 3;

/// Adds a suggestion to an error about a flag that is unknown, if there is one. `line` is the command line with that flag.
pub(crate) fn add(mut error: Error, mut root: Command, line: impl Iterator<Item = OsString>) -> Error {
    let unknown = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(text))) => text.strip_prefix("--"),
        _ => None,
    };
    let Some(unknown) = unknown.filter(|_| error.get(ContextKind::SuggestedArg).is_none()) else {
        return error;
    };
    root.build();
    let mut command = &root;
    for word in line.skip(1) {
        let inner = word.to_str().and_then(|word| command.find_subcommand(word));
        command = inner.unwrap_or(command);
    }
    let flags = command.get_arguments().filter(|flag| !flag.is_hide_set());
    let alike: Vec<_> = flags
        .filter_map(|flag| flag.get_long())
        .map(|flag| (likeness(unknown, flag), flag))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    let most = alike.iter().map(|(likeness, _)| *likeness).fold(0.0, f64::max);
    let best = alike.iter().filter(|(likeness, _)| *likeness == most);
    let best: Vec<_> = best.map(|(_, flag)| format!("--{flag}")).take(MOST).collect();
    match best.as_slice() {
        [] => None,
        [one] => error.insert(ContextKind::SuggestedArg, ContextValue::String(one.clone())),
        _ => error.insert(ContextKind::SuggestedArg, ContextValue::Strings(best)),
    };
    error
}

/// How much a name is like a flag, or like the words at its end.
fn likeness(unknown: &str, flag: &str) -> f64 {
    let ends = flag.match_indices('-').map(|(at, _)| &flag[at + 1..]);
    let alike = ends.chain([flag]);
    alike
        .map(|end| strsim::normalized_damerau_levenshtein(unknown, end))
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{commands::tree, output::failure::Failure};

    #[test]
    fn the_end_of_a_flag_finds_it() {
        for (line, suggestion) in [
            (
                "tickets list --status Open",
                "; a similar argument exists: '--ticket-status'; see",
            ),
            (
                "tickets list --stauts=Open",
                "; a similar argument exists: '--ticket-status'; see",
            ),
            // clap's own.
            (
                "tickets list --ticket-stauts Open",
                "; a similar argument exists: '--ticket-status'; see",
            ),
            (
                "tickets ls --quite",
                "; a similar argument exists: '--quiet'; see",
            ),
            ("tickets list --frobnicate", "argument '--frobnicate' found; see"),
        ] {
            let words = || ["atera"].into_iter().chain(line.split(' ')).map(OsString::from);
            let error = tree::root().try_get_matches_from(words()).expect_err(line);
            let sentence = Failure::Arguments(add(error, tree::root(), words())).sentence();
            let sentence = sentence.expect("a sentence");
            assert!(sentence.contains(suggestion), "{line}: {sentence}");
        }
    }
}
