//! What the answers of a receiver lead to, and that it does not answer.

use super::*;

for_both!(
    nothing_is_sent_while_the_receiver_is_away,
    retry_after_is_kept_to,
    a_long_retry_after_takes_no_attempt_away,
    a_receiver_that_wants_no_more_gets_no_more,
    redirects_are_not_followed,
);

async fn nothing_is_sent_while_the_receiver_is_away(place: Place) {
    let account = Account::new(place, &[(1, "a"), (2, "b"), (3, "c")]).await;
    let receiver = Receiver::start().await;
    let (away, _connection) = atera_testkit::nobody();
    let webhook = webhook(&format!("http://{away}/hidden"));
    let delivery = account.deliver(&webhook).await;
    assert!(delivery.failed >= 1 && delivery.is_unreachable);
    assert_eq!((delivery.delivered, delivery.waiting), (0, 3));
    let reason = delivery.reason.unwrap();
    assert!(
        reason.starts_with("the receiver cannot be reached: ") && !reason.contains("hidden"),
        "{reason}"
    );
    assert!(delivery.next > Some(Timestamp::now()));
    let again = account.deliver(&webhook).await;
    assert_eq!((again.failed, again.waiting), (0, 3));
    // One change finds out whether it is back.
    account.pass_time().await;
    assert_eq!(account.deliver(&webhook).await.failed, 1);
    let status = account.status().await;
    assert!(status.paused_until > Some(Timestamp::now()));
    assert_eq!(status.failures, 2);
    // It has moved, and by its name it is the same.
    account.pass_time().await;
    assert_eq!(account.deliver(&receiver.webhook()).await.delivered, 3);
    let status = account.status().await;
    assert_eq!((status.paused_until, status.failures), (None, 0));
}

async fn retry_after_is_kept_to(place: Place) {
    let account = Account::new(place, &[(1, "a"), (2, "b")]).await;
    let receiver = Receiver::start().await;
    receiver.answers(429, &[("retry-after", "3600")]);
    let webhook = receiver.webhook().base_delay(Duration::from_millis(1));
    let delivery = account.deliver(&webhook).await;
    assert_eq!((delivery.delivered, delivery.waiting), (0, 2));
    assert!(delivery.next > Some(later(Timestamp::now(), Duration::from_secs(3500))));
    receiver.take();
    account.deliver(&webhook).await;
    assert_eq!(receiver.shown(), [""; 0]);
}

async fn a_long_retry_after_takes_no_attempt_away(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let receiver = Receiver::start().await;
    receiver.answers(429, &[("retry-after", "3600")]);
    let webhook = receiver.webhook().base_delay(Duration::from_millis(1));
    let webhook = webhook.give_up_after(Duration::from_secs(60));
    let delivery = account.deliver(&webhook).await;
    assert_eq!((delivery.waiting, delivery.dead), (1, 0));
    assert!(delivery.next > Some(later(Timestamp::now(), Duration::from_secs(3500))));
    // As if the pause were over.
    account.pass_time().await;
    account
        .alter("UPDATE _outbox SET first_attempt = '2026-03-02T08:15:00.000Z'")
        .await;
    receiver.take();
    let delivery = account.deliver(&webhook).await;
    assert_eq!((delivery.waiting, delivery.dead), (0, 1));
    assert_eq!(receiver.take().len(), 1);
}

async fn a_receiver_that_wants_no_more_gets_no_more(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let receiver = Receiver::start().await;
    receiver.answers(410, &[]);
    let error = account.refused(&receiver.webhook()).await;
    assert_eq!(error.kind(), ErrorKind::Gone);
    assert!(error.to_string().contains("answered 410 Gone"), "{error}");
    receiver.takes_all();
    assert_eq!(account.deliver(&receiver.webhook()).await.delivered, 1);
}

async fn redirects_are_not_followed(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    receiver.answers(307, &[("location", &other.url)]);
    let delivery = account.deliver(&receiver.webhook()).await;
    assert!(delivery.reason.unwrap().contains("redirects are not followed"));
    assert_eq!(other.shown(), [""; 0]);
}
