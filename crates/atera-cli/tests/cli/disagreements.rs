//! Lists whose answers disagree with each other, move or lack ids: what the command and the export say of them.

use std::path::Path;

use serde_json::{Value, json};

use super::{
    export::{manifest, service_of_sizes},
    *,
};

/// The command against a service whose lists are answered so for each page.
async fn against(list: impl FnMut(usize, usize) -> Value + Send + 'static, arguments: &[&str]) -> Output {
    let mut command = atera(arguments);
    command
        .env("ATERA_BASE_URL", service_of_sizes(list).await)
        .env("ATERA_API_KEY", "key");
    output(command).await
}

/// An export of the tickets of such a service.
async fn exported(
    list: impl FnMut(usize, usize) -> Value + Send + 'static,
    dir: &Path,
    flags: &[&str],
) -> (Output, Value) {
    let dir = dir.to_str().expect("text");
    let arguments = [&["export", "--rate-limit", "off", "--dir", dir], flags].concat();
    let exported = against(list, &arguments).await;
    (exported, manifest(Path::new(dir))["lists"].clone())
}

/// The tickets of a page, of so many in all.
fn tickets(page: usize, size: usize, total: usize) -> Vec<Value> {
    let ids = (page - 1) * size..(page * size).min(total);
    ids.map(|id| json!({"TicketID": id})).collect()
}

/// Of 250 tickets some do not come, whatever the answers say.
#[tokio::test]
async fn a_list_that_is_not_whole_is_10_and_its_export_is_not_complete() {
    type List = fn(usize, usize) -> Value;
    let lists: [(&str, List, usize); 4] = [
        (
            "the number of the page is ignored and echoed",
            |page, size| json!({"items": tickets(1, size, 250), "page": page, "totalItemCount": 250}),
            50,
        ),
        (
            "the third page is empty",
            |page, size| {
                let items = if page == 3 {
                    Vec::new()
                } else {
                    tickets(page, size, 250)
                };
                json!({"items": items, "totalItemCount": 250, "totalPages": 5})
            },
            200,
        ),
        (
            "the third page is empty, no total",
            |page, size| {
                let items = if page == 3 {
                    Vec::new()
                } else {
                    tickets(page, size, 250)
                };
                json!({"items": items, "nextLink": if page < 5 { "/next" } else { "" }})
            },
            200,
        ),
        (
            "the third page is short, no total",
            |page, size| {
                let mut items = tickets(page, size, 250);
                items.truncate(if page == 3 { 10 } else { 50 });
                json!({"items": items, "totalPages": 5})
            },
            210,
        ),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (number, (what, list, records)) in lists.into_iter().enumerate() {
        for fast in [false, true] {
            let flags = if fast { &["--fast"][..] } else { &[] };
            let walk = [&["tickets", "list", "--all", "-o", "ndjson"], flags].concat();
            let printed = against(list, &walk).await;
            assert_eq!(printed.status.code(), Some(10), "{what}: {printed:?}");
            // Pages of another size have others of the records.
            let came = |count: usize| {
                if fast {
                    count == records
                } else {
                    (records..250).contains(&count)
                }
            };
            assert!(came(stdout(&printed).lines().count()), "{what}");
            let told = if fast {
                "tickets_list is not whole: "
            } else {
                "did not settle"
            };
            assert!(stderr(&printed).contains(told), "{what}: {printed:?}");

            let dir = folder.path().join(format!("{number} {fast}"));
            let (exported, lists) = exported(list, &dir, &[flags, &["tickets"]].concat()).await;
            assert_eq!(exported.status.code(), Some(10), "{what}: {exported:?}");
            assert_eq!(lists[0]["state"], "unsettled", "{what}");
            let count = lists[0]["records"].as_u64().expect("a number");
            assert!(came(count as usize), "{what}");
        }
    }
}

/// Each answer says that it is the last, and has a link to the next.
#[tokio::test]
async fn a_list_whose_total_is_that_of_its_page_is_read_whole() {
    let list = |page, size| {
        let items = tickets(page, size, 230);
        let (total, link) = (items.len(), if page < 5 { "/next" } else { "" });
        json!({"items": items, "totalItemCount": total, "nextLink": link})
    };
    let printed = against(list, &["tickets", "list", "--all", "-o", "ndjson"]).await;
    assert_success(&printed);
    assert_eq!(stdout(&printed).lines().count(), 230);
    let folder = tempfile::tempdir().expect("a folder");
    let (exported, lists) = exported(list, &folder.path().join("x"), &["tickets"]).await;
    assert_success(&exported);
    assert_eq!(
        (&lists[0]["state"], &lists[0]["records"]),
        (&json!("complete"), &json!(230))
    );
}

/// After each page a ticket comes at the front and another one goes.
fn restless() -> impl FnMut(usize, usize) -> Value + Send + 'static {
    let (mut tickets, mut next): (Vec<usize>, _) = ((0..1_000).rev().collect(), 1_000);
    move |page, size| {
        let page = tickets.chunks(size).nth(page - 1).unwrap_or_default();
        let items: Vec<_> = page.iter().map(|id| json!({"TicketID": id})).collect();
        let answer = json!({"items": items, "totalItemCount": 1_000});
        tickets.insert(0, next);
        next += 1;
        tickets.remove(next * 7 % 1_000);
        answer
    }
}

/// What came and went explains why fewer came than the total says.
#[tokio::test]
async fn a_restless_list_that_settles_is_no_failure() {
    let printed = against(restless(), &["tickets", "list", "--all", "-o", "ndjson"]).await;
    assert_success(&printed);
    assert_eq!(stderr(&printed), "");
    let folder = tempfile::tempdir().expect("a folder");
    let (exported, lists) = exported(restless(), &folder.path().join("x"), &["tickets"]).await;
    assert_success(&exported);
    assert_eq!(lists[0]["state"], "complete");
    assert_eq!(lists[0]["drift"]["shortfall"], 0);
}

/// A ticket comes at the front after the second page.
fn growing(page: usize, _: usize) -> Value {
    let moved = usize::from(page > 2);
    let ids = ((page - 1) * 50).max(moved) - moved..(page * 50 - moved).min(230);
    let items: Vec<_> = ids.map(|id| json!({"TicketID": id})).collect();
    json!({"items": items, "totalItemCount": 230 + moved, "totalPages": 5})
}

#[tokio::test]
async fn that_records_moved_is_told_where_a_list_is_read_once() {
    let moved = "while it was read, records came again (1) and its total moved between 230 and 231, so others may be \
                 missing; ";
    for (flags, records, told) in [
        (
            &["--all", "--fast"][..],
            230,
            format!("{moved}without --fast it is read until none is\n"),
        ),
        (
            &["--all", "--page", "2"],
            180,
            "while it was read, records came again (1) and its total from page 2 on moved between 180 and 181, so others may be \
             missing; without --page it is read until none is\n"
                .to_string(),
        ),
        (
            &["--limit", "120"],
            120,
            format!(
                "120 of 231 records; --all prints all of them, --limit and --page others; {moved}with --all it is read until \
                 none is\n"
            ),
        ),
        (&["--limit", "70", "--quiet"], 70, String::new()),
        (&["--all", "--fast", "--quiet"], 230, String::new()),
    ] {
        let walk = [&["tickets", "list", "-o", "ndjson"], flags].concat();
        let printed = against(growing, &walk).await;
        assert_success(&printed);
        assert_eq!(stdout(&printed).lines().count(), records, "{flags:?}");
        assert_eq!(stderr(&printed), told, "{flags:?}");
    }
}

/// No page goes on from where a service goes round in circles.
#[tokio::test]
async fn a_walk_that_brings_nothing_new_does_not_advise_to_go_on() {
    let list = |page: usize, size| json!({"items": tickets(1 + page % 2, size, 250), "page": page, "nextLink": "/next"});
    let printed = against(list, &["tickets", "list", "--all", "-o", "ndjson"]).await;
    assert_eq!(printed.status.code(), Some(9), "{printed:?}");
    assert!(stderr(&printed).contains("brought no new record"), "{printed:?}");
    assert!(!stderr(&printed).contains("goes on from there"), "{printed:?}");
}

/// One ticket has no id, and is not there when the list is read first.
#[tokio::test]
async fn an_export_of_records_without_ids_says_so_and_what_could_not_be_read() {
    let mut requests = 0;
    let list = move |page: usize, size: usize| {
        requests += 1;
        let mut all = tickets(1, 98, 98);
        all.push(json!({"TicketTitle": "no id"}));
        if requests > 2 {
            all.push(json!({"TicketTitle": "no id either"}));
        }
        let items = all.chunks(size).nth(page - 1).unwrap_or_default();
        json!({"items": items, "page": page, "totalItemCount": 100})
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (exported, lists) = exported(list, &folder.path().join("x"), &["tickets"]).await;
    assert_success(&exported);
    let told = "tickets: 2 of 99 records without an id, so one that moved may be missing\n";
    assert!(stderr(&exported).ends_with(told), "{exported:?}");
    assert_eq!(lists[0]["state"], "no id");

    // What belongs to them.
    let list = |page: usize, _: usize| match page {
        1 => {
            json!({"items": [{"TicketID": 1}, {"TicketTitle": "no id"}, {"TicketID": 2}], "page": 1, "totalPages": 1})
        }
        _ => json!({"items": [], "page": page, "totalPages": 1}),
    };
    let flags = ["--with", "comments", "tickets"];
    let (exported, lists) = self::exported(list, &folder.path().join("y"), &flags).await;
    assert_success(&exported);
    let told = "tickets-comments: what belongs to 1 record without an id could not be read\n";
    assert!(stderr(&exported).ends_with(told), "{exported:?}");
    assert_eq!(lists[0]["state"], "no id");
    assert_eq!(
        (&lists[1]["state"], &lists[1]["parents_without_id"]),
        (&json!("no id"), &json!(1))
    );
}
