//! What a connection may cost.

use std::time::Duration;

/// What connections may cost the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many there are at once. Others wait until one ends.
    pub(crate) connections: usize,
    /// How large the body of a request may be, in bytes.
    pub(crate) body: usize,
    /// How long the handshake of TLS may take, and the header of a request, which includes the wait for one.
    pub(crate) header_within: Duration,
    /// How long the body of a request may take.
    pub(crate) body_within: Duration,
    /// How long the other side may not read while there is something to write.
    pub(crate) write_within: Duration,
    /// How long calls that are under way may take once the server is to stop.
    pub(crate) stop_within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 256,
            // The largest body of the description is a ticket with its attachments by name. Text of a million characters fits.
            body: 4 * 1024 * 1024,
            header_within: Duration::from_secs(10),
            body_within: Duration::from_secs(30),
            write_within: Duration::from_secs(30),
            stop_within: Duration::from_secs(10),
        }
    }
}
