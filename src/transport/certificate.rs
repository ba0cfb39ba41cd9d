//! Certificates that are not trusted: what is wrong with one, and what to do.

use std::{error::Error as StdError, fmt, io};

/// The certificate error, if one is the cause of a failed connection.
pub(super) fn certificate_error(error: &reqwest::Error) -> Option<rustls::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error @ rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return Some(error.clone());
        }
        // The `source` of an I/O error is the source of its inner error, so this looks at the inner error itself.
        let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = held.map_or_else(|| error.source(), |held| Some(held));
    }
    None
}

/// The service has a certificate that is not trusted.
#[derive(Debug)]
pub(super) struct UntrustedCertificate(pub(super) rustls::Error);

impl fmt::Display for UntrustedCertificate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        use rustls::CertificateError::{
            BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
            NotValidYetContext, Revoked, UnknownIssuer,
        };

        let rustls::Error::InvalidCertificate(error) = &self.0 else {
            return self.0.fmt(out);
        };
        out.write_str(match error {
            Expired | ExpiredContext { .. } => {
                "the certificate of the service has expired; check this machine's clock, or ask the operator of the service, \
                 or of a proxy in front of it, to renew it"
            }
            NotValidYet | NotValidYetContext { .. } => {
                "the certificate of the service is not valid yet; check this machine's clock"
            }
            NotValidForName | NotValidForNameContext { .. } => {
                "the certificate of the service is for another name; check the base URL, and whether a proxy answers"
            }
            Revoked => "the certificate of the service was revoked; ask the operator of the service for a new one",
            // An unknown authority with the name of a known one, but another key, causes a bad signature.
            UnknownIssuer | BadSignature if READS_SSL_CERT_FILE => {
                "the certificate of the service is from an unknown authority; if it belongs to a proxy that you trust, add that \
                 authority to those of the system, or to the file that SSL_CERT_FILE names, which is read in their place"
            }
            UnknownIssuer | BadSignature => {
                "the certificate of the service is from an unknown authority; if it belongs to a proxy that you trust, add that \
                 authority to those that the system trusts"
            }
            _ => "the certificate of the service is not accepted; ask the operator of the service, or of a proxy in front of it",
        })
    }
}

impl StdError for UntrustedCertificate {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

/// Whether the verifier of certificates reads files, and so respects `SSL_CERT_FILE`. On other systems it asks the system.
pub(super) const READS_SSL_CERT_FILE: bool = cfg!(all(
    unix,
    not(target_os = "android"),
    not(target_vendor = "apple")
));
