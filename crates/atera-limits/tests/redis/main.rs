//! The limit of a fleet on a real connection: login, TLS, a server that is restarted, and one that another one replaces.

mod nodes;

use std::{
    error::Error as _, fmt::Write as _, fs, net::TcpListener, path::Path, process::Command, time::Duration,
};

use atera::{
    ApiKey, ErrorKind, Priority, RateLimit,
    limit::{Reservation, SlotRequest, SlotStore, SlotUse},
    mock::Recorder,
};
use atera_limits::{RedisStore, RedisStoreBuilder, Unknown};
use atera_testkit::redis::Redis;

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// What a user of the server needs, as the documentation lists it.
const RIGHTS: &str = "~{atera:* +evalsha +script|load +info +time +hgetall +hset +hdel +zadd +zrem +zcard +zrange +zincrby \
    +zremrangebyscore +pexpire";

/// As short as the limit is: what is unknown is waited out for as long.
const LEASE: Duration = Duration::from_millis(500);

/// So short that the tests need not wait out what is unknown.
fn limit() -> RateLimit {
    RateLimit::new(5, Duration::from_millis(20)).late_allowance(Duration::from_millis(20))
}

fn builder(server: &Redis) -> RedisStoreBuilder {
    RedisStore::builder(format!("redis+unix://{}", server.socket().display()))
}

async fn connect(builder: RedisStoreBuilder) -> Result<RedisStore, atera_limits::RedisStoreError> {
    let builder = builder.lease(LEASE);
    builder.connect(&key(), "app.atera.com", limit()).await
}

fn key() -> ApiKey {
    ApiKey::new(KEY).expect("a key")
}

async fn reserve(store: &RedisStore) -> Result<Box<dyn Reservation>, String> {
    let reserved = store.reserve(SlotRequest::new(Priority::Interactive)).await;
    reserved.map_err(|error| error.to_string())
}

async fn use_slot(store: &RedisStore) {
    let slot = reserve(store).await.unwrap_or_else(|error| panic!("{error}"));
    slot.complete(SlotUse::Answered.into())
        .await
        .expect("it is told later");
    store.flush().await;
}

#[tokio::test]
async fn a_user_with_few_rights_is_enough_and_its_password_is_in_a_file() {
    let mut arguments = vec!["--user", "default", "off", "--user", "limits", "on", ">pass word"];
    arguments.extend(RIGHTS.split_whitespace());
    let Some(server) = Redis::start(&arguments) else {
        return;
    };
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), "pass word\n").expect("a file");
    let store = connect(builder(&server).user("limits").password_file(file.path())).await;
    use_slot(&store.unwrap_or_else(|error| panic!("{error}: {:?}", error.source()))).await;
    fs::write(file.path(), "another\n").expect("a file");
    for builder in [
        builder(&server).user("limits").password_file(file.path()),
        builder(&server),
    ] {
        let error = connect(builder).await.expect_err("it must not log in");
        assert!(!format!("{error:?}").contains("another"), "{error:?}");
    }
}

#[tokio::test]
async fn the_server_never_sees_the_key() {
    let Some(server) = Redis::start(&[]) else { return };
    let mut monitor = Command::new("redis-cli");
    monitor
        .arg("-s")
        .arg(server.socket())
        .arg("monitor")
        .stdout(std::process::Stdio::piped())
        // It says that the connection was closed.
        .stderr(std::process::Stdio::null());
    let monitor = monitor.spawn().expect("redis-cli");
    while !server.ask(&["client", "list"]).contains("cmd=monitor") {}
    let store = connect(builder(&server).salt("a salt")).await.expect("a store");
    use_slot(&store).await;
    let client = Recorder::answering(200, "{\"TicketID\": 1}");
    let client = client
        .builder()
        .api_key(key())
        .slot_store(store.clone())
        .build()
        .expect("a client");
    client.tickets().get(1).await.expect("an answer");
    store.flush().await;
    let mut seen = format!("{store:?} {:?}", store.status().await.expect("a status"));
    for name in server.ask(&["keys", "*"]).lines() {
        assert!(name.starts_with("{atera:"), "{name}");
        let kind = server.ask(&["type", name]);
        let words = match kind.trim() {
            "hash" => vec!["hgetall", name],
            _ => vec!["zrange", name, "0", "-1"],
        };
        let _ = write!(seen, "{name} {}", server.ask(&words));
    }
    server.ask(&["shutdown", "nosave"]);
    let told = monitor.wait_with_output().expect("its output");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.to_lowercase().contains("evalsha"), "{told}");
    seen += &told;
    // The server is gone, so these are the errors of a call and of a start.
    let call = client
        .with_deadline(Duration::from_secs(1))
        .tickets()
        .get(1)
        .await;
    let gone = builder(&server).salt("a salt").patience(Duration::ZERO);
    let (call, start) = (
        call.expect_err("no server"),
        connect(gone).await.expect_err("no server"),
    );
    for error in [&call as &dyn std::error::Error, &start] {
        let mut cause = Some(error);
        while let Some(error) = cause {
            let _ = write!(seen, "{error} {error:?}");
            cause = error.source();
        }
    }
    for secret in [KEY, "app.atera.com", "a salt"] {
        assert!(!seen.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_script_that_is_gone_is_loaded_again() {
    let Some(server) = Redis::start(&[]) else { return };
    let store = connect(builder(&server)).await.expect("a store");
    use_slot(&store).await;
    server.ask(&["script", "flush"]);
    use_slot(&store).await;
}

#[tokio::test]
async fn a_server_that_is_lost_is_said_and_its_return_is_noticed() {
    let Some(server) = Redis::start(&[]) else { return };
    let patient = connect(builder(&server)).await.expect("a store");
    use_slot(&patient).await;
    server.ask(&["client", "kill", "type", "normal"]);
    use_slot(&patient).await;
    // It does not try again.
    let impatient = builder(&server).patience(Duration::ZERO);
    let store = connect(impatient).await.expect("a store");
    let taken = reserve(&store).await.expect("a slot");
    let socket = server.socket();
    drop(server);
    let Err(error) = reserve(&store).await else {
        panic!("there is no server")
    };
    assert!(
        error.contains("cannot be reached") && error.contains("check that it runs"),
        "{error}"
    );
    // What is in flight ends.
    taken
        .complete(SlotUse::Answered.into())
        .await
        .expect("it does not wait");
    let client = Recorder::answering(200, "{\"TicketID\": 1}");
    let client = client
        .builder()
        .slot_store(store.clone())
        .build()
        .expect("a client");
    let error = client.tickets().get(1).await.expect_err("there is no server");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Config, 0));
    assert!(!socket.exists());
}

/// A certificate for this machine that its issuer has signed.
fn certificates(folder: &Path) {
    let issuer_key = rcgen::KeyPair::generate().expect("a key");
    let mut issuer = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    issuer.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let certificate = issuer.self_signed(&issuer_key).expect("a certificate");
    fs::write(folder.join("ca.pem"), certificate.pem()).expect("a file");
    let issuer = rcgen::Issuer::new(issuer, issuer_key);
    let key = rcgen::KeyPair::generate().expect("a key");
    let own = rcgen::CertificateParams::new(vec!["localhost".to_string()]).expect("parameters");
    let own = own.signed_by(&key, &issuer).expect("a certificate");
    fs::write(folder.join("own.pem"), own.pem()).expect("a file");
    fs::write(folder.join("own.key"), key.serialize_pem()).expect("a file");
}

#[tokio::test]
async fn tls_needs_a_certificate_that_is_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    certificates(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = port.expect("a port").port().to_string();
    let (certificate, key, ca) = (file("own.pem"), file("own.key"), file("ca.pem"));
    let Some(_server) = Redis::start(&[
        "--bind",
        "127.0.0.1",
        "--tls-port",
        &port,
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &ca,
        "--tls-auth-clients",
        "no",
    ]) else {
        return;
    };
    let address = format!("rediss://localhost:{port}");
    let error = connect(RedisStore::builder(&address).patience(Duration::ZERO))
        .await
        .expect_err("the system does not trust it");
    assert!(error.to_string().contains("certificate"), "{error}");
    let store = connect(RedisStore::builder(&address).ca_file(&ca)).await;
    use_slot(&store.unwrap_or_else(|error| panic!("{error}"))).await;
    let wrong = address.replace("localhost", "127.0.0.1");
    connect(RedisStore::builder(wrong).ca_file(&ca).patience(Duration::ZERO))
        .await
        .expect_err("the certificate is for another name");
}

#[tokio::test]
async fn an_address_that_is_wrong_is_told() {
    for (builder, what) in [
        (RedisStore::builder("localhost:6379"), "scheme"),
        (RedisStore::builder("redis://127.0.0.1:1"), "cannot be reached"),
        (RedisStore::builder("redis://127.0.0.1:1").prefix("{"), "brace"),
        (
            RedisStore::builder("redis://127.0.0.1:1").password_file("/no/such/file"),
            "cannot be reached",
        ),
    ] {
        let error = connect(builder.patience(Duration::ZERO)).await;
        let error = error.expect_err(what).to_string();
        assert!(error.contains(what), "{error}");
    }
}
