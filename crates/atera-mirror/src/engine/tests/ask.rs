//! What users ask.

use std::time::Duration;

use super::{INSERT, Place, ask, for_both, nothing, thing, things};
use crate::{
    engine::{Answer, Dialect, Limits, Session, Value},
    error::{Error, ErrorKind},
};

for_both!(
    queries_answer_alike,
    what_would_write_is_refused,
    an_endless_query_ends_at_its_limit,
    an_endless_query_ends_when_nobody_waits,
    parameters_have_names,
    rows_beyond_the_limit_are_left_out,
    many_rows_come_in_order,
    a_row_may_be_so_long,
);

async fn queries_answer_alike(place: Place) {
    let mut session = things(&*place.engine).await;
    session
        .execute_many(INSERT, vec![thing(1), nothing(2)])
        .await
        .unwrap();
    let mut answer: Answer = place
        .engine
        .ask("SELECT * FROM things ORDER BY id;", &[], &Limits::default())
        .await
        .unwrap();
    let columns: Vec<_> = answer
        .columns()
        .iter()
        .map(|it| format!("{}: {:?}", it.name, it.column_type))
        .collect();
    assert_eq!(
        columns,
        [
            "id: Some(Integer)",
            "share: Some(Real)",
            "online: Some(Boolean)",
            "name: Some(Text)",
            "day: Some(Date)",
            "at: Some(Timestamp)",
            "clock: Some(LocalTime)",
            "list: Some(Json)",
            "record: Some(Json)",
        ]
    );
    assert_eq!(answer.all().await.unwrap(), [thing(1), nothing(2)]);
    assert_eq!(answer.next().await.unwrap(), None);
    assert!(!answer.is_cut());
    let computed = ask(
        &*place.engine,
        "SELECT sum(id), count(*), 'x' || name FROM things WHERE id = 1 GROUP BY name",
    )
    .await;
    let expected = [vec![1.into(), 1.into(), Value::from("xÄ 'quoted' \u{1F600}")]];
    assert_eq!(computed.unwrap(), expected);
    assert_eq!(
        ask(&*place.engine, "WITH a(n) AS (VALUES (1), (2)) SELECT n FROM a")
            .await
            .unwrap(),
        [[Value::Integer(1)], [Value::Integer(2)]]
    );
}

/// Statements that would write, run a program, read a file, open another database, or change a setting. Not all are statements of both
/// databases; each has to fail on either, as what is refused or as what is not understood.
const WRITES: &[&str] = &[
    "INSERT INTO things (id) VALUES (7)",
    "UPDATE things SET share = 7",
    "DELETE FROM things",
    "REPLACE INTO things (id) VALUES (7)",
    "CREATE TABLE more (id INTEGER)",
    "CREATE TEMP TABLE more (id INTEGER)",
    "CREATE TABLE more AS SELECT * FROM things",
    "SELECT * INTO more FROM things",
    "DROP TABLE things",
    "ALTER TABLE things ADD COLUMN more INTEGER",
    "TRUNCATE things",
    "ATTACH '/nowhere/other.db' AS other",
    "DETACH main",
    "PRAGMA query_only = OFF",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA writable_schema = ON",
    "PRAGMA user_version = 7",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "PRAGMA busy_timeout(600000)",
    "SELECT load_extension('/nowhere/evil')",
    "VACUUM",
    "VACUUM INTO '/nowhere/copy.db'",
    "REINDEX",
    "ANALYZE",
    "BEGIN",
    "BEGIN IMMEDIATE",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT a",
    "COPY things TO PROGRAM 'touch /nowhere'",
    "COPY things FROM '/etc/passwd'",
    "COPY (SELECT 1) TO '/nowhere/file'",
    "SELECT 1; DELETE FROM things",
    "SELECT 1; COMMIT; DELETE FROM things",
    "WITH gone AS (DELETE FROM things RETURNING *) SELECT * FROM gone",
    "WITH more AS (INSERT INTO things (id) VALUES (7) RETURNING id) SELECT * FROM more",
    "SET TRANSACTION READ WRITE",
    "SET default_transaction_read_only = off",
    "RESET ALL",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT \"set_config\"('statement_timeout', '0', false)",
    "DO $$ BEGIN DELETE FROM things; END $$",
    "SELECT pg_sleep(600)",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_catalog.pg_read_file/**/('/etc/passwd')",
    "SELECT ('/etc/passwd'::text).pg_read_file",
    "SELECT U&\"pg!005fread!005ffile\" UESCAPE '!' ('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_create(7)",
    "SELECT dblink('dbname=postgres', 'DELETE FROM things')",
    "SELECT query_to_xml('DELETE FROM things', true, false, '')",
    "SELECT pg_terminate_backend(pg_backend_pid())",
    "SELECT pg_reload_conf()",
    "SELECT pg_advisory_lock(1)",
    "SELECT nextval('numbers')",
    "SELECT * FROM things FOR UPDATE",
    "LOCK TABLE things",
    "CALL something()",
    "LISTEN a",
    "NOTIFY a",
    "EXPLAIN ANALYZE DELETE FROM things",
    "PREPARE a AS DELETE FROM things",
    "EXECUTE a",
    "DECLARE a CURSOR FOR SELECT 1",
    "GRANT ALL ON things TO PUBLIC",
    "",
    "-- nothing",
];

async fn what_would_write_is_refused(place: Place) {
    let mut session = things(&*place.engine).await;
    session.execute(INSERT, &thing(1)).await.unwrap();
    if place.engine.dialect() == Dialect::Postgres {
        session.execute("CREATE SEQUENCE numbers", &[]).await.unwrap();
    }
    for sql in WRITES {
        let refused = ask(&*place.engine, sql).await;
        let error: Error = refused.expect_err(sql);
        assert!(
            matches!(error.kind(), ErrorKind::Refused | ErrorKind::Query),
            "{sql}: {:?}: {error}",
            error.kind()
        );
    }
    let read = session.query("SELECT * FROM things", &[]).await.unwrap();
    assert_eq!(read, [thing(1)]);
    // What both databases have is refused as such, and not misunderstood.
    for sql in [
        "INSERT INTO things (id) VALUES (7)",
        "DROP TABLE things",
        "DELETE FROM things",
        "SELECT 1; SELECT 2",
    ] {
        assert_eq!(
            ask(&*place.engine, sql).await.unwrap_err().kind(),
            ErrorKind::Refused,
            "{sql}"
        );
    }
    ask(&*place.engine, "SELECT * FROM things").await.unwrap();
}

/// Counts for ever.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0";

async fn an_endless_query_ends_at_its_limit(place: Place) {
    things(&*place.engine).await;
    let limits = Limits::default().time(Duration::from_millis(200));
    let answer = place.engine.ask(ENDLESS, &[], &limits).await;
    let error = match answer {
        Ok(mut answer) => answer.all().await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert_eq!(
        error.to_string(),
        "the query was stopped: it took longer than 0.2 s; ask for less, or give it more time"
    );
}

/// The server can be asked what runs. A log of SQLite can only be emptied when nobody reads.
async fn an_endless_query_ends_when_nobody_waits(place: Place) {
    let mut session = things(&*place.engine).await;
    session.execute(INSERT, &thing(1)).await.unwrap();
    let rows = "WITH RECURSIVE n(i) AS (SELECT id FROM things UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    let mut answer = place.engine.ask(rows, &[], &Limits::default()).await.unwrap();
    assert!(answer.next().await.unwrap().is_some());
    drop(answer);
    if place.engine.dialect() == Dialect::Sqlite {
        assert!(!is_read(&mut *session).await, "the query still runs");
    }
    if place.engine.dialect() == Dialect::Postgres {
        let running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'FETCH%' AND pid <> \
            pg_backend_pid() AND datname = current_database()";
        let mut looks = 0;
        while ask(&*place.engine, running).await.unwrap() != [[Value::Integer(0)]] {
            looks += 1;
            assert!(looks < 2000, "the query still runs");
        }
    }
}

async fn parameters_have_names(place: Place) {
    let mut session = things(&*place.engine).await;
    session
        .execute_many(INSERT, vec![thing(1), thing(2), nothing(3)])
        .await
        .unwrap();
    let values = |values: &[(&str, Value)]| -> Vec<_> {
        values
            .iter()
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect()
    };
    let sql = "SELECT id FROM things WHERE id >= :from AND (name = :name OR id = :from) AND at < :before AND ':no' = ':no'";
    let given = values(&[
        ("name", "Ä 'quoted' \u{1F600}".into()),
        ("from", 2.into()),
        ("before", "2026-03-02T09:00:00.000Z".into()),
    ]);
    let mut answer = place.engine.ask(sql, &given, &Limits::default()).await.unwrap();
    assert_eq!(answer.all().await.unwrap(), [[Value::Integer(2)]]);
    let failures = [
        ("SELECT :a", vec![], "has the parameter :a, which has no value"),
        (
            "SELECT :a",
            values(&[("a", 1.into()), ("b", 1.into())]),
            "has no parameter :b",
        ),
        (
            "SELECT $1",
            values(&[("1", 1.into())]),
            "write parameters by name",
        ),
        ("SELECT nowhere FROM things", vec![], "nowhere"),
    ];
    for (sql, given, part) in failures {
        let error = place
            .engine
            .ask(sql, &given, &Limits::default())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Query, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

async fn rows_beyond_the_limit_are_left_out(place: Place) {
    let mut session = things(&*place.engine).await;
    session
        .execute_many(INSERT, (1..=3).map(thing).collect())
        .await
        .unwrap();
    let unlimited = Limits::default().time(Duration::MAX);
    let mut answer = place
        .engine
        .ask("SELECT * FROM things", &[], &unlimited)
        .await
        .unwrap();
    assert_eq!(answer.all().await.unwrap().len(), 3);
    for (limit, rows, is_cut) in [(0, 0, true), (2, 2, true), (3, 3, false), (4, 3, false)] {
        let limits = Limits::default().rows(limit);
        let mut answer = place
            .engine
            .ask("SELECT * FROM things", &[], &limits)
            .await
            .unwrap();
        assert_eq!(answer.all().await.unwrap().len(), rows);
        assert_eq!(answer.is_cut(), is_cut, "{limit}");
    }
}

async fn many_rows_come_in_order(place: Place) {
    let mut session = things(&*place.engine).await;
    session.begin().await.unwrap();
    assert_eq!(
        session
            .execute_many(INSERT, (1..=3000).map(thing).collect())
            .await
            .unwrap(),
        3000
    );
    session.commit().await.unwrap();
    let rows = ask(&*place.engine, "SELECT id FROM things ORDER BY id")
        .await
        .unwrap();
    assert!(
        rows.iter()
            .zip(1..=3000)
            .all(|(row, id)| row[0] == Value::Integer(id))
    );
    assert_eq!(rows.len(), 3000);
}

/// Whether anyone still reads the file, after ten seconds of waiting if nothing else is set.
async fn is_read(session: &mut dyn Session) -> bool {
    let emptied = session.query("PRAGMA wal_checkpoint(TRUNCATE)", &[]).await;
    emptied.unwrap()[0][0] == Value::Integer(1)
}

/// A function is one instruction of SQLite's machine, which looks at the time only between two of them.
#[tokio::test]
async fn a_query_ends_at_its_limit_though_sqlite_is_in_a_long_function() {
    let place = super::sqlite().unwrap();
    let mut session = things(&*place.engine).await;
    session.execute(INSERT, &thing(1)).await.unwrap();
    session.query("PRAGMA busy_timeout = 0", &[]).await.unwrap();
    let sql = "SELECT instr(zeroblob(1000000), zeroblob(500000) || x'01' || id) FROM things";
    let limits = Limits::default().time(Duration::from_millis(200));
    let error = match place.engine.ask(sql, &[], &limits).await {
        Ok(mut answer) => answer.all().await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert!(is_read(&mut *session).await, "nobody waited for the function");
}

async fn a_row_may_be_so_long(place: Place) {
    let is_sqlite = place.engine.dialect() == Dialect::Sqlite;
    drop(things(&*place.engine).await);
    let four = match is_sqlite {
        true => "hex(zeroblob(2000000))",
        false => "repeat('x', 4000000)",
    };
    let rows = ask(&*place.engine, &format!("SELECT {}", [four; 4].join(", ")))
        .await
        .unwrap();
    assert!(
        rows[0]
            .iter()
            .all(|it| matches!(it, Value::Text(text) if text.len() == 4_000_000))
    );
    let mut too_much = vec![(
        format!("SELECT {}", [four; 5].join(", ")),
        "a row has more than 16 MB",
    )];
    if is_sqlite {
        let pattern = "a".repeat(1001);
        too_much.extend([
            (
                "SELECT hex(zeroblob(2100000))".to_string(),
                "a value has more than 4 MB; leave that column out",
            ),
            (format!("SELECT 'a' LIKE '{pattern}'"), "pattern too complex"),
            (format!("SELECT {}", ["1"; 257].join(", ")), "too many columns"),
        ]);
    }
    for (sql, says) in too_much {
        let error = ask(&*place.engine, &sql).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Query, "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}
