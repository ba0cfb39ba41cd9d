//! TLS to the server: rustls, which trusts what the system trusts, or the certificates of a file.

use std::{path::Path, sync::Arc};

use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::pem::PemObject};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::error::{Error, Result};

/// The configuration, with a crypto provider of its own, so that it does not change the default provider of the program.
///
/// # Errors
///
/// `Config` if the certificates cannot be read.
pub(crate) fn config(root_certificates: Option<&Path>) -> Result<ClientConfig> {
    let failed = |error: &dyn std::fmt::Display| {
        Error::config(format!(
            "TLS cannot be set up: {error}; see to the certificates of this system"
        ))
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?;
    let builder = match root_certificates {
        None => builder.with_platform_verifier().map_err(|error| failed(&error))?,
        Some(path) => builder.with_root_certificates(roots(path)?),
    };
    Ok(builder.with_no_client_auth())
}

/// The certificates of a file in PEM.
fn roots(path: &Path) -> Result<RootCertStore> {
    let failed = |error: &dyn std::fmt::Display| {
        Error::config(format!(
            "the certificates in {} cannot be read: {error}; give sslrootcert a file in PEM",
            path.display()
        ))
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))? {
        let certificate = certificate.map_err(|error| failed(&error))?;
        roots.add(certificate).map_err(|error| failed(&error))?;
    }
    match roots.is_empty() {
        true => Err(failed(&"it has none")),
        false => Ok(roots),
    }
}
