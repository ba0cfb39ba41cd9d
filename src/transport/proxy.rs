//! Which proxy requests to an address go through, for messages. reqwest decides by the same rules, and does not say.

use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

/// The host and port of the proxy that the environment or the system names for this address. Its user name and password are
/// left out.
pub(super) fn proxy_for(address: &Url) -> Option<Arc<str>> {
    let address = address.as_str().parse().ok()?;
    let proxy = Matcher::from_system().intercept(&address)?;
    let authority = proxy.uri().authority()?;
    Some(match authority.port() {
        Some(port) => format!("{}:{port}", authority.host()).into(),
        None => authority.host().into(),
    })
}
