//! `atera export --update`: what it asks for, and that the folder then equals a full export.

use std::time::SystemTime;

use atera::{ApiKey, Client, description::Operation};

use super::*;

/// Changes something, as another program would.
async fn change(client: &Client, operation: &str, id: Option<i64>, body: Value) {
    let operation = Operation::find(operation).expect(operation);
    let mut call = client.operation(operation);
    if let (Some(id), Some(parameter)) = (id, operation.parameters.iter().find(|it| it.required)) {
        call = call.set(parameter.name, id.to_string()).expect("a parameter");
    }
    if !body.is_null() {
        call = call.body(&body).expect("a body");
    }
    call.send().await.expect("changed");
}

/// A client without a limit of its own.
fn client(sandbox: &Sandbox) -> Client {
    let builder = Client::builder().api_key(ApiKey::new(sandbox.api_key()).expect("a key"));
    let builder = builder.base_url(sandbox.base_url()).rate_limit(RateLimit::off());
    builder.build().expect("a client")
}

/// The ids in a file, by the field of this name, in their order.
fn ids(dir: &Path, list: &str, field: &str) -> Vec<i64> {
    let text = fs::read_to_string(dir.join(format!("{list}.ndjson"))).expect("a file");
    let records = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    records
        .map(|record| record[field].as_i64().expect("an id"))
        .collect()
}

/// The files of the lists in a folder.
fn files_in(dir: &Path, format: &str) -> impl Iterator<Item = PathBuf> {
    paths(dir).filter(move |path| path.extension().is_some_and(|it| it == format))
}

/// The lines of all lists in a folder, each list sorted.
fn sorted(dir: &Path, format: &str) -> BTreeMap<String, Vec<String>> {
    files_in(dir, format)
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a file");
            let mut lines: Vec<_> = text.lines().map(ToString::to_string).collect();
            lines.sort_unstable();
            (name_of(&path), lines)
        })
        .collect()
}

/// Asserts that an export equals a full one, byte for byte after sorting.
async fn assert_equals_full(sandbox: &Sandbox, dir: &Path, format: &str, lists: &[&str]) -> u64 {
    let full = tempfile::tempdir().expect("a folder");
    let before = sandbox.stats().arrivals;
    let arguments = [&["--format", format], lists].concat();
    assert_success(&output(export_of(sandbox, full.path(), &arguments)).await);
    let (updated, full) = (sorted(dir, format), sorted(full.path(), format));
    assert_eq!(
        updated.keys().collect::<Vec<_>>(),
        full.keys().collect::<Vec<_>>()
    );
    for (list, lines) in &full {
        let other = &updated[list];
        let differs = lines.iter().zip(other).find(|(one, other)| one != other);
        assert!(
            lines == other,
            "{list}: {} and {} lines, {differs:?}",
            other.len(),
            lines.len()
        );
    }
    for list in manifest(dir)["lists"].as_array().expect("lists") {
        let file = fs::read(dir.join(list["file"].as_str().expect("a file"))).expect("a file");
        assert_eq!(list["bytes"], file.len(), "{list}");
    }
    sandbox.stats().arrivals - before
}

/// When each file of a list was last written.
fn times(dir: &Path, format: &str) -> BTreeMap<PathBuf, SystemTime> {
    files_in(dir, format)
        .map(|path| {
            let time = fs::metadata(&path).and_then(|it| it.modified()).expect("a time");
            (path, time)
        })
        .collect()
}

const LISTS: [&str; 4] = ["tickets", "alerts", "contacts", "customers"];

async fn account(counts: [usize; 4]) -> Sandbox {
    let [tickets, alerts, contacts, customers] = counts;
    let sandbox = Sandbox::builder()
        .tickets(tickets)
        .alerts(alerts)
        .contacts(contacts)
        .customers(customers);
    sandbox
        .rate_limit(RateLimit::off())
        .start()
        .await
        .expect("a sandbox")
}

/// Changes so many tickets and contacts, creates and deletes a few, and adds a comment.
async fn busy_day(client: &Client, dir: &Path, many: usize) {
    let (tickets, contacts) = (ids(dir, "tickets", "TicketID"), ids(dir, "contacts", "EndUserID"));
    let step = (tickets.len() / many).max(1);
    for id in tickets.iter().step_by(step) {
        change(
            client,
            "tickets_update",
            Some(*id),
            json!({"TicketTitle": format!("No. {id} is new")}),
        )
        .await;
    }
    // Nobody's tickets show a mobile phone.
    let step = (contacts.len() / many).max(1);
    for id in contacts.iter().step_by(step) {
        change(
            client,
            "contacts_update",
            Some(*id),
            json!({"MobilePhone": "+44 117 496 0999"}),
        )
        .await;
    }
    change(
        client,
        "tickets_add_comment",
        Some(tickets[3]),
        json!({"CommentText": "Still on fire", "EnduserCommentDetails": {"EnduserId": contacts[0]}}),
    )
    .await;
    let created = json!({"TicketTitle": "Printer", "Description": "It is on fire", "EndUserID": contacts[0]});
    change(client, "tickets_create", None, created).await;
    change(
        client,
        "customers_create",
        None,
        json!({"CustomerName": "Harbor Dental Two"}),
    )
    .await;
    for id in [tickets[1], tickets[tickets.len() / 2], tickets[tickets.len() - 1]] {
        change(client, "tickets_delete", Some(id), Value::Null).await;
    }
}

async fn updated(sandbox: &Sandbox, dir: &Path, arguments: &[&str]) -> (Output, BTreeMap<String, usize>) {
    let before = sandbox.stats().arrivals;
    let arguments = [&["--update"], arguments].concat();
    let output = output(export_of(sandbox, dir, &arguments)).await;
    let mut asked: BTreeMap<_, usize> = BTreeMap::new();
    for arrival in sandbox.log().iter().filter(|it| it.number > before) {
        *asked
            .entry(arrival.operation.unwrap_or_default().to_string())
            .or_default() += 1;
    }
    (output, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_asks_for_what_changed_and_then_equals_a_full_export() {
    for format in ["ndjson", "csv"] {
        let sandbox = account([600, 100, 400, 60]).await;
        let folder = tempfile::tempdir().expect("a folder");
        let (dir, names) = (folder.path().join("x"), folder.path().join("names"));
        let lists = [&["--format", format, "--with", "comments"], &LISTS[..]].concat();
        assert_success(&output(export_of(&sandbox, &dir, &lists)).await);
        assert_success(&output(export_of(&sandbox, &names, &["tickets", "contacts"])).await);
        busy_day(&client(&sandbox), &names, 6).await;

        let before = times(&dir, format);
        let (exported, asked) = updated(&sandbox, &dir, &lists).await;
        assert_success(&exported);
        let said = stderr(&exported);
        assert!(said.contains("\ntickets: 1 came, "), "{said}");
        assert!(said.contains(" changed, 3 went\n"), "{said}");
        assert!(
            said.contains("\nread in full, since the service has no filter for what changed: alerts\n"),
            "{said}"
        );
        assert!(
            said.contains("\ncustomers: 1 came, 0 changed, 0 went\n"),
            "{said}"
        );
        let full = assert_equals_full(&sandbox, &dir, format, &lists[2..]).await;
        let count: usize = asked.values().sum();
        assert!(
            (count as u64) * 5 < full,
            "{count} requests beside {full}: {asked:?}"
        );
        assert!(asked["tickets_list_comments"] < 20, "{asked:?}");
        // Fewer than its pages: the deletions are found without reading all of it.
        assert!(asked["tickets_list"] < 12, "{asked:?}");
        let after = times(&dir, format);
        let kept = |list: &str| before[&dir.join(list)] == after[&dir.join(list)];
        assert!(kept(&format!("alerts.{format}")) && !kept(&format!("tickets.{format}")));

        // Once more, and there is nothing to write.
        let (exported, _) = updated(&sandbox, &dir, &lists).await;
        assert_success(&exported);
        let said = stderr(&exported);
        assert!(
            said.ends_with("\nnot changed: tickets, alerts, customers, contacts, tickets-comments\n"),
            "{said}"
        );
        assert_eq!(times(&dir, format), after);
    }
}

/// The tickets of a customer have its name, and do not count as changed when that changes.
#[tokio::test(flavor = "multi_thread")]
async fn an_update_sees_that_a_list_shows_what_has_changed_elsewhere() {
    let sandbox = account([120, 0, 80, 20]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (dir, lists) = (folder.path(), ["tickets", "contacts", "customers"]);
    assert_success(&output(export_of(&sandbox, dir, &lists)).await);
    let text = fs::read_to_string(dir.join("tickets.ndjson")).expect("a file");
    let ticket: Value = serde_json::from_str(text.lines().next().expect("a ticket")).expect("JSON");
    let id = ticket["CustomerID"].as_i64();
    change(
        &client(&sandbox),
        "customers_update",
        id,
        json!({"CustomerName": "Renamed"}),
    )
    .await;
    let (exported, _) = updated(&sandbox, dir, &lists).await;
    assert_success(&exported);
    let said = stderr(&exported);
    assert!(
        said.contains("\nread in full, since it shows fields of customers that have changed: tickets"),
        "{said}"
    );
    assert_equals_full(&sandbox, dir, "ndjson", &lists).await;
}

/// A list whose filter hides what it should show is read in full.
#[tokio::test]
async fn an_update_reads_in_full_what_does_not_add_up() {
    let count = Arc::new(Mutex::new(3));
    let there = count.clone();
    let service = service_of_paths(move |path, page, size| {
        let all = *there.lock().expect("no panic");
        let items: Vec<_> = match path.ends_with("lastmodified") {
            true => Vec::new(),
            false => (0..all)
                .skip((page - 1) * size)
                .take(size)
                .map(|id| json!({"TicketID": id}))
                .collect(),
        };
        let total = if path.ends_with("lastmodified") { 0 } else { all };
        (
            StatusCode::OK,
            json!({"items": items, "totalItemCount": total, "totalPages": 1}),
        )
    })
    .await;
    let folder = tempfile::tempdir().expect("a folder");
    let run = |flags: &[&str]| output(export_from(&service, folder.path(), flags));
    assert_success(&run(&["tickets"]).await);
    *count.lock().expect("no panic") = 4;
    let exported = run(&["--update", "tickets"]).await;
    assert_success(&exported);
    let told = "tickets: 1 came, 0 changed, 0 went\nread in full, since there are records that the filter for changes does not show: tickets\n";
    assert!(stderr(&exported).contains(told), "{exported:?}");
    assert_eq!(ids(folder.path(), "tickets", "TicketID"), [0, 1, 2, 3]);
}

/// It is the file of the run before that is brought up to date by the next one, not read anew.
#[tokio::test]
async fn an_update_that_fails_leaves_the_file_and_the_next_one_goes_on_from_it() {
    let fails = Arc::new(Mutex::new(false));
    let failing = fails.clone();
    let pages = Arc::new(Mutex::new(0));
    let counted = pages.clone();
    let service = service_of_paths(move |path, page, size| {
        if *failing.lock().expect("no panic") {
            return (StatusCode::INTERNAL_SERVER_ERROR, json!({"Message": "not now"}));
        }
        let changed = path.ends_with("lastmodified");
        if !changed && size > 1 {
            *counted.lock().expect("no panic") += 1;
        }
        let items = match (changed, page) {
            (true, 1) => vec![json!({"TicketID": 2, "TicketTitle": "new"})],
            (false, 1) => vec![json!({"TicketID": 1}), json!({"TicketID": 2})],
            _ => Vec::new(),
        };
        let total = if changed { 1 } else { 2 };
        (
            StatusCode::OK,
            json!({"items": items, "totalItemCount": total, "totalPages": 1}),
        )
    })
    .await;
    let folder = tempfile::tempdir().expect("a folder");
    let run = |flags: &[&str]| {
        let mut command = export_from(&service, folder.path(), flags);
        command.args(["--max-attempts", "1", "tickets"]);
        output(command)
    };
    assert_success(&run(&[]).await);
    let before = *pages.lock().expect("no panic");
    *fails.lock().expect("no panic") = true;
    let failed = run(&["--update"]).await;
    assert_eq!(failed.status.code(), Some(5), "{failed:?}");
    let list = &manifest(folder.path())["lists"][0];
    assert_eq!(
        (&list["state"], &list["file_state"]),
        (&json!("failed"), &json!("complete"))
    );
    *fails.lock().expect("no panic") = false;
    assert_success(&run(&["--update"]).await);
    assert_eq!(
        *pages.lock().expect("no panic"),
        before,
        "the list was read in full"
    );
    let text = fs::read_to_string(folder.path().join("tickets.ndjson")).expect("a file");
    assert_eq!(
        text,
        "{\"TicketID\":1}\n{\"TicketID\":2,\"TicketTitle\":\"new\"}\n"
    );
    assert_eq!(manifest(folder.path())["lists"][0]["state"], "complete");
}

/// `cargo test -p atera-cli --test cli -- --ignored --nocapture 50_000_records_of_which`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute; it measures"]
async fn an_update_of_50_000_records_of_which_one_in_a_hundred_changed() {
    let sandbox = account([20_000, 5_000, 20_000, 5_000]).await;
    let folder = tempfile::tempdir().expect("a folder");
    assert_success(&output(export_of(&sandbox, folder.path(), &LISTS)).await);
    busy_day(&client(&sandbox), folder.path(), 250).await;
    let before = sandbox.stats();
    let (exported, _) = updated(&sandbox, folder.path(), &LISTS).await;
    assert_success(&exported);
    let after = sandbox.stats();
    println!("{}", stderr(&exported));
    for (operation, count) in &after.operations {
        let count = count - before.operations.get(operation).copied().unwrap_or_default();
        if count > 0 {
            println!("{operation}: {count}");
        }
    }
    let full = assert_equals_full(&sandbox, folder.path(), "ndjson", &LISTS).await;
    println!(
        "{} requests, beside {full} of a full export",
        after.arrivals - before.arrivals
    );
}
