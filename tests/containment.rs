//! The key stays where it belongs: in one header of the requests to the base URL, and in nothing that can be read.

mod sockets;

use std::{
    collections::HashMap,
    error::Error as StdError,
    fmt::{Debug, Write as _},
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use atera::{
    ApiKey, Client, Consistency, Error, ErrorKind, RateLimit, RetryPolicy,
    auth::{KeyFuture, KeyHeader, KeyProvider},
    description::Operation,
    limit::{Reservation, SlotRequest, SlotStore, StoreFuture},
    mock::Recorder,
    transport::{Fault, Request, Response},
    types::CreateTicket,
};
use http::Method;
use sockets::{
    Server, answer,
    child::{is_child, is_child_with_tls},
    http2::{self, Reply},
    jwt, legacy_key, ticket,
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    fmt::format::FmtSpan,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// What of a key must not be seen: the key, its parts, and either of them as bytes.
fn traces(key: &str) -> Vec<String> {
    let parts = key.split('.').chain([key]).filter(|part| part.len() > 20);
    let as_bytes = |part: &str| {
        let bytes = format!("{:?}", &part.as_bytes()[..12]);
        bytes.trim_matches(['[', ']']).to_string()
    };
    // The first part of a JWT is the same for all.
    let telling = parts.skip(usize::from(key.contains('.')));
    telling
        .flat_map(|part| [part.to_string(), as_bytes(part)])
        .collect()
}

fn assert_hidden(shown: &str, key: &str) {
    for trace in traces(key) {
        let found = shown.lines().find(|line| line.contains(&trace));
        assert_eq!(found, None, "the key is shown");
    }
}

/// Everything that was shown of values.
#[derive(Default)]
struct Shown(String);

impl Shown {
    fn debug(&mut self, value: &impl Debug) {
        let _ = writeln!(self.0, "{value:?}\n{value:#?}");
    }

    fn error(&mut self, error: &Error) {
        self.debug(error);
        let _ = writeln!(
            self.0,
            "{error} {:?} {:?} {:?} {:?}",
            error.message(),
            error.code(),
            error.field_errors(),
            String::from_utf8_lossy(error.body())
        );
        let mut cause = error.source();
        while let Some(error) = cause {
            let _ = writeln!(self.0, "{error} {error:?} {error:#?}");
            cause = error.source();
        }
    }
}

/// A legacy key and a JWT.
fn keys() -> [(String, ApiKey); 2] {
    [legacy_key(), jwt(false)].map(|text| (text.clone(), ApiKey::new(text).unwrap()))
}

/// The same, one that has expired, and each of them in the other's header.
fn keys_in_every_header() -> Vec<(String, ApiKey)> {
    let expired = jwt(true);
    let expired = (expired.clone(), ApiKey::new(expired).unwrap());
    let keys = keys().into_iter().chain([expired]);
    keys.flat_map(|(text, key)| {
        let in_header = |header| (text.clone(), key.clone().in_header(header));
        [
            (text.clone(), key.clone()),
            in_header(KeyHeader::XApiKey),
            in_header(KeyHeader::Bearer),
        ]
    })
    .collect()
}

#[derive(Debug)]
struct Vault(ApiKey);

impl KeyProvider for Vault {
    fn key(&self) -> KeyFuture {
        let key = self.0.clone();
        Box::pin(async { Ok(key) })
    }
}

/// A store that is out of order.
#[derive(Debug)]
struct Store;

impl SlotStore for Store {
    fn reserve(&self, _: SlotRequest) -> StoreFuture<Box<dyn Reservation>> {
        Box::pin(async { Err("the store is out of order".into()) })
    }

    fn pause(&self, _: Duration) -> StoreFuture<()> {
        Box::pin(async { Ok(()) })
    }

    fn rate(&self) -> atera::limit::Rate {
        Recorder::answering(200, "{}").client().rate()
    }
}

#[tokio::test]
async fn no_public_type_shows_the_key() {
    for (text, key) in keys_in_every_header() {
        let mut shown = Shown::default();
        let headers = Arc::<Mutex<Vec<Request>>>::default();
        let seen = headers.clone();
        let recorder = Recorder::new(move |request| {
            seen.lock().unwrap().push(request.clone());
            Ok(Response::new(
                http::StatusCode::OK,
                r#"{"TicketID": 1, "items": []}"#,
            ))
        });
        shown.debug(&key);
        let builder = recorder.builder().api_key(key.clone());
        shown.debug(&builder);
        shown.debug(&recorder.builder().key_provider(Vault(key.clone())));
        let client = builder.build().unwrap();
        shown.debug(&client);
        shown.debug(&client.tickets());
        shown.debug(&client.tickets().get(1));
        shown.debug(&client.tickets().list());
        shown.debug(&client.tickets().create(ticket()));
        shown.debug(&client.tickets().list().stream());
        shown.debug(&client.tickets().list().pages());
        shown.debug(&client.tickets().list().undecoded());
        let dynamic = client.operation(Operation::find("tickets_list").unwrap());
        shown.debug(&dynamic);
        let raw = client.request(Method::GET, "/account").query("a", "b");
        shown.debug(&raw);

        shown.debug(&client.tickets().get(1).send().await.unwrap());
        shown.debug(&client.tickets().get(1).send_undecoded().await.unwrap());
        shown.debug(&client.tickets().list().await.unwrap());
        shown.debug(&dynamic.send().await.unwrap());
        shown.debug(&raw.send().await.unwrap());
        shown.debug(&client.rate());
        shown.debug(&client.rate().limit);
        shown.debug(&client.usage());
        shown.debug(&client.key_expires_at());
        shown.debug(&RetryPolicy::new().send_once("tickets_update"));
        let sent = headers.lock().unwrap().clone();
        assert_eq!(sent.len(), 5);
        for request in &sent {
            // It is there, and marked so that it does not show.
            let sent = request
                .headers
                .iter()
                .filter(|(_, value)| value.as_bytes().ends_with(text.as_bytes()));
            assert!(sent.filter(|(_, value)| value.is_sensitive()).count() == 1);
            shown.debug(request);
            shown.debug(&request.headers);
        }
        assert_hidden(&shown.0, &text);
    }
}

#[tokio::test(start_paused = true)]
async fn no_error_of_any_kind_shows_the_key() {
    for (text, key) in keys_in_every_header() {
        let mut shown = Shown::default();
        let mut kinds = HashMap::new();
        let mut note = |error: Error| {
            shown.error(&error);
            *kinds.entry(error.kind()).or_insert(0) += 1;
        };
        // What the service, or a proxy, says may have the key in it.
        let told = format!(
            r#"{{"Message": "No {text}", "ErrorCode": "{text}", "errors": {{"{text}": ["{text}"]}}}}"#
        );
        for status in [302, 400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504] {
            for body in ["", &told, &format!("<html>{text}</html>")] {
                let recorder = Recorder::answering(status, body);
                let client = recorder.builder().api_key(key.clone()).build().unwrap();
                note(client.tickets().get(1).await.unwrap_err());
                note(client.tickets().create(ticket()).await.unwrap_err());
                note(client.request(Method::POST, "/tickets").send().await.unwrap_err());
            }
        }
        let bad_id = format!(r#"{{"TicketID": "{text}"}}"#);
        let bad_time = format!(r#"{{"TicketID": 1, "TicketCreatedDate": "{text}"}}"#);
        let page = |record: &str| format!(r#"{{"items": [{record}]}}"#);
        let (bad_ids, bad_times) = (page(&bad_id), page(&bad_time));
        for body in [
            "",
            "[]",
            r#"{"TicketID": []}"#,
            "<html>",
            &bad_id,
            &bad_time,
            &bad_ids,
            &bad_times,
        ] {
            let recorder = Recorder::answering(200, body);
            let client = recorder.builder().api_key(key.clone()).build().unwrap();
            match client.tickets().get(1).await {
                Err(error) => note(error),
                // A page is a record of which nothing is known.
                Ok(_) => assert!(body.starts_with(r#"{"items""#), "{body}"),
            }
            note(client.tickets().list().all().await.unwrap_err());
            note(
                client
                    .request(Method::GET, "/tickets")
                    .decode::<u32>()
                    .await
                    .unwrap_err(),
            );
        }
        // Not all of it has to be text.
        let told = [
            br#"{"TicketTitle": "Caf"#,
            &b"\xe9 "[..],
            text.as_bytes(),
            br#""}"#,
        ]
        .concat();
        for status in [http::StatusCode::OK, http::StatusCode::BAD_REQUEST] {
            let told = told.clone();
            let recorder = Recorder::new(move |_| Ok(Response::new(status, told.clone())));
            let client = recorder.builder().api_key(key.clone()).build().unwrap();
            note(client.tickets().get(1).await.unwrap_err());
        }
        // Nor has it to be plain.
        let escaped: String = text
            .char_indices()
            .map(|(at, it)| match at % 3 {
                0 => format!(r"\u{:04x}", u32::from(it)),
                1 => format!(r"\u{:04X}", u32::from(it)),
                _ => it.to_string(),
            })
            .collect();
        let told = format!(r#"{{"Message": "{escaped}", "errors": {{"{escaped}": ["{escaped}"]}}}}"#);
        let recorder = Recorder::answering(400, told);
        let client = recorder.builder().api_key(key.clone()).build().unwrap();
        let error = client.tickets().get(1).await.unwrap_err();
        assert!(error.to_string().contains("Atera says: (the API key)"), "{error}");
        assert!(!error.body().contains(&b'\\'), "{:?}", error.body());
        note(error);
        let recorder = Recorder::answering(200, format!(r#"{{"{text}": "{text}"}}"#));
        let client = recorder.builder().api_key(key.clone()).build().unwrap();
        let call = client.request(Method::GET, "/tickets");
        note(call.decode::<HashMap<String, u32>>().await.unwrap_err());
        let faults: [fn() -> Fault; 5] = [
            || Fault::not_sent("unreachable"),
            || Fault::not_sent("slow").timed_out(),
            || Fault::refused("refused"),
            || Fault::broken("reset"),
            || Fault::broken("slow").timed_out(),
        ];
        for fault in faults {
            let recorder = Recorder::new(move |_| Err(fault()));
            let client = recorder.builder().api_key(key.clone()).build().unwrap();
            note(client.tickets().get(1).await.unwrap_err());
            note(client.tickets().create(ticket()).await.unwrap_err());
        }
        // Each time another record, and always an older one.
        let id = AtomicI64::new(0);
        let unsettled = Recorder::new(move |_| {
            let id = id.fetch_sub(1, Ordering::Relaxed);
            let page = format!(r#"{{"items": [{{"TicketID": {id}}}], "totalItemCount": 1}}"#);
            Ok(Response::new(http::StatusCode::OK, page))
        });
        let client = unsettled.builder().api_key(key.clone()).build().unwrap();
        let list = client.tickets().list().consistency(Consistency::Complete);
        note(list.all().await.unwrap_err());
        let builder = || {
            Recorder::answering(200, "{}")
                .builder()
                .key_provider(Vault(key.clone()))
        };
        let client = builder().build().unwrap();
        note(client.tickets().get(0).await.unwrap_err());
        note(client.request(Method::GET, "..").send().await.unwrap_err());
        let silent = Recorder::in_time(|_| Box::pin(std::future::pending()));
        let silent = silent.builder().api_key(key.clone()).build().unwrap();
        let hurried = silent.with_deadline(Duration::ZERO);
        note(hurried.tickets().get(1).await.unwrap_err());
        let out_of_order = builder().slot_store(Store).build().unwrap();
        note(out_of_order.tickets().get(1).await.unwrap_err());
        for url in [
            format!("https://{text}@evil"),
            format!("https://evil/?key={text}"),
        ] {
            note(builder().base_url(url).build().unwrap_err());
        }
        note(builder().user_agent("\n").build().unwrap_err());
        note(
            builder()
                .rate_limit(RateLimit::per_minute(0))
                .build()
                .unwrap_err(),
        );
        note(ApiKey::new(format!("Bearer {text}")).unwrap_err());
        note(ApiKey::new(format!("{text}\u{e9}")).unwrap_err());

        use ErrorKind::*;
        for kind in [
            InvalidRequest,
            NotFound,
            Unauthorized,
            Forbidden,
            Rejected,
            Conflict,
            Server,
            OutcomeUnknown,
            RateLimited,
            Connection,
            Timeout,
            Decode,
            Unsettled,
            Config,
        ] {
            assert!(kinds.contains_key(&kind), "no error of kind {kind:?} was seen");
        }
        assert_hidden(&shown.0, &text);
    }
}

#[tokio::test]
async fn no_redirect_takes_the_key_to_another_host() {
    let elsewhere = Server::answering(answer("200 OK", r#"{"TicketID": 1}"#)).await;
    for (text, key) in keys() {
        for status in [301, 302, 303, 307, 308] {
            let location = format!(
                "{status} Moved\r\nlocation: {}/api/v3/tickets/1",
                elsewhere.address
            );
            let server = Server::answering(answer(&location, "")).await;
            let client = server.builder().api_key(key.clone()).build().unwrap();
            let error = client.tickets().get(1).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Server, "{error}");
            let error = client.tickets().create(ticket()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Server, "{error}");
            let raw = client.request(Method::POST, "/tickets").idempotent(true);
            assert_eq!(raw.send().await.unwrap_err().kind(), ErrorKind::Server);
            let heard = server.heard();
            assert_eq!(heard.len(), 3);
            assert!(heard.iter().all(|request| request.contains(&text)));
        }
    }
    assert_eq!(elsewhere.heard(), [""; 0]);
}

#[tokio::test]
async fn no_link_to_a_next_page_takes_the_key_to_another_host() {
    let elsewhere = Server::answering(answer("200 OK", r#"{"items": []}"#)).await;
    let link = format!("{}/api/v3/tickets?page=2&itemsInPage=1", elsewhere.address);
    for (text, key) in keys() {
        let link = link.clone();
        let server = Server::new(move |request| {
            let after = request.split("page=").nth(1).unwrap_or("1");
            let number: String = after.chars().take_while(char::is_ascii_digit).collect();
            let next = if number == "3" { "" } else { &link };
            let page = format!(
                r#"{{"items": [{{"TicketID": {number}}}], "nextLink": "{next}", "prevLink": "{link}"}}"#
            );
            answer("200 OK", page)
        })
        .await;
        let client = server.builder().api_key(key).build().unwrap();
        let list = || client.tickets().list();
        assert_eq!(list().all().await.unwrap().len(), 3);
        let (mut stream, mut pages, mut raw) = (list().stream(), list().pages(), list().undecoded());
        while stream.try_next().await.unwrap().is_some() {}
        while pages.try_next().await.unwrap().is_some() {}
        while raw.try_next().await.unwrap().is_some() {}
        let mut records = client
            .operation(Operation::find("tickets_list").unwrap())
            .records();
        while records.try_next().await.unwrap().is_some() {}
        let heard = server.heard();
        assert!(heard.len() >= 5 * 3, "{heard:?}");
        assert!(heard.iter().all(|request| request.contains(&text)));
    }
    assert_eq!(elsewhere.heard(), [""; 0]);
}

#[tokio::test]
async fn no_path_takes_the_key_to_another_host() {
    let elsewhere = Server::answering(answer("200 OK", "{}")).await;
    let host = elsewhere.address.strip_prefix("http://").unwrap();
    for base in ["", "/api/v3"] {
        let server = Server::answering(answer("200 OK", "{}")).await;
        let base_url = format!("{}{base}", server.address);
        let client = server.builder().base_url(base_url).build().unwrap();
        for path in [
            format!("//{host}/x"),
            format!("///{host}/x"),
            format!("/\\{host}/x"),
            format!("\\\\{host}/x"),
            format!("@{host}/x"),
            format!(":x@{host}/x"),
            format!(".{host}/x"),
            format!("/@{host}/x"),
            format!("http://{host}/x"),
            format!("/http://{host}/x"),
            format!("/\t/{host}/x"),
            format!("\n//{host}/x"),
            format!("/..//{host}/x"),
            format!("/x?to=http://{host}/"),
            format!("/x#@{host}/"),
        ] {
            for method in [Method::GET, Method::POST] {
                let result = client.request(method, path.as_str()).send().await;
                if let Err(error) = result {
                    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{path}: {error}");
                }
            }
        }
        // Above the base is elsewhere, too.
        for path in [
            "/../x",
            "/..",
            "/x/../../../y",
            "/%2e%2e/x",
            "/.%2E/x",
            "/./x",
            "/.",
            "/x/.",
            "/x/%2E",
            "/x/.\n",
            "/x/. ",
            "/x/y/..",
            "/\t..\t/x",
        ] {
            let error = client.request(Method::GET, path).send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{path}: {error}");
        }
        for request in server.heard() {
            let target = request.split(' ').nth(1).unwrap();
            assert!(target.starts_with(&format!("{base}/")), "{target}");
        }
    }
    assert_eq!(elsewhere.heard(), [""; 0]);
}

#[tokio::test]
async fn no_base_url_hides_another_host() {
    for url in [
        "https://app.atera.com@evil/api/v3",
        "https://user@evil/api/v3",
        "https://user:password@evil/api/v3",
        "http://127.0.0.1@evil/api/v3",
        "http://localhost:80@evil/",
        "http://localhost.evil/",
        "http://127.0.0.1.evil/",
        "http://evil/api/v3",
        "http:\\\\evil",
        "//evil",
        "https://app.atera.com/api/v3?to=evil",
        "https://app.atera.com/api/v3#evil",
        "https:///",
    ] {
        let key = ApiKey::new(legacy_key()).unwrap();
        let error = Client::builder()
            .api_key(key)
            .base_url(url)
            .build()
            .expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Config, "{url}: {error}");
        assert!(!error.to_string().contains("evil"), "{error}");
    }
}

#[test]
fn no_proxy_sees_what_stays_on_this_machine() {
    // The proxy lives in the process that the test starts from, and so sees all that the other one does.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let proxy = runtime.block_on(Server::answering(answer("502 Bad Gateway", "")));
    let variables = [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ];
    let variables = variables.map(|name| (name, proxy.address.as_str()));
    if !is_child("no_proxy_sees_what_stays_on_this_machine", &variables) {
        // It is in use, though: what is to leave the machine goes to it, and the key within TLS alone.
        let heard = proxy.heard();
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(
            heard[0].starts_with("CONNECT atera.invalid:443 HTTP/1.1\r\n"),
            "{heard:?}"
        );
        assert!(!heard[0].contains("canary"), "{heard:?}");
        return;
    }
    runtime.block_on(async {
        let server = Server::answering(answer("200 OK", r#"{"TicketID": 1}"#)).await;
        let port = server.address.rsplit(':').next().unwrap();
        for host in ["127.0.0.1", "localhost"] {
            let client = server.builder().base_url(format!("http://{host}:{port}"));
            client.build().unwrap().tickets().get(1).await.unwrap();
        }
        assert_eq!(server.heard().len(), 2);
        // Nobody listens there.
        for base_url in [
            "https://127.0.0.1:9",
            "https://localhost:9",
            "https://[::1]:9",
            "http://127.1.2.3:9",
        ] {
            let client = server.builder().base_url(base_url).build().unwrap();
            let error = client.tickets().get(1).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
        }
        let client = server
            .builder()
            .base_url("https://atera.invalid")
            .build()
            .unwrap();
        client.tickets().get(1).await.unwrap_err();
    });
}

/// What was logged, shared with the subscriber that writes it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn layer<S>(&self, filter: Targets) -> impl Layer<S>
    where
        S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    {
        let log = self.clone();
        tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_span_events(FmtSpan::FULL)
            .with_writer(move || log.clone())
            .with_filter(filter)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

#[tokio::test]
async fn the_log_shows_neither_the_key_nor_what_is_sent() {
    if !is_child_with_tls("the_log_shows_neither_the_key_nor_what_is_sent") {
        return;
    }
    let (everything, ours) = (Log::default(), Log::default());
    tracing_subscriber::registry()
        .with(everything.layer(Targets::new().with_default(LevelFilter::TRACE)))
        .with(ours.layer(Targets::new().with_target("atera", LevelFilter::TRACE)))
        .init();

    let mut texts = Vec::new();
    for (text, key) in keys() {
        log_everything(key).await;
        texts.push(text);
    }

    let (everything, ours) = (everything.text(), ours.text());
    for target in [
        " reqwest::",
        " hyper_util::",
        " h2::",
        " rustls::",
        " atera::pipeline",
    ] {
        assert!(everything.contains(target), "nothing was logged by {target}");
    }
    for text in texts {
        assert_hidden(&everything, &text);
    }
    assert!(ours.contains("tickets_create") && ours.contains("/agents/machine/{machineName}"));
    for told in ["told-body", "told-query", "told-path", "told-answer"] {
        assert_eq!(ours.lines().find(|line| line.contains(told)), None);
        assert_eq!(everything.lines().find(|line| line.contains(told)), None);
    }
}

/// Calls of all sorts, that succeed and that fail, over HTTP/1 and HTTP/2.
async fn log_everything(key: ApiKey) {
    let policy = RetryPolicy::new().max_attempts(2).base_delay(Duration::ZERO);
    let page =
        r#"{"items": [{"TicketID": 1, "TicketTitle": "told-answer"}], "totalPages": 1, "TicketID": 1}"#;
    let secure = http2::Server::new(move |stream| match stream % 6 {
        1 => Reply::Refuse,
        2 => Reply::Answer(500, r#"{"Message": "told-answer"}"#),
        3 => Reply::CutShort(page),
        4 => Reply::Answer(404, r#"{"Message": "told-answer"}"#),
        5 => Reply::GoAway,
        _ => Reply::Answer(200, page),
    })
    .await;
    let plain = Server::answering(answer("200 OK", page)).await;
    let broken = Server::answering("HTTP/1.1 200 told-answer").await;
    let moved = Server::answering(answer("302 Found\r\nlocation: http://told-answer.invalid/", "")).await;
    let refused = Server::answering(answer("401 Unauthorized", r#"{"Message": "told-answer"}"#)).await;
    let base_urls = [
        secure.base_url,
        plain.address,
        broken.address,
        moved.address,
        refused.address,
        // Nobody listens there.
        "https://127.0.0.1:9".to_string(),
    ];
    for base_url in base_urls {
        let client = Client::builder()
            .key_provider(Vault(key.clone()))
            .base_url(base_url)
            .retry(policy.clone())
            .build()
            .unwrap();
        for _ in 0..3 {
            let _ = client
                .agents()
                .list_by_machine("told-path")
                .stream()
                .try_next()
                .await;
            let _ = client.contacts().list().email("told-query").all().await;
            let body = CreateTicket {
                end_user_id: Some(7),
                ..CreateTicket::new("told-body", "told-body")
            };
            let _ = client.tickets().create(body).await;
            let _ = client.tickets().delete(54321).await;
            let call = client
                .request(Method::POST, "/told-path")
                .query("q", "told-query");
            let _ = call.json(&"told-body").unwrap().send().await;
            let call = client.operation(Operation::find("agents_list_by_machine").unwrap());
            let _ = call.set("machineName", "told-path").unwrap().send().await;
        }
    }
}
