//! Which records are printed, and what is made of them before.
//!
//! Lists of the service and files go the same way, one record at a time. Nothing is collected, except what a sort or a total
//! needs. The first line is the crate [`atera_records`], and the second this command's own:
//!
//! ```text
//! record ─ --expand ─ computed fields ─ --where ─┬─ records ─────────────────┐
//!                                                └─ --count --group-by --sum ─┴─ --sort ─ --limit ─ --jq ─ printed
//! ```
//!
//! The modules, lowest first:
//!
//! | module | is |
//! |---|---|
//! | [`jq`] | a jq filter |
//! | [`options`] | what the flags say |
//! | [`pipeline`] | all of it, one after another |

#[cfg_attr(not(feature = "jq"), path = "jq_left_out.rs")]
pub(crate) mod jq;
pub(crate) mod options;
pub(crate) mod pipeline;
