//! A primary that is killed while all run. Its replica lacks what was written in the second before, and takes its place.

use std::time::Duration;

use atera_testkit::redis::Redis;
use tokio::time::{Instant, sleep};

use super::{Outcome, Program, TASKS, service::Service, start};

pub(super) async fn run() -> Outcome {
    let Some(primary) = Redis::on_port(&[]) else {
        return Ok(());
    };
    let port = primary.port().to_string();
    let replica = Redis::on_port(&["--replicaof", "127.0.0.1", &port]).ok_or("there is no replica")?;
    let settings = [
        "down-after-milliseconds limits 2000",
        "failover-timeout limits 6000",
    ];
    let sentinels: Option<Vec<_>> = (0..3)
        .map(|_| Redis::sentinel("limits", primary.port(), 2, &settings))
        .collect();
    let sentinels = sentinels.ok_or("there are no sentinels")?;
    for sentinel in &sentinels {
        while !sentinel
            .ask(&["info", "sentinel"])
            .contains("slaves=1,sentinels=3")
        {
            sleep(Duration::from_millis(100)).await;
        }
    }
    let ports: Vec<_> = sentinels
        .iter()
        .map(|it| format!("127.0.0.1:{}", it.port()))
        .collect();
    let address = format!("redis+sentinel://{}/limits", ports.join(","));
    let service = Service::start().await?;
    let processes = start(&service, &address, &Program::Own(TASKS)).await?;
    let began = Instant::now();
    sleep(Duration::from_secs(20)).await;
    let before = service.counted();
    replica.signal("-STOP");
    sleep(Duration::from_secs(1)).await;
    let lost = service.counted() - before;
    primary.signal("-KILL");
    replica.signal("-CONT");
    let killed = Instant::now();
    while !replica.ask(&["info", "replication"]).contains("role:master") {
        sleep(Duration::from_millis(20)).await;
    }
    println!(
        "the replica, which knows nothing of {lost} requests, is the primary after {:.1?}",
        killed.elapsed()
    );
    sleep(Duration::from_secs(40)).await;
    let ended = Instant::now();
    drop(processes);
    service.report("failover with lost writes", began, ended);
    Ok(())
}
