//! How an export ends: what is told of lists that are missing, and the exit code.
//!
//! Every list that is missing is named, with the reason. If there are several reasons, the exit code is that of the one for which
//! running the same command again helps least: a disk that is full, then a key without a permission, and a service that did not
//! answer after that.

use std::cmp::Reverse;

use atera::{Error, ErrorKind};

use super::{entry::ReadState, plan::Part};
use crate::{
    input::connection::Connection,
    output::{
        exit_code,
        failure::{Failure, with_causes},
    },
};

/// A list that could not be read, or not to its end.
pub(crate) struct Problem {
    part: Part,
    failure: Failure,
    /// The state of the list in the manifest.
    pub(crate) state: ReadState,
}

impl Problem {
    /// That a list failed so.
    pub(crate) fn new(part: &Part, failure: Failure, connection: &Connection) -> Self {
        let failure = match failure {
            Failure::Call(error) => Failure::Call(connection.explain(error)),
            failure => failure,
        };
        let kind = match &failure {
            Failure::Call(error) => Some(error.kind()),
            _ => None,
        };
        Problem {
            part: *part,
            failure,
            state: match kind {
                Some(ErrorKind::Forbidden) => ReadState::NoPermission,
                Some(ErrorKind::Unsettled) => ReadState::Unsettled,
                _ => ReadState::Failed,
            },
        }
    }

    /// That a list could not be read because the one to whose records it belongs could not.
    pub(crate) fn without_parent(&self, part: &Part) -> Self {
        let sentence = format!("it needs {}, which is missing", self.part.name());
        let failure = match &self.failure {
            Failure::Call(error) => Failure::Call(Error::new(error.kind(), sentence)),
            _ => Failure::Usage(sentence),
        };
        Problem {
            part: *part,
            failure,
            state: self.state,
        }
    }

    /// The operation that reads the list.
    pub(crate) fn operation(&self) -> &'static str {
        self.part.operation.id
    }

    /// The list.
    pub(crate) fn part(&self) -> &Part {
        &self.part
    }

    /// Why, in a sentence.
    pub(crate) fn reason(&self) -> String {
        match &self.failure {
            Failure::Call(error) => with_causes(error),
            failure => failure.sentence().unwrap_or_default(),
        }
    }
}

/// What is told of these lists, a sentence each, and the one that decides on the exit code at the end. `go_on` is how to read
/// the rest of them, as the end of a sentence. `partial` says that the export may go without some.
pub(crate) fn failures(problems: Vec<Problem>, go_on: &str, partial: bool) -> Vec<Failure> {
    let (refused, others): (Vec<_>, Vec<_>) = problems
        .into_iter()
        .partition(|problem| problem.state == ReadState::NoPermission);
    let told = |problem: Problem| match &problem.failure {
        Failure::Call(error) => Failure::Call(Error::new(
            error.kind(),
            format!("{}: {}; {go_on}", problem.part.name(), problem.reason()),
        )),
        Failure::Usage(sentence) => Failure::Usage(format!("{}: {sentence}", problem.part.name())),
        _ => problem.failure,
    };
    let names: Vec<_> = refused.iter().map(|problem| problem.part.name()).collect();
    let mut failures: Vec<_> = others.into_iter().map(told).collect();
    if !names.is_empty() {
        let go_without = match partial {
            true => "",
            false => "; --allow-partial takes what there is",
        };
        failures.push(Failure::Call(Error::new(
            ErrorKind::Forbidden,
            format!(
                "without permission for {}: give the key the right to read them, and {go_on}{go_without}",
                names.join(", ")
            ),
        )));
    }
    failures.sort_by_key(|failure| Reverse(exit_code::rank(failure.exit_code())));
    failures
}

#[cfg(test)]
mod tests {
    use super::{super::plan, *};

    #[test]
    fn the_most_serious_reason_decides() {
        let lists = plan::parts(&[], &[]).expect("lists");
        let kinds = [
            (ErrorKind::Timeout, ReadState::Failed),
            (ErrorKind::Forbidden, ReadState::NoPermission),
            (ErrorKind::Unsettled, ReadState::Unsettled),
            (ErrorKind::Forbidden, ReadState::NoPermission),
        ];
        let problems = kinds.iter().zip(lists).map(|((kind, state), part)| Problem {
            part,
            failure: Failure::Call(Error::new(*kind, "it failed")),
            state: *state,
        });
        let failures = failures(problems.collect(), "the same command goes on", false);
        let codes: Vec<_> = failures.iter().map(Failure::exit_code).collect();
        assert_eq!(codes, [10, 8, 4]);
    }
}
