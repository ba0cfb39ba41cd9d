//! Lists: one page, or a walk over all of them.
//!
//! A list call returns one [`Page`], or its [`Records`] or [`Pages`] as streams. A [`PagedWalk`] is for programs that save
//! their progress. [`Consistency`] is what a walk guarantees, and [`Drift`] is what changed in the list while it was read.

// `walk` fetches pages concurrently, as many as `prefetch` allows, and returns them in order; `end` decides which page is the
// last. `sweep` collects what one pass over the list has shown, and detects a list without an end. `records` turns pages into
// records: each once, and all of them under `Consistency::Complete`, by the rule of `completeness`. `missing` finds
// records that are not in a list any more.

mod completeness;
mod drift;
mod end;
mod list_reader;
mod missing;
mod options;
#[allow(clippy::module_inception, reason = "a page is what it defines")]
mod page;
mod paged;
mod prefetch;
mod record;
mod records;
#[cfg(test)]
mod simulation;
mod sweep;
mod undecoded;
mod walk;

pub use drift::Drift;
pub(crate) use list_reader::{Fetched, Item, ListReader};
pub(crate) use missing::MissingSearch;
pub use options::{Consistency, Options};
pub use page::Page;
pub use paged::{PageStep, PagedWalk, Step, Verdict};
pub(crate) use record::Identity;
pub use record::UndecodedRecord;
pub use records::Records;
pub(crate) use undecoded::undecoded;
pub use walk::Pages;
pub(crate) use walk::WALK_PAGE_SIZE;
