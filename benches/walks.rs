//! How long a walk over 100 pages takes, from a service that takes 200 ms for each: beside reqwest and serde, which fetch sixteen
//! pages at a time once the first has told how many there are. All in one run, in turns; the quickest of five counts.
//!
//! `cargo bench --bench walks`

mod contenders;
mod service;

use std::{
    future::Future,
    time::{Duration, Instant},
};

use atera::Consistency;
use contenders::{Ours, Reqwest};
use futures_util::{StreamExt, stream};

const DELAY: Duration = Duration::from_millis(200);
const TURNS: usize = 5;
const RECORDS: usize = service::PAGES * service::PAGE_SIZE;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let base = service::start_with_delay(DELAY);
    let (reqwest, ours) = (&Reqwest::new(&base), &Ours::new(&base));
    let sixteen = async || {
        let first = reqwest.page(1).await;
        let pages = stream::iter(2..=first.total_pages.expect("a number of pages"));
        let rest = pages.map(async |number| reqwest.page(number).await.items.len());
        let rest: Vec<_> = rest.buffered(16).collect().await;
        first.items.len() + rest.into_iter().sum::<usize>()
    };
    let ours = async |consistency| {
        let list = ours.0.tickets().list().consistency(consistency);
        list.all().await.expect("all records").len()
    };
    let mut quickest = [Duration::MAX; 3];
    for _ in 0..TURNS {
        let took = [
            took(sixteen()).await,
            took(ours(Consistency::OnePass)).await,
            took(ours(Consistency::Complete)).await,
        ];
        for (quickest, took) in quickest.iter_mut().zip(took) {
            *quickest = took.min(*quickest);
        }
    }
    let [sixteen, one_pass, complete] = quickest.map(|time| time.as_secs_f64());
    println!("reqwest, sixteen at a time: {sixteen:.2} s");
    println!("one pass: {one_pass:.2} s, {:.2} of that", one_pass / sixteen);
    println!(
        "complete: {complete:.2} s, {:.2} of one pass",
        complete / one_pass
    );
}

#[allow(clippy::disallowed_methods, reason = "it measures")]
async fn took(walk: impl Future<Output = usize>) -> Duration {
    let before = Instant::now();
    assert_eq!(walk.await, RECORDS);
    before.elapsed()
}
