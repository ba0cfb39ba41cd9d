//! Tests that need an environment of their own, and so a process of their own.

use std::{
    env, fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};

use rcgen::{CertificateParams, KeyPair, SanType};
use tempfile::TempDir;

/// Set in the process that a test started for itself.
const CHILD: &str = "ATERA_TEST_CHILD";
/// Names the file with the key of the TLS server. Its certificate is the one that `SSL_CERT_FILE` trusts.
const TLS_KEY: &str = "ATERA_TEST_TLS_KEY";

/// Whether this is the process that the test of this name started for itself. If not, it is started, with the variables,
/// and must succeed.
pub fn is_child(name: &str, variables: &[(&str, &str)]) -> bool {
    if env::var_os(CHILD).is_some() {
        return true;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]).env(CHILD, name);
    for variable in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "REQUEST_METHOD",
    ] {
        command.env_remove(variable).env_remove(variable.to_lowercase());
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 passed"), "there is no test {name}: {told}");
    false
}

/// The same, in an environment that trusts the certificate of the TLS server and no other.
pub fn is_child_with_tls(name: &str) -> bool {
    is_child_with_certificate(name, CertificateParams::default())
}

/// The same with a certificate like this for 127.0.0.1.
pub fn is_child_with_certificate(name: &str, mut params: CertificateParams) -> bool {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_string();
    let (certificate, key) = (path("certificate.pem"), path("key.pem"));
    params.subject_alt_names = vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())];
    let signing_key = KeyPair::generate().unwrap();
    fs::write(&certificate, params.self_signed(&signing_key).unwrap().pem()).unwrap();
    fs::write(&key, signing_key.serialize_pem()).unwrap();
    is_child(name, &[("SSL_CERT_FILE", &certificate), (TLS_KEY, &key)])
}

/// The certificate and the key of the TLS server.
pub fn identity() -> (PathBuf, PathBuf) {
    let file = |variable| Path::new(&env::var_os(variable).expect(variable)).to_path_buf();
    (file("SSL_CERT_FILE"), file(TLS_KEY))
}
