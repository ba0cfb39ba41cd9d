//! `atera mcp`: a server for assistants over stdin and stdout.
//!
//! The crate `atera-mcp` does the work. A build without the feature `mcp` has the command in its help, and says how to get it.
//!
//! | module | is |
//! |---|---|
//! | [`arguments`] | the command and its arguments |
//! | [`run`] | starts the server |

pub(crate) mod arguments;
#[cfg_attr(not(feature = "mcp"), path = "left_out.rs")]
pub(crate) mod run;
