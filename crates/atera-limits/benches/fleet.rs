//! Eight processes with four tasks each share a limit on a Redis server, and a service counts their requests.
//!
//! Prints the most requests that any window had, and how much of the limit was used: when all are well, and when two processes are
//! killed and one is stopped for three seconds. Then what a slot costs: time, commands, and bytes.
//!
//! `cargo bench --package atera-limits --features redis --bench fleet`; it takes two minutes, and needs `redis-server`. With
//! `-- SECONDS COMMAND...` each process is the command instead, with the address of the service and of the server's socket as
//! arguments, to compare with other limiters.

use std::{
    env,
    error::Error,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use atera::{
    ApiKey, Client, RateLimit,
    limit::{Priority, SlotRequest, SlotStore, SlotUse},
};
use atera_limits::RedisStore;
use atera_testkit::redis::Redis;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};

const REQUESTS: u32 = 700;
const WINDOW: Duration = Duration::from_secs(6);
const PROCESSES: usize = 8;
const TASKS: usize = 4;
const KEY: &str = "0123456789abcdef0123456789abcdef";

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// When the service counted each request.
type Counted = Arc<Mutex<Vec<Instant>>>;

#[tokio::main]
async fn main() -> Outcome {
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    let first = arguments.next();
    if first.as_deref() == Some("process") {
        let (Some(service), Some(socket)) = (arguments.next(), arguments.next()) else {
            return Err("the address and the socket are missing".into());
        };
        return process(&service, Path::new(&socket)).await;
    }
    let seconds: u64 = first.and_then(|text| text.parse().ok()).unwrap_or(30);
    let other: Vec<_> = arguments.collect();
    let Some(server) = Redis::start(&[]) else {
        return Ok(());
    };
    for (name, faults) in [("all are well", false), ("two killed, one stopped for 3 s", true)] {
        run(&server, name, faults, Duration::from_secs(seconds), &other).await?;
    }
    if other.is_empty() {
        costs(&server).await?;
    }
    Ok(())
}

fn limit() -> RateLimit {
    RateLimit::new(REQUESTS, WINDOW).late_allowance(Duration::from_secs(3))
}

async fn store(socket: &Path, name: &str) -> Outcome<RedisStore> {
    let builder = RedisStore::builder(format!("redis+unix://{}", socket.display()));
    let builder = builder.lease(Duration::from_secs(6)).prefix(name);
    Ok(builder.connect(&ApiKey::new(KEY)?, "service", limit()).await?)
}

/// One of the processes: it sends until it is killed, and no longer than ten minutes.
async fn process(service: &str, socket: &Path) -> Outcome {
    let store = store(socket, "atera").await?;
    let client = Client::builder()
        .api_key(ApiKey::new(KEY)?)
        .base_url(format!("http://{service}"))
        .slot_store(store)
        .attempt_timeout(Duration::from_secs(5))
        .build()?;
    let ends = Instant::now() + Duration::from_secs(600);
    let tasks = (0..TASKS).map(|_| {
        let client = client.clone();
        tokio::spawn(async move {
            while Instant::now() < ends {
                if let Err(error) = client.tickets().get(1).await {
                    eprintln!("{error}");
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await?;
    }
    Ok(())
}

async fn run(server: &Redis, name: &str, faults: bool, length: Duration, other: &[String]) -> Outcome {
    let counted = Counted::default();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let service = listener.local_addr()?.to_string();
    let serving = tokio::spawn(serve(listener, counted.clone()));
    let mut processes = Vec::new();
    for _ in 0..PROCESSES {
        let mut command = match other {
            [] => {
                let mut command = Command::new(env::current_exe()?);
                command.arg("process");
                command
            }
            [program, arguments @ ..] => {
                let mut command = Command::new(program);
                command.args(arguments);
                command
            }
        };
        let process = command
            .arg(&service)
            .arg(server.socket())
            .stdin(Stdio::null())
            .spawn()?;
        processes.push(Process(process));
    }
    // Until a new server is trusted.
    while lock(&counted).is_empty() {
        sleep(Duration::from_millis(10)).await;
    }
    let began = Instant::now();
    if faults {
        sleep(length / 4).await;
        for process in &mut processes[..2] {
            process.0.kill()?;
        }
        signal(&processes[2], "-STOP")?;
        sleep(Duration::from_secs(3)).await;
        signal(&processes[2], "-CONT")?;
        sleep(length * 3 / 4 - Duration::from_secs(3)).await;
    } else {
        sleep(length).await;
    }
    let ended = Instant::now();
    drop(processes);
    serving.abort();
    let mut times = lock(&counted).clone();
    times.retain(|time| *time <= ended);
    times.sort();
    // A slot is free again a window and a tenth of a second after the answer, which took a quarter of a second. The first two
    // windows are left out, until requests come as slots do.
    let steady = began + WINDOW * 2;
    let cycles = (ended - steady).div_duration_f64(WINDOW + Duration::from_millis(350));
    let later = times.iter().filter(|time| **time >= steady).count();
    println!(
        "{name}: {} requests, most in any window {} of {REQUESTS}, used {:.3}",
        times.len(),
        most(&times),
        later as f64 / (f64::from(REQUESTS) * cycles),
    );
    Ok(())
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn signal(process: &Process, signal: &str) -> Outcome {
    let status = Command::new("kill")
        .arg(signal)
        .arg(process.0.id().to_string())
        .status()?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| "the signal was not sent".into())
}

fn most(times: &[Instant]) -> usize {
    let mut first = 0;
    let within = |(last, time): (usize, &Instant)| {
        while *time - times[first] >= WINDOW {
            first += 1;
        }
        last + 1 - first
    };
    times.iter().enumerate().map(within).max().unwrap_or(0)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A service that answers after up to half a second, and counts a request at some time meanwhile.
async fn serve(listener: TcpListener, counted: Counted) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, counted.clone()));
    }
}

async fn answer(mut stream: TcpStream, counted: Counted) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        };
        request.drain(..end);
        let delay = Duration::from_millis(fastrand::u64(0..=500));
        let there = delay.mul_f64(fastrand::f64());
        sleep(there).await;
        lock(&counted).push(Instant::now());
        sleep(delay - there).await;
        let body = "{\"TicketID\": 1}";
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
    }
}

/// What a call costs that need not wait.
async fn costs(server: &Redis) -> Outcome {
    let store = store(&server.socket(), "costs").await?;
    let mut times = Vec::new();
    drop(store.reserve(SlotRequest::new(Priority::Interactive)).await?);
    store.flush().await;
    let before = commands(server)?;
    for _ in 0..500 {
        let began = Instant::now();
        let slot = store.reserve(SlotRequest::new(Priority::Interactive)).await?;
        times.push(began.elapsed());
        slot.complete(SlotUse::Answered.into()).await?;
    }
    store.flush().await;
    let after = commands(server)?;
    times.sort();
    println!(
        "a slot: p50 {:?}, p99 {:?}; {:.1} commands on the server, with those of the script",
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        (after - before) as f64 / 500.0,
    );
    for part in ["state", "interactive"] {
        let names = cli(server, &["--scan", "--pattern", &format!("{{costs:*:{part}")])?;
        for name in names.lines() {
            let bytes = cli(server, &["memory", "usage", name, "samples", "0"])?;
            println!("{part}: {} bytes with 500 slots", bytes.trim());
        }
    }
    Ok(())
}

fn commands(server: &Redis) -> Outcome<u64> {
    let info = cli(server, &["info", "stats"])?;
    let mut lines = info.lines();
    let count = lines.find_map(|line| line.strip_prefix("total_commands_processed:"));
    Ok(count.ok_or("there is no count of commands")?.trim().parse()?)
}

fn cli(server: &Redis, words: &[&str]) -> Outcome<String> {
    let output = Command::new("redis-cli")
        .arg("-s")
        .arg(server.socket())
        .args(words)
        .output()?;
    Ok(String::from_utf8(output.stdout)?)
}
