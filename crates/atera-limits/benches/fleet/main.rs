//! Eight processes with four tasks each share a limit on a Redis server, and a service counts their requests.
//!
//! Prints the most requests that any window had, and how much of the limit was used: when all are well, and when two processes are
//! killed and one is stopped for three seconds. Then what a slot costs: time, commands, and bytes.
//!
//! `cargo bench --package atera-limits --features redis --bench fleet` takes two minutes, and needs `redis-server`. Its arguments, after
//! `--`:
//!
//! - `failover` lets three sentinels put a replica, which lacks the latest writes, in the place of a primary that is killed.
//! - `SECONDS COMMAND...` has each process be the command instead, with the addresses of the service and of the server as arguments,
//!   to compare with other limiters: `-- 30 python3 crates/atera-limits/benches/fleet/moving_window.py`.
//! - `SECONDS` changes how long each part takes, and `SECONDS --tasks N` how many tasks each process has.

mod costs;
mod failover;
mod service;

use std::{
    env,
    error::Error,
    process::{Child, Command, Stdio},
    time::Duration,
};

use atera::{ApiKey, Client, RateLimit};
use atera_limits::RedisStore;
use atera_testkit::redis::Redis;
use service::Service;
use tokio::time::{Instant, sleep};

const REQUESTS: u32 = 700;
const WINDOW: Duration = Duration::from_secs(6);
const LATE: Duration = Duration::from_secs(3);
const PROCESSES: usize = 8;
const TASKS: usize = 4;
const KEY: &str = "0123456789abcdef0123456789abcdef";

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome {
    let arguments: Vec<_> = env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let (seconds, program) = match arguments[..] {
        ["process", tasks, service, address] => return process(tasks.parse()?, service, address).await,
        ["failover"] => return failover::run().await,
        [] => (30, Program::Own(TASKS)),
        [seconds, "--tasks", tasks] => (seconds.parse()?, Program::Own(tasks.parse()?)),
        [seconds] => (seconds.parse()?, Program::Own(TASKS)),
        [seconds, ref command @ ..] => (seconds.parse()?, Program::Other(command)),
    };
    let Some(server) = Redis::on_port(&[]) else {
        return Ok(());
    };
    let length = Duration::from_secs(seconds);
    all_well(&server, length, &program).await?;
    two_killed_and_one_stopped(&server, length, &program).await?;
    if matches!(program, Program::Own(_)) {
        costs::run(&server).await?;
    }
    Ok(())
}

/// What each process is.
enum Program<'a> {
    /// This one, with this many tasks.
    Own(usize),
    Other(&'a [&'a str]),
}

fn address(server: &Redis) -> String {
    format!("redis://127.0.0.1:{}", server.port())
}

async fn store(address: &str, prefix: &str) -> Outcome<RedisStore> {
    let builder = RedisStore::builder(address)
        .lease(Duration::from_secs(6))
        .prefix(prefix);
    let limit = RateLimit::new(REQUESTS, WINDOW).late_allowance(LATE);
    Ok(builder.connect(&ApiKey::new(KEY)?, "service", limit).await?)
}

/// One of the processes: it sends until it is killed, and no longer than ten minutes.
async fn process(tasks: usize, service: &str, address: &str) -> Outcome {
    let client = Client::builder()
        .api_key(ApiKey::new(KEY)?)
        .base_url(format!("http://{service}"))
        .slot_store(store(address, "atera").await?)
        .attempt_timeout(Duration::from_secs(5))
        .build()?;
    let ends = Instant::now() + Duration::from_secs(600);
    let tasks = (0..tasks).map(|_| {
        let client = client.clone();
        tokio::spawn(async move {
            while Instant::now() < ends {
                if let Err(error) = client.tickets().get(1).await {
                    let cause = error.source().map(ToString::to_string);
                    eprintln!("{error}: {}", cause.unwrap_or_default());
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await?;
    }
    Ok(())
}

/// Starts the processes, and waits until the first request is counted: a new server is trusted later than it starts.
async fn start(service: &Service, address: &str, program: &Program<'_>) -> Outcome<Vec<Process>> {
    let mut processes = Vec::new();
    for _ in 0..PROCESSES {
        let mut command = match program {
            Program::Own(tasks) => {
                let mut command = Command::new(env::current_exe()?);
                command.arg("process").arg(tasks.to_string());
                command
            }
            Program::Other(words) => {
                let mut command = Command::new(words[0]);
                command.args(&words[1..]);
                command
            }
        };
        let command = command.arg(service.address()).arg(address);
        processes.push(Process(command.stdin(Stdio::null()).spawn()?));
    }
    while service.counted() == 0 {
        sleep(Duration::from_millis(10)).await;
    }
    Ok(processes)
}

async fn all_well(server: &Redis, length: Duration, program: &Program<'_>) -> Outcome {
    let service = Service::start().await?;
    let processes = start(&service, &address(server), program).await?;
    let began = Instant::now();
    sleep(length).await;
    let ended = Instant::now();
    drop(processes);
    service.report("all are well", began, ended);
    Ok(())
}

async fn two_killed_and_one_stopped(server: &Redis, length: Duration, program: &Program<'_>) -> Outcome {
    let service = Service::start().await?;
    let mut processes = start(&service, &address(server), program).await?;
    let began = Instant::now();
    sleep(length / 4).await;
    for process in &mut processes[..2] {
        process.0.kill()?;
    }
    processes[2].signal("-STOP")?;
    sleep(Duration::from_secs(3)).await;
    processes[2].signal("-CONT")?;
    sleep(length * 3 / 4 - Duration::from_secs(3)).await;
    let ended = Instant::now();
    drop(processes);
    service.report("two killed, one stopped for 3 s", began, ended);
    Ok(())
}

struct Process(Child);

impl Process {
    fn signal(&self, signal: &str) -> Outcome {
        let mut command = Command::new("kill");
        let status = command.arg(signal).arg(self.0.id().to_string()).status()?;
        status
            .success()
            .then_some(())
            .ok_or_else(|| "the signal was not sent".into())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
