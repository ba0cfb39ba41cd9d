//! The mirror as its users have it, on both databases.

use super::Mirror;
use crate::{
    engine::{Dialect, Limits, Value, for_both, tests::Place},
    error::ErrorKind,
    schema::tables,
};

for_both!(
    tables_are_counted,
    damage_is_found,
    room_is_given_back,
    a_mirror_of_an_earlier_program_is_looked_at,
    there_is_no_mirror_yet
);

fn mirror(place: Place) -> (Mirror, Place) {
    let mirror = Mirror {
        engine: place.engine.clone(),
        shown: "here".into(),
    };
    (mirror, place)
}

const CUSTOMER: &str = "INSERT INTO customers (customer_id, customer_name, record) VALUES ($1, $2, $3)";

fn customer(id: i64) -> Vec<Value> {
    vec![id.into(), format!("Customer {id}").into(), "{}".into()]
}

async fn tables_are_counted(place: Place) {
    let (mirror, _place) = mirror(place);
    let mut session = mirror.writer().await.unwrap();
    session
        .execute_many(CUSTOMER, (1..=3).map(customer).collect())
        .await
        .unwrap();
    let gone = "UPDATE customers SET _deleted = '2026-03-02T08:15:00.000Z' WHERE customer_id = 2";
    session.execute(gone, &[]).await.unwrap();
    let counted = mirror.tables().await.unwrap();
    assert_eq!(counted.len(), tables().len());
    let customers = counted.iter().find(|it| it.name == "customers").unwrap();
    assert_eq!((customers.rows, customers.deleted), (2, 1));
    assert!(counted.iter().all(|it| it.rows == 0 || it.name == "customers"));
}

async fn damage_is_found(place: Place) {
    let (mirror, place) = mirror(place);
    let mut session = mirror.writer().await.unwrap();
    session.execute(CUSTOMER, &customer(1)).await.unwrap();
    assert_eq!(mirror.check().await.unwrap(), [""; 0]);
    let lost = "INSERT INTO agents_hardware_disks (agent_id, _position) VALUES (7, 0), (7, 1)";
    session.execute(lost, &[]).await.unwrap();
    let left = "INSERT INTO _syncs (list, state, strategy, as_of, records) VALUES ('customers', 'complete', 'full', \
                '2026-03-02T09:00:00.000Z', 2)";
    session.execute(left, &[]).await.unwrap();
    let mut expected = vec![
        "agents_hardware_disks has 2 rows that belong to no record of agents",
        "customers has 1 records, and its last sync has left 2",
    ];
    if place.engine.dialect() == Dialect::Sqlite {
        session.execute("DELETE FROM search", &[]).await.unwrap();
        expected.push("the search has 0 records of 1");
    }
    assert_eq!(mirror.check().await.unwrap(), expected);
}

async fn room_is_given_back(place: Place) {
    let (mirror, place) = mirror(place);
    let mut session = mirror.writer().await.unwrap();
    session.begin().await.unwrap();
    session
        .execute_many(CUSTOMER, (1..=5000).map(customer).collect())
        .await
        .unwrap();
    session.commit().await.unwrap();
    session
        .execute("DELETE FROM customers WHERE customer_id > 10", &[])
        .await
        .unwrap();
    assert_eq!(mirror.vacuum().await.unwrap_err().kind(), ErrorKind::Busy);
    drop(session);
    let vacuumed = mirror.vacuum().await.unwrap();
    // Postgres keeps the room for new rows.
    let is_file = place.engine.dialect() == Dialect::Sqlite;
    assert!(vacuumed.after < vacuumed.before || !is_file, "{vacuumed:?}");
    assert_eq!(mirror.check().await.unwrap(), [""; 0]);
}

async fn a_mirror_of_an_earlier_program_is_looked_at(place: Place) {
    let (mirror, place) = mirror(place);
    let mut session = mirror.writer().await.unwrap();
    session.execute(CUSTOMER, &customer(1)).await.unwrap();
    let of_server = match place.engine.dialect() {
        Dialect::Sqlite => "SELECT 1",
        Dialect::Postgres => "DROP VIEW search",
    };
    session.query(of_server, &[]).await.unwrap();
    for sql in [
        "DROP VIEW _history",
        "DROP TABLE tickets_comments",
        "DROP TABLE agents_hardware_disks",
        "DROP TABLE agents",
        "UPDATE _mirror SET value = 'of another program' WHERE name = 'schema'",
    ] {
        session.execute(sql, &[]).await.unwrap();
    }
    let counted = mirror.tables().await.unwrap();
    assert_eq!(counted.len(), tables().len() - 3);
    assert!(counted.iter().any(|it| it.name == "customers" && it.rows == 1));
    assert_eq!(mirror.check().await.unwrap(), [""; 0]);
    assert_eq!(mirror.status().await.unwrap(), []);
    // Without what the mirror notes of itself it cannot be told how it is.
    let less = "ALTER TABLE _syncs DROP COLUMN walked_as_of";
    session.execute(less, &[]).await.unwrap();
    for error in [
        mirror.check().await.unwrap_err(),
        mirror.status().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(
            error.to_string(),
            "the mirror cannot be read: an earlier version of this program has made it, and _syncs.walked_as_of is missing; sync once"
        );
    }
    drop(session);
    drop(mirror.writer().await.unwrap());
    assert_eq!(mirror.tables().await.unwrap().len(), tables().len());
    assert_eq!(mirror.check().await.unwrap(), [""; 0]);
}

async fn there_is_no_mirror_yet(place: Place) {
    drop(place.engine.writer().await.unwrap());
    let (mirror, _place) = mirror(place);
    let error = mirror.tables().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no mirror in here: the database has no tables of one; sync first"
    );
}

#[tokio::test]
async fn a_mirror_is_opened_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mirror.db");
    let mirror = Mirror::file(&path).await.unwrap();
    drop(mirror.writer().await.unwrap());
    let mirror = Mirror::file(&path).await.unwrap();
    assert!(mirror.place().ends_with("mirror.db"));
    let mut answer = mirror
        .query("SELECT count(*) FROM tickets", &[], &Limits::default())
        .await
        .unwrap();
    assert_eq!(answer.all().await.unwrap(), [[Value::Integer(0)]]);
    let mut session = mirror.writer().await.unwrap();
    session
        .execute("UPDATE _mirror SET value = '99' WHERE name = 'version'", &[])
        .await
        .unwrap();
    drop(session);
    assert_eq!(Mirror::file(&path).await.err().unwrap().kind(), ErrorKind::Newer);
    if let Some(url) = atera_testkit::postgres::new_database() {
        let mirror = Mirror::postgres(&url).await.unwrap();
        drop(mirror.writer().await.unwrap());
        assert!(mirror.place().contains("/test_"), "{}", mirror.place());
        assert_eq!(mirror.check().await.unwrap(), [""; 0]);
        let missing = format!("{url}_missing");
        let error = Mirror::postgres(&missing).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    }
    let error = Mirror::postgres("postgres://nobody@127.0.0.1:1/mirror")
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(
        error
            .to_string()
            .starts_with("the database 127.0.0.1/mirror cannot be reached: "),
        "{error}"
    );
}
