//! Keys that end, are refused, or are replaced while the program runs.

use std::sync::{Arc, Mutex};

use atera::{
    ApiKey, Client, ErrorKind, RetryPolicy,
    auth::{KeyFuture, KeyHeader, KeyProvider},
    mock::{KEY, Recorder},
    transport::{Fault, Request, Response},
    types::CreateTicket,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use http::StatusCode;

/// The service takes one key.
fn service_that_takes(key: &Arc<Mutex<String>>) -> Recorder {
    let key = key.clone();
    Recorder::new(move |request| {
        let status = match sent_key(request) == *key.lock().unwrap() {
            true => StatusCode::OK,
            false => StatusCode::UNAUTHORIZED,
        };
        Ok(Response::new(status, r#"{"ActionID": "1", "TicketID": 1}"#))
    })
}

fn sent_key(request: &Request) -> String {
    let header = request
        .headers
        .get("x-api-key")
        .or(request.headers.get("authorization"));
    header.unwrap().to_str().unwrap().to_string()
}

fn jwt(expires_in: TimeDelta) -> ApiKey {
    // chrono's clock, which is real in tests too.
    #[allow(clippy::disallowed_methods)]
    let expires_at = (chrono::Utc::now() + expires_in).timestamp();
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let claims = part(&format!(r#"{{"exp":{expires_at}}}"#));
    ApiKey::new(format!("{}.{claims}.{}", part(r#"{"alg":"HS256"}"#), part(KEY))).unwrap()
}

/// Gives the keys one after another.
#[derive(Debug)]
struct Vault {
    keys: Mutex<Vec<&'static str>>,
    asked: Arc<Mutex<usize>>,
}

impl KeyProvider for Vault {
    fn key(&self) -> KeyFuture {
        *self.asked.lock().unwrap() += 1;
        let mut keys = self.keys.lock().unwrap();
        let key = if keys.len() > 1 { keys.remove(0) } else { keys[0] };
        Box::pin(async move {
            // Others come and ask meanwhile.
            tokio::task::yield_now().await;
            if key.is_empty() {
                return Err("the vault is sealed".into());
            }
            Ok(ApiKey::new(key)?)
        })
    }
}

fn provided(service: &Recorder, keys: &[&'static str]) -> (Client, Arc<Mutex<usize>>) {
    let asked = Arc::default();
    let vault = Vault {
        keys: Mutex::new(keys.to_vec()),
        asked: Arc::clone(&asked),
    };
    let client = service.builder().key_provider(vault).build().unwrap();
    (client, asked)
}

fn ticket() -> CreateTicket {
    CreateTicket {
        end_user_id: Some(7),
        ..CreateTicket::new("Printer", "on fire")
    }
}

#[tokio::test]
async fn a_key_that_was_replaced_is_asked_for_once_by_all_and_the_calls_are_sent_again() {
    let taken = Arc::new(Mutex::new("old-key-of-the-vault".to_string()));
    let service = service_that_takes(&taken);
    let (client, asked) = provided(&service, &["old-key-of-the-vault", "new-key-of-the-vault"]);
    assert_eq!(
        *asked.lock().unwrap(),
        0,
        "it is not asked for before it is needed"
    );
    client.tickets().get(1).await.unwrap();
    *taken.lock().unwrap() = "new-key-of-the-vault".to_string();
    let calls = (0..10).map(|_| client.tickets().create(ticket()).into_future());
    for result in futures_util::future::join_all(calls).await {
        result.unwrap();
    }
    assert_eq!(*asked.lock().unwrap(), 2);
    client.tickets().get(1).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_key_that_stays_refused_is_not_sent_for_ever() {
    let service = Recorder::answering(401, "");
    for (keys, sent) in [(&["same-key-1"][..], 1), (&["other-1", "other-2", "other-3"], 2)] {
        let before = service.sent().len();
        let (client, _) = provided(&service, keys);
        let error = client
            .with_retry(RetryPolicy::new())
            .tickets()
            .get(1)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert_eq!(service.sent().len() - before, sent, "{keys:?}");
    }
    let error = service.client().tickets().get(1).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthorized, 1));
}

#[tokio::test]
async fn a_provider_that_fails_is_named_and_nothing_is_sent() {
    let service = Recorder::answering(200, "{\"TicketID\": 1}");
    let (client, _) = provided(&service, &["", "key-after-all"]);
    let error = client.tickets().get(1).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Config, 0));
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "the vault is sealed");
    client.tickets().get(1).await.unwrap();
    assert_eq!(service.sent().len(), 1, "it is asked again the next time");
}

#[tokio::test]
async fn a_key_file_is_read_again_after_the_key_was_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let taken = Arc::new(Mutex::new("Bearer old-key-of-the-file".to_string()));
    let service = service_that_takes(&taken);
    std::fs::write(&path, "old-key-of-the-file\n").unwrap();
    let key = ApiKey::from_file(&path).unwrap().in_header(KeyHeader::Bearer);
    let client = service.builder().api_key(key).build().unwrap();
    client.tickets().get(1).await.unwrap();

    std::fs::write(&path, "new-key-of-the-file\n").unwrap();
    client.tickets().get(1).await.unwrap();
    assert_eq!(
        service.sent().len(),
        2,
        "it is not read while the old one is taken"
    );
    *taken.lock().unwrap() = "Bearer new-key-of-the-file".to_string();
    client.tickets().create(ticket()).await.unwrap();
    assert_eq!(service.sent().len(), 4);

    std::fs::remove_file(&path).unwrap();
    *taken.lock().unwrap() = "another".to_string();
    let error = client.tickets().get(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
}

#[tokio::test]
async fn a_refused_jwt_says_whether_it_has_expired() {
    for (expires_in, told) in [
        (TimeDelta::days(-3) - TimeDelta::hours(1), "it expired 3 days ago"),
        (TimeDelta::days(-1) - TimeDelta::hours(1), "it expired 1 day ago"),
        (
            TimeDelta::hours(-2) - TimeDelta::minutes(1),
            "it expired 2 hours ago",
        ),
        (TimeDelta::seconds(-30), "it expired 0 minutes ago"),
        (TimeDelta::days(30), "it is valid until 2"),
    ] {
        let service = Recorder::answering(401, "");
        let client = service.builder().api_key(jwt(expires_in)).build().unwrap();
        let error = client.tickets().get(1).await.unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
        assert!(client.key_expires_at().is_some());
    }
}

/// Everything that is logged while the future runs.
async fn logged<T>(future: impl Future<Output = T>) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    future.await;
    let lines = lines.0.lock().unwrap();
    String::from_utf8(lines.clone()).unwrap()
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn from_two_weeks_before_its_end_a_key_warns_once() {
    let warnings = async |expires_in, days: u64| {
        let service = Recorder::answering(200, "{\"TicketID\": 1}");
        let client = service.builder().api_key(jwt(expires_in)).build().unwrap();
        let log = logged(async {
            tokio::time::sleep(std::time::Duration::from_secs(days * 86_400)).await;
            for _ in 0..3 {
                client.tickets().get(1).await.unwrap();
            }
        })
        .await;
        log.matches("expires soon").count()
    };
    assert_eq!(warnings(TimeDelta::days(20), 0).await, 0);
    assert_eq!(
        warnings(TimeDelta::days(20), 7).await,
        1,
        "time passes while it runs"
    );
    assert_eq!(warnings(TimeDelta::days(13), 0).await, 1);
}

#[tokio::test(start_paused = true)]
async fn there_is_one_event_for_each_attempt_in_the_span_of_the_call() {
    let service = Recorder::answering(503, "");
    let client = service.builder().retry(RetryPolicy::new()).build().unwrap();
    let list = client.contacts().list().email("maya@harbordental.example");
    let log = logged(list.into_future()).await;
    let attempts: Vec<_> = log.lines().filter(|line| line.contains(": attempt ")).collect();
    assert_eq!(attempts.len(), 5, "{log}");
    for attempt in &attempts {
        for part in [
            "atera{",
            "url.template=\"/contacts\"",
            "http.request.method=GET",
            "server.address=\"app.atera.com\"",
            "http.response.status_code=503",
        ] {
            assert!(attempt.contains(part), "{part}: {attempt}");
        }
    }
    assert!(!log.contains("maya"), "{log}");
}

/// The path of an untyped call may hold a name. A transport may say anything.
#[tokio::test(start_paused = true)]
async fn the_log_has_templates_of_paths_and_causes_without_the_key() {
    let service = Recorder::new(|request| Err(Fault::not_sent(format!("no way with {}", sent_key(request)))));
    let client = service.client();
    for (path, template) in [
        ("/tickets/54321", "url.template=\"/tickets/{ticketId}\""),
        ("/people/maya", "url.template=\"(path not in the description)\""),
    ] {
        let call = client.request(http::Method::GET, path);
        let log = logged(call.send()).await;
        assert!(log.contains(template), "{log}");
        assert!(log.contains("error.cause=\"no way with (the API key)\""), "{log}");
        assert!(
            !log.contains("maya") && !log.contains("54321") && !log.contains(KEY),
            "{log}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_says_what_the_next_attempt_waits_for() {
    for (status, waits) in [
        (
            429,
            "sent again after the pause that the service asked for retry=1 of=4 pause=7",
        ),
        (503, "sent again after a delay retry=1 of=4 delay=7"),
    ] {
        let service = Recorder::new(move |_| {
            let mut answer = Response::new(StatusCode::from_u16(status).unwrap(), "");
            answer.headers.insert("retry-after", "7".parse().unwrap());
            Ok(answer)
        });
        let client = service.builder().retry(RetryPolicy::new()).build().unwrap();
        let log = logged(client.tickets().get(1).into_future()).await;
        assert!(log.contains(waits), "{log}");
    }
}
