//! `atera export`.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{Router, http::Uri};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::*;

/// A service with so many tickets and alerts, which counts how often each page was asked for.
struct Service {
    base_url: String,
    asked: Arc<Mutex<BTreeMap<(String, usize), usize>>>,
    requests: watch::Receiver<usize>,
}

impl Service {
    async fn start(records: usize) -> Self {
        let asked: Arc<Mutex<BTreeMap<(String, usize), usize>>> = Arc::default();
        let (told, requests) = watch::channel(0);
        let noted = asked.clone();
        let answer = move |uri: Uri| {
            let query: BTreeMap<_, _> =
                url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
                    .into_owned()
                    .collect();
            let page: usize = query["page"].parse().expect("a page");
            let key = match uri.path().ends_with("/tickets") {
                true => "TicketID",
                false => "AlertID",
            };
            *noted
                .lock()
                .expect("no panic")
                .entry((uri.path().to_string(), page))
                .or_default() += 1;
            told.send_modify(|count| *count += 1);
            let items: Vec<_> = ((page - 1) * 50..records.min(page * 50))
                .map(|id| json!({key: id, "New": {"x": [id, null]}}))
                .collect();
            let pages = records.div_ceil(50);
            std::future::ready(
                json!({"items": items, "totalItemCount": records, "totalPages": pages}).to_string(),
            )
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let base_url = format!("http://{}/api/v3", listener.local_addr().expect("an address"));
        tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
        Service {
            base_url,
            asked,
            requests,
        }
    }

    fn export(&self, dir: &Path, arguments: &[&str]) -> Command {
        let mut command = atera(&["export", "--rate-limit", "off", "--dir"]);
        command
            .arg(dir)
            .args(arguments)
            .env("ATERA_BASE_URL", &self.base_url)
            .env("ATERA_API_KEY", "key");
        command
    }
}

fn lines(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines().map(String::from).collect()
}

fn manifest(dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(dir.join("manifest.json")).expect("a manifest")).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_killed_goes_on_and_ends_the_same() {
    let service = Service::start(50_000).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (killed, whole) = (folder.path().join("killed"), folder.path().join("whole"));
    let lists = ["tickets", "alerts"];
    let mut first = service.export(&killed, &lists).spawn().expect("the command runs");
    service
        .requests
        .clone()
        .wait_for(|count| *count >= 2_000)
        .await
        .expect("requests");
    first.kill().expect("it runs");
    first.wait().expect("it ends");
    assert!(!killed.join("manifest.json").exists());
    assert_success(&output(service.export(&killed, &lists)).await);
    // Each list is swept twice, since nothing says that it is ordered by a growing key.
    let asked = std::mem::take(&mut *service.asked.lock().expect("no panic"));
    for list in ["/api/v3/tickets", "/api/v3/alerts"] {
        let again = asked
            .iter()
            .filter(|((path, _), count)| path == list && **count > 2);
        let again: Vec<_> = again.collect();
        assert!(
            again.len() <= 1 && again.iter().all(|(_, count)| **count == 3),
            "{again:?}"
        );
        assert_eq!(asked.keys().filter(|(path, _)| path == list).count(), 1_000);
    }
    assert_success(&output(service.export(&whole, &lists)).await);
    for file in ["tickets.ndjson", "alerts.ndjson"] {
        let (resumed, through) = (lines(&killed.join(file)), lines(&whole.join(file)));
        assert_eq!(through.len(), 50_000);
        assert!(resumed == through, "{file}");
    }
    assert_eq!(manifest(&killed)["lists"], manifest(&whole)["lists"]);
    assert_eq!(
        fs::read_dir(&killed).expect("a folder").count(),
        3,
        "something is left behind"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_tells_what_there_is() {
    use sha2::{Digest, Sha256};

    let service = Service::start(120).await;
    let folder = tempfile::tempdir().expect("a folder");
    assert_success(&output(service.export(folder.path(), &["tickets"])).await);
    let told = manifest(folder.path());
    let bytes = fs::read(folder.path().join("tickets.ndjson")).expect("a file");
    let sha256: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        told["lists"],
        json!([{
            "name": "tickets", "operation": "tickets_list", "state": "complete", "file": "tickets.ndjson", "records": 120,
            "bytes": bytes.len(), "sha256": sha256,
            "drift": {"sweeps": 2, "total": 120, "total_changes": 0, "repeats": 0, "late": 0},
        }])
    );
    // What the service sent beyond the description is there.
    let record: Value = serde_json::from_str(&lines(&folder.path().join("tickets.ndjson"))[7]).expect("JSON");
    assert_eq!(record, json!({"New": {"x": [7, null]}, "TicketID": 7}));

    let again = output(service.export(folder.path(), &["tickets"])).await;
    assert_failure(&again, 2, "holds an export that is complete");
    assert_success(&output(service.export(folder.path(), &["tickets", "--fast", "--restart"])).await);
    assert_eq!(manifest(folder.path())["lists"][0]["state"], "one pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_not_mixed_with_another() {
    let service = Service::start(100_000).await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut begun = service
        .export(folder.path(), &["tickets"])
        .spawn()
        .expect("the command runs");
    service
        .requests
        .clone()
        .wait_for(|count| *count >= 2)
        .await
        .expect("requests");
    begun.kill().expect("it runs");
    begun.wait().expect("it ends");
    let other = output(service.export(folder.path(), &["tickets", "--format", "csv"])).await;
    assert_failure(&other, 2, "begin anew with --restart");
}

#[tokio::test]
async fn csv_and_what_hangs_on_records() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().to_str().expect("text");
    let arguments = ["export", "--dir", dir, "--format", "csv", "tickets", "customers"];
    let exported = ask(&sandbox, &arguments).await;
    assert_success(&exported);
    assert!(
        stderr(&exported).starts_with("2911 records of 2 lists in "),
        "{exported:?}"
    );
    let mut table = csv::Reader::from_path(folder.path().join("customers.csv")).expect("a file");
    assert!(
        table
            .headers()
            .expect("a header")
            .iter()
            .any(|name| name == "CustomerName")
    );
    assert_eq!(table.records().count(), 64);
    let refused = ask(
        &sandbox,
        &["export", "--dir", dir, "--with", "comments", "customers"],
    )
    .await;
    assert_failure(&refused, 2, "none of the groups has `comments`");
}
