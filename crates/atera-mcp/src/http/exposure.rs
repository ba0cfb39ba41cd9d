//! Who can reach the address, and how it is protected.

use std::{net::SocketAddr, path::Path, sync::Arc};

use atera::Error;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// How the way to the server is protected.
#[derive(Clone, Debug, Default)]
pub enum Exposure {
    /// Nothing leaves the machine: the address is of loopback. The default.
    #[default]
    Loopback,
    /// The server has a certificate.
    Tls(Arc<ServerConfig>),
    /// A proxy in front of it has one, and nobody else reaches it.
    BehindProxy,
}

impl Exposure {
    /// TLS 1.2 and 1.3 with a chain of certificates and its key, each from a file in PEM.
    ///
    /// # Errors
    ///
    /// `Config` if a file cannot be read, or if they do not belong together.
    pub fn tls(certificates: impl AsRef<Path>, key: impl AsRef<Path>) -> atera::Result<Self> {
        let (certificates, key) = (certificates.as_ref(), key.as_ref());
        let unfit = |path: &Path, error: String| {
            Error::config(format!(
                "{} cannot be used for TLS: {error}; it has to be PEM",
                path.display()
            ))
        };
        let chain = CertificateDer::pem_file_iter(certificates)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unfit(certificates, error.to_string()))?;
        if chain.is_empty() {
            return Err(unfit(certificates, "there is no certificate in it".to_string()));
        }
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unfit(key, error.to_string()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
            .map_err(|error| unfit(certificates, error.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Exposure::Tls(Arc::new(config)))
    }

    /// Whether the server may listen there.
    ///
    /// # Errors
    ///
    /// `Config` if others could read along.
    pub(crate) fn check(&self, address: SocketAddr) -> atera::Result<()> {
        match self {
            Exposure::Loopback if !address.ip().is_loopback() => Err(Error::config(format!(
                "nothing listens on {address}: others on the network could read the token and the records; give a certificate \
                 (--tls-cert, --tls-key), or say that a proxy with one is in front (--behind-proxy)"
            ))),
            _ => Ok(()),
        }
    }

    /// What addresses begin with.
    pub(crate) fn scheme(&self) -> &'static str {
        match self {
            Exposure::Tls(_) => "https",
            Exposure::Loopback | Exposure::BehindProxy => "http",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_goes_without_protection() {
        for address in ["127.0.0.1:1", "[::1]:1", "127.9.9.9:1"] {
            assert!(
                Exposure::Loopback
                    .check(address.parse().expect("an address"))
                    .is_ok(),
                "{address}"
            );
        }
        for address in [
            "0.0.0.0:1",
            "[::]:1",
            "10.0.0.1:1",
            "[fe80::1]:1",
            "[::ffff:127.0.0.1]:1",
        ] {
            let address = address.parse().expect("an address");
            let refused = Exposure::Loopback
                .check(address)
                .expect_err("it listens")
                .to_string();
            assert!(
                refused.contains("--tls-cert") && refused.contains("--behind-proxy"),
                "{refused}"
            );
            assert!(Exposure::BehindProxy.check(address).is_ok());
        }
    }

    #[test]
    fn what_is_no_certificate_is_told_with_its_file() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        for path in ["no/such/file", file.path().to_str().expect("a path")] {
            let told = Exposure::tls(path, path).expect_err("it is taken").to_string();
            assert!(
                told.starts_with(&format!("{path} cannot be used for TLS: ")),
                "{told}"
            );
        }
    }
}
