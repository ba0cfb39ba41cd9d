//! Certificates that are not trusted: what is wrong with them is told, and nothing is tried again.
//!
//! Each test runs in a process of its own, which trusts the certificate of its server. Where the system verifies, it knows
//! nothing of that.

#![cfg(all(unix, not(target_vendor = "apple")))]

mod sockets;

use std::{
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use atera::{ApiKey, Applied, Client, ErrorKind, RetryPolicy};
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use sockets::{
    child::{is_child, is_child_with_certificate, is_child_with_tls},
    http2::{acceptor, acceptor_with},
    legacy_key, ticket,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Asks a server with this certificate by this name of the host, and asserts what is told of it.
async fn assert_told(acceptor: TlsAcceptor, host: &str, says: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{host}:{}/api/v3", listener.local_addr().unwrap().port());
    let connections = Arc::<AtomicUsize>::default();
    let count = connections.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            // The client hangs up, which is no failure of the server.
            let _ = acceptor.accept(socket).await;
        }
    });
    let client = Client::builder()
        .api_key(ApiKey::new(legacy_key()).unwrap())
        .base_url(base_url)
        .retry(RetryPolicy::new().base_delay(Duration::ZERO))
        .build()
        .unwrap();
    let error = client.tickets().create(ticket()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.applied(), error.attempts()),
        (ErrorKind::Connection, Applied::No, 1),
        "{error}"
    );
    assert_eq!(
        error.to_string(),
        format!("tickets_create was not sent: the certificate of the service {says}")
    );
    assert_eq!(connections.load(Ordering::Relaxed), 1);
    assert_eq!(client.rate().in_use, 0, "nothing was sent, so nothing is counted");
    let cause = error.source().and_then(|fault| fault.source());
    assert!(
        cause.is_some_and(|cause| cause.to_string().starts_with("invalid peer certificate: ")),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_unknown_authority_is_told_and_where_it_would_have_to_stand() {
    if !is_child_with_tls("an_unknown_authority_is_told_and_where_it_would_have_to_stand") {
        return;
    }
    // The authority that is known has rcgen's own name.
    for name in ["Proxy", "rcgen self signed cert"] {
        let mut params = CertificateParams::new(["127.0.0.1".to_string()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        assert_told(
            acceptor_with(certificate.into(), key),
            "127.0.0.1",
            "is from an unknown authority; if it belongs to a proxy that you trust, add that authority to those of the system, or \
             to the file that SSL_CERT_FILE names, which is read in their place",
        )
        .await;
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_told() {
    if !is_child_with_tls("a_certificate_for_another_name_is_told") {
        return;
    }
    assert_told(
        acceptor(),
        "localhost",
        "is for another name; check the base URL, and whether a proxy answers",
    )
    .await;
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_told() {
    let mut params = CertificateParams::default();
    params.not_after = date_time_ymd(2020, 1, 1);
    if !is_child_with_certificate("a_certificate_that_has_expired_is_told", params) {
        return;
    }
    assert_told(
        acceptor(),
        "127.0.0.1",
        "has expired; check this machine's clock, or ask the operator of the service, or of a proxy in front of it, to renew it",
    )
    .await;
}

#[tokio::test]
async fn a_certificate_that_is_not_yet_valid_is_told() {
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(4000, 1, 1);
    if !is_child_with_certificate("a_certificate_that_is_not_yet_valid_is_told", params) {
        return;
    }
    assert_told(
        acceptor(),
        "127.0.0.1",
        "is not valid yet; check this machine's clock",
    )
    .await;
}

#[tokio::test]
async fn a_file_of_authorities_that_is_not_there_is_told_before_anything_is_sent() {
    let nowhere = [("SSL_CERT_FILE", "/no/such/file"), ("SSL_CERT_DIR", "")];
    if !is_child(
        "a_file_of_authorities_that_is_not_there_is_told_before_anything_is_sent",
        &nowhere,
    ) {
        return;
    }
    let client = Client::builder()
        .api_key(ApiKey::new(legacy_key()).unwrap())
        .build();
    let error = client.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(
        error.to_string(),
        "TLS cannot be set up; check the system's certificates, or those that SSL_CERT_FILE and SSL_CERT_DIR name"
    );
}
