//! `--metrics`: what a command that runs for long has done, as text for Prometheus, over HTTP.
//!
//! Nothing is counted for it: the client, the mirror and its outbox are asked when the metrics are. A build without the feature
//! `mirror` has the flags in its help, with those of the commands that it leaves out.
//!
//! | module | is |
//! |---|---|
//! | [`arguments`] | the flags |
//! | [`gather`] | the values, and their names |
//! | [`server`] | the server |

pub(crate) mod arguments;
#[cfg(feature = "mirror")]
mod gather;
#[cfg(feature = "mirror")]
pub(crate) mod server;
