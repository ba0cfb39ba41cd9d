//! `atera mcp`: a server for assistants, over stdin and stdout or over HTTP.
//!
//! The crate `atera-mcp` does the work. A build without the feature `mcp` has the command in its help, and says how to get it.
//!
//! | module | is |
//! |---|---|
//! | [`http_arguments`] | the flags for a server over HTTP |
//! | [`arguments`] | the command and its arguments |
//! | `hosts` | the programs that assistants run in |
//! | `config` | the configuration of a host |
//! | `http` | serves over HTTP |
//! | `mirror` | the mirror that the server asks, and the metrics of both |
//! | [`run`] | starts the server |

pub(crate) mod arguments;
#[cfg(feature = "mcp")]
mod config;
#[cfg(feature = "mcp")]
mod hosts;
#[cfg(feature = "mcp")]
mod http;
mod http_arguments;
#[cfg(feature = "mcp")]
#[cfg_attr(not(feature = "mirror"), path = "mirror_left_out.rs")]
mod mirror;
#[cfg_attr(not(feature = "mcp"), path = "left_out.rs")]
pub(crate) mod run;
