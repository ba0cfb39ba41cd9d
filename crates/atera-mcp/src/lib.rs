//! A server for assistants over the Atera v3 API, by the Model Context Protocol.
//!
//! It has few tools instead of one for each operation, so that they take little of what a model can read: `search` and `describe`
//! find an operation, and `read`, `write` and `destroy` call it.
//!
//! - **Access**: by default an assistant only reads. [`Access`] allows more, and what is not allowed cannot be reached by any
//!   argument. The [`Level`] of a call follows from the description of the API.
//! - **Content is data**: what comes from the account is marked as written by others, freed of characters that nobody sees, and
//!   bounded in size.
//! - **A person says yes** to each call that cannot be undone, by the name of the record; where nobody can be asked, it is refused.
//! - **Log**: [`Audit`] writes down every call.
//!
//! # Layers
//!
//! The modules, lowest first; each uses only those before it:
//!
//! `clean` (what is not seen is removed), `secret` (what is hidden), `level` (what a call does), `failure` (what an assistant is
//! told), `request` (a checked call), `command_line` (the command that does the same), `scope` (groups and customer), `catalog` (operations by words), `content` (bounded answers),
//! `audit` (the log), `sent` (the creates that were sent lately), `confirm` (a person's yes), `mirrored` (the mirror), `setup` (what all calls share), `tools`, `resources`, `prompts`, `server`, `builder`,
//! `http` (the server over HTTP; feature `http`).

mod audit;
mod builder;
mod catalog;
mod clean;
mod command_line;
mod confirm;
mod content;
mod decode;
mod failure;
#[cfg(feature = "http")]
mod http;
mod level;
#[cfg(feature = "mirror")]
mod mirrored;
mod prompts;
mod request;
mod resources;
mod scope;
mod secret;
mod sent;
mod server;
mod setup;
mod tools;

pub use audit::Audit;
pub use builder::AteraServerBuilder;
pub use command_line::shell_quoted;
#[cfg(feature = "http")]
pub use http::{Exposure, HttpServer, HttpServerBuilder, Token};
pub use level::{Access, Level};
pub use server::AteraServer;

/// The examples of the README, so that they are compiled as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
