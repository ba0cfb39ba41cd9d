//! Pages, filters and order.

use atera::Timestamp;
use atera_sandbox::Sandbox;
use serde_json::Value;

use crate::wire::{Ordered, ask, get};

async fn started() -> Sandbox {
    Sandbox::builder().start().await.expect("a sandbox")
}

/// One field of all records of a list, read in pages of 50; null where a record lacks it.
async fn all(sandbox: &Sandbox, path: &str, field: &str) -> Vec<Value> {
    let sign = if path.contains('?') { '&' } else { '?' };
    let mut values = Vec::new();
    for page in 1.. {
        let answer = get(sandbox, &format!("{path}{sign}page={page}&itemsInPage=50")).await;
        let answer = answer.json();
        for item in answer["items"].as_array().expect("items") {
            values.push(item[field].clone());
        }
        if answer["nextLink"] == "" {
            assert_eq!(answer["totalItemCount"], values.len());
            return values;
        }
    }
    values
}

#[tokio::test]
async fn a_page_has_20_records_unless_asked_and_never_more_than_50() {
    let sandbox = started().await;
    for (query, size, pages) in [
        ("", 20, 143),
        ("?itemsInPage=50", 50, 57),
        ("?itemsInPage=51", 50, 57),
        ("?itemsInPage=100000", 50, 57),
        ("?ITEMSINPAGE=7", 7, 407),
        ("?itemsInPage=", 20, 143),
    ] {
        let page = get(&sandbox, &format!("/tickets{query}")).await.json();
        assert_eq!(page["items"].as_array().map(Vec::len), Some(size), "{query}");
        assert_eq!(page["itemsInPage"], size, "{query}");
        assert_eq!(page["page"], 1);
        assert_eq!(page["totalItemCount"], 2_847);
        assert_eq!(page["totalPages"], pages, "{query}");
    }
}

#[tokio::test]
async fn a_page_has_the_properties_of_the_published_document() {
    let sandbox = started().await;
    let page = get(&sandbox, "/agents").await;
    assert_eq!(page.headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(
        Ordered::read(&page.body).names(),
        [
            "items",
            "page",
            "itemsInPage",
            "totalItemCount",
            "totalPages",
            "prevLink",
            "nextLink"
        ]
    );
}

#[tokio::test]
async fn links_are_absolute_keep_the_filters_and_are_empty_at_the_ends() {
    let sandbox = started().await;
    let at = |page| {
        format!(
            "{}/tickets?page={page}&itemsInPage=50&ticketStatus=Waiting+for+customer",
            sandbox.base_url()
        )
    };
    let closed = |page| {
        format!(
            "{}/tickets?page={page}&itemsInPage=50&ticketStatus=Closed",
            sandbox.base_url()
        )
    };

    let first = get(&sandbox, "/tickets?TICKETSTATUS=Closed&itemsInPage=50")
        .await
        .json();
    assert_eq!(
        (&first["prevLink"], &first["nextLink"]),
        (&"".into(), &closed(2).into())
    );
    let second = get(&sandbox, "/tickets?ticketStatus=Closed&itemsInPage=50&page=2")
        .await
        .json();
    assert_eq!(
        (&second["prevLink"], &second["nextLink"]),
        (&closed(1).into(), &closed(3).into())
    );
    let last = first["totalPages"].as_i64().expect("a number");
    let last = get(
        &sandbox,
        &format!("/tickets?ticketStatus=Closed&itemsInPage=50&page={last}"),
    )
    .await
    .json();
    assert_eq!(last["nextLink"], "");
    let beyond = get(
        &sandbox,
        "/tickets?ticketStatus=Waiting%20for%20customer&itemsInPage=50&page=9",
    )
    .await
    .json();
    assert_eq!(
        (beyond["items"].as_array().map(Vec::len), &beyond["nextLink"]),
        (Some(0), &"".into())
    );
    assert_eq!(beyond["prevLink"], at(8));
}

#[tokio::test]
async fn a_page_far_beyond_the_end_is_empty() {
    let sandbox = started().await;
    let page = get(&sandbox, &format!("/tickets?page={}", i32::MAX)).await;
    assert_eq!(
        (page.status, page.json()["items"].as_array().map(Vec::len)),
        (200, Some(0))
    );
}

#[tokio::test]
async fn paths_are_matched_without_regard_to_case_or_a_slash_at_the_end() {
    let sandbox = started().await;
    for path in ["/TICKETS/54321", "/tickets/54321/", "/Tickets/54321"] {
        assert_eq!(get(&sandbox, path).await.json()["TicketID"], 54321, "{path}");
    }
}

#[tokio::test]
async fn tickets_are_filtered_by_customer_and_status() {
    let sandbox = started().await;
    let everything = all(&sandbox, "/tickets", "CustomerID").await;
    let of_customer = all(&sandbox, "/tickets?customerId=1201", "CustomerID").await;
    let expected = everything.iter().filter(|customer| **customer == 1201).count();
    assert!(expected > 0 && expected < everything.len());
    assert_eq!(of_customer, vec![Value::from(1201); expected]);

    let mut total = 0;
    for status in ["Open", "Pending", "Resolved", "Closed", "Waiting for customer"] {
        let path = format!(
            "/tickets/nocomments?ticketstatus={}",
            status.replace(' ', "+").to_uppercase()
        );
        let found = all(&sandbox, &path, "TicketStatus").await;
        assert!(
            !found.is_empty() && found.iter().all(|it| it == status),
            "{status}"
        );
        total += found.len();
    }
    assert_eq!(total, 2_847);
    assert!(
        all(&sandbox, "/tickets?ticketStatus=Nonesuch", "TicketID")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn comments_and_relations_are_filled_in_only_where_asked_for() {
    let sandbox = started().await;
    let some = |values: Vec<Value>| values.iter().any(|value| !value.is_null());
    for (path, field, expected) in [
        ("/tickets", "FirstComment", true),
        ("/tickets/noComments", "FirstComment", false),
        ("/tickets/noComments", "LastTechnicianComment", false),
        ("/tickets/noComments", "LastTechnicianCommentTimestamp", true),
        ("/tickets/statusmodified", "FirstComment", false),
        (
            "/tickets/statusmodified?includeComments=true",
            "FirstComment",
            true,
        ),
        ("/tickets", "RelationType", false),
        ("/tickets", "RelatedTicketId", false),
        ("/tickets?includeRelations=True", "RelationType", true),
        (
            "/tickets/noComments?includeRelations=true",
            "RelatedTicketId",
            true,
        ),
    ] {
        assert_eq!(some(all(&sandbox, path, field).await), expected, "{path} {field}");
    }
}

#[tokio::test]
async fn status_modified_lists_what_is_resolved_or_closed() {
    let sandbox = started().await;
    let done = all(&sandbox, "/tickets/statusmodified", "TicketStatus").await;
    let resolved = all(&sandbox, "/tickets?ticketStatus=Resolved", "TicketID")
        .await
        .len();
    let closed = all(&sandbox, "/tickets?ticketStatus=Closed", "TicketID")
        .await
        .len();
    assert_eq!(done.len(), resolved + closed);
    assert!(
        done.iter()
            .all(|status| status == "Resolved" || status == "Closed")
    );
}

#[tokio::test]
async fn last_modified_lists_what_changed_since_the_date_or_today() -> atera::Result<()> {
    let now: Timestamp = "2026-03-09T12:00:00Z".parse()?;
    let sandbox = Sandbox::builder().now(now).start().await?;
    let client = sandbox.client()?;
    let today = || client.tickets().list_last_modified();
    assert_eq!(today().count().await?, 0);

    let change = atera::types::UpdateTicket {
        ticket_status: Some("Pending".into()),
        ..Default::default()
    };
    client.tickets().update(54321, change).await?;

    let changed = today().all().await?;
    assert_eq!(
        changed.iter().map(|ticket| ticket.ticket_id).collect::<Vec<_>>(),
        [Some(54321)]
    );
    assert_eq!(today().date(now).count().await?, 1);
    let later: Timestamp = "2026-03-09T12:00:01Z".parse()?;
    assert_eq!(today().date(later).count().await?, 0);
    let week: Timestamp = "2026-02-23T00:00:00Z".parse()?;
    let of_week = today().date(week).count().await?;
    assert!(of_week > 1 && of_week < 2_847, "{of_week}");
    let ever: Timestamp = "2000-01-01T00:00:00Z".parse()?;
    assert_eq!(today().date(ever).count().await?, 2_847);
    Ok(())
}

#[tokio::test]
async fn alerts_are_filtered_by_state() {
    let sandbox = started().await;
    let mut total = 0;
    for (status, archived, snoozed) in [
        ("Open", false, false),
        ("resolved", true, false),
        ("Snoozed", false, true),
    ] {
        let path = format!("/alerts?alertStatus={status}");
        let archives = all(&sandbox, &path, "Archived").await;
        assert!(
            !archives.is_empty() && archives.iter().all(|it| *it == archived),
            "{status}"
        );
        let ends = all(&sandbox, &path, "SnoozedEndDate").await;
        assert!(ends.iter().all(|end| end.is_null() != snoozed), "{status}");
        total += archives.len();
    }
    assert_eq!(total, 380);
}

#[tokio::test]
async fn agents_are_listed_by_customer_and_by_machine() {
    let sandbox = started().await;
    let customers = all(&sandbox, "/agents/customer/1201", "CustomerID").await;
    assert!(!customers.is_empty() && customers.iter().all(|it| *it == 1201));
    assert!(customers.len() < all(&sandbox, "/agents", "AgentID").await.len());
    let machines = all(&sandbox, "/agents/machine/hd-front-01", "MachineName").await;
    assert!(!machines.is_empty() && machines.iter().all(|it| it == "HD-FRONT-01"));
}

#[tokio::test]
async fn contacts_are_found_by_address_and_number() {
    let sandbox = started().await;
    let by_email = all(
        &sandbox,
        "/contacts?email=MAYA.LINDQVIST%40harbordental.example",
        "EndUserID",
    )
    .await;
    assert_eq!(by_email, [12345]);
    let phone = get(&sandbox, "/contacts/12345").await.json()["Phone"].clone();
    let phone = phone.as_str().expect("a number").to_string();
    // An unescaped `+` is a space.
    for query in [
        phone.replace(' ', "%20").replace('+', "%2B"),
        phone.replace(' ', "%20"),
        phone.replace(' ', ""),
    ] {
        let found = all(&sandbox, &format!("/contacts?Phone={query}"), "Phone").await;
        assert!(
            !found.is_empty() && found.iter().all(|it| *it == phone),
            "{query}: {found:?}"
        );
    }
}

#[tokio::test]
async fn contacts_and_customers_come_newest_first_unless_sorted() {
    let sandbox = started().await;
    for (path, key) in [("/contacts", "EndUserID"), ("/customers", "CustomerID")] {
        let ids: Vec<_> = all(&sandbox, path, key).await.iter().map(Value::as_i64).collect();
        assert!(ids.is_sorted_by(|one, other| one > other), "{path}");
        for (sort, field) in [("Creation", "CreatedOn"), ("lastmodified", "LastModified")] {
            let dates = all(&sandbox, &format!("{path}?sortBy={sort}"), field).await;
            let dates: Vec<_> = dates.iter().map(Value::as_str).collect();
            assert!(dates.is_sorted_by(|one, other| one >= other), "{path} {sort}");
            assert_eq!(dates.len(), ids.len());
        }
    }
}

#[tokio::test]
async fn contacts_and_customers_are_filtered_by_their_last_change() {
    let sandbox = started().await;
    for path in ["/contacts", "/customers"] {
        let every = all(&sandbox, path, "LastModified").await;
        for since in ["2026-01-01", "2026-01-01T12:30:00"] {
            let found = all(
                &sandbox,
                &format!("{path}?fromLastModifiedDate={since}"),
                "LastModified",
            )
            .await;
            let later = |date: &&Value| date.as_str().is_some_and(|date| date >= since);
            assert_eq!(found.len(), every.iter().filter(later).count(), "{path} {since}");
            assert!(!found.is_empty() && found.len() < every.len(), "{path} {since}");
        }
    }
}

#[tokio::test]
async fn what_a_list_does_not_know_is_ignored() {
    let sandbox = started().await;
    let page = ask(&sandbox, "GET", "/agents?customerId=abc&nonsense=1", "").await;
    assert_eq!(page.status, 200);
}
