//! Which records are printed, and what is made of them before.
//!
//! Lists of the service and files go the same way, one record at a time. Nothing is collected, except what a sort or a total
//! needs:
//!
//! ```text
//! record ─ --expand ─ computed fields ─ --where ─┬─ records ──────────────────── --sort ─ --limit ─ --jq ─ printed
//!                                                └─ --count --group-by --sum: rows
//! ```
//!
//! The modules, lowest first:
//!
//! | module | is |
//! |---|---|
//! | [`syntax`] | the syntax of a condition |
//! | [`clocks`] | when the clocks of a zone show a time |
//! | [`times`] | times in a condition |
//! | [`operand`] | what a field is compared with |
//! | [`noticed`] | what has to be said about comparisons |
//! | [`condition`] | a condition that fits the records |
//! | [`totals`] | numbers in place of records |
//! | [`jq`] | a jq filter |
//! | [`expand`] | a record for each entry of a list |
//! | [`computed`] | fields that the command computes |
//! | [`options`] | what the flags say |
//! | [`pipeline`] | all of it, one after another |

mod clocks;
pub(crate) mod computed;
pub(crate) mod condition;
pub(crate) mod expand;
#[cfg_attr(not(feature = "jq"), path = "jq_left_out.rs")]
pub(crate) mod jq;
mod noticed;
pub(crate) mod operand;
pub(crate) mod options;
pub(crate) mod pipeline;
pub(crate) mod syntax;
pub(crate) mod times;
pub(crate) mod totals;
