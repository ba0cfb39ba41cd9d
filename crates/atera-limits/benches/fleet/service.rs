//! A service that answers after up to half a second, and counts a request at some time meanwhile.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::{Outcome, REQUESTS, WINDOW};

pub(super) struct Service {
    address: String,
    counted: Arc<Mutex<Counted>>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Counted {
    /// When each request was counted.
    times: Vec<Instant>,
    /// How long all answers took together, and how many there were.
    took: Duration,
    answered: u32,
}

impl Service {
    pub(super) async fn start() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let counted = Arc::<Mutex<Counted>>::default();
        let shared = counted.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, shared.clone()));
            }
        });
        Ok(Service {
            address,
            counted,
            serving,
        })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// How many requests were counted.
    pub(super) fn counted(&self) -> usize {
        lock(&self.counted).times.len()
    }

    /// Prints how many requests there were, the most in any window, how much of the limit was used, and the longest time without any.
    pub(super) fn report(&self, name: &str, began: Instant, ended: Instant) {
        let counted = lock(&self.counted);
        let mut times = counted.times.clone();
        times.retain(|time| *time <= ended);
        times.sort();
        // A slot is free again a window and a tenth of a second after its answer. The first two windows are left out, until requests
        // come as slots do.
        let steady = began + WINDOW * 2;
        let took = counted.took / counted.answered.max(1);
        let cycles = (ended - steady).div_duration_f64(WINDOW + Duration::from_millis(100) + took);
        let later = times.iter().filter(|time| **time >= steady).count();
        let pause = times
            .windows(2)
            .map(|two| two[1] - two[0])
            .max()
            .unwrap_or_default();
        println!(
            "{name}: {} requests, most in any window {} of {REQUESTS}, used {:.3}, answered after {took:.0?}, longest without a \
             request {pause:.1?}",
            times.len(),
            most(&times),
            later as f64 / (f64::from(REQUESTS) * cycles),
        );
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock(counted: &Mutex<Counted>) -> MutexGuard<'_, Counted> {
    counted.lock().unwrap_or_else(PoisonError::into_inner)
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

async fn answer(mut stream: TcpStream, counted: Arc<Mutex<Counted>>) -> std::io::Result<()> {
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
        let began = Instant::now();
        let delay = Duration::from_millis(fastrand::u64(0..=500));
        let there = delay.mul_f64(fastrand::f64());
        sleep(there).await;
        lock(&counted).times.push(Instant::now());
        sleep(delay - there).await;
        let body = "{\"TicketID\": 1}";
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
        let mut counted = lock(&counted);
        counted.took += began.elapsed();
        counted.answered += 1;
    }
}
