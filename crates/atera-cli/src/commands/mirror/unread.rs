//! Lists that a query has read although no sync has ever read them to their end.

use atera_mirror::{ListStatus, ListsRead};

use super::outcome;
use crate::output::{exit_code, failure::Failure};

/// Fails if there are any, once what came has been printed: their tables say nothing of the account.
///
/// # Errors
///
/// With the exit code that the lists have in `atera mirror status`.
pub(crate) fn judge(lists: &ListsRead, known: &[ListStatus]) -> Result<(), Failure> {
    let unread = lists.unread(known);
    let codes = unread.iter().filter_map(outcome::code);
    let Some(code) = codes.min_by_key(|code| exit_code::rank(*code)) else {
        return Ok(());
    };
    let names: Vec<_> = unread.iter().map(|list| list.list.as_str()).collect();
    let were = if names.len() == 1 { "was" } else { "were" };
    Err(Failure::Records(
        format!(
            "the answer lacks {}, which {were} never read to the end; sync, and ask again",
            names.join(", ")
        ),
        code,
    ))
}
