//! Changes that are not tried any more.

use super::*;

for_both!(a_dead_letter_stops_its_record_alone, dead_letters_are_dropped);

/// An account, one of whose changes is a dead letter, and another one waits for it. The receiver takes what has another name than `b`.
async fn with_dead_letter(place: Place) -> (Account, Receiver, Webhook) {
    let account = Account::new(place, &[(1, "a"), (2, "b")]).await;
    account.sync(&[(1, "a2"), (2, "b2")]).await;
    let receiver = Receiver::start().await;
    receiver.fails("b", 400);
    let webhook = receiver.webhook().give_up_after(Duration::ZERO);
    let delivery = account.deliver(&webhook).await;
    assert_eq!((delivery.delivered, delivery.dead, delivery.blocked), (2, 1, 1));
    assert_eq!((delivery.waiting, delivery.next), (0, None));
    receiver.take();
    (account, receiver, webhook)
}

async fn a_dead_letter_stops_its_record_alone(place: Place) {
    let (account, receiver, webhook) = with_dead_letter(place).await;
    let dead = account.mirror.dead_letters(Some("crm")).await.unwrap();
    assert_eq!(dead, account.mirror.dead_letters(None).await.unwrap());
    assert_eq!((dead.len(), dead[0].attempts, dead[0].blocks), (1, 1, 1));
    assert_eq!((dead[0].kind.as_str(), dead[0].id.as_str()), ("insert", "2"));
    assert_eq!(dead[0].reason, "the receiver answered 400 Bad Request");
    account.sync(&[(1, "a3"), (2, "b3")]).await;
    let delivery = account.deliver(&webhook).await;
    assert_eq!((delivery.delivered, delivery.dead, delivery.blocked), (1, 1, 2));
    assert_eq!(receiver.shown(), ["agents.update a3"]);
    // All of its record come when it is sent again.
    receiver.takes_all();
    let unknown = ["7-00000000".parse().unwrap()];
    let error = account.mirror.redeliver("crm", Some(&unknown)).await.unwrap_err();
    assert!(
        error.to_string().contains("crm has no dead letter 7-00000000"),
        "{error}"
    );
    let known = [dead[0].cursor];
    assert_eq!(account.mirror.redeliver("crm", Some(&known)).await.unwrap(), 1);
    assert_eq!(account.mirror.redeliver("crm", None).await.unwrap(), 0);
    assert_eq!(account.deliver(&webhook).await.delivered, 3);
    let received = receiver.take();
    assert_eq!(received[0].header("webhook-id"), dead[0].cursor.to_string());
    assert_eq!(received[0].body, dead[0].body);
    let shown: Vec<_> = received.iter().map(Received::shown).collect();
    assert_eq!(shown, ["agents.insert b", "agents.update b2", "agents.update b3"]);
}

async fn dead_letters_are_dropped(place: Place) {
    let (account, receiver, webhook) = with_dead_letter(place).await;
    assert_eq!(account.mirror.discard("crm", None).await.unwrap(), 1);
    let delivery = account.deliver(&webhook).await;
    assert_eq!((delivery.delivered, delivery.dead, delivery.blocked), (1, 0, 0));
    assert_eq!(receiver.shown(), ["agents.update b2"]);
}
