//! What the command does. Each family of commands is a file: its arguments, and how it is carried out.
//!
//! The modules, lowest first. The commands do not use each other; only the last four know them all.
//!
//! | module | is |
//! |---|---|
//! | [`dry_run`] | `--dry-run` |
//! | [`walk`] | reads a list and prints it |
//! | [`operation`] | `atera <group> <verb>` |
//! | [`bulk`] | many records with one command |
//! | [`records`] | `atera records` |
//! | [`api`] | `atera api` |
//! | [`export`] | `atera export` |
//! | [`metrics`] | `--metrics` |
//! | [`mirror`] | `atera mirror` |
//! | [`report`] | `atera report` |
//! | [`mcp`] | `atera mcp` |
//! | [`config`] | `atera config` |
//! | [`doctor`] | `atera doctor` |
//! | [`limit`] | `atera limit` |
//! | [`mod@reference`] | `atera operations` and `atera schema` |
//! | [`sandbox`] | `atera sandbox` |
//! | [`completions`] | `atera completions` and `atera man` |
//! | [`flags`] | which of the flags of every command a command uses |
//! | [`tree`] | the tree of all commands, and its help |
//! | [`suggestion`] | the flag that an unknown one may have been meant for |
//! | [`run`] | which command the arguments name |

pub(crate) mod api;
pub(crate) mod bulk;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod dry_run;
pub(crate) mod export;
pub(crate) mod flags;
pub(crate) mod limit;
pub(crate) mod mcp;
pub(crate) mod metrics;
pub(crate) mod mirror;
pub(crate) mod operation;
pub(crate) mod records;
pub(crate) mod reference;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod sandbox;
pub(crate) mod suggestion;
pub(crate) mod tree;
pub(crate) mod walk;
