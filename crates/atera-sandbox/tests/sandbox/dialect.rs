//! Answers in the dialect of the guide.

use atera::types::CreateTicket;
use atera_sandbox::{Dialect, Sandbox};
use serde_json::{Value, json};

use crate::wire::{ask, get};

async fn guide() -> Sandbox {
    let builder = Sandbox::builder().tickets(47).dialect(Dialect::Guide);
    builder.start().await.expect("a sandbox")
}

#[tokio::test]
async fn lists_have_the_properties_of_the_guide() {
    let sandbox = guide().await;
    let page = get(&sandbox, "/tickets?page=2&itemsInPage=40").await.json();
    let mut names: Vec<_> = page
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["items", "itemsInPage", "page", "totalItems", "totalPages"]
    );
    assert_eq!(
        (&page["totalItems"], &page["totalPages"], &page["itemsInPage"]),
        (&json!(47), &json!(2), &json!(7))
    );
}

#[tokio::test]
async fn writes_are_answered_as_in_the_guide() {
    let sandbox = guide().await;
    let ticket = json!({"TicketTitle": "T", "Description": "D", "EndUserID": 12345}).to_string();
    for (method, path, body, status, answer) in [
        (
            "POST",
            "/tickets",
            ticket.as_str(),
            200,
            r#"{"ActionID":54368,"TicketID":54368}"#,
        ),
        (
            "POST",
            "/tickets/54368",
            r#"{"TicketStatus": "Resolved"}"#,
            200,
            r#"{"ActionID":54368}"#,
        ),
        (
            "DELETE",
            "/tickets/54368",
            "",
            200,
            r#"{"ActionID":54368,"Success":true}"#,
        ),
        (
            "DELETE",
            "/tickets/54368",
            "",
            404,
            r#"{"ErrorCode":"NOT_FOUND","Message":"There is no ticket 54368."}"#,
        ),
        (
            "POST",
            "/departments",
            r#"{"Name": "D"}"#,
            201,
            r#"{"ActionID":20}"#,
        ),
        (
            "GET",
            "/tickets?page=0",
            "",
            400,
            r#"{"ErrorCode":"VALIDATION_ERROR","Message":"`page` must be at least 1, not 0"}"#,
        ),
    ] {
        let got = ask(&sandbox, method, path, body).await;
        // The order of the fields does not matter.
        let [said, answer] = [&got.body, answer].map(|body| serde_json::from_str::<Value>(body).ok());
        assert_eq!((got.status, said), (status, answer), "{method} {path}");
    }
}

#[tokio::test]
async fn the_client_reads_it_as_well() -> atera::Result<()> {
    let sandbox = guide().await;
    let client = sandbox.client()?;
    assert_eq!(client.tickets().list().all().await?.len(), 47);
    assert_eq!(client.tickets().list().count().await?, 47);
    let ticket = CreateTicket {
        end_user_id: Some(12345),
        ..CreateTicket::new("T", "D")
    };
    let made = client.tickets().create(ticket).await?;
    assert_eq!(made.ticket_id, Some(54_368));
    let error = client.tickets().get(9).await.expect_err("there is none");
    assert!(error.to_string().contains("There is no ticket 9"), "{error}");
    Ok(())
}
