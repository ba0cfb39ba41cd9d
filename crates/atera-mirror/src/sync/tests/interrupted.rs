//! A sync that is dropped at any point leaves a whole mirror, and the next one goes on.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::future::{BoxFuture, FutureExt};
use tokio::sync::Notify;

use super::{
    Place,
    service::{Service, agent, agents},
};
use crate::{
    SyncOptions,
    engine::{Answer, Dialect, Engine, Limits, Session, Value},
    error::Result,
};

/// An engine whose writer stops for ever before one of its steps, or does something then.
pub(super) struct Stopping<'a> {
    pub(super) engine: &'a dyn Engine,
    pub(super) point: Arc<Point>,
}

pub(super) struct Point {
    pub(super) steps: AtomicUsize,
    stop_before: usize,
    stopped: Notify,
    /// What it does instead of stopping.
    instead: Option<fn()>,
}

struct StoppingSession {
    session: Box<dyn Session>,
    point: Arc<Point>,
}

impl Point {
    pub(super) fn new(stop_before: usize, instead: Option<fn()>) -> Arc<Self> {
        Arc::new(Point {
            steps: AtomicUsize::new(0),
            stop_before,
            stopped: Notify::new(),
            instead,
        })
    }

    async fn step(&self) {
        if self.steps.fetch_add(1, Ordering::SeqCst) == self.stop_before {
            match self.instead {
                Some(instead) => instead(),
                None => {
                    self.stopped.notify_one();
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

impl Session for StoppingSession {
    fn begin(&mut self) -> BoxFuture<'_, Result<()>> {
        async move {
            self.point.step().await;
            self.session.begin().await
        }
        .boxed()
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<()>> {
        async move {
            self.point.step().await;
            self.session.commit().await
        }
        .boxed()
    }

    fn rollback(&mut self) -> BoxFuture<'_, Result<()>> {
        self.session.rollback()
    }

    fn execute<'a>(&'a mut self, sql: &'a str, values: &'a [Value]) -> BoxFuture<'a, Result<u64>> {
        async move {
            self.point.step().await;
            self.session.execute(sql, values).await
        }
        .boxed()
    }

    fn execute_many<'a>(&'a mut self, sql: &'a str, rows: Vec<Vec<Value>>) -> BoxFuture<'a, Result<u64>> {
        async move {
            self.point.step().await;
            self.session.execute_many(sql, rows).await
        }
        .boxed()
    }

    fn query<'a>(&'a mut self, sql: &'a str, values: &'a [Value]) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
        self.session.query(sql, values)
    }
}

impl Engine for Stopping<'_> {
    fn dialect(&self) -> Dialect {
        self.engine.dialect()
    }

    fn writer(&self) -> BoxFuture<'_, Result<Box<dyn Session>>> {
        async move {
            let session = self.engine.writer().await?;
            let point = self.point.clone();
            Ok(Box::new(StoppingSession { session, point }) as Box<dyn Session>)
        }
        .boxed()
    }

    fn reader(&self) -> BoxFuture<'_, Result<Box<dyn Session>>> {
        self.engine.reader()
    }

    fn outbox_of<'a>(&'a self, webhook: &'a str) -> BoxFuture<'a, Result<Box<dyn Session>>> {
        self.engine.outbox_of(webhook)
    }

    fn outbox(&self) -> BoxFuture<'_, Result<Option<Box<dyn Session>>>> {
        self.engine.outbox()
    }

    fn ask<'a>(
        &'a self,
        sql: &'a str,
        parameters: &'a [(String, Value)],
        limits: &'a Limits,
    ) -> BoxFuture<'a, Result<Answer>> {
        self.engine.ask(sql, parameters, limits)
    }
}

pub(super) fn options() -> SyncOptions {
    SyncOptions::new().only(["agents", "invoices"]).unwrap()
}

fn invoices(count: i64, price: i64) -> Vec<String> {
    let lines = r#"[{"ItemID":1},{"ItemID":2}]"#;
    let invoice = |id| format!(r#"{{"InvoiceId":"{id}","Total":{price},"LineItems":{lines}}}"#);
    (1..=count).map(invoice).collect()
}

/// The service at the first sync, and at the second: records came, changed and went.
pub(super) fn first(service: &Service) {
    service.agents(agents(120));
    service.change("/invoices", |list| list.records = invoices(60, 1));
}

pub(super) fn second(service: &Service) {
    let mut changed = agents(125);
    changed[3] = agent(4, "renamed");
    changed.drain(10..20);
    service.agents(changed);
    service.change("/invoices", |list| list.records = invoices(55, 2));
}

/// What two mirrors of the same account have in common, whenever they were synced.
pub(super) async fn content(place: &Place) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [
        "SELECT CAST(\"agent_id\" AS TEXT), \"machine_name\", CAST(\"record\" AS TEXT), \"_hash\", CASE WHEN \"_deleted\" IS NULL \
         THEN 'there' ELSE 'deleted' END FROM \"agents\" ORDER BY \"agent_id\"",
        "SELECT CAST(\"record\" AS TEXT), CASE WHEN \"_deleted\" IS NULL THEN 'there' ELSE 'deleted' END FROM \"invoices\" ORDER BY 1",
        "SELECT CAST(\"invoice_id\" AS TEXT), \"_position\" FROM \"invoices_line_items\" ORDER BY 1, 2",
        "SELECT \"table_name\", \"id\", \"kind\", CAST(\"before\" AS TEXT) FROM \"_changes\" ORDER BY \"table_name\", \"id\", \"seq\"",
        "SELECT \"list\", \"state\", \"strategy\", \"records\" FROM \"_syncs\" ORDER BY \"list\"",
        "SELECT \"list\" FROM \"_staged\"",
        "SELECT \"list\" FROM \"_walks\"",
    ] {
        for row in place.rows(sql).await {
            all.push(format!("{row:?}"));
        }
    }
    all
}

/// Syncs, but stops before a step. Returns whether there was such a step.
async fn stops_before(place: &Place, service: &Service, step: usize) -> bool {
    let point = Point::new(step, None);
    let engine = Stopping {
        engine: &*place.engine,
        point: point.clone(),
    };
    let client = service.client();
    let options = options();
    tokio::select! {
        biased;
        () = point.stopped.notified() => true,
        report = crate::sync::run(&engine, &client, &options) => {
            assert!(report.unwrap().is_success());
            false
        }
    }
}

/// The content after two syncs, neither of which is stopped.
pub(super) async fn undisturbed(place: &Place) -> Vec<String> {
    let service = Service::new();
    for change in [first, second] {
        change(&service);
        assert!(!stops_before(place, &service, usize::MAX).await);
    }
    content(place).await
}

/// Stops a sync before each of its steps, each time with a new mirror.
async fn each_step(new: impl AsyncFn() -> Option<Place>, every: usize) {
    let Some(place) = new().await else { return };
    let expected = undisturbed(&place).await;
    let mut step = 0;
    loop {
        let place = new().await.unwrap();
        let service = Service::new();
        first(&service);
        let mut was_stopped = stops_before(&place, &service, step).await;
        assert!(place.sync(&service.client(), &options()).await.is_success());
        second(&service);
        was_stopped |= stops_before(&place, &service, step).await;
        let left = content(&place).await;
        let (all, of_list) = (left.len(), place.records("agents").await.len());
        assert!(
            of_list == 120 || of_list == 115,
            "{of_list} agents of {all} rows before step {step}"
        );
        assert!(place.sync(&service.client(), &options()).await.is_success());
        assert!(content(&place).await == expected, "stopped before step {step}");
        if !was_stopped {
            break;
        }
        step += every;
    }
    assert!(step > 30, "{step} steps");
}

#[tokio::test]
async fn a_sync_that_is_dropped_before_any_of_its_steps_is_continued_on_sqlite() {
    each_step(super::sqlite, 1).await;
}

#[tokio::test]
async fn a_sync_that_is_dropped_before_any_of_its_steps_is_continued_on_postgres() {
    each_step(super::postgres, 7).await;
}
