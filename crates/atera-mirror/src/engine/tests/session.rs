//! What the mirror itself reads and writes.

use super::{INSERT, Place, ask, count, for_both, nothing, postgres, thing, things};
use crate::{engine::Value, error::ErrorKind};

for_both!(
    values_come_back_as_they_went,
    a_session_that_is_dropped_rolls_back,
    a_failure_spoils_its_transaction_alone,
    there_is_one_writer,
    a_reader_sees_one_point_in_time,
);

async fn values_come_back_as_they_went(place: Place) {
    let mut session = things(&*place.engine).await;
    let rows = vec![thing(1), nothing(2), thing(i64::MAX)];
    assert_eq!(session.execute_many(INSERT, rows.clone()).await.unwrap(), 3);
    let read = session
        .query("SELECT * FROM things ORDER BY id", &[])
        .await
        .unwrap();
    assert_eq!(read, rows);
    let one = "SELECT id FROM things WHERE at < $2 AND id = $1";
    let read = session
        .query(one, &[1.into(), "2027-01-01T00:00:00.000Z".into()])
        .await;
    assert_eq!(read.unwrap(), [[Value::Integer(1)]]);
    let changed = session
        .execute("UPDATE things SET share = $1", &[2.5.into()])
        .await;
    assert_eq!(changed.unwrap(), 3);
    let returned = session
        .query("DELETE FROM things WHERE id = $1 RETURNING share", &[2.into()])
        .await;
    assert_eq!(returned.unwrap(), [[Value::Real(2.5)]]);
    assert_eq!(session.execute_many(INSERT, Vec::new()).await.unwrap(), 0);
}

async fn a_session_that_is_dropped_rolls_back(place: Place) {
    let mut session = things(&*place.engine).await;
    session.begin().await.unwrap();
    session.execute(INSERT, &thing(1)).await.unwrap();
    drop(session);
    let mut session = place.engine.writer().await.unwrap();
    assert_eq!(count(&mut *session).await, Value::Integer(0));
    session.begin().await.unwrap();
    session.execute(INSERT, &thing(1)).await.unwrap();
    session.rollback().await.unwrap();
    assert_eq!(count(&mut *session).await, Value::Integer(0));
    session.begin().await.unwrap();
    session.execute(INSERT, &thing(1)).await.unwrap();
    session.commit().await.unwrap();
    drop(session);
    let mut session = place.engine.reader().await.unwrap();
    assert_eq!(count(&mut *session).await, Value::Integer(1));
    assert!(session.execute(INSERT, &thing(2)).await.is_err());
}

async fn a_failure_spoils_its_transaction_alone(place: Place) {
    let mut session = things(&*place.engine).await;
    session.begin().await.unwrap();
    let twice = session
        .execute_many(INSERT, vec![thing(1), thing(2), thing(1)])
        .await;
    let error = twice.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database, "{error}");
    session.rollback().await.unwrap();
    session.begin().await.unwrap();
    session.execute(INSERT, &thing(3)).await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(count(&mut *session).await, Value::Integer(1));
    let missing = session
        .execute(INSERT, &[1.into()])
        .await
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains("parameters") || missing.contains("parameter $"),
        "{missing}"
    );
}

async fn there_is_one_writer(place: Place) {
    let session = place.engine.writer().await.unwrap();
    let second = place.other.writer().await.err().unwrap();
    assert_eq!(second.kind(), ErrorKind::Busy);
    let message = second.to_string();
    assert!(
        message.contains("process ") && message.contains(" since 20"),
        "{message}"
    );
    drop(session);
    place.other.writer().await.unwrap();
}

async fn a_reader_sees_one_point_in_time(place: Place) {
    let mut writer = things(&*place.engine).await;
    let mut reader = place.other.reader().await.unwrap();
    reader.begin().await.unwrap();
    assert_eq!(count(&mut *reader).await, Value::Integer(0));
    writer.begin().await.unwrap();
    writer.execute(INSERT, &thing(1)).await.unwrap();
    assert_eq!(
        ask(&*place.other, "SELECT count(*) FROM things").await.unwrap(),
        [[Value::Integer(0)]]
    );
    writer.commit().await.unwrap();
    assert_eq!(count(&mut *reader).await, Value::Integer(0));
    reader.commit().await.unwrap();
    assert_eq!(count(&mut *reader).await, Value::Integer(1));
}

/// A machine that is no more does not close its connections, and the server keeps the lock of the writer until it notices.
#[tokio::test]
async fn the_server_looks_soon_whether_a_client_is_still_there() {
    let Some(place) = postgres() else {
        return;
    };
    let mut session = place.engine.writer().await.unwrap();
    // Over the socket of these tests they have no effect, so only who has set them is known.
    let set =
        "SELECT name FROM pg_settings WHERE name LIKE 'tcp_keepalives_%' AND source = 'session' ORDER BY 1";
    let names = [
        "tcp_keepalives_count",
        "tcp_keepalives_idle",
        "tcp_keepalives_interval",
    ];
    assert_eq!(
        session.query(set, &[]).await.unwrap(),
        names.map(|name| [Value::from(name)])
    );
}
