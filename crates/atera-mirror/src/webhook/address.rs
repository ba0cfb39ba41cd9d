//! The addresses that webhooks go to, and those that they never go to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::error::{Error, Result};

/// The address of a receiver.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) url: Url,
}

impl Address {
    /// Reads an address: https, or http to this machine.
    ///
    /// # Errors
    ///
    /// `Config` if it is anything else, or an address in a network of one's own that is not allowed. The message does not have the
    /// path, which may be a secret.
    pub(super) fn parse(text: &str, allow_private: bool) -> Result<Self> {
        let refused = |why: String| {
            Err(Error::config(format!(
                "the address of the webhook cannot be used: {why}; write it like https://hooks.example.com/atera"
            )))
        };
        let Ok(url) = Url::parse(text.trim()) else {
            return refused("it is no URL".to_string());
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refused("it has a user name in it".to_string());
        }
        if url.fragment().is_some() {
            return refused("it has a fragment".to_string());
        }
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == LOCALHOST,
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => return refused("it names no host".to_string()),
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback => {}
            "http" => return refused("it is not https, so the records could be read on the way".to_string()),
            _ => return refused("it is not https".to_string()),
        }
        // Names are checked when they are resolved, at each connection. Addresses are not resolved.
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::from(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::from(ip)),
            _ => None,
        };
        if let Some(ip) = ip.filter(|_| !allow_private && !is_loopback)
            && let Some(network) = private_network(ip)
        {
            return Err(Error::config(format!(
                "the address of the webhook is refused: {ip} is {network}; allow private networks (Webhook::private) if it is meant"
            )));
        }
        Ok(Address { url })
    }

    /// Scheme, host and port, without the path and the query, which may be secrets.
    pub(super) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

/// The name that stands for this machine.
pub(super) const LOCALHOST: &str = "localhost";

/// What an address belongs to, if it is not one of the public internet.
pub(super) fn private_network(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => private_v4(ip),
        IpAddr::V6(ip) => private_v6(ip),
    }
}

fn private_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let octets = ip.octets();
    match octets {
        // Azure's, which is a public address that only leads to the machine's own host.
        [169, 254, 169, 254] | [168, 63, 129, 16] => Some("a metadata service"),
        [127, ..] => Some("this machine"),
        [169, 254, ..] => Some("a link-local address"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some("in a private network"),
        [100, 64..=127, ..] => Some("in a provider's network"),
        [0, ..] => Some("this network"),
        [192, 0, 0, _] | [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => {
            Some("in a reserved network")
        }
        [192, 88, 99, _] | [198, 18..=19, ..] | [240..=255, ..] => Some("in a reserved network"),
        [224..=239, ..] => Some("a multicast address"),
        _ => None,
    }
}

fn private_v6(ip: Ipv6Addr) -> Option<&'static str> {
    if let Some(ip) = inner_v4(ip) {
        return private_v4(ip);
    }
    match ip.segments() {
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => Some("a metadata service"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("this machine"),
        [0xfc00..=0xfdff, ..] => Some("in a private network"),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        // Teredo, documentation and other uses of the first block.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => {
            Some("in a reserved network")
        }
        [0x2000..=0x3fff, ..] => None,
        _ => Some("in a reserved network"),
    }
}

/// The address that one of version 6 leads to, where it stands for one of version 4.
fn inner_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match ip.segments() {
        // ::1 and :: are addresses of their own.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => Some(of(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        Address::parse(text, false)
            .map(|_| ())
            .expect_err(text)
            .to_string()
    }

    #[test]
    fn https_or_this_machine() {
        for text in [
            "https://hooks.example.com/a?token=1",
            "https://93.184.216.34/",
            "https://[2606:4700::1111]/",
            "http://127.0.0.1:8080/hook",
            "http://localhost:8080/hook",
            "http://[::1]:8080/",
            "https://127.0.0.1:8443/",
        ] {
            assert!(Address::parse(text, false).is_ok(), "{text}");
        }
        for (text, why) in [
            ("http://hooks.example.com/", "it is not https, so"),
            ("http://localhost.example.com/", "it is not https, so"),
            ("ftp://hooks.example.com/", "it is not https"),
            ("https://user:hidden@hooks.example.com/", "user name"),
            ("https://hooks.example.com/#hidden", "a fragment"),
            ("hooks.example.com", "no URL"),
        ] {
            let told = told(text);
            assert!(told.contains(why) && !told.contains("hidden"), "{told}");
        }
    }

    #[test]
    fn networks_of_ones_own_are_refused_however_they_are_written() {
        for host in [
            "10.0.0.7",
            "172.31.255.1",
            "192.168.1.1",
            "169.254.169.254",
            "168.63.129.16",
            "100.100.100.200",
            "0.0.0.0",
            "0x0a000007",
            "167772167",
            "012.0.0.7",
            "255.255.255.255",
            "198.18.0.1",
            "224.0.0.1",
            "[::]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[::ffff:10.0.0.7]",
            "[::10.0.0.7]",
            "[64:ff9b::a00:7]",
            "[2002:a00:7::1]",
            "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
            "[ff02::1]",
        ] {
            let url = format!("https://{host}/hidden");
            let told = told(&url);
            assert!(
                told.contains("is refused: ") && !told.contains("hidden"),
                "{host}: {told}"
            );
            assert!(Address::parse(&url, true).is_ok(), "{host}");
        }
        for ip in [
            "1.1.1.1",
            "172.32.0.1",
            "100.63.0.1",
            "64:ff9b::101:101",
            "2a00::1",
        ] {
            assert_eq!(private_network(ip.parse().unwrap()), None, "{ip}");
        }
    }
}
