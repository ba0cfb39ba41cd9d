//! How the command fails: one sentence on stderr, and an exit code.

use std::{error::Error as _, io, process::ExitCode};

use clap::error::ErrorKind as ArgumentErrorKind;

use super::terminal::tell;
use crate::{ErrorKind, auth::looks_like_a_key, plain::plain_line};

/// Why the command ends without having done what it was asked for.
#[derive(Debug)]
pub(super) enum Failure {
    /// The arguments were not understood, or were a request for help.
    Arguments(clap::Error),
    /// The arguments were understood, and do not go together.
    Usage(String),
    /// The call failed.
    Call(crate::Error),
    /// The output cannot be written.
    Output(io::Error),
    /// The command cannot even begin.
    Start(io::Error),
    /// A part of the work failed, and how to go on with the rest.
    Unfinished(crate::Error, &'static str),
    /// A check of the setup failed, as was printed.
    Unwell(ErrorKind),
    /// The answer to a question was not yes.
    Declined,
    /// Ctrl-C, and how far it came.
    Interrupted(Option<String>),
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        Failure::Call(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

impl Failure {
    /// The exit code of Ctrl-C.
    pub(super) const INTERRUPTED: u8 = 130;

    /// Says what went wrong, and gives the exit code for it.
    pub(super) fn report(self) -> ExitCode {
        if let Failure::Arguments(error) = &self
            && is_help(error)
        {
            let code = if error.use_stderr() { 2 } else { 0 };
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

    fn exit_code(&self) -> u8 {
        match self {
            Failure::Arguments(_) | Failure::Usage(_) => 2,
            Failure::Call(error) | Failure::Unfinished(error, _) => error.kind().exit_code(),
            // Whoever reads has seen enough, as `head` does.
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Failure::Unwell(kind) => kind.exit_code(),
            Failure::Output(_) | Failure::Start(_) | Failure::Declined => 1,
            Failure::Interrupted(_) => Failure::INTERRUPTED,
        }
    }

    /// What went wrong, in one sentence.
    pub(super) fn sentence(&self) -> Option<String> {
        match self {
            Failure::Arguments(error) => Some(without_keys(&of_arguments(&error.render().to_string()))),
            Failure::Usage(sentence) => Some(without_keys(sentence)),
            Failure::Call(error) => Some(of_call(error)),
            Failure::Unfinished(error, go_on) => Some(format!("{}; {go_on}", of_call(error))),
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
            Failure::Output(error) => Some(format!("the output cannot be written: {error}")),
            Failure::Start(error) => Some(format!("the command cannot start: {error}")),
            Failure::Unwell(_) => Some("not all is well, see the checks that failed".to_string()),
            Failure::Declined => Some("nothing was sent".to_string()),
            Failure::Interrupted(told) => told.clone(),
        }
    }
}

fn is_help(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ArgumentErrorKind::DisplayHelp
            | ArgumentErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ArgumentErrorKind::DisplayVersion
    )
}

/// clap's paragraphs as a sentence: what is wrong, and its tips. How to call the command is told by `--help`.
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

/// A sentence about arguments, of which one may be a key in the wrong place.
fn without_keys(sentence: &str) -> String {
    let words = sentence.split(' ').map(|word| {
        let bare = word.trim_matches(|it: char| it.is_ascii_punctuation());
        match looks_like_a_key(bare) {
            true => word.replace(bare, "…"),
            false => word.to_string(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The error with those of its causes that say something more.
pub(super) fn of_call(error: &crate::Error) -> String {
    let mut sentence = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !text.is_empty() && !sentence.contains(&text) {
            sentence.push_str(": ");
            sentence.push_str(&text);
        }
        cause = error.source();
    }
    if let Some(page) = error.page().filter(|page| *page > 1) {
        sentence.push_str(&format!("; --page {page} goes on from there"));
    }
    plain_line(&sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ApiKey, cli::command};

    fn refused(arguments: &[&str]) -> Failure {
        let arguments = ["atera"].iter().chain(arguments);
        let error = command::root()
            .try_get_matches_from(arguments)
            .expect_err("an error");
        Failure::Arguments(error)
    }

    #[test]
    fn bad_arguments_make_one_sentence() {
        for (arguments, sentence) in [
            (
                &["tickets", "list", "--customer-id", "seven"][..],
                "invalid value 'seven' for '--customer-id <INTEGER>': it must be a whole number; see --help",
            ),
            (
                &["tickets", "get"],
                "the following required arguments were not provided: <TICKET_ID>; see --help",
            ),
            (
                &["tckets"],
                "unrecognized subcommand 'tckets'; a similar subcommand exists: 'tickets'; see --help",
            ),
        ] {
            let failure = refused(arguments);
            assert_eq!(failure.sentence().as_deref(), Some(sentence));
            assert_eq!(failure.exit_code(), 2);
        }
    }

    #[test]
    fn a_key_in_an_argument_is_not_repeated() {
        let sentence = refused(&["tickets", "list", "--api-key=secret"]).sentence();
        let sentence = sentence.expect("a sentence");
        assert!(!sentence.contains("secret"), "{sentence}");
        let key = "0123456789abcdef0123456789abcdef";
        for arguments in [
            &["config", "set", "acme", key][..],
            &["tickets", "get", key],
            &[key],
        ] {
            let sentence = refused(arguments).sentence().expect("a sentence");
            assert!(!sentence.contains(key) && sentence.contains("'…'"), "{sentence}");
        }
    }

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
        let sentence = |page| of_call(&crate::Error::config("it failed").with_page(page));
        assert_eq!(sentence(1), "it failed");
        assert_eq!(sentence(7), "it failed; --page 7 goes on from there");
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
