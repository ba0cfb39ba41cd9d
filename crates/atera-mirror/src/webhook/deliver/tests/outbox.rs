//! Where it is kept what a receiver has.

use super::*;

for_both!(
    one_sends_at_a_time,
    who_sends_again_and_again_is_the_only_one,
    a_sync_does_not_stop_a_delivery,
    a_mirror_that_was_made_anew_is_noticed,
    a_webhook_is_forgotten,
    the_outbox_of_a_newer_program_is_left_alone,
    the_outbox_is_bounded,
);

/// Writes into the log that an agent went.
const NOTE_DELETION: &str = "INSERT INTO _changes (at, table_name, id, kind, before) VALUES ('2026-03-02T08:15:00.000Z', 'agents', $1, \
                             'delete', '{}')";

async fn one_sends_at_a_time(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let receiver = Receiver::start().await;
    let other = Outbox::for_sender(&*account.place.other, "crm").await.unwrap();
    let error = account.refused(&receiver.webhook()).await;
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(
        error
            .to_string()
            .starts_with("the changes for the webhook crm are being sent: process "),
        "{error}"
    );
    let other_name = receiver.webhook().name("other").unwrap();
    assert_eq!(account.deliver(&other_name).await.delivered, 1);
    // To look takes no lock.
    assert_eq!(account.mirror.webhooks().await.unwrap().len(), 1);
    drop(other);
    assert_eq!(account.deliver(&receiver.webhook()).await.delivered, 1);
}

async fn who_sends_again_and_again_is_the_only_one(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let receiver = Receiver::start().await;
    let mut sender = account.mirror.sender();
    assert_eq!(sender.deliver(&receiver.webhook()).await.unwrap().delivered, 1);
    let error = account.refused(&receiver.webhook()).await;
    assert_eq!(error.kind(), ErrorKind::Busy);
    account.sync(&[(1, "b")]).await;
    assert_eq!(sender.deliver(&receiver.webhook()).await.unwrap().delivered, 1);
    // One that was forgotten meanwhile is noticed, and begins anew.
    account.mirror.remove_webhook("crm").await.unwrap();
    let delivery = sender.deliver(&receiver.webhook()).await.unwrap();
    assert!(delivery.delivered > 0, "{delivery:?}");
    assert_eq!(account.refused(&receiver.webhook()).await.kind(), ErrorKind::Busy);
    drop(sender);
    assert_eq!(account.deliver(&receiver.webhook()).await.delivered, 0);
}

async fn a_sync_does_not_stop_a_delivery(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let receiver = Receiver::start().await;
    let mut writer = account.place.other.writer().await.unwrap();
    writer.begin().await.unwrap();
    writer.execute(NOTE_DELETION, &["1".into()]).await.unwrap();
    assert_eq!(account.deliver(&receiver.webhook()).await.delivered, 1);
    writer.commit().await.unwrap();
    assert_eq!(account.deliver(&receiver.webhook()).await.delivered, 1);
    assert_eq!(receiver.shown(), ["agents.delete -", "agents.insert a"]);
}

async fn a_mirror_that_was_made_anew_is_noticed(place: Place) {
    let account = Account::new(place, &[(1, "a"), (2, "b")]).await;
    let receiver = Receiver::start().await;
    account.deliver(&receiver.webhook()).await;
    let mut writer = account.place.engine.writer().await.unwrap();
    writer.execute("DELETE FROM _changes", &[]).await.unwrap();
    drop(writer);
    let error = account.refused(&receiver.webhook()).await;
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
    account.deliver(&receiver.webhook()).await;
    let error = account.mirror.dead_letters(Some("erp")).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no webhook `erp`: there are crm");
    account.mirror.remove_webhook("crm").await.unwrap();
    assert_eq!(account.mirror.webhooks().await.unwrap(), []);
    receiver.takes_all();
    receiver.take();
    // A sender that goes on is told, and nothing comes.
    let error = account.refused(&receiver.webhook().known()).await;
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("crm was removed"), "{error}");
    assert_eq!(account.mirror.webhooks().await.unwrap(), []);
    assert_eq!(receiver.shown(), [""; 0]);
    // It begins anew.
    assert_eq!(account.deliver(&receiver.webhook()).await.delivered, 2);
}

async fn the_outbox_of_a_newer_program_is_left_alone(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let receiver = Receiver::start().await;
    account.deliver(&receiver.webhook()).await;
    account.alter("UPDATE _outbox_version SET version = 2").await;
    for error in [
        account.refused(&receiver.webhook()).await,
        account.mirror.webhooks().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Newer, "{error}");
    }
}

/// A receiver that is away does not make the outbox as large as the log.
async fn the_outbox_is_bounded(place: Place) {
    let account = Account::new(place, &[(1, "a")]).await;
    let mut writer = account.place.engine.writer().await.unwrap();
    let rows = (2..=12_000)
        .map(|id: i64| vec![Value::from(id.to_string())])
        .collect();
    writer.begin().await.unwrap();
    writer.execute_many(NOTE_DELETION, rows).await.unwrap();
    writer.commit().await.unwrap();
    drop(writer);
    let receiver = Receiver::start().await;
    receiver.answers(503, &[]);
    let delivery = account.deliver(&receiver.webhook()).await;
    assert!(
        delivery.waiting >= WINDOW && delivery.waiting < WINDOW + u64::from(PAGE),
        "{delivery:?}"
    );
}
