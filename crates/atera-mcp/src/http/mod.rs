//! The server over HTTP: the protocol's *Streamable HTTP*, without sessions.
//!
//! An open port must not open the account. So every request needs a bearer token, which comes from a file; the
//! server listens on loopback, and elsewhere only with TLS or behind a proxy that adds it; web pages from elsewhere cannot use it (`Origin`), nor
//! another name of this machine (`Host`). What a stranger can cost is bounded: connections, header, body and time.
//!
//! A request is one call. Hosts of version 2026-07-28 of the protocol are asked for a yes in an answer, and call again with it. Older
//! ones can only be asked within a session, so their calls that need a yes are refused, with the command that does them.
//!
//! | module | is |
//! |---|---|
//! | [`token`] | the bearer token |
//! | [`exposure`] | who can reach the address, and how it is protected |
//! | [`limits`] | what a connection may cost |
//! | [`patience`] | a connection whose other side has to read |
//! | [`guard`] | which requests are let through |
//! | [`server`] | accepts connections, and ends them |

mod exposure;
mod guard;
mod limits;
mod patience;
mod server;
mod token;

pub use exposure::Exposure;
pub use server::{HttpServer, HttpServerBuilder};
pub use token::Token;
