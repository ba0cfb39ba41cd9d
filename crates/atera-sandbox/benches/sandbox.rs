//! Time to start a sandbox with 100,000 tickets, and to answer a page. It fails above 2 s for the start or 5 ms for a
//! page.
//!
//! It measures processor time of sandbox and client together, on which other programs have little influence.
//!
//! For many requests at a time it measures the time of a request on the clock: pages of 50 tickets over HTTP, asked for by 1, 8
//! and 64 tasks. With more tasks than processors it must not take longer than with a few, as it would if requests held
//! each other up.
//!
//! `cargo bench -p atera-sandbox`

use std::{cell::RefCell, hint::black_box, time::Duration};

use atera::{ApiKey, Client, RateLimit, description::Operation};
use atera_sandbox::Sandbox;
use cpu_time::ProcessTime;
use criterion::{
    Criterion, SamplingMode,
    measurement::{Measurement, WallTime},
};
use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};

const TICKETS: usize = 100_000;

/// Names and values of parameters.
type Parameters = &'static [(&'static str, &'static str)];

/// The calls: a name for the report, the operation, and its parameters. Ticket 104321 is in the middle of all tickets.
const QUESTIONS: [(&str, &str, Parameters); 11] = [
    ("the first page", "tickets_list", &[]),
    ("a page in the middle", "tickets_list", &[("page", "1000")]),
    ("the last page", "tickets_list", &[("page", "2000")]),
    (
        "a page of one status",
        "tickets_list",
        &[("ticketStatus", "Closed"), ("page", "1000")],
    ),
    (
        "a page of one customer",
        "tickets_list",
        &[("customerId", "1201"), ("page", "10")],
    ),
    (
        "a page of what is done",
        "tickets_list_status_modified",
        &[("page", "1000")],
    ),
    (
        "a page of what has changed",
        "tickets_list_last_modified",
        &[("date", "2025-03-01"), ("page", "500")],
    ),
    ("a page of work hours", "work_hours_list", &[("page", "1000")]),
    (
        "a page of work hours of a year",
        "work_hours_list",
        &[
            ("startWorkhour", "2025-03-01"),
            ("endWorkhour", "2026-03-01"),
            ("page", "500"),
        ],
    ),
    (
        "the comments of a ticket",
        "tickets_list_comments",
        &[("ticketId", "104321")],
    ),
    ("a ticket", "tickets_get", &[("ticketId", "104321")]),
];

async fn start() -> Sandbox {
    let builder = Sandbox::builder().tickets(TICKETS).rate_limit(RateLimit::off());
    builder.start().await.expect("a sandbox")
}

async fn ask(client: &Client, id: &str, parameters: Parameters) {
    let operation = Operation::find(id).expect(id);
    let mut call = client.operation(operation);
    if operation.list {
        call = call.set("itemsInPage", "50").expect("a list");
    }
    for (name, value) in parameters {
        call = call.set(name, *value).expect(name);
    }
    black_box(call.send().await.expect(id));
}

/// A client without a limit.
fn client(sandbox: &Sandbox) -> atera::Result<Client> {
    let key = ApiKey::new(sandbox.api_key())?;
    let builder = Client::builder().api_key(key).base_url(sandbox.base_url());
    builder.rate_limit(RateLimit::off()).build()
}

/// Runs a future. Returns its processor time and its result.
fn timed<T>(runtime: &Runtime, work: impl Future<Output = T>) -> (Duration, T) {
    let start = ProcessTime::now();
    let done = runtime.block_on(work);
    (start.elapsed(), done)
}

/// The sums of all measurements, to compare the means with what is allowed.
#[derive(Default)]
struct Means(RefCell<Vec<(String, Duration, u32)>>);

impl Means {
    fn note(&self, name: &str, time: Duration) -> Duration {
        let mut means = self.0.borrow_mut();
        match means.iter_mut().find(|(known, ..)| known == name) {
            Some((_, sum, count)) => (*sum, *count) = (*sum + time, *count + 1),
            None => means.push((name.to_string(), time, 1)),
        }
        time
    }

    fn check(&self) {
        for (name, sum, count) in &*self.0.borrow() {
            let most = if name == "start" {
                Duration::from_secs(2)
            } else {
                Duration::from_millis(5)
            };
            let mean = *sum / *count;
            assert!(
                mean < most,
                "{name} takes {mean:?}, which is to be less than {most:?}"
            );
        }
    }
}

/// Measures pages that are asked for by several tasks at a time, on all processors.
fn in_parallel(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let sandbox = runtime.block_on(start());
    let client = client(&sandbox).expect("a client");
    let mut group = criterion.benchmark_group("a page over HTTP, time on the clock");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for tasks in [1, 8, 64] {
        group.bench_function(format!("{tasks} at a time"), |bencher| {
            bencher.iter_custom(|iterations| {
                let share = iterations.div_ceil(tasks);
                let begin = WallTime.start();
                let work = (0..tasks).map(|task| {
                    let client = client.clone();
                    runtime.spawn(async move {
                        for number in 0..share {
                            let page = ((task * 31 + number) % 2_000 + 1).to_string();
                            let list = Operation::find("tickets_list").expect("an operation");
                            let call = client.operation(list).set("itemsInPage", "50").expect("a list");
                            let call = call.set("page", page).expect("a list");
                            black_box(call.send().await.expect("a page"));
                        }
                    })
                });
                runtime.block_on(async { join_all(work).await });
                // Each task has rounded its share up.
                WallTime
                    .end(begin)
                    .mul_f64(iterations as f64 / (share * tasks) as f64)
            });
        });
    }
    group.finish();
}

fn main() {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let means = Means::default();
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("sandbox with 100,000 tickets, processor time");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function("start", |bencher| {
        bencher.iter_custom(|iterations| {
            let starts = (0..iterations).map(|_| {
                let (time, sandbox) = timed(&runtime, start());
                drop(sandbox);
                // The task of the server frees the records, so it must run.
                runtime.block_on(async {
                    for _ in 0..100 {
                        tokio::task::yield_now().await;
                    }
                });
                means.note("start", time)
            });
            starts.sum()
        });
    });
    let sandbox = runtime.block_on(start());
    let client = client(&sandbox).expect("a client");
    // The first call of a client sets up TLS, which is not to be measured.
    runtime.block_on(ask(&client, "account_get", &[]));
    for (name, id, parameters) in QUESTIONS {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                let answers = (0..iterations)
                    .map(|_| means.note(name, timed(&runtime, ask(&client, id, parameters)).0));
                answers.sum()
            });
        });
    }
    group.finish();
    in_parallel(&mut criterion);
    criterion.final_summary();
    means.check();
}
