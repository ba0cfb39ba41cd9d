//! What the client costs beside reqwest and serde alone, and beside progenitor's client as it comes: the ratio of processor
//! time, which each sample measures in turns on one thread, so that whatever slows the machine slows both.
//!
//! `cargo bench --bench overhead`

mod contenders;
mod service;

use std::{hint::black_box, time::Duration};

use contenders::{Ours, Progenitor, Reqwest};
use cpu_time::ThreadTime;
use criterion::{
    Criterion, Throughput,
    measurement::{Measurement, ValueFormatter},
};
use tokio::runtime::{Builder, Runtime};

/// How often the time of another the calls take.
struct Ratio;

impl Measurement for Ratio {
    type Intermediate = ();
    type Value = f64;

    fn start(&self) {}

    fn end(&self, (): ()) -> f64 {
        0.0
    }

    fn add(&self, one: &f64, other: &f64) -> f64 {
        one + other
    }

    fn zero(&self) -> f64 {
        0.0
    }

    fn to_f64(&self, value: &f64) -> f64 {
        *value
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        self
    }
}

impl ValueFormatter for Ratio {
    fn scale_values(&self, _: f64, _: &mut [f64]) -> &'static str {
        "×"
    }

    fn scale_throughputs(&self, _: f64, _: &Throughput, _: &mut [f64]) -> &'static str {
        "×"
    }

    fn scale_for_machines(&self, _: &mut [f64]) -> &'static str {
        "×"
    }
}

/// The processor time of this thread for some calls, one after another.
fn timed<T, F: Future<Output = T>>(runtime: &Runtime, calls: usize, call: impl Fn() -> F) -> Duration {
    let start = ThreadTime::now();
    runtime.block_on(async {
        for _ in 0..calls {
            black_box(call().await);
            // The connection goes back to its pool in a task of its own; the next call shall not open another.
            tokio::task::yield_now().await;
        }
    });
    start.elapsed()
}

/// Measures a call against the same call by reqwest: so many calls of the one, then of the other, in turns. The least of four
/// turns counts, for what else the machine does can only add to it.
macro_rules! against_reqwest {
    ($group:ident, $runtime:ident, $name:literal, $calls:literal, $call:expr, $reqwest:expr) => {
        $group.bench_function($name, |bencher| {
            bencher.iter_custom(|iterations| {
                let mut ratios = 0.0;
                for _ in 0..iterations {
                    let (mut call, mut reqwest) = (Duration::MAX, Duration::MAX);
                    for turn in 0..8 {
                        // In the order ABBA, since the second finds the caches as the first left them.
                        match turn % 4 {
                            0 | 3 => reqwest = reqwest.min(timed(&$runtime, $calls, || $reqwest)),
                            _ => call = call.min(timed(&$runtime, $calls, || $call)),
                        }
                    }
                    ratios += call.as_secs_f64() / reqwest.as_secs_f64();
                }
                ratios
            });
        });
    };
}

fn main() {
    // All threads on one core: what a connection costs the kernel depends on where its two ends run.
    if let Some(core) = core_affinity::get_core_ids().and_then(|cores| cores.last().copied()) {
        core_affinity::set_for_current(core);
    }
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let base = service::start();
    let (reqwest, progenitor, ours) = (Reqwest::new(&base), Progenitor::new(&base), Ours::new(&base));
    let counts = runtime.block_on(async { [reqwest.all().await, progenitor.all().await, ours.all().await] });
    assert_eq!(counts, [service::PAGES * service::PAGE_SIZE; 3]);

    let mut criterion = Criterion::default()
        .with_measurement(Ratio)
        .sample_size(30)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();

    // Itself, by another connection: how far the others can be trusted.
    let control = Reqwest::new(&base);
    let mut group = criterion.benchmark_group("one call ÷ reqwest");
    against_reqwest!(group, runtime, "reqwest", 20, control.ticket(), reqwest.ticket());
    against_reqwest!(
        group,
        runtime,
        "progenitor",
        20,
        progenitor.ticket(),
        reqwest.ticket()
    );
    against_reqwest!(group, runtime, "ours", 20, ours.ticket(), reqwest.ticket());
    group.finish();

    let mut group = criterion.benchmark_group("a page of 50 ÷ reqwest");
    against_reqwest!(group, runtime, "reqwest", 10, control.page(3), reqwest.page(3));
    against_reqwest!(
        group,
        runtime,
        "progenitor",
        10,
        progenitor.page(3),
        reqwest.page(3)
    );
    against_reqwest!(group, runtime, "ours", 10, ours.page(3), reqwest.page(3));
    group.finish();

    let mut group = criterion.benchmark_group("100 pages streamed ÷ reqwest");
    group.sample_size(10);
    against_reqwest!(group, runtime, "progenitor", 1, progenitor.all(), reqwest.all());
    against_reqwest!(group, runtime, "ours", 1, ours.all(), reqwest.all());
    group.finish();

    criterion.final_summary();
    println!("connections: {}", service::connections());
}
