//! Content of the account, made fit for an assistant: without what is not seen, without secrets, and of bounded size.
//!
//! | module | is |
//! |---|---|
//! | [`bounds`] | how much of a value is shown, and what was cut |
//! | [`cursor`] | where to go on |
//! | [`places`] | where reads of a narrowed server go on |
//! | [`answer`] | what a tool answers |

pub(crate) mod answer;
pub(crate) mod bounds;
pub(crate) mod cursor;
pub(crate) mod places;

pub(crate) use answer::{Answer, UNTRUSTED};
#[cfg(feature = "mirror")]
pub(crate) use bounds::Cut;
pub(crate) use bounds::{Limits, Shown};
pub(crate) use cursor::{Cursor, Part};
pub(crate) use places::Places;
