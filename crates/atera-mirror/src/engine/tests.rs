//! The same tests for both databases.

use std::{sync::Arc, time::Duration};

use super::{Answer, Engine, Limits, Postgres, Session, Sqlite, Value};
use crate::error::{Error, ErrorKind, Result};

/// An engine with an empty database. The folder is that of the file, if it has one.
pub(crate) struct Place {
    pub(crate) engine: Arc<dyn Engine>,
    /// Another engine for the same database, as another process would have it.
    pub(crate) other: Arc<dyn Engine>,
    _folder: Option<tempfile::TempDir>,
}

pub(crate) fn sqlite() -> Option<Place> {
    let folder = tempfile::tempdir().unwrap();
    let open = || Arc::new(Sqlite::open(&folder.path().join("mirror.db")).unwrap()) as Arc<dyn Engine>;
    Some(Place {
        engine: open(),
        other: open(),
        _folder: Some(folder),
    })
}

pub(crate) fn postgres() -> Option<Place> {
    let url = atera_testkit::postgres::new_database()?;
    let open = || Arc::new(Postgres::open(&url).unwrap()) as Arc<dyn Engine>;
    Some(Place {
        engine: open(),
        other: open(),
        _folder: None,
    })
}

/// Makes a test for each database of a function that takes one.
macro_rules! for_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::engine::tests::sqlite().unwrap()).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                if let Some(place) = $crate::engine::tests::postgres() {
                    super::$name(place).await;
                }
            })*
        }
    };
}

pub(crate) use for_both;

for_both!(
    values_come_back_as_they_went,
    queries_answer_alike,
    a_session_that_is_dropped_rolls_back,
    a_failure_spoils_its_transaction_alone,
    there_is_one_writer,
    a_reader_sees_one_point_in_time,
    what_would_write_is_refused,
    an_endless_query_ends_at_its_limit,
    an_endless_query_ends_when_nobody_waits,
    parameters_have_names,
    rows_beyond_the_limit_are_left_out,
    many_rows_come_in_order,
);

/// The table `things`, in the words of the database.
async fn things(engine: &dyn Engine) -> Box<dyn Session> {
    use super::ColumnType as Type;

    let mut session = engine.writer().await.unwrap();
    let columns = [
        ("id", Type::Integer),
        ("share", Type::Real),
        ("online", Type::Boolean),
        ("name", Type::Text),
        ("day", Type::Date),
        ("at", Type::Timestamp),
        ("clock", Type::LocalTime),
        ("list", Type::Json),
        ("record", Type::Record),
    ];
    let columns = columns.map(|(name, kind)| format!("\"{name}\" {}", engine.dialect().type_name(kind)));
    let sql = format!("CREATE TABLE things ({}, PRIMARY KEY (id))", columns.join(", "));
    session.execute(&sql, &[]).await.unwrap();
    session
}

const INSERT: &str = "INSERT INTO things VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

fn thing(id: i64) -> Vec<Value> {
    vec![
        id.into(),
        0.1.into(),
        true.into(),
        "Ä 'quoted' \u{1F600}".into(),
        "2026-03-02".into(),
        "2026-03-02T08:15:00.250Z".into(),
        "2026-03-02T08:15:00".into(),
        r#"["a",1]"#.into(),
        r#"{"b" :1, "a": "\u0000"}"#.into(),
    ]
}

fn nothing(id: i64) -> Vec<Value> {
    let nulls = std::iter::repeat_n(Value::Null, 8);
    [Value::Integer(id)].into_iter().chain(nulls).collect()
}

async fn count(session: &mut dyn Session) -> Value {
    let rows = session.query("SELECT count(*) FROM things", &[]).await.unwrap();
    rows[0][0].clone()
}

async fn ask(engine: &dyn Engine, sql: &str) -> Result<Vec<Vec<Value>>> {
    engine.ask(sql, &[], &Limits::default()).await?.all().await
}

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
    if place.engine.dialect() == super::Dialect::Postgres {
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

/// The connection of the query ends with it: where that can be asked, no query runs any more.
async fn an_endless_query_ends_when_nobody_waits(place: Place) {
    drop(things(&*place.engine).await);
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    let mut answer = place.engine.ask(rows, &[], &Limits::default()).await.unwrap();
    assert!(answer.next().await.unwrap().is_some());
    drop(answer);
    drop(place.engine.writer().await.unwrap());
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

#[cfg(unix)]
mod files {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn mode(path: &std::path::Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn allow(path: &std::path::Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[tokio::test]
    async fn the_file_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("mirror.db");
        let engine = Sqlite::open(&path).unwrap();
        let mut session = things(&engine).await;
        session.execute(INSERT, &thing(1)).await.unwrap();
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        for suffix in ["", "-wal", "-shm", ".lock"] {
            let file = folder.path().join("new").join(format!("mirror.db{suffix}"));
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
        drop(session);
        allow(&path, 0o640);
        let error = Sqlite::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error.to_string().contains("mode 640); run `chmod 600 "),
            "{error}"
        );
    }

    #[test]
    fn a_folder_in_which_others_can_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (bits, is_allowed) in [
            (0o755, true),
            (0o777, false),
            (0o1777, false),
            (0o775, false),
            (0o700, true),
        ] {
            allow(folder.path(), bits);
            let opened = Sqlite::open(&folder.path().join("mirror.db"));
            assert_eq!(opened.is_ok(), is_allowed, "{bits:o}");
        }
        // A link to it is no way around.
        let inner = folder.path().join("open");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("mirror.db"), "").unwrap();
        allow(&inner.join("mirror.db"), 0o600);
        allow(&inner, 0o777);
        std::os::unix::fs::symlink(inner.join("mirror.db"), folder.path().join("link.db")).unwrap();
        let error = Sqlite::open(&folder.path().join("link.db")).unwrap_err();
        assert!(
            error.to_string().contains("others can write in its folder"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mirror.db");
        fs::write(
            &path,
            "no database at all, but long enough to be taken for one: ".repeat(20),
        )
        .unwrap();
        allow(&path, 0o600);
        let engine = Sqlite::open(&path).unwrap();
        let error = engine.writer().await.err().unwrap();
        assert!(error.to_string().contains("damaged or no database"), "{error}");
        let missing = Sqlite::open(&folder.path().join("other.db")).unwrap();
        let error = ask(&missing, "SELECT 1").await.unwrap_err();
        assert!(
            error.to_string().ends_with("the file does not exist; sync first"),
            "{error}"
        );
        assert!(!folder.path().join("other.db").exists());
    }
}
