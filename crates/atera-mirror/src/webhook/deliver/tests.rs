//! Deliveries to a receiver of the test, on both databases.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};

use super::*;
use crate::{
    Cursor, SyncOptions,
    engine::{Value, for_both, tests::Place},
    sync::tests::service::{Service, agent},
    webhook::WebhookSecret,
};

for_both!(
    changes_come_signed_and_in_order,
    a_new_webhook_begins_where_it_is_told_to,
    a_failure_stops_its_record_alone,
    a_dead_letter_stops_its_record_alone,
    dead_letters_are_dropped,
    nothing_is_sent_while_the_receiver_is_away,
    retry_after_is_kept_to,
    a_long_retry_after_takes_no_attempt_away,
    a_receiver_that_wants_no_more_gets_no_more,
    redirects_are_not_followed,
    one_sends_at_a_time,
    a_sync_does_not_stop_a_delivery,
    a_mirror_that_was_made_anew_is_noticed,
    a_webhook_is_forgotten,
    the_outbox_of_a_newer_program_is_left_alone,
    the_outbox_is_bounded,
);

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

/// A receiver on this machine, which answers as the test likes.
#[derive(Clone)]
struct Receiver {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<Answers>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Receiver {
            url: format!("http://{}/hook", listener.local_addr().unwrap()),
            received: Arc::default(),
            answers: Arc::new(Mutex::new(Box::new(|_| {
                (StatusCode::NO_CONTENT, HeaderMap::new())
            }))),
        };
        let answer = async |State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes| {
            let received = Received {
                headers,
                body: String::from_utf8(body.to_vec()).unwrap(),
            };
            let answer = receiver.answers.lock().unwrap()(&received);
            receiver.received.lock().unwrap().push(received);
            answer
        };
        let app = axum::Router::new().fallback(answer).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        receiver
    }

    /// Answers a status to what has this machine's name after the change, and takes all else.
    fn fails(&self, machine: &'static str, status: u16) {
        *self.answers.lock().unwrap() = Box::new(move |received| {
            let fails = machine.is_empty() || received.shown().ends_with(machine);
            let status = if fails { status } else { 204 };
            (StatusCode::from_u16(status).unwrap(), HeaderMap::new())
        });
    }

    fn webhook(&self) -> Webhook {
        let secrets = SECRETS.map(|secret| secret.parse::<WebhookSecret>().unwrap());
        let webhook = Webhook::new(&self.url, secrets).unwrap().name("crm").unwrap();
        // So long that none comes in a test.
        webhook.base_delay(Duration::from_secs(1_000_000))
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

    /// Makes whatever waits due.
    async fn pass_time(&self) {
        let mut session = self.place.engine.outbox().await.unwrap().unwrap();
        for sql in [
            "UPDATE _outbox SET next_attempt = NULL",
            "UPDATE _webhooks SET paused_until = NULL",
        ] {
            session.execute(sql, &[]).await.unwrap();
        }
    }

    async fn status(&self) -> WebhookStatus {
        self.mirror.webhooks().await.unwrap().remove(0)
    }
}

async fn changes_come_signed_and_in_order(place: Place) {
    let account = Account::new(place, &[(1, "a"), (2, "b")]).await;
    account.sync(&[(1, "c")]).await;
    let receiver = Receiver::start().await;
    let webhook = receiver.webhook();
    let delivery = account.mirror.deliver(&webhook).await.unwrap();
    assert_eq!((delivery.delivered, delivery.failed, delivery.waiting), (4, 0, 0));
    assert_eq!((delivery.next, delivery.reason), (None, None));
    let all = account
        .mirror
        .changes(Cursor::START, &[], 500)
        .await
        .unwrap()
        .changes;
    let received = receiver.take();
    let shown: Vec<_> = received.iter().map(Received::shown).collect();
    let place_of = |what: &str| shown.iter().position(|shown| shown == what).unwrap();
    assert!(
        place_of("agents.insert a") < place_of("agents.update c"),
        "{shown:?}"
    );
    assert!(
        place_of("agents.insert b") < place_of("agents.delete -"),
        "{shown:?}"
    );
    for received in &received {
        let json = received.json();
        let change = all
            .iter()
            .find(|change| change.cursor.to_string() == received.header("webhook-id"));
        let change = change.unwrap();
        assert_eq!(json["timestamp"], change.at.to_string());
        assert!(
            received
                .body
                .ends_with(&format!(",\"data\":{}}}", change.to_json()))
        );
        assert_eq!(received.header("content-type"), "application/json");
        let timestamp: i64 = received.header("webhook-timestamp").parse().unwrap();
        assert!((Timestamp::now().to_utc().timestamp() - timestamp).abs() < 300);
        let signatures = SECRETS.map(|secret| {
            let secret: WebhookSecret = secret.parse().unwrap();
            secret.sign(received.header("webhook-id"), timestamp, &received.body)
        });
        assert_eq!(received.header("webhook-signature"), signatures.join(" "));
    }
    // What was delivered is not sent again, and what is new is.
    assert_eq!(account.mirror.deliver(&webhook).await.unwrap().delivered, 0);
    account.sync(&[(1, "d")]).await;
    assert_eq!(account.mirror.deliver(&webhook).await.unwrap().delivered, 1);
    assert_eq!(receiver.shown(), ["agents.update d"]);
    let status = account.status().await;
    assert_eq!(
        (status.name.as_str(), status.delivered, status.waiting),
        ("crm", 5, 0)
    );
    assert_eq!(status.cursor, account.mirror.latest_change().await.unwrap());
    assert!(receiver.url.starts_with(&status.receiver) && !status.receiver.contains("hook"));
    assert!(status.last_delivery >= Some(status.since));
}

async fn a_new_webhook_begins_where_it_is_told_to(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let now = account.mirror.latest_change().await.unwrap();
    let receiver = Receiver::start().await;
    let unknown = receiver.webhook().after("99-00000000".parse().unwrap());
    let error = account.mirror.deliver(&unknown).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cursor);
    assert_eq!(account.mirror.webhooks().await.unwrap(), []);
    let unknown = receiver.webhook().only(["machines"]);
    assert_eq!(
        account.mirror.deliver(&unknown).await.unwrap_err().kind(),
        ErrorKind::Config
    );
    account
        .mirror
        .deliver(&receiver.webhook().after(now))
        .await
        .unwrap();
    assert_eq!(receiver.shown(), [""; 0]);
    account.sync(&[(1, "b")]).await;
    // It is known now, and goes on where it was.
    let latest = account.mirror.latest_change().await.unwrap();
    account
        .mirror
        .deliver(&receiver.webhook().after(latest))
        .await
        .unwrap();
    assert_eq!(receiver.shown(), ["agents.update b"]);
    // Another one has a place of its own.
    let other = receiver.webhook().name("other").unwrap().only(["agents"]);
    assert_eq!(account.mirror.deliver(&other).await.unwrap().delivered, 2);
    let known = account.mirror.webhooks().await.unwrap();
    let known: Vec<_> = known
        .iter()
        .map(|it| (it.name.as_str(), it.lists.join(",")))
        .collect();
    assert_eq!(known, [("crm", String::new()), ("other", "agents".to_string())]);
}

async fn a_failure_stops_its_record_alone(place: Place) {
    let account = Account::new(place, &[(1, "a"), (2, "b"), (3, "c")]).await;
    account.sync(&[(1, "a2"), (2, "b2"), (3, "c2")]).await;
    let receiver = Receiver::start().await;
    receiver.fails("b", 500);
    let told: Arc<Mutex<Vec<DeliveryFailure>>> = Arc::default();
    let webhook = receiver.webhook().on_failure({
        let told = told.clone();
        move |failure| told.lock().unwrap().push(failure.clone())
    });
    let delivery = account.mirror.deliver(&webhook).await.unwrap();
    assert_eq!((delivery.delivered, delivery.failed, delivery.waiting), (4, 1, 2));
    assert_eq!(
        delivery.reason.as_deref(),
        Some("the receiver answered 500 Internal Server Error")
    );
    assert!(delivery.next > Some(Timestamp::now()) && !delivery.is_unreachable);
    {
        let told = told.lock().unwrap();
        assert_eq!((told.len(), told[0].attempts), (1, 1));
        assert_eq!((told[0].table.as_str(), told[0].id.as_str()), ("agents", "2"));
        assert_eq!(told[0].next, delivery.next);
    }
    let first: Vec<_> = receiver.take();
    assert!(
        first
            .iter()
            .all(|received| received.shown() != "agents.update b2")
    );
    // It is not time yet.
    assert_eq!(account.mirror.deliver(&webhook).await.unwrap().failed, 0);
    assert_eq!(receiver.shown(), [""; 0]);
    account.pass_time().await;
    let again = account.mirror.deliver(&webhook).await.unwrap();
    assert_eq!((again.delivered, again.failed, again.waiting), (0, 1, 2));
    assert_eq!(told.lock().unwrap()[1].attempts, 2);
    receiver.fails("nobody", 500);
    receiver.take();
    account.pass_time().await;
    assert_eq!(account.mirror.deliver(&webhook).await.unwrap().delivered, 2);
    let last = receiver.take();
    let shown: Vec<_> = last.iter().map(Received::shown).collect();
    assert_eq!(shown, ["agents.insert b", "agents.update b2"]);
    // The id stays, and the signature is as of the attempt.
    let failed = first
        .iter()
        .find(|received| received.shown() == "agents.insert b")
        .unwrap();
    assert_eq!(failed.header("webhook-id"), last[0].header("webhook-id"));
}

async fn a_dead_letter_stops_its_record_alone(place: Place) {
    let account = Account::new(place, &[(1, "a"), (2, "b")]).await;
    account.sync(&[(1, "a2"), (2, "b2")]).await;
    let receiver = Receiver::start().await;
    receiver.fails("b", 400);
    let webhook = receiver.webhook().give_up_after(Duration::ZERO);
    let delivery = account.mirror.deliver(&webhook).await.unwrap();
    assert_eq!((delivery.delivered, delivery.dead, delivery.blocked), (2, 1, 1));
    assert_eq!((delivery.waiting, delivery.next), (0, None));
    let dead = account.mirror.dead_letters(Some("crm")).await.unwrap();
    assert_eq!(dead, account.mirror.dead_letters(None).await.unwrap());
    assert_eq!((dead.len(), dead[0].attempts, dead[0].blocks), (1, 1, 1));
    assert_eq!((dead[0].kind.as_str(), dead[0].id.as_str()), ("insert", "2"));
    assert_eq!(dead[0].reason, "the receiver answered 400 Bad Request");
    account.sync(&[(1, "a3"), (2, "b3")]).await;
    receiver.take();
    let delivery = account.mirror.deliver(&webhook).await.unwrap();
    assert_eq!((delivery.delivered, delivery.dead, delivery.blocked), (1, 1, 2));
    assert_eq!(receiver.shown(), ["agents.update a3"]);
    // All of its record come when it is sent again.
    receiver.fails("nobody", 400);
    let unknown = ["7-00000000".parse().unwrap()];
    let error = account.mirror.redeliver("crm", Some(&unknown)).await.unwrap_err();
    assert!(
        error.to_string().contains("crm has no dead letter 7-00000000"),
        "{error}"
    );
    assert_eq!(
        account
            .mirror
            .redeliver("crm", Some(&[dead[0].cursor]))
            .await
            .unwrap(),
        1
    );
    assert_eq!(account.mirror.redeliver("crm", None).await.unwrap(), 0);
    assert_eq!(account.mirror.deliver(&webhook).await.unwrap().delivered, 3);
    let received = receiver.take();
    assert_eq!(received[0].header("webhook-id"), dead[0].cursor.to_string());
    assert_eq!(received[0].body, dead[0].body);
    let shown: Vec<_> = received.iter().map(Received::shown).collect();
    assert_eq!(shown, ["agents.insert b", "agents.update b2", "agents.update b3"]);
}

async fn dead_letters_are_dropped(place: Place) {
    let account = Account::new(place, &[(1, "a"), (2, "b")]).await;
    account.sync(&[(1, "a2"), (2, "b2")]).await;
    let receiver = Receiver::start().await;
    receiver.fails("b", 400);
    let webhook = receiver.webhook().give_up_after(Duration::ZERO);
    account.mirror.deliver(&webhook).await.unwrap();
    receiver.take();
    assert_eq!(account.mirror.discard("crm", None).await.unwrap(), 1);
    let delivery = account.mirror.deliver(&webhook).await.unwrap();
    assert_eq!((delivery.delivered, delivery.dead, delivery.blocked), (1, 0, 0));
    assert_eq!(receiver.shown(), ["agents.update b2"]);
}

async fn nothing_is_sent_while_the_receiver_is_away(place: Place) {
    let account = Account::new(place, &[(1, "a"), (2, "b"), (3, "c")]).await;
    let receiver = Receiver::start().await;
    let away = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hidden", away.local_addr().unwrap());
    drop(away);
    let secret = SECRETS[0].parse::<WebhookSecret>().unwrap();
    let webhook = Webhook::new(&url, [secret]).unwrap().name("crm").unwrap();
    let webhook = webhook.base_delay(Duration::from_secs(1_000_000));
    let delivery = account.mirror.deliver(&webhook).await.unwrap();
    assert!(delivery.failed >= 1 && delivery.is_unreachable);
    assert_eq!((delivery.delivered, delivery.waiting), (0, 3));
    let reason = delivery.reason.unwrap();
    assert!(
        reason.starts_with("the receiver cannot be reached: ") && !reason.contains("hidden"),
        "{reason}"
    );
    assert!(delivery.next > Some(Timestamp::now()));
    let again = account.mirror.deliver(&webhook).await.unwrap();
    assert_eq!((again.failed, again.waiting), (0, 3));
    // One change finds out whether it is back.
    account.pass_time().await;
    assert_eq!(account.mirror.deliver(&webhook).await.unwrap().failed, 1);
    let status = account.status().await;
    assert!(status.paused_until > Some(Timestamp::now()));
    assert_eq!(status.failures, 2);
    // It has moved, and by its name it is the same.
    account.pass_time().await;
    assert_eq!(
        account
            .mirror
            .deliver(&receiver.webhook())
            .await
            .unwrap()
            .delivered,
        3
    );
    let status = account.status().await;
    assert_eq!((status.paused_until, status.failures), (None, 0));
}

async fn retry_after_is_kept_to(place: Place) {
    let account = Account::new(place, &[(1, "a"), (2, "b")]).await;
    let receiver = Receiver::start().await;
    *receiver.answers.lock().unwrap() = Box::new(|_| {
        let headers = [("retry-after".parse().unwrap(), "3600".parse().unwrap())];
        (StatusCode::TOO_MANY_REQUESTS, HeaderMap::from_iter(headers))
    });
    let webhook = receiver.webhook().base_delay(Duration::from_millis(1));
    let delivery = account.mirror.deliver(&webhook).await.unwrap();
    assert_eq!((delivery.delivered, delivery.waiting), (0, 2));
    assert!(delivery.next > Some(later(Timestamp::now(), Duration::from_secs(3500))));
    receiver.take();
    account.mirror.deliver(&webhook).await.unwrap();
    assert_eq!(receiver.shown(), [""; 0]);
}

async fn a_long_retry_after_takes_no_attempt_away(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let receiver = Receiver::start().await;
    *receiver.answers.lock().unwrap() = Box::new(|_| {
        let headers = [("retry-after".parse().unwrap(), "3600".parse().unwrap())];
        (StatusCode::TOO_MANY_REQUESTS, HeaderMap::from_iter(headers))
    });
    let webhook = receiver.webhook().base_delay(Duration::from_millis(1));
    let webhook = webhook.give_up_after(Duration::from_secs(60));
    let delivery = account.mirror.deliver(&webhook).await.unwrap();
    assert_eq!((delivery.waiting, delivery.dead), (1, 0));
    assert!(delivery.next > Some(later(Timestamp::now(), Duration::from_secs(3500))));
    // As if the pause were over.
    account.pass_time().await;
    let mut session = account.place.engine.outbox().await.unwrap().unwrap();
    let sql = "UPDATE _outbox SET first_attempt = '2026-03-02T08:15:00.000Z'";
    session.execute(sql, &[]).await.unwrap();
    drop(session);
    receiver.take();
    let delivery = account.mirror.deliver(&webhook).await.unwrap();
    assert_eq!((delivery.waiting, delivery.dead), (0, 1));
    assert_eq!(receiver.take().len(), 1);
}

async fn a_receiver_that_wants_no_more_gets_no_more(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let receiver = Receiver::start().await;
    receiver.fails("", 410);
    let error = account.mirror.deliver(&receiver.webhook()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gone);
    assert!(error.to_string().contains("answered 410 Gone"), "{error}");
    receiver.fails("nobody", 410);
    assert_eq!(
        account
            .mirror
            .deliver(&receiver.webhook())
            .await
            .unwrap()
            .delivered,
        1
    );
}

async fn redirects_are_not_followed(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    let location: axum::http::HeaderValue = other.url.parse().unwrap();
    *receiver.answers.lock().unwrap() = Box::new(move |_| {
        let headers = [("location".parse().unwrap(), location.clone())];
        (StatusCode::TEMPORARY_REDIRECT, HeaderMap::from_iter(headers))
    });
    let delivery = account.mirror.deliver(&receiver.webhook()).await.unwrap();
    assert!(delivery.reason.unwrap().contains("redirects are not followed"));
    assert_eq!(other.shown(), [""; 0]);
}

async fn one_sends_at_a_time(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let receiver = Receiver::start().await;
    let other = Outbox::for_sender(&*account.place.other, "crm").await.unwrap();
    let error = account.mirror.deliver(&receiver.webhook()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(
        error
            .to_string()
            .starts_with("the changes for the webhook crm are being sent: process "),
        "{error}"
    );
    let delivery = account
        .mirror
        .deliver(&receiver.webhook().name("other").unwrap())
        .await;
    assert_eq!(delivery.unwrap().delivered, 1);
    // To look takes no lock.
    assert_eq!(account.mirror.webhooks().await.unwrap().len(), 1);
    drop(other);
    assert_eq!(
        account
            .mirror
            .deliver(&receiver.webhook())
            .await
            .unwrap()
            .delivered,
        1
    );
}

async fn a_sync_does_not_stop_a_delivery(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let receiver = Receiver::start().await;
    let mut writer = account.place.other.writer().await.unwrap();
    writer.begin().await.unwrap();
    let written = "INSERT INTO _changes (at, table_name, id, kind, before) VALUES ('2026-03-02T08:15:00.000Z', 'agents', '1', \
                   'delete', '{}')";
    writer.execute(written, &[]).await.unwrap();
    assert_eq!(
        account
            .mirror
            .deliver(&receiver.webhook())
            .await
            .unwrap()
            .delivered,
        1
    );
    writer.commit().await.unwrap();
    assert_eq!(
        account
            .mirror
            .deliver(&receiver.webhook())
            .await
            .unwrap()
            .delivered,
        1
    );
    assert_eq!(receiver.shown(), ["agents.delete -", "agents.insert a"]);
}

async fn a_mirror_that_was_made_anew_is_noticed(place: Place) {
    let account = Account::new(place, &[(1, "a"), (2, "b")]).await;
    let receiver = Receiver::start().await;
    account.mirror.deliver(&receiver.webhook()).await.unwrap();
    let mut writer = account.place.engine.writer().await.unwrap();
    writer.execute("DELETE FROM _changes", &[]).await.unwrap();
    drop(writer);
    let error = account.mirror.deliver(&receiver.webhook()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cursor);
    let told = error.to_string();
    assert!(
        told.starts_with("the webhook crm cannot go on after 2-"),
        "{told}"
    );
    assert!(told.ends_with(", after the webhook was removed"), "{told}");
}

async fn a_webhook_is_forgotten(place: Place) {
    let account = Account::new(place, &[(1, "a"), (2, "b")]).await;
    let error = account.mirror.remove_webhook("crm").await.unwrap_err();
    assert_eq!(error.to_string(), "there is no webhook `crm`: there are none yet");
    let receiver = Receiver::start().await;
    receiver.fails("b", 500);
    account.mirror.deliver(&receiver.webhook()).await.unwrap();
    let error = account.mirror.dead_letters(Some("erp")).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no webhook `erp`: there are crm");
    account.mirror.remove_webhook("crm").await.unwrap();
    assert_eq!(account.mirror.webhooks().await.unwrap(), []);
    receiver.fails("nobody", 500);
    receiver.take();
    // A sender that goes on is told, and nothing comes.
    let error = account
        .mirror
        .deliver(&receiver.webhook().known())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("crm was removed"), "{error}");
    assert_eq!(account.mirror.webhooks().await.unwrap(), []);
    assert_eq!(receiver.shown(), [""; 0]);
    // It begins anew.
    assert_eq!(
        account
            .mirror
            .deliver(&receiver.webhook())
            .await
            .unwrap()
            .delivered,
        2
    );
}

async fn the_outbox_of_a_newer_program_is_left_alone(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let receiver = Receiver::start().await;
    account.mirror.deliver(&receiver.webhook()).await.unwrap();
    let mut session = account.place.engine.outbox().await.unwrap().unwrap();
    session
        .execute("UPDATE _outbox_version SET version = 2", &[])
        .await
        .unwrap();
    for error in [
        account.mirror.deliver(&receiver.webhook()).await.unwrap_err(),
        account.mirror.webhooks().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Newer, "{error}");
    }
}

/// A receiver that is away does not make the outbox as large as the log.
async fn the_outbox_is_bounded(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let mut writer = account.place.engine.writer().await.unwrap();
    let sql = "INSERT INTO _changes (at, table_name, id, kind, before) VALUES ('2026-03-02T08:15:00.000Z', 'agents', $1, \
               'delete', '{}')";
    let rows = (2..=12_000)
        .map(|id: i64| vec![Value::from(id.to_string())])
        .collect();
    writer.begin().await.unwrap();
    writer.execute_many(sql, rows).await.unwrap();
    writer.commit().await.unwrap();
    drop(writer);
    let receiver = Receiver::start().await;
    receiver.fails("", 503);
    let delivery = account.mirror.deliver(&receiver.webhook()).await.unwrap();
    assert!(
        delivery.waiting >= WINDOW && delivery.waiting < WINDOW + u64::from(PAGE),
        "{delivery:?}"
    );
}
