//! Deliveries to a receiver of the test, on both databases.

mod answers;
mod dead_letters;
mod order;
mod outbox;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode},
};

use super::*;
use crate::{
    Cursor, SyncOptions,
    engine::{Value, for_both, tests::Place},
    sync::tests::service::{Service, agent},
    webhook::WebhookSecret,
};

const SECRETS: [&str; 2] = [
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDAAAA",
];

/// What a receiver has got.
#[derive(Clone, Debug)]
struct Received {
    headers: HeaderMap,
    body: String,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// What happened to which record.
    fn shown(&self) -> String {
        let json = self.json();
        let name = json["data"]["after"]["MachineName"].as_str().unwrap_or("-");
        format!("{} {name}", json["type"].as_str().unwrap())
    }
}

type Answers = Box<dyn Fn(&Received) -> (StatusCode, HeaderMap) + Send>;

/// An answer without a body.
fn answer(status: u16, headers: &[(&'static str, &str)]) -> (StatusCode, HeaderMap) {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
    (StatusCode::from_u16(status).unwrap(), headers.collect())
}

/// A receiver on this machine, which answers as the test likes.
#[derive(Clone)]
struct Receiver {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<Answers>>,
}

impl Receiver {
    /// One that takes everything.
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Receiver {
            url: format!("http://{}/hook", listener.local_addr().unwrap()),
            received: Arc::default(),
            answers: Arc::new(Mutex::new(Box::new(|_| answer(204, &[])))),
        };
        let handler = async |State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes| {
            let received = Received {
                headers,
                body: String::from_utf8(body.to_vec()).unwrap(),
            };
            let answer = receiver.answers.lock().unwrap()(&received);
            receiver.received.lock().unwrap().push(received);
            answer
        };
        let app = axum::Router::new().fallback(handler).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        receiver
    }

    /// Answers a status to what has this machine's name after the change, and takes all else.
    fn fails(&self, machine: &'static str, status: u16) {
        *self.answers.lock().unwrap() = Box::new(move |received| {
            let fails = received.shown().ends_with(machine);
            answer(if fails { status } else { 204 }, &[])
        });
    }

    /// Answers this to everything.
    fn answers(&self, status: u16, headers: &[(&'static str, &str)]) {
        let answer = answer(status, headers);
        *self.answers.lock().unwrap() = Box::new(move |_| answer.clone());
    }

    fn takes_all(&self) {
        self.answers(204, &[]);
    }

    fn webhook(&self) -> Webhook {
        webhook(&self.url)
    }

    /// What has come since the last time.
    fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().unwrap())
    }

    fn shown(&self) -> Vec<String> {
        let mut shown: Vec<_> = self.take().iter().map(Received::shown).collect();
        shown.sort();
        shown
    }
}

/// A webhook to this address, whose pauses are so long that none ends in a test.
fn webhook(url: &str) -> Webhook {
    let secrets = SECRETS.map(|secret| secret.parse::<WebhookSecret>().unwrap());
    let webhook = Webhook::new(url, secrets).unwrap().name("crm").unwrap();
    let mut webhook = webhook.base_delay(Duration::from_secs(1_000_000));
    webhook.random = || 1.0;
    webhook
}

/// An account with a mirror.
struct Account {
    mirror: Mirror,
    service: Service,
    place: Place,
}

impl Account {
    async fn new(place: Place, machines: &[(i64, &str)]) -> Self {
        let account = Account {
            mirror: Mirror::of_engine(place.engine.clone()),
            service: Service::new(),
            place,
        };
        account.sync(machines).await;
        account
    }

    async fn sync(&self, machines: &[(i64, &str)]) {
        self.service
            .agents(machines.iter().map(|(id, name)| agent(*id, name)));
        let options = SyncOptions::new().only(["agents"]).unwrap();
        let report = self.mirror.sync(&self.service.client(), &options).await.unwrap();
        assert!(report.is_success(), "{:?}", report.worst());
    }

    async fn deliver(&self, webhook: &Webhook) -> Delivery {
        self.mirror.deliver(webhook).await.unwrap()
    }

    /// The error of a delivery that cannot be made.
    async fn refused(&self, webhook: &Webhook) -> Error {
        self.mirror.deliver(webhook).await.unwrap_err()
    }

    /// Changes the outbox.
    async fn alter(&self, sql: &str) {
        let mut session = self.place.engine.outbox().await.unwrap().unwrap();
        session.execute(sql, &[]).await.unwrap();
    }

    /// Makes whatever waits due.
    async fn pass_time(&self) {
        self.alter("UPDATE _outbox SET next_attempt = NULL").await;
        self.alter("UPDATE _webhooks SET paused_until = NULL").await;
    }

    async fn status(&self) -> WebhookStatus {
        self.mirror.webhooks().await.unwrap().remove(0)
    }
}
