//! How fast the sandbox starts and answers with 100,000 tickets: the start is to take less than 2 s, a page less than 5 ms.

use std::hint::black_box;

use atera::{List, RateLimit, sandbox::Sandbox};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const TICKETS: usize = 100_000;

async fn start() -> Sandbox {
    let builder = Sandbox::builder().tickets(TICKETS).rate_limit(RateLimit::off());
    builder.start().await.expect("a sandbox")
}

fn sandbox(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("sandbox with 100,000 tickets");
    group.sample_size(10);
    group.bench_function("start", |bencher| {
        bencher.iter_with_large_drop(|| runtime.block_on(start()));
    });
    let sandbox = runtime.block_on(start());
    let client = sandbox.client().expect("a client");
    group.bench_function("a page in the middle", |bencher| {
        bencher.iter(|| {
            let page = client.tickets().list().page(1_000).items_in_page(50);
            black_box(runtime.block_on(async { page.await.expect("a page") }))
        });
    });
    group.bench_function("a page of one status", |bencher| {
        bencher.iter(|| {
            let page = client.tickets().list().ticket_status("Open").items_in_page(50);
            black_box(runtime.block_on(async { page.await.expect("a page") }))
        });
    });
    group.bench_function("the comments of a ticket", |bencher| {
        bencher.iter(|| {
            let page = client.tickets().list_comments(100_000);
            black_box(runtime.block_on(async { page.await.expect("a page") }))
        });
    });
    assert!(
        runtime
            .block_on(client.tickets().list().count())
            .is_ok_and(|count| count == TICKETS as u64)
    );
    group.finish();
}

criterion_group!(benches, sandbox);
criterion_main!(benches);
