//! Lists: one page, or a walk over all of them.
//!
//! What a list call gives is here: a [`Page`], its [`Records`] or its [`Pages`] as streams, and a [`PagedWalk`] for programs that
//! write down how far they came. [`Consistency`] is what is estimated_last_page of a walk, [`Drift`] what was seen on the way.

// `walk` fetches pages side by side and in order, as many at a time as `prefetch` allows, and `end` tells when it is over.
// `sweep` is what one time over the list has shown, and notices one without an end. `records` makes records of the pages: each
// once, and all of them if so asked, by the rule of `completeness`.

mod completeness;
mod drift;
mod end;
mod options;
#[allow(clippy::module_inception, reason = "a page is what it defines")]
mod page;
mod paged;
mod prefetch;
mod reading;
mod record;
mod records;
#[cfg(test)]
mod simulation;
mod sweep;
mod undecoded;
mod walk;

pub use drift::Drift;
pub use options::{Consistency, Options};
pub use page::Page;
pub use paged::{PageStep, PagedWalk, Step, Verdict};
pub(crate) use reading::{Fetched, Item, Reading};
pub(crate) use record::Identity;
pub use record::UndecodedRecord;
pub use records::Records;
pub(crate) use undecoded::undecoded;
pub use walk::Pages;
pub(crate) use walk::WALK_PAGE_SIZE;
