//! `read`: a record, a list over all its pages, or numbers in place of its records.
//!
//! Of a list it shows some records, and a cursor to go on with. It stops earlier where the answer is full, and where it has looked
//! at many records that are not wanted; it says so, and the cursor goes on there.
//!
//! | module | is |
//! |---|---|
//! | [`arguments`] | what is asked for |
//! | [`checked`] | the read once it is checked |
//! | [`walk`] | the records of a list, one after another |
//! | [`list`] | some records of a list |
//! | [`totals`] | how many there are, and sums |
//! | [`single`] | the answer of an operation that is no list |
//! | [`part`] | the rest of a text that was cut |

mod arguments;
mod checked;
mod list;
mod part;
mod single;
mod totals;
mod walk;

pub(crate) use arguments::{ReadArguments, spelled_out};
use checked::Read;

use super::context::CallContext;
use crate::{content::Answer, failure::Failure, setup::Setup};

/// Reads.
///
/// # Errors
///
/// `InvalidRequest` and `NotAllowed` before anything is sent, and whatever the service fails with.
pub(crate) async fn read(
    setup: &Setup,
    context: CallContext<'_>,
    arguments: ReadArguments,
) -> Result<Answer, Failure> {
    let (mut read, part) = Read::check(setup, context, arguments).await?;
    match part {
        Some(part) => part::rest(&mut read, part).await,
        None if !read.request.operation.list => single::answer(&mut read).await,
        None if read.selection.has_totals() => totals::answer(&mut read).await,
        None => list::answer(&mut read).await,
    }
}
