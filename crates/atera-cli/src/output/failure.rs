//! How the command fails: one sentence on stderr, and an exit code.
//!
//! Every module returns a [`Failure`], and `main` reports it. The sentence follows the pattern *what failed: why; what to do*
//! and stays on one line, so that a log of a cron job has one line for each run. It has no control characters, and no word
//! in it looks like an API key: people paste keys into the wrong places, and stderr ends up in tickets.

use std::{error::Error as _, io, process::ExitCode};

use atera::{ApiKey, Error, ErrorKind, text::plain_line};
use clap::error::ErrorKind as ArgumentErrorKind;

use super::{
    exit_code::{self, Signal},
    terminal::tell,
};

/// Why the command ends without having done what it was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// clap does not understand the arguments, or they ask for help, which clap reports in the same way.
    Arguments(clap::Error),
    /// Each argument is understood, but together they cannot be used. The sentence says why.
    Usage(String),
    /// The call failed.
    Call(Error),
    /// The output cannot be written.
    Output(io::Error),
    /// A write took effect, and its answer cannot be written. The text is the operation, and what the answer says: the id.
    Unprinted(String, io::Error),
    /// The command cannot even begin, for want of a thread or a terminal.
    Start(io::Error),
    /// Part of the work failed. The text says how to go on with the rest.
    Unfinished(Error, &'static str),
    /// Some of many records failed. The sentence says how many; the code is that of the first of them.
    Records(String, u8),
    /// A check of `atera doctor` failed. The table that was printed says which; this is the first one's kind.
    ChecksFailed(ErrorKind),
    /// A question was answered with anything but yes.
    Declined,
    /// Ctrl-C, or another signal. The text says how far it came, if anything had been printed by then.
    Interrupted(Signal, Option<String>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Call(error)
    }
}

impl From<atera_records::Error> for Failure {
    fn from(error: atera_records::Error) -> Self {
        match error.kind() {
            atera_records::ErrorKind::Inexact => {
                Failure::Call(Error::new(ErrorKind::Decode, error.to_string()))
            }
            _ => Failure::Usage(error.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

/// The sentence that a part of the command is not in this build.
#[cfg(any(not(feature = "jq"), not(feature = "mirror"), not(feature = "redis")))]
pub(crate) fn left_out(what: &str) -> String {
    format!(
        "{what} is not part of this build, which leaves out what takes long to compile; `cargo install --path \
         crates/atera-cli` builds the whole command"
    )
}

impl Failure {
    /// That a part of the command is not in this build.
    #[cfg(any(not(feature = "jq"), not(feature = "mirror")))]
    pub(crate) fn left_out(what: &str) -> Self {
        Failure::Usage(left_out(what))
    }

    /// Prints the sentence on stderr, and returns the exit code. Help goes to stdout, since it was asked for.
    pub(crate) fn report(self) -> ExitCode {
        if let Failure::Arguments(error) = &self
            && is_help(error)
        {
            let code = match error.use_stderr() {
                true => exit_code::USAGE,
                false => exit_code::SUCCESS,
            };
            return match error.print() {
                Ok(()) => ExitCode::from(code),
                Err(error) => Failure::Output(error).report(),
            };
        }
        if let Some(sentence) = self.sentence() {
            tell(format!("atera: {sentence}"));
        }
        ExitCode::from(self.exit_code())
    }

    /// The failure to write the answer to a write that took effect. A reader that closed the pipe has not seen the answer either,
    /// so that is one too. What else failed stays as it is.
    pub(crate) fn after_write(self, what: impl FnOnce() -> String) -> Self {
        match self {
            Failure::Output(error) => Failure::Unprinted(what(), error),
            failure => failure,
        }
    }

    /// How work on many records ends, whose outcomes are printed. What came of the records counts first: a failure of the output
    /// takes neither its sentence nor its code away. `wrote` says what took effect, unless the work only read.
    ///
    /// # Errors
    ///
    /// The failure of the work, or else that of the output.
    pub(crate) fn judge(
        printed: Result<(), Failure>,
        work: Result<(), Failure>,
        wrote: Option<impl FnOnce() -> String>,
    ) -> Result<(), Failure> {
        let Err(unprinted) = printed else {
            return work;
        };
        Err(match (work, wrote) {
            (Ok(()), Some(wrote)) => unprinted.after_write(wrote),
            (Ok(()), None) => unprinted,
            (Err(Failure::Records(sentence, code)), _) => {
                let sentences = [Some(sentence), unprinted.sentence()];
                let sentences: Vec<_> = sentences.into_iter().flatten().collect();
                Failure::Records(sentences.join("; "), code)
            }
            (Err(Failure::Interrupted(signal, told)), _) => {
                let sentences: Vec<_> = [told, unprinted.sentence()].into_iter().flatten().collect();
                Failure::Interrupted(signal, (!sentences.is_empty()).then(|| sentences.join("; ")))
            }
            (Err(failure), _) => failure,
        })
    }

    /// The exit code, by the table in [`exit_code`].
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Failure::Arguments(_) | Failure::Usage(_) => exit_code::USAGE,
            Failure::Call(error) | Failure::Unfinished(error, _) => exit_code::of(error.kind()),
            // The reader has seen enough and closed the pipe, as `head` does. That is no failure.
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => exit_code::SUCCESS,
            Failure::Records(_, code) => *code,
            Failure::Unprinted(..) => exit_code::UNPRINTED,
            Failure::ChecksFailed(kind) => exit_code::of(*kind),
            Failure::Output(_) | Failure::Start(_) | Failure::Declined => exit_code::FAILED,
            Failure::Interrupted(signal, _) => signal.exit_code(),
        }
    }

    /// What failed, in one sentence. `None` where nothing needs to be said.
    pub(crate) fn sentence(&self) -> Option<String> {
        match self {
            Failure::Arguments(error) => Some(without_keys(&of_arguments(&error.render().to_string()))),
            Failure::Usage(sentence) | Failure::Records(sentence, _) => Some(without_keys(sentence)),
            Failure::Call(error) => Some(of_call(error)),
            Failure::Unfinished(error, go_on) => Some(format!("{}; {go_on}", of_call(error))),
            Failure::Unprinted(what, error) => Some(plain_line(&format!(
                "{what} took effect, but its answer cannot be printed: {error}; do not send it again"
            ))),
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
            Failure::Output(error) => Some(format!("the output cannot be written: {error}")),
            Failure::Start(error) => Some(format!("the command cannot start: {error}")),
            Failure::ChecksFailed(_) => {
                Some("a check of the setup failed; see the table for what to do".to_string())
            }
            Failure::Declined => Some("nothing was sent".to_string()),
            Failure::Interrupted(_, told) => told.clone(),
        }
    }
}

/// Whether clap's error is the help or the version that was asked for.
fn is_help(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ArgumentErrorKind::DisplayHelp
            | ArgumentErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ArgumentErrorKind::DisplayVersion
    )
}

/// clap's paragraphs as one sentence: the reason and the tips. The usage lines are left out; `--help` has them.
fn of_arguments(rendered: &str) -> String {
    let paragraphs = rendered.split("\n\n").map(|paragraph| {
        let words: Vec<_> = paragraph.split_whitespace().collect();
        words.join(" ")
    });
    let mut sentence = String::new();
    for paragraph in paragraphs {
        if let Some(reason) = paragraph.strip_prefix("error: ") {
            sentence.push_str(reason);
        } else if let Some(tip) = paragraph.strip_prefix("tip: ") {
            sentence.push_str("; ");
            sentence.push_str(tip);
        }
    }
    sentence.push_str("; see --help");
    sentence
}

/// A sentence that quotes arguments, with `…` in place of every word that may be an API key.
fn without_keys(sentence: &str) -> String {
    let words = sentence.split(' ').map(|word| {
        let bare = word.trim_matches(|it: char| it.is_ascii_punctuation());
        match ApiKey::resembles(bare) {
            true => word.replace(bare, "…"),
            false => word.to_string(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The sentence for a failed call: the error with its causes, and for a walk the page to go on with.
pub(crate) fn of_call(error: &Error) -> String {
    with_causes(error) + &to_go_on(error.page())
}

/// The error, and those of its causes that say something more. Where no answer came, the sentence has what to do, and the causes
/// are terms of the network; `--verbose` has them, for each attempt.
pub(crate) fn with_causes(error: &Error) -> String {
    let mut sentence = error.to_string();
    let mut cause = match error.kind() {
        ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::OutcomeUnknown => None,
        _ => error.source(),
    };
    while let Some(error) = cause {
        let text = error.to_string();
        if !text.is_empty() && !sentence.contains(&text) {
            sentence.push_str(": ");
            sentence.push_str(&text);
        }
        cause = error.source();
    }
    plain_line(&sentence)
}

/// How to go on with a walk that failed at this page. At the first page nothing is lost, and the same command is as good.
fn to_go_on(page: Option<i32>) -> String {
    match page {
        Some(page) if page > 1 => format!("; --page {page} goes on from there"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_follow_the_error_they_explain() {
        let error = ApiKey::from_file("no/such/file")
            .map(|_| ())
            .expect_err("no file");
        let failure = Failure::from(error);
        let sentence = failure.sentence().expect("a sentence");
        assert!(
            sentence
                .starts_with("the key file no/such/file cannot be read; check its path and permissions: "),
            "{sentence}"
        );
        assert_eq!(failure.exit_code(), 2);
    }

    #[test]
    fn a_walk_that_fails_tells_how_to_go_on() {
        assert_eq!(of_call(&Error::config("it failed")), "it failed");
        assert_eq!(to_go_on(Some(1)), "");
        assert_eq!(to_go_on(Some(7)), "; --page 7 goes on from there");
    }

    #[test]
    fn a_signal_is_told_with_the_output_that_could_not_be_written() {
        let full = Failure::Output(io::ErrorKind::StorageFull.into());
        let stopped = Failure::Interrupted(Signal::Interrupt, Some("stopped".to_string()));
        let judged = Failure::judge(Err(full), Err(stopped), None::<fn() -> String>).expect_err("it failed");
        let sentence = judged.sentence().expect("a sentence");
        assert!(
            sentence.starts_with("stopped; the output cannot be written: "),
            "{sentence}"
        );
        assert_eq!(judged.exit_code(), 130);
    }

    #[test]
    fn a_reader_that_leaves_is_no_failure() {
        let failure = Failure::Output(io::ErrorKind::BrokenPipe.into());
        assert_eq!((failure.sentence(), failure.exit_code()), (None, 0));
    }

    #[test]
    fn a_full_disk_is_one() {
        let failure = Failure::Output(io::ErrorKind::StorageFull.into());
        assert_eq!(failure.exit_code(), 1);
        assert!(failure.sentence().is_some());
    }
}
