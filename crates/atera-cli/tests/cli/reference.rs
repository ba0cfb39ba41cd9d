//! What tells about the API and about the command itself.

use serde_json::Value;

use super::*;

async fn printed(arguments: &[&str]) -> String {
    let printed = output(atera(arguments)).await;
    assert_success(&printed);
    assert_eq!(stderr(&printed), "");
    stdout(&printed).to_string()
}

#[tokio::test]
async fn every_operation_is_listed_with_its_command_and_that_is_one() {
    let listed = printed(&["operations", "-o", "ndjson"]).await;
    assert_eq!(listed.lines().count(), atera::description::OPERATIONS.len());
    let csv = printed(&["operations", "-o", "csv", "--select", "Command,Path"]).await;
    assert!(
        csv.starts_with("Command,Path\natera account get,/account\n"),
        "{csv}"
    );
}

#[tokio::test]
async fn a_type_is_shown_by_its_name_or_by_an_operation() {
    let table = printed(&["schema", "createticket", "-o", "table"]).await;
    assert!(table.contains("Low | Medium | High | Critical"), "{table}");
    let schema: Value = serde_json::from_str(&printed(&["schema", "tickets_create"]).await).expect("JSON");
    assert_eq!(schema["title"], "CreateTicket");
    assert_eq!(schema["properties"]["EndUserID"]["type"], "integer");
    let types = printed(&["schema", "-o", "csv"]).await;
    assert_eq!(
        types
            .lines()
            .filter(|line| line.starts_with("Ticket,TicketID,"))
            .count(),
        1
    );
    assert_failure(
        &output(atera(&["schema", "Tocket"])).await,
        2,
        "`atera schema` lists the types",
    );
}

#[tokio::test]
async fn completions_ask_the_command_itself() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = printed(&["completions", shell]).await;
        assert!(script.contains("ATERA_COMPLETE"), "{shell}: {script}");
        assert!(script.len() < 8_000, "{shell}: {script}");
    }
}

#[tokio::test]
async fn man_pages_are_written_for_every_command() {
    assert!(printed(&["man"]).await.contains(".TH atera 1"));
    let folder = tempfile::tempdir().expect("a folder");
    printed(&["man", "--dir", folder.path().to_str().expect("text")]).await;
    let page = std::fs::read_to_string(folder.path().join("atera-tickets-create.1")).expect("a page");
    assert!(
        page.contains("atera\\-tickets\\-create") && page.contains("ticket\\-priority"),
        "{page}"
    );
}

/// Nothing lets a field through that the command's own rows lack, so no message says so.
#[tokio::test]
async fn a_wrong_field_of_rows_is_refused_without_advice_that_does_not_help() {
    let sandbox = sandbox().await;
    for (arguments, says) in [
        (
            &["operations", "--select", "Comand"][..],
            "Operation has no field `Comand` (did you mean `Command`?)",
        ),
        (
            &["operations", "--sort", "Nothing"],
            "Operation has no field `Nothing`",
        ),
        (
            &["schema", "--select", "Nam"],
            "Type has no field `Nam` (did you mean `Name`?)",
        ),
        // The flag is there, and is for fields of tickets.
        (
            &[
                "tickets",
                "list",
                "--count",
                "--select",
                "Cout",
                "--allow-unknown",
            ],
            "Total has no field `Cout` (did you mean `Count`?)",
        ),
    ] {
        let refused = ask(&sandbox, arguments).await;
        assert_failure(&refused, 2, says);
        assert!(!stderr(&refused).contains("--allow-unknown"), "{refused:?}");
    }
    // Nothing was read for it.
    assert_eq!(sandbox.log().len(), 0);
}

#[tokio::test]
async fn the_doctor_finds_what_is_well_and_what_is_not() {
    let sandbox = sandbox().await;
    let found = ask(&sandbox, &["doctor", "-o", "json"]).await;
    let checks: Value = serde_json::from_slice(&found.stdout).expect("JSON");
    let state = |name: &str| {
        let checks = checks.as_array().expect("an array");
        let check = checks.iter().find(|check| check["Check"] == name).expect(name);
        check["State"].as_str().expect("text").to_string()
    };
    for name in ["key", "reach", "account", "clock", "read tickets", "read alerts"] {
        assert_eq!(state(name), "ok", "{name}");
    }
    let mut command = atera(&["doctor", "-o", "table"]);
    command
        .env("ATERA_BASE_URL", sandbox.base_url())
        .env("ATERA_API_KEY", "wrong");
    let found = output(command).await;
    assert_eq!(found.status.code(), Some(4), "{found:?}");
    assert!(stdout(&found).contains("the key was refused"), "{found:?}");
}
