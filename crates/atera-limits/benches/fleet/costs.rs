//! What a call costs that need not wait.

use std::time::Duration;

use atera::limit::{Priority, SlotRequest, SlotStore, SlotUse};
use atera_testkit::redis::Redis;
use tokio::time::{Instant, interval};

use super::{Outcome, address, store};

const CALLS: u32 = 500;
/// 11.6 calls a second, which are 700 a minute.
const BETWEEN: Duration = Duration::from_millis(86);

pub(super) async fn run(server: &Redis) -> Outcome {
    let store = store(&address(server), "costs").await?;
    store.trust_that_nothing_was_sent().await?;
    let mut times = Vec::new();
    let before = runs(server)?;
    for _ in 0..CALLS {
        let began = Instant::now();
        let slot = store.reserve(SlotRequest::new(Priority::Interactive)).await?;
        times.push(began.elapsed());
        slot.complete(SlotUse::Answered.into()).await?;
    }
    store.flush().await;
    times.sort();
    println!(
        "a slot: p50 {:?}, p99 {:?}; {:.2} runs of the script",
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        f64::from(runs(server)? - before) / f64::from(CALLS),
    );
    for part in ["state", "interactive"] {
        for name in server
            .ask(&["--scan", "--pattern", &format!("{{costs:*:{part}")])
            .lines()
        {
            let bytes = server.ask(&["memory", "usage", name, "samples", "0"]);
            println!("{part}: {} bytes with {CALLS} slots", bytes.trim());
        }
    }
    let (before, began) = (runs(server)?, Instant::now());
    let mut ticks = interval(BETWEEN);
    for _ in 0..100 {
        ticks.tick().await;
        let slot = store.reserve(SlotRequest::new(Priority::Interactive)).await?;
        slot.complete(SlotUse::Answered.into()).await?;
    }
    store.flush().await;
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{:.1} calls a second: {:.1} runs of the script a second",
        100.0 / seconds,
        f64::from(runs(server)? - before) / seconds,
    );
    Ok(())
}

/// How often the script was run.
fn runs(server: &Redis) -> Outcome<u32> {
    let info = server.ask(&["info", "commandstats"]);
    let calls = info
        .lines()
        .find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
    let calls = calls.and_then(|line| line.split(',').next());
    Ok(calls.ok_or("there is no count of runs")?.parse()?)
}
