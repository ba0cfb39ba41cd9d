//! A connection with a thread of its own, since SQLite blocks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use futures_util::future::{BoxFuture, FutureExt};
use rusqlite::{Connection, InterruptHandle};
use tokio::sync::oneshot;

use super::{convert, file::Lock};
use crate::{
    engine::{Session, Value},
    error::{Error, ErrorKind, Result},
};

/// What the thread does with its connection.
type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The session of a connection. The connection is closed when it is dropped, before the lock.
pub(super) struct SqliteSession {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
    interrupt: InterruptHandle,
    /// Whether the thread has a job.
    is_working: Arc<AtomicBool>,
    _lock: Option<Lock>,
}

impl SqliteSession {
    /// Opens a connection on a new thread.
    pub(super) async fn start(
        open: impl FnOnce() -> Result<Connection> + Send + 'static,
        lock: Option<Lock>,
    ) -> Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let (opened, handle) = oneshot::channel();
        let thread = thread::Builder::new().name("atera-mirror".into()).spawn(move || {
            let mut connection = match open() {
                Ok(connection) => connection,
                Err(error) => {
                    let _ = opened.send(Err(error));
                    return;
                }
            };
            let _ = opened.send(Ok(connection.get_interrupt_handle()));
            while let Ok(job) = queue.recv() {
                job(&mut connection);
            }
        });
        let thread = thread.map_err(|error| {
            Error::new(
                ErrorKind::Database,
                format!("no thread could be started: {error}; try again"),
            )
        })?;
        let interrupt = handle.await.map_err(|_| ended())??;
        Ok(SqliteSession {
            jobs: Some(jobs),
            thread: Some(thread),
            interrupt,
            is_working: Arc::default(),
            _lock: lock,
        })
    }

    /// Runs something on the thread. If the future is dropped, it still runs to its end.
    fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> BoxFuture<'_, Result<T>> {
        let (done, result) = oneshot::channel();
        let is_working = self.is_working.clone();
        is_working.store(true, Ordering::SeqCst);
        let job: Job = Box::new(move |connection| {
            let result = work(connection);
            is_working.store(false, Ordering::SeqCst);
            let _ = done.send(result);
        });
        if let Some(jobs) = &self.jobs {
            // If the thread has ended, the channel of the result is closed, which is an error below.
            let _ = jobs.send(job);
        }
        async move { result.await.map_err(|_| ended())? }.boxed()
    }

    /// Runs statements that have no values.
    fn batch(&mut self, sql: &'static str) -> BoxFuture<'_, Result<()>> {
        self.run(move |connection| {
            connection
                .execute_batch(sql)
                .map_err(|error| convert::failed(&error))
        })
    }
}

impl Session for SqliteSession {
    fn begin(&mut self) -> BoxFuture<'_, Result<()>> {
        // A reader needs no lock; for it, `IMMEDIATE` would be an attempt to write.
        self.run(|connection| {
            let sql = match connection.is_readonly("main") {
                Ok(true) => "BEGIN",
                _ => "BEGIN IMMEDIATE",
            };
            connection
                .execute_batch(sql)
                .map_err(|error| convert::failed(&error))
        })
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<()>> {
        self.batch("COMMIT")
    }

    fn rollback(&mut self) -> BoxFuture<'_, Result<()>> {
        self.run(|connection| match connection.is_autocommit() {
            // SQLite has rolled back by itself, as it does after some failures.
            true => Ok(()),
            false => connection
                .execute_batch("ROLLBACK")
                .map_err(|error| convert::failed(&error)),
        })
    }

    fn execute<'a>(&'a mut self, sql: &'a str, values: &'a [Value]) -> BoxFuture<'a, Result<u64>> {
        self.execute_many(sql, vec![values.to_vec()])
    }

    fn execute_many<'a>(&'a mut self, sql: &'a str, rows: Vec<Vec<Value>>) -> BoxFuture<'a, Result<u64>> {
        let sql = sql.to_string();
        self.run(move |connection| {
            let failed = |error| convert::failed(&error);
            let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
            let Some(first) = rows.first() else {
                return Ok(0);
            };
            let numbers = convert::numbers(&statement, first.len())?;
            let mut changed = 0;
            for row in &rows {
                convert::bind(&mut statement, &numbers, row).map_err(failed)?;
                changed += statement.raw_execute().map_err(failed)? as u64;
            }
            Ok(changed)
        })
    }

    fn query<'a>(&'a mut self, sql: &'a str, values: &'a [Value]) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
        let (sql, values) = (sql.to_string(), values.to_vec());
        self.run(move |connection| {
            let failed = |error| convert::failed(&error);
            let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
            let numbers = convert::numbers(&statement, values.len())?;
            convert::bind(&mut statement, &numbers, &values).map_err(failed)?;
            let types = convert::column_types(&statement);
            let mut rows = statement.raw_query();
            let mut all = Vec::new();
            while let Some(row) = rows.next().map_err(failed)? {
                all.push(convert::values(row, &types).map_err(failed)?);
            }
            Ok(all)
        })
    }
}

impl Drop for SqliteSession {
    /// Waits until the connection is closed, which rolls back: the lock must not end before.
    fn drop(&mut self) {
        self.jobs = None;
        if self.is_working.load(Ordering::SeqCst) {
            self.interrupt.interrupt();
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn ended() -> Error {
    Error::new(
        ErrorKind::Database,
        "the database failed: the thread of its connection has ended; open the mirror again",
    )
}
