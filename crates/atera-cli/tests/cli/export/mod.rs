//! `atera export`.

mod missing_lists;
mod old_state;
mod one_writer;
mod update;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use atera::RateLimit;
use axum::{
    Router,
    http::{StatusCode, Uri},
};
use serde_json::{Value, json};

use super::{terminal::Terminal, *};

/// A command that exports into a folder.
fn export(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = atera(&["export", "--rate-limit", "off", "--dir"]);
    command.arg(dir).args(arguments);
    command
}

fn export_of(sandbox: &Sandbox, dir: &Path, arguments: &[&str]) -> Command {
    of(sandbox, export(dir, arguments))
}

/// A command that asks this sandbox.
fn of(sandbox: &Sandbox, mut command: Command) -> Command {
    command
        .env("ATERA_BASE_URL", sandbox.base_url())
        .env("ATERA_API_KEY", sandbox.api_key());
    command
}

/// A command that exports what the service at this address has.
fn export_from(service: &str, dir: &Path, arguments: &[&str]) -> Command {
    let mut command = export(dir, arguments);
    command.env("ATERA_BASE_URL", service).env("ATERA_API_KEY", "key");
    command
}

/// The files in a folder.
fn paths(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let files = fs::read_dir(dir).expect("a folder");
    files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.is_file())
}

/// The name of a file.
fn name_of(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// Exports until there are so many records, and kills it. Its limit keeps it from being done before.
async fn killed(sandbox: &Sandbox, dir: &Path, arguments: &[&str], records: usize) {
    // Some pages are not full, and short lists are read a second time meanwhile.
    let limit = format!("{}/1h", records / 50 * 3 / 2 + 10);
    let mut export = of(sandbox, atera(&["export", "--rate-limit", &limit, "--dir"]));
    let state = tempfile::tempdir().expect("a folder");
    export
        .arg(dir)
        .args(arguments)
        .env("XDG_STATE_HOME", state.path());
    aside(move || {
        let mut terminal = Terminal::start(&export, 100);
        terminal.until_records(records as u64);
        terminal.kill();
    })
    .await;
}

pub(super) fn manifest(dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(dir.join("manifest.json")).expect("a manifest")).expect("JSON")
}

/// The lists of a manifest, without the time at which each was read.
fn lists_of(dir: &Path) -> Value {
    let mut lists = manifest(dir)["lists"].take();
    for list in lists.as_array_mut().expect("lists") {
        let as_of = list.as_object_mut().expect("a list").remove("as_of");
        assert!(as_of.is_some_and(|time| time.as_str().is_some_and(|time| time.ends_with('Z'))));
    }
    lists
}

/// How often each page of each list was asked for, by list and query, after so many requests.
fn asked(sandbox: &Sandbox, after: u64) -> BTreeMap<String, BTreeMap<String, usize>> {
    let mut asked: BTreeMap<_, BTreeMap<_, usize>> = BTreeMap::new();
    for arrival in sandbox.log().iter().filter(|it| it.number > after) {
        let (list, page) = arrival.path.split_once('?').expect("a page");
        *asked
            .entry(list.to_string())
            .or_default()
            .entry(page.to_string())
            .or_default() += 1;
    }
    asked
}

/// Exports all of four lists, once with an interruption in the middle and once without, and compares what came of it.
async fn compare(counts: [usize; 4], flags: &[&str]) {
    let [tickets, alerts, contacts, customers] = counts;
    let records: usize = counts.iter().sum();
    let sandbox = Sandbox::builder()
        .tickets(tickets)
        .alerts(alerts)
        .contacts(contacts)
        .customers(customers)
        .rate_limit(RateLimit::off());
    let sandbox = sandbox.start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let (resumed, through) = (folder.path().join("resumed"), folder.path().join("through"));
    let lists = ["tickets", "alerts", "contacts", "customers"];
    let arguments = [&lists[..], flags].concat();

    killed(&sandbox, &resumed, &arguments, records / 2).await;
    assert!(!resumed.join("manifest.json").exists());
    assert_success(&output(export_of(&sandbox, &resumed, &arguments)).await);
    let (twice, arrivals) = (asked(&sandbox, 0), sandbox.stats().arrivals);
    assert_success(&output(export_of(&sandbox, &through, &arguments)).await);
    let once = asked(&sandbox, arrivals);

    assert_eq!(once.len(), lists.len());
    for (list, pages) in &once {
        let again = |(page, count): (&String, &usize)| twice[list][page] - count;
        let again: Vec<_> = pages.iter().map(again).filter(|count| *count > 0).collect();
        assert!(again.is_empty() || again == [1], "{list}: {again:?}");
        assert_eq!(twice[list].len(), pages.len(), "{list}");
    }
    assert_eq!(lists_of(&resumed), lists_of(&through));
    let mut count = 0;
    for list in lists {
        let [one, other] = [&resumed, &through].map(|dir| {
            let file = dir.join(format!("{list}.ndjson"));
            fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
        });
        assert!(one == other, "{list}");
        count += one.lines().count();
    }
    assert_eq!(count, records);
    let left = |folder: &Path| fs::read_dir(folder).expect("a folder").count();
    assert_eq!(left(&resumed), lists.len() + 2, "something is left behind");
    assert_eq!(
        left(&resumed.join(".atera-export")),
        2,
        "more than the lock is left behind"
    );
    assert_eq!(
        left(&resumed.join(".atera-export/next")),
        0,
        "a list is left behind"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_50_000_records_that_is_killed_asks_for_a_page_of_each_list_again_and_no_more() {
    compare([5_000, 10_000, 5_000, 30_000], &["--fast"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_one_that_reads_lists_until_nothing_is_missing() {
    compare([3_000, 2_000, 900, 100], &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_not_mixed_with_another() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    killed(&sandbox, folder.path(), &["tickets"], 50).await;
    let other = export_of(&sandbox, folder.path(), &["tickets", "--format", "csv"]);
    let other = output(other).await;
    assert_failure(&other, 2, "begin anew with --restart");
    let difference = "holds an export in the format ndjson, not csv, which has come";
    assert!(stderr(&other).contains(difference), "{other:?}");
}

#[tokio::test]
async fn a_folder_of_another_service_or_format_is_refused_with_what_differs() {
    let list = |_| json!({"items": [{"TicketID": 1}], "totalItemCount": 1, "totalPages": 1});
    let (one, other) = (service(list).await, service(list).await);
    let folder = tempfile::tempdir().expect("a folder");
    assert_success(&output(export_from(&one, folder.path(), &["--fast", "tickets"])).await);
    let of_service = format!("of the service {one}, not {other}");
    let in_format = "in the format ndjson, not csv";
    for (service, format, difference) in [
        (&one, "csv", in_format.to_string()),
        (&other, "ndjson", of_service.clone()),
        (&other, "csv", format!("{of_service}, and {in_format}")),
    ] {
        let arguments = ["--format", format, "--restart", "tickets"];
        let refused = output(export_from(service, folder.path(), &arguments)).await;
        let told = format!("holds an export {difference}; name another folder");
        assert_failure(&refused, 2, &told);
    }
}

/// A service whose only list is answered so for each page, and where it is.
async fn service(mut list: impl FnMut(usize) -> Value + Send + 'static) -> String {
    service_of_sizes(move |page, _| list(page)).await
}

/// The same, by the size of the page too.
pub(super) async fn service_of_sizes(mut list: impl FnMut(usize, usize) -> Value + Send + 'static) -> String {
    service_of_paths(move |_, page, size| (StatusCode::OK, list(page, size))).await
}

/// A service that answers so for each path and page.
async fn service_of_paths(
    mut list: impl FnMut(&str, usize, usize) -> (StatusCode, Value) + Send + 'static,
) -> String {
    let answer = move |uri: Uri| {
        let query = uri.query().unwrap_or_default();
        let number = |name: &str| {
            let pair = url::form_urlencoded::parse(query.as_bytes()).find(|(it, _)| it == name);
            pair.and_then(|(_, value)| value.parse().ok())
        };
        let (status, body) = list(
            uri.path(),
            number("page").unwrap_or(1),
            number("itemsInPage").unwrap_or(50),
        );
        (status, body.to_string())
    };
    let answer = Arc::new(Mutex::new(answer));
    let router = Router::new().fallback(move |uri: Uri| {
        let answered = answer.lock().expect("no panic")(uri);
        std::future::ready(answered)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(axum::serve(listener, router).into_future());
    format!("http://{address}/api/v3")
}

/// What belongs to the records of a list is read once the list is complete, or some of it would be missing for good.
#[tokio::test]
async fn a_list_that_failed_does_not_keep_what_belongs_to_its_records_from_a_later_run() {
    for (first, code, state) in [
        (StatusCode::INTERNAL_SERVER_ERROR, 5, "failed"),
        (StatusCode::FORBIDDEN, 4, "no permission"),
    ] {
        let mut requests = 0;
        let service = service_of_paths(move |path, page, _| {
            requests += 1;
            if path.ends_with("/comments") {
                return (
                    StatusCode::OK,
                    json!({"items": [{"Comment": path}], "totalItemCount": 1}),
                );
            }
            // The second page fails once; a list that may not be read is refused at once.
            let fails = match first {
                StatusCode::FORBIDDEN => requests == 1,
                _ => requests == 2,
            };
            match (fails, page) {
                (true, _) => (first, json!({"Message": "not now"})),
                (false, 1) => (
                    StatusCode::OK,
                    json!({"items": [{"TicketID": 1}, {"TicketID": 2}], "totalItemCount": 3}),
                ),
                (false, 2) => (
                    StatusCode::OK,
                    json!({"items": [{"TicketID": 3}], "totalItemCount": 3}),
                ),
                _ => (StatusCode::OK, json!({"items": [], "totalItemCount": 3})),
            }
        })
        .await;
        let folder = tempfile::tempdir().expect("a folder");
        let run = || {
            let arguments = ["--with", "comments", "--max-attempts", "1", "tickets"];
            export_from(&service, folder.path(), &arguments)
        };
        let exported = output(run()).await;
        assert_eq!(exported.status.code(), Some(code), "{exported:?}");
        let lists = &manifest(folder.path())["lists"];
        assert_eq!(
            (&lists[0]["state"], &lists[1]["state"]),
            (&json!(state), &json!(state))
        );
        assert_success(&output(run()).await);
        let lists = &manifest(folder.path())["lists"];
        assert_eq!(
            (&lists[0]["records"], &lists[1]["records"]),
            (&json!(3), &json!(3)),
            "{lists}"
        );
    }
}

#[tokio::test]
async fn a_list_that_would_not_settle_is_10_and_is_kept() {
    // Each time the ticket has gone and one that is older has come back.
    let mut id = 1_000;
    let service = service(move |_| {
        id -= 1;
        json!({"items": [{"TicketID": id}], "totalItemCount": 1, "totalPages": 1})
    });
    let folder = tempfile::tempdir().expect("a folder");
    let exported = output(export_from(&service.await, folder.path(), &["tickets"])).await;
    assert_eq!(exported.status.code(), Some(10), "{exported:?}");
    assert!(
        stderr(&exported)
            .contains("tickets did not settle, so records may be missing: manifest.json has the counts"),
        "{exported:?}"
    );
    let told = &manifest(folder.path())["lists"][0];
    assert_eq!(
        (&told["state"], &told["records"]),
        (&json!("unsettled"), &json!(8))
    );
    assert_eq!(told["drift"]["late"], 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_tells_what_there_is() {
    use sha2::{Digest, Sha256};

    // With a field that the description lacks.
    let list = |page| {
        let items: Vec<_> = ((page - 1) * 50..120.min(page * 50))
            .map(|id| json!({"TicketID": id, "New": {"x": [id, null]}}))
            .collect();
        json!({"items": items, "totalItemCount": 120, "totalPages": 3})
    };
    let service = service(list).await;
    let folder = tempfile::tempdir().expect("a folder");
    let export = |arguments: &[&str]| output(export_from(&service, folder.path(), arguments));
    assert_success(&export(&["tickets"]).await);
    assert_eq!(manifest(folder.path())["complete"], true);
    let bytes = fs::read(folder.path().join("tickets.ndjson")).expect("a file");
    let sha256: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        lists_of(folder.path()),
        json!([{
            "name": "tickets", "operation": "tickets_list", "state": "complete", "file": "tickets.ndjson", "records": 120,
            "bytes": bytes.len(), "sha256": sha256,
            "drift": {"sweeps": 2, "total": 120, "total_changes": 0, "repeats": 0, "late": 0, "without_id": 0, "shortfall": 0,
                "holes": 0},
        }])
    );
    let text = String::from_utf8(bytes).expect("text");
    let lines: Vec<_> = text.lines().collect();
    // What the service sent beyond the description is there.
    let record: Value = serde_json::from_str(lines[7]).expect("JSON");
    assert_eq!(record, json!({"New": {"x": [7, null]}, "TicketID": 7}));

    let again = export(&["tickets"]).await;
    assert_failure(&again, 2, "holds these lists already");
    assert_success(&export(&["tickets", "--fast", "--restart"]).await);
    assert_eq!(manifest(folder.path())["lists"][0]["state"], "one pass");
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

#[tokio::test]
async fn what_hangs_on_records_comes_in_their_order_and_tells_on_which() {
    let sandbox = Sandbox::builder().tickets(60).start().await;
    let sandbox = sandbox.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["--with", "comments,work-hours", "tickets"];
    assert_success(&output(export_of(&sandbox, folder.path(), &arguments)).await);
    let ids = |file: &str| -> Vec<i64> {
        let text = fs::read_to_string(folder.path().join(file)).expect("a file");
        let records = text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        records
            .map(|record: Value| record["TicketID"].as_i64().expect("an id"))
            .collect()
    };
    let (tickets, comments) = (ids("tickets.ndjson"), ids("tickets-comments.ndjson"));
    assert_eq!(tickets.len(), 60);
    let mut positions = comments.iter().map(|id| tickets.iter().position(|it| it == id));
    assert!(positions.all(|position| position.is_some()) && comments.len() > 60);
    assert!(comments.is_sorted_by_key(|id| tickets.iter().position(|it| it == id)));
    let told = manifest(folder.path());
    let names: Vec<_> = told["lists"]
        .as_array()
        .expect("lists")
        .iter()
        .map(|list| &list["name"])
        .collect();
    assert_eq!(names, ["tickets", "tickets-comments", "tickets-work-hours"]);
    let asked = sandbox.stats().operations;
    assert_eq!((asked["tickets_list"], asked["tickets_list_comments"]), (4, 60));
}
