//! The same tests for both databases.

mod ask;
#[cfg(unix)]
mod files;
mod session;
#[cfg(unix)]
mod tls;

use std::sync::Arc;

use super::{ColumnType as Type, Engine, Limits, Postgres, Session, Sqlite, Value};
use crate::error::Result;

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
    let url = database()?;
    let open = || Arc::new(Postgres::open(&url).unwrap()) as Arc<dyn Engine>;
    Some(Place {
        engine: open(),
        other: open(),
        _folder: None,
    })
}

/// The URL of an empty database.
fn database() -> Option<String> {
    atera_testkit::postgres::new_database()
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

/// The table `things`, in the words of the database.
async fn things(engine: &dyn Engine) -> Box<dyn Session> {
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
