//! TLS to Postgres, through a listener that takes TLS off and goes on to the server's socket.

use std::{path::Path, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, UnixStream},
};
use tokio_rustls::TlsAcceptor;

use super::{ask, database};
use crate::{
    engine::{Engine, Postgres, Value},
    error::{ErrorKind, Result},
};

/// What a client asks with whether the server has TLS.
const REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A listener on a port of this machine, for the server of a URL. Returns the URL through it, and the certificate that it has.
async fn listener(url: &str) -> (String, String) {
    let (socket, database) = url.rsplit_once("@").unwrap().1.split_once('/').unwrap();
    let socket = Path::new(&socket.replace("%2F", "/")).join(".s.PGSQL.5432");
    let key = rcgen::generate_simple_self_signed(["localhost".to_string()]).unwrap();
    let pem = key.cert.pem();
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![key.cert.der().clone()],
                rustls::pki_types::PrivateKeyDer::Pkcs8(key.signing_key.serialize_der().into()),
            )
            .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (acceptor, socket) = (acceptor.clone(), socket.clone());
            tokio::spawn(async move {
                let mut request = [0; 8];
                client.read_exact(&mut request).await?;
                let mut server = UnixStream::connect(&socket).await?;
                if request != REQUEST {
                    server.write_all(&request).await?;
                    return copy_bidirectional(&mut client, &mut server).await;
                }
                client.write_all(b"S").await?;
                let mut client = acceptor.accept(client).await?;
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    (format!("postgres://postgres@localhost:{port}/{database}"), pem)
}

async fn one(url: &str) -> Result<Vec<Vec<Value>>> {
    let engine: Arc<dyn Engine> = Arc::new(Postgres::open(url)?);
    ask(&*engine, "SELECT 1").await
}

#[tokio::test]
async fn a_certificate_is_checked_wherever_tls_is_used() {
    let Some(url) = database() else {
        return;
    };
    let (url, certificate) = listener(&url).await;
    let (_, other) = listener(&url.replace("localhost", "x")).await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let (right, wrong, empty) = (
        file("right.pem", &certificate),
        file("wrong.pem", &other),
        file("empty.pem", ""),
    );
    let answer = [[Value::Integer(1)]];
    // To this machine, without TLS.
    assert_eq!(one(&url).await.unwrap(), answer);
    for mode in ["require", "verify-ca", "verify-full", "prefer"] {
        let trusted = format!("{url}?sslmode={mode}&sslrootcert={right}");
        assert_eq!(one(&trusted).await.unwrap(), answer, "{mode}");
        for roots in ["", &format!("&sslrootcert={wrong}")] {
            let error = one(&format!("{url}?sslmode={mode}{roots}")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Connection, "{mode}: {error}");
            assert!(
                error
                    .to_string()
                    .contains("name its certificate with sslrootcert=FILE"),
                "{error}"
            );
        }
    }
    for missing in [empty, "/nowhere.pem".to_string()] {
        let error = one(&format!("{url}?sslmode=require&sslrootcert={missing}"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error.to_string().ends_with("give sslrootcert a file in PEM"),
            "{error}"
        );
    }
}
