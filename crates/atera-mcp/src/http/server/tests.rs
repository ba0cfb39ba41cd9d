//! Connections in memory, by a clock of the test.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::Instant,
};

use super::*;
use crate::Audit;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A server, and the way to it.
struct Net {
    connections: mpsc::UnboundedSender<DuplexStream>,
    accepted: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

impl Net {
    fn new() -> Self {
        Net::with(|_| {})
    }

    /// A server with other limits.
    fn with(change: impl FnOnce(&mut Limits)) -> Self {
        Net::over(None, change)
    }

    fn over(tls: Option<TlsAcceptor>, change: impl FnOnce(&mut Limits)) -> Self {
        Net::of(Audit::default(), tls, change)
    }

    fn of(audit: Audit, tls: Option<TlsAcceptor>, change: impl FnOnce(&mut Limits)) -> Self {
        let client = atera::Client::builder()
            .api_key(atera::ApiKey::new(atera::mock::KEY).expect("a key"))
            .base_url("http://127.0.0.1:9")
            .build();
        let server = AteraServer::builder(client.expect("a client"))
            .audit(audit)
            .build()
            .expect("a server");
        let mut builder = HttpServer::builder(server, Token::of_test(TOKEN));
        change(&mut builder.limits);
        let address = builder.address;
        let service = Service::new(builder, address);
        let (connections, mut waiting) = mpsc::unbounded_channel();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        let waiting = stream::poll_fn(move |context| waiting.poll_recv(context)).map(move |connection| {
            count.fetch_add(1, Ordering::Relaxed);
            Ok(connection)
        });
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(service.serve(waiting, tls, async move {
            let _ = stopped.await;
        }));
        Net {
            connections,
            accepted,
            stop: Some(stop),
            served,
        }
    }

    /// A new connection, with a buffer of this size each way.
    fn connect_with(&self, buffer: usize) -> DuplexStream {
        let (own, other) = duplex(buffer);
        self.connections.send(other).expect("the server listens");
        own
    }

    fn connect(&self) -> DuplexStream {
        self.connect_with(64 * 1024)
    }

    /// The answer to a request, on a connection of its own.
    async fn ask(&self, request: &str) -> String {
        let mut connection = self.connect();
        // The server may answer, and close, before it has read everything.
        let _ = connection.write_all(request.as_bytes()).await;
        rest(&mut connection).await
    }
}

/// All that comes until the connection ends, which it has to by the clock of the test.
async fn rest(connection: &mut DuplexStream) -> String {
    let mut bytes = Vec::new();
    let ends = timeout(Duration::from_secs(3_600), connection.read_to_end(&mut bytes));
    let _ = ends.await.expect("the connection ends");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The header of a call, with these lines in place of its own of that name, and without those that are empty.
fn header(lines: &[&str]) -> String {
    let authorization = format!("Authorization: Bearer {TOKEN}");
    let own = [
        "Host: localhost:8765",
        &authorization,
        "Accept: application/json, text/event-stream",
        "Content-Type: application/json",
        "Connection: close",
    ];
    let name = |line: &str| line.split(':').next().unwrap_or_default().to_string();
    let own = own
        .into_iter()
        .filter(|own| lines.iter().all(|line| name(line) != name(own)));
    let lines = own
        .chain(lines.iter().copied())
        .filter(|line| !line.ends_with(": -"));
    format!(
        "POST /mcp HTTP/1.1\r\n{}\r\n\r\n",
        lines.collect::<Vec<_>>().join("\r\n")
    )
}

/// A call with this body.
fn call(body: &Value, lines: &[&str]) -> String {
    let body = body.to_string();
    let length = format!("Content-Length: {}", body.len());
    header(&[lines, &[&length]].concat()) + &body
}

fn initialize() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
    }})
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

fn body(answer: &str) -> Value {
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

#[tokio::test(start_paused = true)]
async fn a_call_with_the_token_is_answered_without_a_session() {
    let net = Net::new();
    let answer = net.ask(&call(&initialize(), &[])).await;
    assert_eq!(status(&answer), "200", "{answer}");
    assert!(
        !answer.to_ascii_lowercase().contains("mcp-session-id"),
        "{answer}"
    );
    assert_eq!(body(&answer)["result"]["serverInfo"]["name"], "atera");
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"});
    let answer = net.ask(&call(&list, &["MCP-Protocol-Version: 2025-06-18"])).await;
    assert!(
        body(&answer)["result"]["tools"]
            .as_array()
            .is_some_and(|tools| tools.len() >= 3),
        "{answer}"
    );
}

/// There is no session that would know the host: the log has what the request says, or nothing, and never the name of a crate.
#[tokio::test(start_paused = true)]
async fn the_log_has_the_host_that_the_request_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("audit.jsonl");
    let net = Net::of(Audit::file(&file).expect("a log"), None, |_| {});
    let named = json!({"io.modelcontextprotocol/clientInfo": {"name": "acme-host", "version": "2"}});
    for meta in [json!({}), named] {
        let params = json!({"name": "search", "arguments": {"words": "tickets"}, "_meta": meta});
        let search = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params});
        let answer = net
            .ask(&call(&search, &["MCP-Protocol-Version: 2025-06-18"]))
            .await;
        assert_eq!(status(&answer), "200", "{answer}");
    }
    let text = std::fs::read_to_string(&file).expect("a log");
    let hosts = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["host"].clone());
    assert_eq!(hosts.collect::<Vec<_>>(), [Value::Null, json!("acme-host 2")]);
}

#[tokio::test(start_paused = true)]
async fn over_tls_the_same_is_answered_and_plain_text_is_not() {
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_string()]).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, issued.cert.pem()).expect("a file");
    std::fs::write(&key, issued.signing_key.serialize_pem()).expect("a file");
    let Exposure::Tls(config) = Exposure::tls(&certificate, &key).expect("they belong together") else {
        panic!("it is TLS");
    };
    let net = Net::over(Some(TlsAcceptor::from(config)), |_| {});
    let mut roots = rustls::RootCertStore::empty();
    roots.add(issued.cert.der().clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let name = rustls::pki_types::ServerName::try_from("localhost").expect("a name");
    let mut connection = connector.connect(name, net.connect()).await.expect("a handshake");
    connection
        .write_all(call(&initialize(), &[]).as_bytes())
        .await
        .expect("it is open");
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).expect("text");
    assert_eq!(status(&answer), "200", "{answer}");
    // Without TLS nothing of the protocol is said, and a client that says nothing is not waited for.
    assert!(!net.ask(&call(&initialize(), &[])).await.contains("HTTP/1.1"));
    let started = Instant::now();
    net.ask("").await;
    assert_eq!(started.elapsed(), Limits::default().header_within);
}

#[tokio::test(start_paused = true)]
async fn without_the_token_nothing_is_read_or_told() {
    let net = Net::new();
    let wrong = "Authorization: Bearer fedcba9876543210fedcba9876543210";
    let basic = format!("Authorization: Basic {TOKEN}");
    let twice = format!("Authorization: Bearer x\r\nAuthorization: Bearer {TOKEN}");
    for lines in [
        &["Authorization: -"][..],
        &[wrong],
        &[&basic],
        &[&twice],
        // A body that never comes is not waited for.
        &[wrong, "Content-Length: 1073741824"],
        &["Authorization: -", "Transfer-Encoding: chunked"],
    ] {
        let started = Instant::now();
        let answer = net.ask(&header(lines)).await;
        assert_eq!(status(&answer), "401", "{lines:?}: {answer}");
        assert!(
            answer.to_ascii_lowercase().contains("www-authenticate: bearer"),
            "{answer}"
        );
        assert!(!answer.contains(TOKEN) && !answer.contains("tools"), "{answer}");
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn another_name_or_origin_is_refused_though_the_token_is_right() {
    let net = Net::new();
    for line in [
        "Host: evil.example",
        "Host: evil.example:8765",
        "Host: localhost.evil.example",
        "Origin: https://evil.example",
        "Origin: https://localhost.evil.example",
        "Origin: http://localhost.evil.example:8765",
        "Origin: null",
    ] {
        let answer = net.ask(&call(&initialize(), &[line])).await;
        assert_eq!(status(&answer), "403", "{line}: {answer}");
    }
    for line in [
        "Host: 127.0.0.1:8765",
        "Host: [::1]:8765",
        "Host: LOCALHOST",
        "Origin: http://localhost:6274",
        "Origin: http://[::1]:1",
    ] {
        let answer = net.ask(&call(&initialize(), &[line])).await;
        assert_eq!(status(&answer), "200", "{line}: {answer}");
    }
    let answer = net.ask(&call(&initialize(), &["Host: -"])).await;
    assert_eq!(status(&answer), "400", "{answer}");
}

#[tokio::test(start_paused = true)]
async fn other_paths_and_methods_have_nothing() {
    let net = Net::new();
    let right = call(&initialize(), &[]);
    for (begin, expected) in [
        ("POST / ", "404"),
        ("POST /mcp/ ", "404"),
        ("GET /.well-known/oauth-protected-resource ", "404"),
        ("GET /mcp ", "405"),
        ("DELETE /mcp ", "405"),
        ("OPTIONS /mcp ", "405"),
        ("POST /mcp?x=1 ", "200"),
    ] {
        let answer = net.ask(&right.replacen("POST /mcp ", begin, 1)).await;
        assert_eq!(status(&answer), expected, "{begin}: {answer}");
    }
    assert_eq!(status(&net.ask("nonsense\r\n\r\n").await), "400");
}

#[tokio::test(start_paused = true)]
async fn a_body_of_a_gigabyte_is_refused_early() {
    const GIGABYTE: usize = 1 << 30;
    let net = Net::new();
    // If it says how long it is, none of it is read.
    let answer = net.ask(&header(&[&format!("Content-Length: {GIGABYTE}")])).await;
    assert_eq!(status(&answer), "413", "{answer}");
    // If it does not, it is read up to the limit.
    let (mut answers, mut connection) = tokio::io::split(net.connect());
    let answer = tokio::spawn(async move {
        let mut bytes = Vec::new();
        let _ = answers.read_to_end(&mut bytes).await;
        String::from_utf8(bytes).expect("text")
    });
    let head = header(&["Transfer-Encoding: chunked"]);
    connection.write_all(head.as_bytes()).await.expect("it is open");
    let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, " ".repeat(64 * 1024));
    let mut sent = 0;
    while sent < GIGABYTE && connection.write_all(chunk.as_bytes()).await.is_ok() {
        sent += 64 * 1024;
    }
    let most = Limits::default().body + 1024 * 1024;
    assert!(sent < most, "{sent} bytes were taken");
    let answer = answer.await.expect("no panic");
    assert_eq!(status(&answer), "413", "{answer}");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_slow_loses_the_connection() {
    let limits = Limits::default();
    let net = Net::new();

    // Says nothing; begins and stops; sends a byte a second.
    let started = Instant::now();
    assert_eq!(net.ask("").await, "");
    assert_eq!(started.elapsed(), limits.header_within);
    let started = Instant::now();
    net.ask("POST /mcp HTTP/1.1\r\nHost: local").await;
    assert_eq!(started.elapsed(), limits.header_within);
    let started = Instant::now();
    let mut connection = net.connect();
    for byte in header(&[]).bytes() {
        if connection.write_all(&[byte]).await.is_err() {
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
    assert!(
        started.elapsed() <= limits.header_within + Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );

    // The body does not come.
    let started = Instant::now();
    let whole = call(&initialize(), &[]);
    let answer = net.ask(&whole[..whole.len() - 1]).await;
    assert_eq!(status(&answer), "408", "{answer}");
    assert_eq!(started.elapsed(), limits.body_within);

    // The answer is not read.
    let mut connection = net.connect_with(64);
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"});
    connection
        .write_all(call(&list, &[]).as_bytes())
        .await
        .expect("it is read");
    sleep(limits.write_within + Duration::from_secs(1)).await;
    assert!(
        rest(&mut connection).await.len() <= 128,
        "the rest of the answer was kept for it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_has_asked_may_ask_again_and_is_not_kept_for_ever() {
    let net = Net::new();
    let mut connection = net.connect();
    let ask = call(&initialize(), &["Connection: keep-alive"]);
    for _ in 0..2 {
        connection.write_all(ask.as_bytes()).await.expect("it is open");
        let mut answer = vec![0; 16];
        connection.read_exact(&mut answer).await.expect("an answer");
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
        // The rest of the answer.
        let mut rest = vec![0; 64 * 1024];
        let _ = connection.read(&mut rest).await.expect("an answer");
    }
    let started = Instant::now();
    assert_eq!(rest(&mut connection).await, "");
    assert_eq!(started.elapsed(), Limits::default().header_within);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_connections_take_no_more_than_their_places() {
    let net = Net::new();
    let idle: Vec<_> = (0..1_000).map(|_| net.connect()).collect();
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    let places = Limits::default().connections;
    assert_eq!(net.accepted.load(Ordering::Relaxed), places);
    // Idle ones lose their places, so that in the end everyone gets one.
    let started = Instant::now();
    let answer = net.ask(&call(&initialize(), &[])).await;
    assert_eq!(status(&answer), "200", "{answer}");
    let rounds = u32::try_from(idle.len() / places).expect("a number");
    assert_eq!(started.elapsed(), Limits::default().header_within * rounds);
    drop(idle);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_idle_connections_at_once_and_calls_in_time() {
    let mut net = Net::new();
    let mut idle = net.connect();
    let (mut begun, mut stuck) = (net.connect(), net.connect());
    let whole = call(&initialize(), &[]);
    let (first, last) = whole.split_at(whole.len() - 1);
    for connection in [&mut begun, &mut stuck] {
        connection.write_all(first.as_bytes()).await.expect("it is read");
    }
    sleep(Duration::from_secs(1)).await;
    let started = Instant::now();
    net.stop.take().expect("it runs").send(()).expect("it runs");
    assert_eq!(rest(&mut idle).await, "");
    assert_eq!(started.elapsed(), Duration::ZERO);
    begun.write_all(last.as_bytes()).await.expect("it is read");
    let answer = rest(&mut begun).await;
    assert_eq!(status(&answer), "200", "{answer}");
    net.served.await.expect("it ends");
    assert_eq!(started.elapsed(), Limits::default().stop_within);
    assert_eq!(rest(&mut stuck).await, "");
}
