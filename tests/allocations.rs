//! How many allocations a call costs beside the same call by reqwest and serde alone. The number does not depend on the
//! machine, so it is a limit that holds anywhere; `cargo bench --bench overhead` has the time.

#[path = "../benches/contenders/mod.rs"]
mod contenders;
#[path = "../benches/service/mod.rs"]
mod service;

use allocation_counter::measure;
use contenders::{Ours, Reqwest};
use tokio::runtime::Runtime;

/// The fewest allocations that this thread needs for the call; what is more is the network's, by the pieces that it
/// delivers an answer in.
fn allocations<T, F: Future<Output = T>>(runtime: &Runtime, call: impl Fn() -> F) -> u64 {
    let once = || {
        measure(|| {
            runtime.block_on(call());
        })
        .count_total
    };
    (0..50).map(|_| once()).min().unwrap()
}

#[test]
fn a_call_costs_at_most_ten_allocations_more_than_reqwest_and_serde() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let base = service::start();
    let (reqwest, ours) = (Reqwest::new(&base), Ours::new(&base));

    let plain = allocations(&runtime, || reqwest.ticket());
    let call = allocations(&runtime, || ours.ticket());
    println!("one call: {call} allocations, by reqwest and serde alone {plain}");
    assert!(call <= plain + 10, "{call} against {plain}");

    let plain = allocations(&runtime, || reqwest.page(3));
    let page = allocations(&runtime, || ours.page(3));
    println!("a page of 50: {page} allocations, by reqwest and serde alone {plain}");
    // Its two parameters are a few more, and its records are none.
    assert!(page <= plain + 15, "{page} against {plain}");
}
