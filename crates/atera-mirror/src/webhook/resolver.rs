//! Looks names up, and leaves out the addresses that webhooks must not go to.
//!
//! The connection is made to what this returns, so that a name cannot lead elsewhere after the check.

use std::{error::Error as StdError, fmt, io, net::SocketAddr, sync::Arc};

use futures_util::future::{BoxFuture, FutureExt};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{LOCALHOST, private_network};

/// Looks up the addresses of a name.
pub(super) type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// Looks names up for the connections of webhooks.
pub(super) struct Guard {
    pub(super) allow_private: bool,
    pub(super) lookup: Lookup,
}

impl Guard {
    /// One that asks the system.
    pub(super) fn new(allow_private: bool) -> Self {
        Guard {
            allow_private,
            lookup: Arc::new(|host| {
                async move {
                    // The port is that of the URL, whatever is said here.
                    let addresses = tokio::net::lookup_host((host.as_str(), 0)).await?;
                    Ok(addresses.collect())
                }
                .boxed()
            }),
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_string();
        let found = (self.lookup)(host.clone());
        let allow_private = self.allow_private;
        Box::pin(async move {
            let allowed = allowed(&host, found.await?, allow_private)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Those of the addresses that a connection may go to.
///
/// # Errors
///
/// If none is left.
fn allowed(
    host: &str,
    found: Vec<SocketAddr>,
    allow_private: bool,
) -> Result<Vec<SocketAddr>, RefusedAddress> {
    let network = |address: &SocketAddr| match (host, allow_private) {
        // The name was allowed to be http for this reason alone.
        (LOCALHOST, _) => (!address.ip().is_loopback()).then_some("not this machine"),
        (_, true) => None,
        (_, false) => private_network(address.ip()),
    };
    let (allowed, refused): (Vec<_>, Vec<_>) = found.into_iter().partition(|it| network(it).is_none());
    match refused.first() {
        Some(address) if allowed.is_empty() => Err(RefusedAddress(format!(
            "{host} leads to {}, which is {}",
            address.ip(),
            network(address).unwrap_or_default()
        ))),
        _ => Ok(allowed),
    }
}

/// That a name leads to nothing but addresses that are not allowed.
#[derive(Debug)]
pub(super) struct RefusedAddress(pub(super) String);

impl fmt::Display for RefusedAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl StdError for RefusedAddress {}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts
            .iter()
            .map(|ip| SocketAddr::new(ip.parse().unwrap(), 0))
            .collect()
    }

    #[test]
    fn only_public_addresses_are_left() {
        let found = addresses(&["10.0.0.7", "1.1.1.1", "fd00::1"]);
        assert_eq!(
            allowed("hooks.example.com", found, false).unwrap(),
            addresses(&["1.1.1.1"])
        );
        let refused = allowed("hooks.example.com", addresses(&["127.0.0.1"]), false).unwrap_err();
        assert_eq!(
            refused.0,
            "hooks.example.com leads to 127.0.0.1, which is this machine"
        );
        let own = addresses(&["10.0.0.7", "127.0.0.1"]);
        assert_eq!(allowed("hooks.example.com", own.clone(), true).unwrap(), own);
        assert_eq!(
            allowed("localhost", own, true).unwrap(),
            addresses(&["127.0.0.1"])
        );
        assert_eq!(
            allowed("localhost", addresses(&["::1"]), false).unwrap(),
            addresses(&["::1"])
        );
        assert!(allowed("localhost", addresses(&["1.1.1.1"]), false).is_err());
    }
}
