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
        "a slot: p50 {:.0?}, p99 {:.0?}; {:.2} runs of the script, each {} microseconds of the server",
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        f64::from(runs(server)? - before) / f64::from(CALLS),
        of_script(server, "usec_per_call=")?,
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
    Ok(of_script(server, "calls=")?.parse()?)
}

/// What the server has noted of the script.
fn of_script(server: &Redis, what: &str) -> Outcome<String> {
    let info = server.ask(&["info", "commandstats"]);
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("cmdstat_evalsha:"));
    let value = line.and_then(|line| line.split(',').find_map(|value| value.strip_prefix(what)));
    Ok(value.ok_or("the script was never run")?.to_string())
}
