//! The values, and their names.

use std::{sync::atomic::AtomicU64, time::Duration};

use atera::{Client, Timestamp};
use atera_mirror::{Limits, ListState, ListStatus, ListsRead, Mirror, WebhookStatus, report::Report};
use prometheus_client::{
    encoding::prometheus_text,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use tokio::time::Instant;

/// How long a report may take.
const REPORT_TIME: Duration = Duration::from_secs(10);

/// A label and its value.
type Label = [(&'static str, String); 1];

type Counters = Family<Label, Counter>;
type Seconds = Family<Label, Counter<f64, AtomicU64>>;
type Gauges = Family<Label, Gauge<f64, AtomicU64>>;

/// Where the values come from.
pub(super) struct Sources {
    pub(super) client: Client,
    pub(super) mirror: Option<Mirror>,
    /// The reports whose rows are counted.
    pub(super) reports: Vec<Report>,
}

impl Sources {
    /// All metrics as they are now, as text.
    pub(super) async fn text(&self) -> String {
        let mut registry = Registry::with_prefix("atera");
        self.of_client(&mut registry);
        if let Some(mirror) = &self.mirror {
            let lists = mirror.status().await;
            gauge(
                &mut registry,
                "mirror_readable",
                "Whether the mirror could be read: 1 or 0",
                f64::from(u8::from(lists.is_ok())),
            );
            let lists = lists.unwrap_or_default();
            of_lists(&mut registry, &lists);
            of_webhooks(&mut registry, &mirror.webhooks().await.unwrap_or_default());
            self.of_reports(&mut registry, mirror, &lists).await;
        }
        let mut text = String::new();
        // Writing to a `String` does not fail.
        let _ = prometheus_text::encode(&mut text, &registry);
        text
    }

    /// What the client has sent, and how much of its limit is in use.
    fn of_client(&self, registry: &mut Registry) {
        let labels = [("version", env!("CARGO_PKG_VERSION").to_string())];
        let build = gauges(registry, "build_info", "The version of the program; always 1");
        build.get_or_create(&labels).set(1.0);
        let requests = counters(
            registry,
            "requests",
            "Requests that were sent, counting those that failed",
        );
        let retries = counters(
            registry,
            "retries",
            "Requests that were sent because an earlier one had failed",
        );
        let throttled = counters(registry, "throttled", "Answers with status 429");
        let calls = counters(registry, "calls", "Calls; each page of a list is one");
        let failures = counters(registry, "call_failures", "Calls that failed in the end");
        let received = counters(
            registry,
            "received_bytes",
            "Bytes of the answers, without compression",
        );
        let waits = Seconds::default();
        registry.register(
            "wait_seconds",
            "How long calls waited for the rate limit",
            waits.clone(),
        );
        for (operation, counts) in self.client.usage().by_operation {
            let label = [("operation", operation.to_string())];
            requests.get_or_create(&label).inc_by(counts.attempts);
            retries.get_or_create(&label).inc_by(counts.retries);
            throttled.get_or_create(&label).inc_by(counts.throttled);
            calls.get_or_create(&label).inc_by(counts.calls);
            failures.get_or_create(&label).inc_by(counts.failures);
            received.get_or_create(&label).inc_by(counts.bytes_received);
            waits.get_or_create(&label).inc_by(counts.waited.as_secs_f64());
        }
        let rate = self.client.rate();
        gauge(
            registry,
            "slots_in_use",
            "Slots of the rate limit that are not free",
            rate.in_use.into(),
        );
        if let Some(slots) = rate.limit.requests() {
            gauge(registry, "slots", "Slots of the rate limit", slots.into());
        }
        gauge(
            registry,
            "calls_waiting",
            "Calls that wait for a slot",
            rate.waiting as f64,
        );
        let now = Instant::now().into_std();
        let left = |until: Option<std::time::Instant>| {
            let left = until.map(|until| until.saturating_duration_since(now));
            left.unwrap_or_default().as_secs_f64()
        };
        gauge(
            registry,
            "pause_seconds",
            "How long nothing is sent because the service asked for a pause",
            left(rate.paused_until),
        );
        gauge(
            registry,
            "quarantine_seconds",
            "How long nothing is sent because the store of the limit does not know what was sent before",
            left(rate.quarantined_until),
        );
    }

    /// How many rows the reports have. One of a list that was never read has none to count: zero would say that all is well.
    async fn of_reports(&self, registry: &mut Registry, mirror: &Mirror, lists: &[ListStatus]) {
        if self.reports.is_empty() {
            return;
        }
        let rows = gauges(registry, "report_rows", "Rows of a report");
        let answered = gauges(
            registry,
            "report_answered",
            "Whether the report could be answered: 1 or 0",
        );
        for report in &self.reports {
            let label = [("report", report.name().to_string())];
            let is_whole = ListsRead::of_tables(report.tables()).unread(lists).is_empty();
            let counted = match is_whole {
                true => count(report, mirror).await.ok(),
                false => None,
            };
            answered
                .get_or_create(&label)
                .set(f64::from(u8::from(counted.is_some())));
            if let Some(count) = counted {
                rows.get_or_create(&label).set(count as f64);
            }
        }
    }
}

/// How many rows a report has.
async fn count(report: &Report, mirror: &Mirror) -> atera_mirror::Result<u64> {
    let limits = Limits::default().time(REPORT_TIME);
    let mut answer = report.run(mirror, &[], Timestamp::now(), &limits).await?;
    let mut count = 0;
    while let Some(rows) = answer.next().await? {
        count += rows.len() as u64;
    }
    Ok(count)
}

/// How old the lists of the mirror are.
fn of_lists(registry: &mut Registry, lists: &[ListStatus]) {
    let age = gauges(registry, "list_age_seconds", "How old a list of the mirror is");
    let records = gauges(
        registry,
        "list_records",
        "Records of a list of the mirror that exist",
    );
    let is_whole = gauges(
        registry,
        "list_whole",
        "Whether the last sync of the list left nothing out: 1 or 0",
    );
    let now = Timestamp::now().to_utc();
    for list in lists {
        let label = [("list", list.list.clone())];
        if let Some(as_of) = list.as_of {
            let seconds = (now - as_of.to_utc()).num_milliseconds() as f64 / 1000.0;
            age.get_or_create(&label).set(seconds.max(0.0));
        }
        records.get_or_create(&label).set(list.records as f64);
        let whole = matches!(list.state, ListState::Complete | ListState::WithoutIds) && list.misfits == 0;
        is_whole.get_or_create(&label).set(f64::from(u8::from(whole)));
    }
}

/// What the receivers of webhooks have.
fn of_webhooks(registry: &mut Registry, webhooks: &[WebhookStatus]) {
    if webhooks.is_empty() {
        return;
    }
    let delivered = counters(
        registry,
        "webhook_delivered",
        "Changes that the receiver has taken",
    );
    let waiting = gauges(
        registry,
        "webhook_waiting",
        "Changes that wait to be sent to the receiver",
    );
    let dead = gauges(
        registry,
        "webhook_dead_letters",
        "Changes that are not tried any more",
    );
    for webhook in webhooks {
        let label = [("webhook", webhook.name.clone())];
        delivered.get_or_create(&label).inc_by(webhook.delivered);
        waiting.get_or_create(&label).set(webhook.waiting as f64);
        dead.get_or_create(&label).set(webhook.dead as f64);
    }
}

/// A metric that only grows, for each value of a label.
fn counters(registry: &mut Registry, name: &str, help: &str) -> Counters {
    let family = Counters::default();
    registry.register(name, help, family.clone());
    family
}

/// A metric for each value of a label.
fn gauges(registry: &mut Registry, name: &str, help: &str) -> Gauges {
    let family = Gauges::default();
    registry.register(name, help, family.clone());
    family
}

/// A metric with one value.
fn gauge(registry: &mut Registry, name: &str, help: &str, value: f64) {
    let gauge = Gauge::<f64, AtomicU64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}
