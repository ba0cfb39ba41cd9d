//! What is kept of answers, and for how long. In virtual time.
#![cfg(feature = "cache")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use atera::{
    Cache, Client, Consistency, ErrorKind, mock::Recorder, transport::Response, types::CreateCustomer,
};
use http::{Method, StatusCode};
use tokio::time::sleep;

const LATENCY: Duration = Duration::from_millis(200);

/// Customers, of whom there is one more after each create. An answer tells what there was when the request arrived.
fn customers() -> Recorder {
    customers_made_after(Duration::ZERO)
}

/// The same, but a create takes effect so long after it arrived.
fn customers_made_after(delay: Duration) -> Recorder {
    let count = Arc::new(AtomicI64::new(120));
    Recorder::in_time(move |request| {
        let (status, body) = match request.method {
            Method::POST => {
                let count = count.clone();
                let make = async move {
                    sleep(delay).await;
                    count.fetch_add(1, Ordering::Relaxed);
                };
                tokio::spawn(make);
                (StatusCode::CREATED, r#"{"ActionID": "1"}"#.to_string())
            }
            _ if request.url.path().ends_with("/customers") => {
                let total = count.load(Ordering::Relaxed);
                let page = request.url.query_pairs().find(|(name, _)| name == "page");
                let page: i64 = page.map_or(1, |(_, page)| page.parse().unwrap());
                let ids = (page - 1) * 50..(page * 50).min(total);
                let items: Vec<_> = ids.map(|id| format!(r#"{{"CustomerID": {}}}"#, id + 1)).collect();
                let items = items.join(",");
                (
                    StatusCode::OK,
                    format!(r#"{{"items": [{items}], "page": {page}, "totalItemCount": {total}}}"#),
                )
            }
            _ if request.url.path().ends_with("/404") => (StatusCode::NOT_FOUND, String::new()),
            _ => (
                StatusCode::OK,
                format!(
                    r#"{{"CustomerID": 7, "CustomerName": "{}"}}"#,
                    count.load(Ordering::Relaxed)
                ),
            ),
        };
        Box::pin(async move {
            sleep(LATENCY).await;
            Ok(Response::new(status, body))
        })
    })
}

fn client(recorder: &Recorder) -> Client {
    recorder.builder().cache(Cache::new()).build().unwrap()
}

async fn read(client: &Client) -> usize {
    client.customers().list().all().await.unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_who_read_a_list_at_once_send_one_walk() {
    let recorder = customers();
    let client = client(&recorder);
    let readers: Vec<_> = (0..1000)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { read(&client).await })
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), 120);
    }
    assert_eq!(recorder.sent().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn followers_survive_the_one_they_wait_for() {
    let recorder = customers();
    let client = client(&recorder);
    let leader = tokio::spawn({
        let client = client.clone();
        async move { read(&client).await }
    });
    tokio::task::yield_now().await;
    let followers: Vec<_> = (0..10)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { read(&client).await })
        })
        .collect();
    sleep(LATENCY / 2).await;
    leader.abort();
    for follower in followers {
        assert_eq!(follower.await.unwrap(), 120);
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_and_a_list_are_kept_for_five_minutes() {
    let recorder = customers();
    let client = client(&recorder);
    let read_both = async || {
        let before = recorder.sent().len();
        client.customers().get(7).await.unwrap();
        read(&client).await;
        recorder.sent().len() - before
    };
    assert_eq!(read_both().await, 4);
    assert_eq!(read_both().await, 0);
    sleep(Duration::from_secs(290)).await;
    assert_eq!(read_both().await, 0);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(read_both().await, 4);
}

async fn create(client: &Client) {
    let customer = CreateCustomer::new("Harbor Dental");
    client.customers().create(customer).await.unwrap();
}

/// The record says how many customers there were.
async fn read_record(client: &Client) -> String {
    client.customers().get(7).await.unwrap().customer_name.unwrap()
}

/// Runs beside the test, and has begun.
async fn beside<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    let task = tokio::spawn(future);
    sleep(LATENCY / 2).await;
    task
}

#[tokio::test(start_paused = true)]
async fn a_create_is_seen_by_the_next_read() {
    let client = client(&customers());
    assert_eq!(
        (read(&client).await, read_record(&client).await),
        (120, "120".to_string())
    );
    create(&client).await;
    assert_eq!(
        (read(&client).await, read_record(&client).await),
        (121, "121".to_string())
    );
}

#[tokio::test(start_paused = true)]
async fn a_create_is_seen_by_the_next_read_also_when_an_older_read_finishes_later() {
    let recorder = customers();
    let client = client(&recorder);
    // Three pages take three times as long as the create, which comes after the first of them.
    let older = beside({
        let client = client.clone();
        async move { read(&client).await }
    })
    .await;
    create(&client).await;
    assert!(!older.is_finished(), "it finishes later");
    older.await.unwrap();
    let before = recorder.sent().len();
    assert_eq!(read(&client).await, 121);
    assert_eq!(
        recorder.sent().len() - before,
        3,
        "what the older read found is not kept"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_read_while_a_write_is_under_way_is_not_kept() {
    let client = client(&customers_made_after(LATENCY * 3 / 4));
    let write = beside({
        let client = client.clone();
        async move { create(&client).await }
    })
    .await;
    assert_eq!(read_record(&client).await, "120", "it has not taken effect yet");
    write.await.unwrap();
    assert_eq!(read_record(&client).await, "121");
}

#[tokio::test(start_paused = true)]
async fn what_was_kept_is_not_handed_out_while_a_write_is_under_way() {
    let client = client(&customers());
    assert_eq!(read_record(&client).await, "120");
    let write = beside({
        let client = client.clone();
        async move { create(&client).await }
    })
    .await;
    assert_eq!(
        read_record(&client).await,
        "121",
        "it may have taken effect already"
    );
    write.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_or_is_dropped_counts_as_one() {
    let recorder = customers();
    let client = client(&recorder);
    read(&client).await;
    let create = client
        .customers()
        .create(CreateCustomer::new("Harbor Dental"))
        .into_future();
    let _ = tokio::time::timeout(LATENCY / 2, create).await;
    assert_eq!(read(&client).await, 121, "it took effect, though nobody waited");
    let sent = recorder.sent().len();
    client.tickets().delete(1).await.ok();
    read(&client).await;
    assert_eq!(
        recorder.sent().len(),
        sent + 1,
        "a write to something else changes nothing"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_not_a_whole_list_is_asked_for() {
    let recorder = customers();
    let client = client(&recorder);
    read(&client).await;
    let mut before = recorder.sent().len();
    let mut sends = |what: &str| {
        let sent = recorder.sent().len();
        assert!(sent > before, "{what}");
        before = sent;
    };
    client.customers().list().await.unwrap();
    sends("a page");
    client.customers().list().limit(10).all().await.unwrap();
    sends("a part");
    client
        .customers()
        .list()
        .consistency(Consistency::Complete)
        .all()
        .await
        .unwrap();
    sends("a complete walk");
    client.customers().list().items_in_page(20).all().await.unwrap();
    sends("another page size");
    client.without_cache().customers().list().all().await.unwrap();
    sends("a client without the cache");
    client
        .customers()
        .list()
        .sort_by("LastModified")
        .all()
        .await
        .unwrap();
    sends("another order");
    client
        .customers()
        .list()
        .sort_by("LastModified")
        .all()
        .await
        .unwrap();
    assert_eq!(recorder.sent().len(), before, "which is kept on its own");
}

#[tokio::test(start_paused = true)]
async fn errors_are_not_kept_and_are_told_to_all_who_wait() {
    let recorder = customers();
    let client = client(&recorder);
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.customers().get(404).await.unwrap_err() })
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap().kind(), ErrorKind::NotFound);
    }
    assert_eq!(recorder.sent().len(), 1);
    client.customers().get(404).await.unwrap_err();
    assert_eq!(recorder.sent().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_size_is_bounded() {
    let recorder = customers();
    let client = recorder
        .builder()
        .cache(Cache::new().max_bytes(1_000))
        .build()
        .unwrap();
    for _ in 0..2 {
        read(&client).await;
    }
    assert_eq!(recorder.sent().len(), 6, "three pages are too much to keep");
}
