//! `atera mirror`: the account in a database, kept up to date by `sync` and asked with SQL by `query`, at no request.
//!
//! The crate `atera-mirror` does the work. Here are only the arguments, what is said on stderr, and the exit codes. A build
//! without the feature `mirror` has the commands in its help, and they say how to get them.
//!
//! | module | is |
//! |---|---|
//! | [`table_names`] | the names of the tables for the shell |
//! | [`common_arguments`] | arguments that several commands have |
//! | [`webhook_arguments`], [`arguments`] | the commands and their arguments |
//! | [`failure`] | the mirror's errors as failures of the command |
//! | [`place`] | where the mirror is |
//! | [`answer_rows`] | the rows of a query as records |
//! | [`answer`] | the answer to a query or a report: its limits, and how it is printed |
//! | [`redaction`] | the fields that are left out |
//! | [`ages`] | how old the lists are, in words |
//! | [`outcome`] | what came of a sync: its table, and the exit codes |
//! | [`unread`] | lists that were asked and never read |
//! | [`account`] | a mirror, and the service that it is of |
//! | [`rounds`] | one sync or look after another, until a signal |
//! | [`plan`] | `--plan`: what a sync would ask for |
//! | [`webhook`] | `atera mirror changes --webhook` |
//! | [`sync`], [`query`], [`tables`], [`status`], [`changes`], [`webhooks`], [`schema`], [`check`], [`vacuum`] | a command each |
//! | [`run`] | which of them the arguments name |

pub(crate) mod arguments;
pub(crate) mod common_arguments;
#[cfg_attr(not(feature = "mirror"), path = "left_out.rs")]
pub(crate) mod run;
pub(crate) mod webhook_arguments;

#[cfg(feature = "mirror")]
mod account;
#[cfg(feature = "mirror")]
pub(crate) mod ages;
#[cfg(feature = "mirror")]
pub(crate) mod answer;
#[cfg(feature = "mirror")]
mod answer_rows;
#[cfg(feature = "mirror")]
mod changes;
#[cfg(feature = "mirror")]
mod check;
#[cfg(feature = "mirror")]
pub(crate) mod failure;
#[cfg(feature = "mirror")]
mod outcome;
#[cfg(feature = "mirror")]
pub(crate) mod place;
#[cfg(feature = "mirror")]
mod plan;
#[cfg(feature = "mirror")]
mod query;
#[cfg(feature = "mirror")]
mod redaction;
#[cfg(feature = "mirror")]
mod rounds;
#[cfg(feature = "mirror")]
mod schema;
#[cfg(feature = "mirror")]
mod status;
#[cfg(feature = "mirror")]
mod sync;
#[cfg(feature = "mirror")]
mod table_names;
#[cfg(feature = "mirror")]
mod tables;
#[cfg(feature = "mirror")]
pub(crate) mod unread;
#[cfg(feature = "mirror")]
mod vacuum;
#[cfg(feature = "mirror")]
mod webhook;
#[cfg(feature = "mirror")]
mod webhooks;
