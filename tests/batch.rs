//! The same thing for many items.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use atera::{ErrorKind, RateLimit, batch::Outcome, mock::Recorder, transport::Response};
use http::StatusCode;
use tokio::time::{Instant, sleep};

/// Each request takes its time, and is answered by the last segment of its path.
fn service(status: impl Fn(i64) -> u16 + Send + Sync + 'static) -> (Recorder, Arc<AtomicUsize>) {
    let (busy, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let recorder = {
        let most = most.clone();
        Recorder::in_time(move |request| {
            let id: i64 = request.url.path().rsplit('/').next().unwrap().parse().unwrap();
            let status = StatusCode::from_u16(status(id)).unwrap();
            let (busy, most) = (busy.clone(), most.clone());
            Box::pin(async move {
                most.fetch_max(busy.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                // The later ones are faster.
                sleep(Duration::from_millis(1000 - id.unsigned_abs() * 5)).await;
                busy.fetch_sub(1, Ordering::Relaxed);
                Ok(Response::new(status, format!(r#"{{"TicketID": {id}}}"#)))
            })
        })
    };
    (recorder, most)
}

#[tokio::test(start_paused = true)]
async fn every_item_comes_back_with_its_outcome_in_order() {
    let (recorder, most) = service(|id| if id % 10 == 0 { 404 } else { 200 });
    let client = recorder.client();
    let report = atera::batch(1..=100)
        .concurrency(7)
        .run(|id| client.tickets().get(id))
        .await;
    assert_eq!(most.load(Ordering::Relaxed), 7);
    assert!(report.items.iter().map(|(id, _)| *id).eq(1..=100));
    assert!(
        report
            .failed()
            .map(|(id, _)| *id)
            .eq((1..=10).map(|ten| ten * 10))
    );
    assert!(report.done().all(|(id, ticket)| ticket.ticket_id == Some(*id)));
    assert_eq!((report.done().count(), report.not_tried().count()), (90, 0));
    assert!(!report.is_done());
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_ends_it_and_what_was_not_tried_is_told() {
    let (recorder, _) = service(|id| if id == 20 { 401 } else { 200 });
    let client = recorder.client();
    let report = atera::batch(1..=100)
        .concurrency(5)
        .run(|id| client.tickets().get(id))
        .await;
    let sent = recorder.sent().len();
    assert!((20..30).contains(&sent), "{sent}");
    assert_eq!(
        report.failed().map(|(_, error)| error.kind()).collect::<Vec<_>>(),
        [ErrorKind::Unauthorized]
    );
    assert_eq!(report.done().count(), sent - 1, "those under way are finished");
    assert_eq!(report.not_tried().count(), 100 - sent);
    assert!(matches!(report.items.last(), Some((100, Outcome::NotTried))));
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_the_only_brake() {
    let (recorder, _) = service(|_| 200);
    let client = recorder
        .builder()
        .rate_limit(RateLimit::per_minute(50))
        .build()
        .unwrap();
    let before = Instant::now();
    let report = atera::batch(1..=100)
        .concurrency(50)
        .run(|id| client.tickets().get(id))
        .await;
    assert!(report.is_done());
    assert!(
        (60..63).contains(&before.elapsed().as_secs()),
        "{:?}",
        before.elapsed()
    );
    let nothing = atera::batch(Vec::<i64>::new())
        .run(|id| client.tickets().get(id))
        .await;
    assert!(nothing.is_done());
}
