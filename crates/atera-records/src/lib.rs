//! Records of the Atera API as JSON: which of them are wanted, and what is made of them.
//!
//! The records of a list, of an export or of a file are taken one at a time, as the JSON that the service sent. Nothing is collected,
//! except what a total needs, and no value is decoded that is not used:
//!
//! ```text
//! record ─ expand ─ computed fields ─ condition ─┬─ records ─ chosen fields
//!                                                └─ count, group by, sum: rows
//! ```
//!
//! What is asked for is checked against the description before anything is sent: fields exist, a number is compared with a number and a
//! time with a time, and a mistake is told with its place. The command `atera` and the server for assistants use this crate, so
//! that a condition means the same everywhere.
//!
//! | to | use |
//! |---|---|
//! | take the records that fulfil a condition, choose their fields, count, group and sum | [`Selection`] |
//! | test records with a condition | [`Condition`] |
//! | find fields by the names that people give them | [`Fields`], [`Column`], [`project`] |
//! | look into a record without decoding it | [`Record`], [`Written`] |
//! | read a time such as `last-month` | [`TimeText`], [`Clock`] |
//! | say what a misspelt name may mean | [`nearest`], [`did_you_mean`] |
//!
//! Days and clock times are those of the account. Its zone is handed in ([`Selection::set_zone`]), since only the account knows it;
//! [`Selection::needs_zone`] tells whether it matters.
//!
//! # Layers
//!
//! The modules, lowest first. A module uses only modules above it in this list.
//!
//! | module | is |
//! |---|---|
//! | `error` | why records cannot be selected |
//! | `option_names` | what messages call the options |
//! | `spelling` | names, and what misspelt ones mean |
//! | `record` | records and values as JSON text |
//! | `summary` | which fields tell most of a record |
//! | `variants` | types that a selection makes |
//! | `columns` | fields, as someone names them |
//! | `syntax` | the syntax of a condition |
//! | `clocks` | when the clocks of a zone show a time |
//! | `times` | times in a condition |
//! | `operand` | what a field is compared with |
//! | `noticed` | what has to be said about comparisons |
//! | `narrow` | conditions that the service can filter by itself |
//! | `condition` | a condition that fits the records |
//! | `totals` | numbers in place of records |
//! | `expand` | a record for each entry of a list |
//! | `computed` | fields that the service does not send |
//! | `options` | what is asked for |
//! | `selection` | all of it, one after another |

mod clocks;
mod columns;
mod computed;
mod condition;
mod error;
mod expand;
mod narrow;
mod noticed;
mod operand;
mod option_names;
mod options;
mod record;
mod selection;
mod spelling;
mod summary;
mod syntax;
mod times;
mod totals;
mod variants;

pub use columns::{Column, Fields, find_field, no_such_field, project};
pub use condition::Condition;
pub use error::{Error, ErrorKind};
pub use option_names::OptionNames;
pub use options::SelectionOptions;
pub use record::{Record, Written, on_one_line, with_field, without_surrogates};
pub use selection::Selection;
pub use spelling::{did_you_mean, flag_name, nearest, nearly_known};
pub use summary::object_in;
pub use times::{Clock, NoSpan, Span, TimeText};

/// The examples of the README, to be compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
