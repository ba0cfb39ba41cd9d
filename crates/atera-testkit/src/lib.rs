//! What the tests and benchmarks of this workspace have generated from the description: a call for each of its examples,
//! and progenitor's own client to compare with. Users of the library build neither. [`postgres`] and [`redis`] are servers
//! for tests, [`limits`] has the properties of rate limits, and `browser` (a feature) drives Chromium.

#[cfg(feature = "browser")]
pub mod browser;
pub mod limits;
pub mod postgres;
pub mod redis;

use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    pin::Pin,
};

use atera::Client;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A call of an operation, from one example of its request.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The operation.
    pub operation: &'static str,
    /// The name of the example.
    pub example: &'static str,
    /// The documented answers, as JSON.
    pub answers: &'static [&'static str],
    /// Sends the call, and gives its value as JSON.
    pub call: fn(Client) -> Called,
}

/// An address where nobody listens as long as these connections are there: its port is that of the client of one.
///
/// # Panics
///
/// If this machine has no ports left.
pub fn nobody() -> (SocketAddr, [TcpStream; 2]) {
    let connected = || -> io::Result<_> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let client = TcpStream::connect(listener.local_addr()?)?;
        let (server, _) = listener.accept()?;
        Ok((client.local_addr()?, [client, server]))
    };
    connected().expect("a connection to this machine")
}

/// What a [`Shape`] gives.
pub type Called = Pin<Box<dyn Future<Output = atera::Result<Value>>>>;

/// A value of the description as an argument.
fn argument<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// A value as JSON.
fn encoded(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("a value of the API can be written as JSON")
}

include!(concat!(env!("OUT_DIR"), "/shapes.rs"));

/// What progenitor makes of the same description, for two operations, without anything of ours around it.
#[allow(
    clippy::all,
    dead_code,
    missing_docs,
    unreachable_patterns,
    unused_imports,
    reason = "the code is progenitor's"
)]
pub mod plain_client {
    include!(concat!(env!("OUT_DIR"), "/plain_client.rs"));
}
