//! The base URL: the key is only sent to addresses below it.

use std::{net::IpAddr, sync::Arc};

use url::{Host, Url};

use crate::{Error, Result, description::BASE_URL};

/// An address that the key may be sent to.
#[derive(Debug)]
pub(crate) struct BaseUrl {
    /// Without a slash at the end.
    text: String,
    url: Url,
    /// Path of it, without a slash at the end.
    path: String,
    /// Host and port of it.
    authority: String,
    host: Arc<str>,
    loopback: bool,
}

impl BaseUrl {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            Err(Error::config(format!(
                "the base URL {why}; write it like {}",
                BASE_URL
            )))
        };
        let Ok(url) = Url::parse(text.trim()) else {
            return refuse("is not a URL");
        };
        // The message does not quote the URL, because it may hold a password.
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("has a user name in it");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("has a query or a fragment");
        }
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
            None => return refuse("names no host"),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return refuse("is not https, so the key could be read on the way"),
            _ => return refuse("is not https"),
        }
        let trim = |text: &str| text.trim_end_matches('/').to_string();
        Ok(BaseUrl {
            text: trim(url.as_str()),
            path: trim(url.path()),
            authority: url.authority().to_string(),
            host: url.host_str().unwrap_or_default().into(),
            loopback,
            url,
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The address of a path below it. The parsed base URL is reused for each request.
    pub(crate) fn join(&self, path: &str) -> Url {
        let mut address = self.url.clone();
        address.set_path(&[&self.path, path].concat());
        address
    }

    /// The part of an address below it, from its path on.
    #[cfg(feature = "cache")]
    pub(crate) fn strip<'a>(&self, address: &'a Url) -> &'a str {
        let address = address.as_str();
        address.strip_prefix(&self.text).unwrap_or(address)
    }

    pub(crate) fn host(&self) -> &Arc<str> {
        &self.host
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.loopback
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_https_or_on_this_machine() {
        for (text, kept) in [
            ("https://app.atera.com/api/v3", "https://app.atera.com/api/v3"),
            (" https://app.atera.com/api/v3/ ", "https://app.atera.com/api/v3"),
            ("http://127.0.0.1:8700/api/v3", "http://127.0.0.1:8700/api/v3"),
            ("http://localhost:8700", "http://localhost:8700"),
            ("http://[::1]:8700/", "http://[::1]:8700"),
        ] {
            assert_eq!(BaseUrl::parse(text).expect(text).as_str(), kept);
        }
    }

    #[test]
    fn a_base_url_that_could_leak_the_key_is_refused() {
        for (text, reason) in [
            ("http://app.atera.com/api/v3", "is not https"),
            ("http://localhost.evil/", "is not https"),
            ("http://127.0.0.1.evil/", "is not https"),
            ("http://0.0.0.0:8700/", "is not https"),
            ("ftp://app.atera.com/", "is not https"),
            ("https://user@app.atera.com/", "has a user name"),
            ("https://:secret@app.atera.com/", "has a user name"),
            ("https://app.atera.com/?key=secret", "has a query"),
            ("https://app.atera.com/#here", "has a query or a fragment"),
            ("app.atera.com/api/v3", "is not a URL"),
            ("", "is not a URL"),
        ] {
            let error = BaseUrl::parse(text).map(|_| ()).expect_err(text).to_string();
            assert!(
                error.contains(reason) && !error.contains("secret"),
                "{text}: {error}"
            );
        }
    }
}
