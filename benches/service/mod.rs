//! A service for the benchmarks, in threads of its own, so that it costs the measured thread nothing: one ticket, and a
//! list of tickets on as many pages as are asked for.

#![allow(dead_code, reason = "each file uses its part of it")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// Records of a page.
pub const PAGE_SIZE: usize = 50;

/// Pages of the list.
pub const PAGES: usize = 100;

/// The key that is sent to it, and that it does not look at.
pub const KEY: &str = "bench000000000000000000000000000";

const TICKET: &str = include_str!("ticket.json");

static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);

/// How many connections there were: more than a few, and it is connecting that was measured.
pub fn connections() -> usize {
    CONNECTIONS.load(Ordering::Relaxed)
}

/// Starts the service and returns its base URL.
pub fn start() -> String {
    start_with_delay(Duration::ZERO)
}

/// Starts the service, which takes so long for each answer, and returns its base URL.
pub fn start_with_delay(delay: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let pages: Arc<Vec<_>> = Arc::new((1..=PAGES).map(page).collect());
        for connection in listener.incoming().flatten() {
            CONNECTIONS.fetch_add(1, Ordering::Relaxed);
            let pages = Arc::clone(&pages);
            thread::spawn(move || serve(connection, &pages, delay));
        }
    });
    format!("http://{address}")
}

/// Answers the GETs of one connection until it is closed.
fn serve(mut connection: TcpStream, pages: &[Vec<u8>], delay: Duration) {
    let one = answer(&ticket(54321));
    let _ = connection.set_nodelay(true);
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(length @ 1..) = connection.read(&mut chunk) {
        request.extend_from_slice(&chunk[..length]);
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&request);
        let target = text.split(' ').nth(1).unwrap_or_default();
        let answer = match target.split_once('?') {
            Some((_, query)) => &pages[asked(query).clamp(1, PAGES) - 1],
            None => &one,
        };
        pause(delay);
        if connection.write_all(answer).is_err() {
            break;
        }
        request.clear();
    }
}

/// The page that a query asks for.
fn asked(query: &str) -> usize {
    let page = query.split('&').find_map(|pair| pair.strip_prefix("page="));
    page.and_then(|page| page.parse().ok()).unwrap_or(1)
}

fn ticket(id: usize) -> String {
    TICKET.replacen("54321", &id.to_string(), 1)
}

fn page(page: usize) -> Vec<u8> {
    let first = (page - 1) * PAGE_SIZE;
    let items: Vec<_> = (1..=PAGE_SIZE).map(|index| ticket(first + index)).collect();
    answer(&format!(
        r#"{{"items":[{}],"page":{page},"itemsInPage":{PAGE_SIZE},"totalItemCount":{},"totalPages":{PAGES},"prevLink":"","nextLink":""}}"#,
        items.join(","),
        PAGE_SIZE * PAGES,
    ))
}

fn answer(body: &str) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), body.as_bytes()].concat()
}

/// Waits in a thread of the service, which has nothing to do with tokio.
#[allow(clippy::disallowed_methods, reason = "the service is no task")]
fn pause(delay: Duration) {
    if !delay.is_zero() {
        thread::sleep(delay);
    }
}
