//! `atera report`: answers questions about the account from its mirror, at no request.
//!
//! The reports are files of SQL in the crate `atera-mirror`, and those of the user's own folder. A build without the feature
//! `mirror` has the command in its help, and it says how to get it.
//!
//! | module | is |
//! |---|---|
//! | [`arguments`] | the command and its arguments |
//! | [`list`] | `atera report` alone: which reports there are |
//! | [`show`] | `atera report NAME`: the rows of one |
//! | [`chart`] | the picture of a report, as SVG |
//! | [`page`] | `--html`: reports as one page for a browser |
//! | [`new`], [`check`] | a command each |
//! | [`run`] | which of them the arguments name |

pub(crate) mod arguments;
#[cfg_attr(not(feature = "mirror"), path = "left_out.rs")]
pub(crate) mod run;

#[cfg(feature = "mirror")]
mod chart;
#[cfg(feature = "mirror")]
mod check;
#[cfg(feature = "mirror")]
mod list;
#[cfg(feature = "mirror")]
mod new;
#[cfg(feature = "mirror")]
mod page;
#[cfg(feature = "mirror")]
mod show;
