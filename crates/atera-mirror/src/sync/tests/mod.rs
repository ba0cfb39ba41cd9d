//! The same tests for both databases.

mod account;
mod faults;
mod history;
mod interrupted;
#[cfg(unix)]
mod killed;
mod migrated;
mod outdated;
mod redacted;
pub(crate) mod service;
mod unread;

use atera::Client;

use super::{Report, SyncOptions, run};
use crate::{
    engine::{Engine, Postgres, Session, Sqlite, Value},
    schema::{Table, migrate},
    state::ListStatus,
};

/// An empty mirror. The folder is that of the file, if it has one.
pub(super) struct Place {
    pub(super) engine: Box<dyn Engine>,
    pub(super) folder: Option<tempfile::TempDir>,
}

pub(super) async fn sqlite() -> Option<Place> {
    let folder = tempfile::tempdir().unwrap();
    let engine = Box::new(Sqlite::open(&folder.path().join("mirror.db")).unwrap());
    Some(Place::new(engine, Some(folder)).await)
}

pub(super) async fn postgres() -> Option<Place> {
    let url = atera_testkit::postgres::new_database()?;
    Some(Place::new(Box::new(Postgres::open(&url).unwrap()), None).await)
}

/// Makes a test for each database of a function that takes an empty mirror.
macro_rules! for_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::sync::tests::sqlite().await.unwrap()).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                if let Some(place) = crate::sync::tests::postgres().await {
                    super::$name(place).await;
                }
            })*
        }
    };
}
pub(super) use for_both;

impl Place {
    pub(super) async fn new(engine: Box<dyn Engine>, folder: Option<tempfile::TempDir>) -> Self {
        let mut session = engine.writer().await.unwrap();
        migrate(&mut *session, engine.dialect()).await.unwrap();
        Place { engine, folder }
    }

    pub(super) async fn sync(&self, client: &Client, options: &SyncOptions) -> Report {
        run(&*self.engine, client, options).await.unwrap()
    }

    /// The rows of a query.
    pub(super) async fn rows(&self, sql: &str) -> Vec<Vec<Value>> {
        let mut session = self.engine.reader().await.unwrap();
        session.query(sql, &[]).await.unwrap()
    }

    /// The number that a query returns.
    pub(super) async fn count(&self, sql: &str) -> i64 {
        match self.rows(sql).await[0][0] {
            Value::Integer(count) => count,
            ref other => panic!("{other:?} is not a count"),
        }
    }

    /// The texts that a query returns.
    pub(super) async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.rows(sql).await.into_iter();
        rows.map(|mut row| match row.remove(0) {
            Value::Text(text) => text,
            other => panic!("{other:?} is not a text"),
        })
        .collect()
    }

    pub(super) async fn statuses(&self) -> Vec<ListStatus> {
        let mut session: Box<dyn Session> = self.engine.reader().await.unwrap();
        ListStatus::all(&mut *session).await.unwrap()
    }

    pub(super) async fn status(&self, list: &str) -> ListStatus {
        let all = self.statuses().await;
        all.into_iter().find(|status| status.list == list).unwrap()
    }

    /// The records of a table that exist, sorted.
    pub(super) async fn records(&self, table: &str) -> Vec<String> {
        let deleted = Table::find(table).unwrap().parent().is_none();
        let condition = if deleted { "WHERE \"_deleted\" IS NULL" } else { "" };
        let sql = format!("SELECT CAST(\"record\" AS TEXT) FROM \"{table}\" {condition}");
        let mut records = self.texts(&sql).await;
        records.sort_unstable();
        records
    }

    /// How many records of a table are marked as deleted.
    pub(super) async fn deleted(&self, table: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) FROM \"{table}\" WHERE \"_deleted\" IS NOT NULL");
        self.count(&sql).await
    }
}
