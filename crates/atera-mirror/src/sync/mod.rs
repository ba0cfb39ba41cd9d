//! Brings the mirror up to date.
//!
//! ```text
//! strategy ─┬─ walk (all of a list) ──────────┬─> staging ─> apply (one transaction)
//!           └─ changes (what changed since) ──┘                  └─> children (of what has changed)
//! ```
//!
//! A list is read into `_staged` first, in transactions of some hundred records, each with the journal of the walk up to there.
//! A run that is killed goes on where it stopped. In the end one transaction writes the rows, the log of changes and the state, so
//! readers see the list as it was or as it is, and nothing between. The rows of a list that is still empty are written once, into a
//! table that takes the place of the empty one.
//!
//! A record counts as deleted only if a walk that settled did not see it, or if the service answers 404 for it.
//!
//! | module | is |
//! |---|---|
//! | [`options`] | what is asked for |
//! | [`report`] | what came of it |
//! | [`sql`] | the names and conditions of a table in SQL |
//! | [`job`] | what all lists of a sync share |
//! | [`strategy`] | how a list is read |
//! | [`cost`] | how many requests that takes |
//! | [`staging`] | what was read and is not applied yet |
//! | [`fresh`] | the rows of a list that is read for the first time, written once |
//! | [`walk`] | reads all of a list |
//! | [`changes`] | reads what has changed in a list |
//! | [`rows`] | the rows of records, and the statements that write them |
//! | [`apply`] | writes what was read, in one transaction |
//! | [`copies`] | notices fields of other records that have changed |
//! | [`single`] | reads records one by one, and finds out which are gone |
//! | [`children`] | reads what belongs to records |
//! | [`list`] | syncs a list |
//! | [`plan`] | what a sync would request |
//! | [`run`] | the whole sync |

mod apply;
mod changes;
mod children;
mod copies;
mod cost;
mod fresh;
mod job;
mod list;
mod options;
mod plan;
mod report;
mod rows;
mod run;
mod single;
pub(crate) mod sql;
mod staging;
mod strategy;
#[cfg(test)]
pub(crate) mod tests;
mod walk;

pub use options::{Progress, SyncOptions};
pub(crate) use plan::plan;
pub use plan::{Plan, PlannedList};
pub use report::{ListReport, Report};
pub(crate) use run::run;
