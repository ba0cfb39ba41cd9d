//! What came of a sync: a row for each list, what is said of those that are not whole, and the exit codes.

use std::cmp::Reverse;

use atera::description::{Field, Kind, Schema};
use atera_mirror::{ListState, ListStatus, Report};
use serde_json::{Value, json};

use crate::{
    input::connection::Connection,
    output::{
        exit_code,
        failure::{Failure, of_call},
    },
};

/// A row of the table at the end of a sync.
pub(crate) static SYNCED: Schema = Schema::new(
    "Synced",
    &[
        Field::new("List", Kind::Text),
        Field::new("Came", Kind::Integer),
        Field::new("Changed", Kind::Integer),
        Field::new("Went", Kind::Integer),
        Field::new("CameBack", Kind::Integer),
        Field::new("Records", Kind::Integer),
        Field::new("Requests", Kind::Integer),
        Field::new("Read", Kind::Text),
        Field::new("State", Kind::Text),
    ],
);

/// A row for each list.
pub(crate) fn rows(report: &Report) -> impl Iterator<Item = Value> {
    report.lists.iter().map(|list| {
        json!({
            "List": list.list,
            "Came": list.inserted,
            "Changed": list.updated,
            "Went": list.deleted,
            "CameBack": list.undeleted,
            "Records": list.records,
            "Requests": list.requests,
            "Read": match &list.why {
                Some(why) => format!("{}: {why}", list.strategy.name()),
                None => list.strategy.name().to_string(),
            },
            "State": list.state.name(),
        })
    })
}

/// What came of all lists, in a line.
pub(crate) fn summary(report: &Report) -> String {
    let sum = |count: fn(&atera_mirror::ListReport) -> u64| report.lists.iter().map(count).sum::<u64>();
    let seconds = (report.ended.to_utc() - report.began.to_utc()).num_seconds();
    let added = match report.added.len() {
        0 => String::new(),
        1..=4 => format!(
            "; this version has added {} to the mirror",
            report.added.join(", ")
        ),
        count => format!("; this version has added {count} tables and columns to the mirror"),
    };
    format!(
        "{} came, {} changed, {} went in {} lists, by {} requests in {seconds} s{added}",
        sum(|list| list.inserted + list.undeleted),
        sum(|list| list.updated),
        sum(|list| list.deleted),
        report.lists.len(),
        report.requests,
    )
}

/// What is wrong with lists, a failure each. The one that decides on the exit code is the last. Lists with the same problem,
/// such as a service that cannot be reached, are one failure.
pub(crate) fn failures(report: Report, connection: &Connection) -> Vec<Failure> {
    let mut problems: Vec<(String, u8, Vec<String>)> = Vec::new();
    for list in report.lists {
        let Some(error) = list.problem else { continue };
        let code = exit_code::of(error.kind());
        // The library speaks of its option.
        let sentence = of_call(&connection.explain(error)).replace("accept_loss", "--accept-loss");
        match problems.iter_mut().find(|(same, ..)| *same == sentence) {
            Some((.., lists)) => lists.push(list.list),
            None => problems.push((sentence, code, vec![list.list])),
        }
    }
    let mut failures: Vec<_> = problems
        .into_iter()
        .map(|(sentence, code, lists)| match lists.as_slice() {
            // The sentence begins with the list where the mirror itself has found the problem.
            [list] if sentence.starts_with(&format!("{list} ")) => Failure::Records(sentence, code),
            lists => Failure::Records(format!("{}: {sentence}", lists.join(", ")), code),
        })
        .collect();
    failures.sort_by_key(|failure| Reverse(exit_code::rank(failure.exit_code())));
    failures
}

/// The exit code of a list. `None` if nothing is wrong with it.
pub(crate) fn code(list: &ListStatus) -> Option<u8> {
    let kind = match list.state {
        ListState::Complete | ListState::WithoutIds if list.misfits == 0 => return None,
        ListState::Complete | ListState::WithoutIds | ListState::Unreadable => atera::ErrorKind::Decode,
        ListState::NoPermission => atera::ErrorKind::Forbidden,
        ListState::Unsettled | ListState::Shrunk => atera::ErrorKind::Unsettled,
        _ => atera::ErrorKind::Server,
    };
    Some(exit_code::of(kind))
}
