//! What the command is asked to do: arguments, the environment, the config file, stdin, and signals.
//!
//! The modules, lowest first:
//!
//! | module | is |
//! |---|---|
//! | [`signals`] | the signals that ask a process to end |
//! | [`interrupt`] | how these end a command |
//! | [`help`] | `help` as a command |
//! | [`config_file`] | the profiles |
//! | [`fleet`] | the rate limit of a fleet |
//! | [`limit_store`] | where the rate limit is kept |
//! | [`completion`] | what a shell offers as a value |
//! | [`globals`] | the flags of every command |
//! | [`sandbox_time`] | what time it is in a sandbox of the command |
//! | [`connection`] | which service to ask, with which key |
//! | [`reports_folder`] | where the user's own reports are |
//! | [`since`] | the time of `--since` |
//! | [`source`] | text from a file or from stdin |
//! | [`arguments`] | single arguments, and how their text becomes a value |
//! | [`target`] | the record that the path names |
//! | [`id_list`] | the ids of many records |
//! | [`fields`] | which fields of a body have flags |
//! | [`named`] | names in place of ids |
//! | [`selection_flags`] | the flags about which records are printed |
//! | [`examples`] | command lines for the help of an operation |
//! | [`groups`] | the commands of the operations |
//! | [`body`] | the body: a file, flags over it, fields to clear |
//! | [`check`] | a request against the description, in terms of flags |
//! | [`request`] | a call of an operation before there is a client |
//! | [`rows`] | the requests of `--from` |
//! | [`confirm`] | the question before what cannot be undone |

pub(crate) mod arguments;
pub(crate) mod body;
pub(crate) mod check;
pub(crate) mod completion;
pub(crate) mod config_file;
pub(crate) mod confirm;
pub(crate) mod connection;
pub(crate) mod examples;
pub(crate) mod fields;
#[cfg_attr(not(feature = "redis"), path = "fleet_left_out.rs")]
pub(crate) mod fleet;
pub(crate) mod globals;
pub(crate) mod groups;
pub(crate) mod help;
pub(crate) mod id_list;
pub(crate) mod interrupt;
pub(crate) mod limit_store;
pub(crate) mod named;
pub(crate) mod reports_folder;
pub(crate) mod request;
pub(crate) mod rows;
pub(crate) mod sandbox_time;
pub(crate) mod selection_flags;
pub(crate) mod signals;
pub(crate) mod since;
pub(crate) mod source;
pub(crate) mod target;
