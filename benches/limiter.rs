//! What taking a free slot and giving it back costs, beside governor's check of a token. governor's promise is weaker: it lets
//! twice the limit through in a rolling window.
//!
//! `cargo bench --bench limiter`

#[path = "../src/clock.rs"]
#[allow(dead_code, reason = "the limiter's part of it is used")]
mod clock;
#[path = "../src/limit/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the built-in limiter is measured")]
mod limit;
#[path = "../src/sync.rs"]
#[allow(dead_code, reason = "the rest of the library uses the rest")]
mod sync;

use std::{hint::black_box, num::NonZeroU32, time::Duration};

use criterion::Criterion;
use futures_util::FutureExt;
use governor::{Quota, RateLimiter};
use limit::{Priority, RateLimit, Ticket};

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut group = criterion.benchmark_group("a free slot");

    let limiter = limit::shared("key", "host", RateLimit::per_minute(u32::MAX));
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            let slot = limiter
                .acquire(Priority::Interactive, Duration::ZERO, &Ticket::default())
                .now_or_never();
            assert!(black_box(slot).is_some_and(|slot| slot.is_ok()));
        });
    });

    let quota = Quota::per_second(NonZeroU32::MAX);
    let governor = RateLimiter::direct(quota);
    group.bench_function("governor", |bencher| {
        bencher.iter(|| assert!(black_box(governor.check()).is_ok()));
    });
    group.finish();
    criterion.final_summary();
}
