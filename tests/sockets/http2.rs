//! An HTTP/2 server over TLS that refuses streams, goes away, and breaks off, frame by frame.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use atera::{ApiKey, Client, ClientBuilder};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{child, legacy_key};

/// What becomes of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is answered.
    Answer(u16, &'static str),
    /// The answer begins and the stream is reset.
    CutShort(&'static str),
    /// RST_STREAM with REFUSED_STREAM.
    Refuse,
    /// RST_STREAM with INTERNAL_ERROR.
    Reset,
    /// GOAWAY that tells that this stream is none that was looked at.
    GoAway,
    /// The connection is closed.
    Break,
}

/// A server, and what it saw.
pub struct Server {
    pub base_url: String,
    streams: Arc<AtomicUsize>,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;

impl Server {
    /// Answers by the function, which is told the number of the stream, from 0 over all connections.
    pub async fn new(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server {
            base_url: format!("https://{}/api/v3", listener.local_addr().unwrap()),
            streams: Arc::default(),
        };
        let (acceptor, reply, streams) = (acceptor(), Arc::new(reply), server.streams.clone());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, reply, streams) = (acceptor.clone(), reply.clone(), streams.clone());
                tokio::spawn(async move {
                    if let Ok(socket) = acceptor.accept(socket).await {
                        let number = || streams.fetch_add(1, Ordering::Relaxed);
                        // A client that hangs up is no failure of the server.
                        let _ = serve(socket, || reply(number())).await;
                    }
                });
            }
        });
        server
    }

    /// Streams that were opened.
    pub fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    pub fn builder(&self) -> ClientBuilder {
        Client::builder()
            .api_key(ApiKey::new(legacy_key()).unwrap())
            .base_url(self.base_url.as_str())
    }
}

/// Speaks HTTP/2 with the certificate that is trusted.
pub fn acceptor() -> TlsAcceptor {
    let (certificate, key) = child::identity();
    let certificate = CertificateDer::from_pem_file(certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    acceptor_with(certificate, key)
}

/// Speaks HTTP/2 with this certificate.
pub fn acceptor_with(certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(mut socket: TlsStream<TcpStream>, reply: impl Fn() -> Reply) -> io::Result<()> {
    let mut preface = [0; 24];
    socket.read_exact(&mut preface).await?;
    assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    write(&mut socket, SETTINGS, 0, 0, b"").await?;
    let (mut open, mut gone) = (HashMap::new(), false);
    loop {
        let mut head = [0; 9];
        socket.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, id @ ..] = head;
        let id = u32::from_be_bytes(id);
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        socket.read_exact(&mut payload).await?;
        match kind {
            SETTINGS if flags & ACK == 0 => write(&mut socket, SETTINGS, ACK, 0, b"").await?,
            PING if flags & ACK == 0 => write(&mut socket, PING, ACK, 0, &payload).await?,
            HEADERS => match reply() {
                // The client knows that what it opens after that is not looked at.
                _ if gone => {}
                // Neither waits for the body.
                Reply::Refuse => reset(&mut socket, id, REFUSED_STREAM).await?,
                Reply::GoAway => {
                    gone = true;
                    let (last, reason) = (id.saturating_sub(2), 0_u32);
                    let payload = [last.to_be_bytes(), reason.to_be_bytes()].concat();
                    write(&mut socket, GOAWAY, 0, 0, &payload).await?;
                }
                reply => {
                    open.insert(id, reply);
                }
            },
            _ => {}
        }
        if !matches!(kind, HEADERS | DATA) || flags & END_STREAM == 0 {
            continue;
        }
        match open.remove(&id) {
            Some(Reply::Answer(status, body)) => {
                headers(&mut socket, id, status).await?;
                write(&mut socket, DATA, END_STREAM, id, body.as_bytes()).await?;
            }
            Some(Reply::CutShort(body)) => {
                headers(&mut socket, id, 200).await?;
                write(&mut socket, DATA, 0, id, body.as_bytes()).await?;
                reset(&mut socket, id, INTERNAL_ERROR).await?;
            }
            Some(Reply::Reset) => reset(&mut socket, id, INTERNAL_ERROR).await?,
            Some(Reply::Break) => return Ok(()),
            _ => {}
        }
    }
}

async fn write(
    socket: &mut TlsStream<TcpStream>,
    kind: u8,
    flags: u8,
    id: u32,
    payload: &[u8],
) -> io::Result<()> {
    let length = (payload.len() as u32).to_be_bytes();
    let head = [&length[1..], &[kind, flags], &id.to_be_bytes()].concat();
    socket.write_all(&[&head, payload].concat()).await?;
    socket.flush().await
}

async fn headers(socket: &mut TlsStream<TcpStream>, id: u32, status: u16) -> io::Result<()> {
    // `:status` is name 8 of the static table; its value is a literal of three characters.
    let block = [&[0x08, 3], status.to_string().as_bytes()].concat();
    write(socket, HEADERS, END_HEADERS, id, &block).await
}

async fn reset(socket: &mut TlsStream<TcpStream>, id: u32, reason: u32) -> io::Result<()> {
    write(socket, RST_STREAM, 0, id, &reason.to_be_bytes()).await
}
