//! Refusals and their form.

use atera::{ErrorKind, RateLimit};
use atera_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::{
    description,
    wire::{ask, get, send},
};

async fn small() -> Sandbox {
    let sandbox = Sandbox::builder().tickets(60).start().await;
    sandbox.expect("a sandbox")
}

#[tokio::test]
async fn a_missing_key_and_a_wrong_one_get_401_without_a_body() {
    let sandbox = small().await;
    for header in [
        "",
        "X-API-KEY: 0123456789abcdef0123456789abcdef\r\n",
        "X-API-KEY:\r\n",
        "Authorization: Bearer nobody\r\n",
        "Authorization: Bearer\r\n",
        &format!("Authorization: Basic {}\r\n", sandbox.api_key()),
    ] {
        for path in ["/api/v3/tickets", "/api/v3/nothing"] {
            let answer = send(&sandbox, "GET", path, header, "").await;
            assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{header}");
        }
    }
}

#[tokio::test]
async fn the_key_is_taken_in_both_headers() {
    let sandbox = small().await;
    let key = sandbox.api_key();
    for header in [
        format!("x-api-key: {key}\r\n"),
        format!("authorization: bearer {key}\r\n"),
    ] {
        let answer = send(&sandbox, "GET", "/api/v3/account", &header, "").await;
        assert_eq!(answer.status, 200, "{header}");
    }
}

#[tokio::test]
async fn the_client_reports_a_wrong_key_as_unauthorized() -> atera::Result<()> {
    let sandbox = small().await;
    let key = atera::ApiKey::new("nobody")?;
    let client = atera::Client::builder()
        .api_key(key)
        .base_url(sandbox.base_url())
        .build()?;

    let error = client.tickets().get(54321).await.expect_err("the key is wrong");

    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    Ok(())
}

#[tokio::test]
async fn a_record_that_does_not_exist_is_404_as_a_problem() {
    let sandbox = small().await;
    for path in [
        "/tickets/9",
        "/customers/9",
        "/contacts/9",
        "/agents/9",
        "/alerts/9",
    ] {
        let answer = get(&sandbox, path).await;

        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.headers["content-type"], "application/json; charset=utf-8");
        let problem = answer.json();
        assert_eq!(problem["title"], "Not Found");
        assert_eq!(problem["status"], 404);
        assert_eq!(problem["instance"], format!("/api/v3{path}"));
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| detail.ends_with(" 9.")),
            "{problem}"
        );
        assert_eq!(problem.get("errors"), None);
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_and_another_method_405() {
    let sandbox = small().await;
    assert_eq!(get(&sandbox, "/nothing").await.status, 404);
    assert_eq!(get(&sandbox, "/tickets/54321/nothing").await.status, 404);

    let answer = ask(&sandbox, "PUT", "/tickets", "{}").await;

    assert_eq!(answer.status, 405);
    assert_eq!(answer.headers["allow"], "GET, POST");
    assert_eq!(answer.json()["status"], 405);
}

#[tokio::test]
async fn the_methods_of_a_path_are_named_once_each_and_in_order() -> atera::Result<()> {
    let sandbox = Sandbox::builder().rate_limit(RateLimit::off()).start().await?;
    for (id, documented) in &description::operations() {
        let answer = ask(&sandbox, "PATCH", &documented.example_path(), "").await;
        assert_eq!(answer.status, 405, "{id}");
        let methods: Vec<_> = answer.headers["allow"].split(", ").collect();
        assert!(methods.contains(&documented.method.as_str()), "{id}: {methods:?}");
        assert!(methods.is_sorted_by(|one, next| one < next), "{id}: {methods:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_mistyped_path_of_the_sandbox_itself_is_404_and_counts_as_no_request() {
    let sandbox = small().await;
    for method in ["GET", "POST"] {
        let answer = send(&sandbox, method, "/_sandbox/nope", "", "").await;
        assert_eq!(answer.status, 404, "{method}");
        assert!(answer.body.contains("faults"), "{}", answer.body);
    }
    assert_eq!(sandbox.stats().arrivals, 0);
}

#[tokio::test]
async fn parameters_out_of_their_bounds_are_named() {
    let sandbox = small().await;
    for (path, fields) in [
        ("/tickets?page=0", vec!["page"]),
        ("/tickets?page=-1&itemsInPage=0", vec!["itemsInPage", "page"]),
        ("/tickets?page=two", vec!["page"]),
        ("/tickets?PAGE=0", vec!["page"]),
        ("/tickets?includeRelations=perhaps", vec!["includeRelations"]),
        ("/tickets?customerId=0", vec!["customerId"]),
        ("/tickets/abc", vec!["ticketId"]),
        ("/tickets/lastmodified?date=yesterday", vec!["date"]),
        ("/alerts?alertStatus=Asleep", vec!["alertStatus"]),
        (
            "/contacts?FromLastModifiedDate=2026-03-02T08:15:00Z",
            vec!["FromLastModifiedDate"],
        ),
        ("/customers?SortBy=Name", vec!["SortBy"]),
    ] {
        let answer = get(&sandbox, path).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.body);
        assert_eq!(answer.refused_fields(), fields, "{path}");
    }
}

#[tokio::test]
async fn fields_that_break_the_rules_are_named_all_at_once() {
    let sandbox = small().await;
    let ticket = |rest: Value| {
        let mut ticket = json!({"TicketTitle": "T", "Description": "D", "EndUserID": 12345});
        for (name, value) in rest.as_object().into_iter().flatten() {
            ticket[name] = value.clone();
        }
        ticket.to_string()
    };
    let name_alone = json!({"TicketTitle": "T", "Description": "D", "EndUserFirstName": "Maya"}).to_string();
    for (path, body, fields) in [
        (
            "/tickets",
            "{}".to_string(),
            vec!["Description", "EndUserID", "TicketTitle"],
        ),
        ("/tickets", String::new(), vec!["$"]),
        ("/tickets", "{\"TicketTitle\":".to_string(), vec!["$"]),
        ("/tickets", "[]".to_string(), vec!["$"]),
        (
            "/tickets",
            ticket(json!({"TicketTitle": " "})),
            vec!["TicketTitle"],
        ),
        ("/tickets", ticket(json!({"TicketTitle": 7})), vec!["TicketTitle"]),
        ("/tickets", ticket(json!({"EndUserID": 9})), vec!["EndUserID"]),
        (
            "/tickets",
            ticket(json!({"EndUserID": "12345"})),
            vec!["EndUserID"],
        ),
        (
            "/tickets",
            ticket(json!({"TechnicianContactID": 9})),
            vec!["TechnicianContactID"],
        ),
        (
            "/tickets",
            ticket(json!({"TechnicianEmail": "nobody@fieldline.example"})),
            vec!["TechnicianEmail"],
        ),
        (
            "/tickets",
            ticket(json!({"TicketPriority": "Soon"})),
            vec!["TicketPriority"],
        ),
        ("/tickets", name_alone, vec!["EndUserID"]),
        (
            "/tickets/54321",
            json!({"TechnicianContactID": 9}).to_string(),
            vec!["TechnicianContactID"],
        ),
        (
            "/contacts",
            json!({"Email": "a@b.example"}).to_string(),
            vec!["CustomerID"],
        ),
        (
            "/contacts",
            json!({"Email": "a@b.example", "CustomerID": 9}).to_string(),
            vec!["CustomerID"],
        ),
        (
            "/contacts",
            json!({"Email": "a@b.example", "CustomerName": "Nobody", "DepartmentID": 9}).to_string(),
            vec!["CustomerName", "DepartmentID"],
        ),
        (
            "/customers",
            json!({"CustomerName": "C", "Latitude": 91}).to_string(),
            vec!["Latitude"],
        ),
        (
            "/alerts",
            json!({"Title": "A", "DeviceGuid": "no guid"}).to_string(),
            vec!["DeviceGuid"],
        ),
        (
            "/alerts",
            json!({"Title": "A", "DeviceGuid": "00000000-0000-4000-8000-000000000000"}).to_string(),
            vec!["DeviceGuid"],
        ),
        (
            "/alerts",
            json!({"Title": "A", "DeviceGuid": "6f1c0d3e-8a54-4b7b-9d0e-2f6a3c1b7e55", "CustomerID": 1202})
                .to_string(),
            vec!["CustomerID"],
        ),
    ] {
        let answer = ask(&sandbox, "POST", path, &body).await;
        assert_eq!(answer.status, 400, "{path} {body}: {}", answer.body);
        assert_eq!(answer.refused_fields(), fields, "{path} {body}");
    }
}

#[tokio::test]
async fn a_refused_create_leaves_nothing_behind() {
    let sandbox = small().await;
    let before = get(&sandbox, "/contacts?itemsInPage=1").await.json()["totalItemCount"].clone();
    let ticket = json!({
        "TicketTitle": "T", "Description": "D", "TechnicianContactID": 9,
        "EndUserFirstName": "New", "EndUserLastName": "Person", "EndUserEmail": "new@nowhere.example",
    });

    let answer = ask(&sandbox, "POST", "/tickets", &ticket.to_string()).await;

    assert_eq!(answer.status, 400);
    assert_eq!(
        get(&sandbox, "/contacts?itemsInPage=1").await.json()["totalItemCount"],
        before
    );
    assert_eq!(
        get(&sandbox, "/tickets?itemsInPage=1").await.json()["totalItemCount"],
        60
    );
}

#[tokio::test]
async fn the_client_reports_the_fields_of_a_refusal() -> atera::Result<()> {
    let sandbox = small().await;
    let ticket = atera::types::CreateTicket {
        end_user_id: Some(9),
        ..atera::types::CreateTicket::new("T", "D")
    };

    let error = sandbox
        .client()?
        .tickets()
        .create(ticket)
        .await
        .expect_err("there is no such contact");

    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.field_errors()["EndUserID"], ["there is no contact `9`"]);
    Ok(())
}
