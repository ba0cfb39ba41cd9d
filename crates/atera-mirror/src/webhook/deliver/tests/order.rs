//! What is sent, from where on, and in which order.

use super::*;

for_both!(
    changes_come_signed_and_in_order,
    a_new_webhook_begins_where_it_is_told_to,
    a_failure_stops_its_record_alone,
);

async fn changes_come_signed_and_in_order(place: Place) {
    let account = Account::new(place, &[(1, "a"), (2, "b")]).await;
    account.sync(&[(1, "c")]).await;
    let receiver = Receiver::start().await;
    let webhook = receiver.webhook();
    let delivery = account.deliver(&webhook).await;
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
    assert_eq!(account.deliver(&webhook).await.delivered, 0);
    account.sync(&[(1, "d")]).await;
    assert_eq!(account.deliver(&webhook).await.delivered, 1);
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
    let error = account.refused(&unknown).await;
    assert_eq!(error.kind(), ErrorKind::Cursor);
    assert_eq!(account.mirror.webhooks().await.unwrap(), []);
    let unknown = receiver.webhook().only(["machines"]);
    assert_eq!(account.refused(&unknown).await.kind(), ErrorKind::Config);
    account.deliver(&receiver.webhook().after(now)).await;
    assert_eq!(receiver.shown(), [""; 0]);
    account.sync(&[(1, "b")]).await;
    // It is known now, and goes on where it was.
    let latest = account.mirror.latest_change().await.unwrap();
    account.deliver(&receiver.webhook().after(latest)).await;
    assert_eq!(receiver.shown(), ["agents.update b"]);
    // Another one has a place of its own.
    let other = receiver.webhook().name("other").unwrap().only(["agents"]);
    assert_eq!(account.deliver(&other).await.delivered, 2);
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
    let delivery = account.deliver(&webhook).await;
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
    assert_eq!(account.deliver(&webhook).await.failed, 0);
    assert_eq!(receiver.shown(), [""; 0]);
    account.pass_time().await;
    let again = account.deliver(&webhook).await;
    assert_eq!((again.delivered, again.failed, again.waiting), (0, 1, 2));
    assert_eq!(told.lock().unwrap()[1].attempts, 2);
    receiver.takes_all();
    receiver.take();
    account.pass_time().await;
    assert_eq!(account.deliver(&webhook).await.delivered, 2);
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
