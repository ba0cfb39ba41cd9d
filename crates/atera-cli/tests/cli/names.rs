//! Names in place of ids.

use super::*;

/// The first record of a list.
async fn first(sandbox: &Sandbox, group: &str) -> Value {
    json(&ask(sandbox, &[group, "list", "--limit", "1"]).await)[0].clone()
}

fn text(record: &Value, field: &str) -> String {
    record[field].as_str().expect("a text").to_string()
}

#[tokio::test]
async fn a_customer_is_named_where_an_id_is_taken() {
    let sandbox = sandbox().await;
    let customer = first(&sandbox, "customers").await;
    let (id, name) = (
        customer["CustomerID"].clone(),
        text(&customer, "CustomerName").to_uppercase(),
    );
    let list = ["tickets", "list", "--customer", &name, "--all"];
    let tickets = json(&ask(&sandbox, &list).await);
    let tickets = tickets.as_array().expect("tickets");
    assert!(
        !tickets.is_empty() && tickets.iter().all(|ticket| ticket["CustomerID"] == id),
        "{name}"
    );
    // In the path, in place of the argument, and in a body.
    assert_eq!(
        json(&ask(&sandbox, &["customers", "get", "--customer", &name]).await),
        customer
    );
    let create = [
        "contacts",
        "create",
        "--email",
        "ada@new.example",
        "--customer",
        &name,
    ];
    let created = ask(&sandbox, &[&create[..], &["--dry-run"]].concat()).await;
    assert_success(&created);
    assert!(
        stdout(&created).contains(&format!("\"CustomerID\": {id}")),
        "{created:?}"
    );
}

#[tokio::test]
async fn contacts_and_technicians_are_named_by_address_or_by_name() {
    let sandbox = sandbox().await;
    let contacts = json(&ask(&sandbox, &["contacts", "list", "--all"]).await);
    let is_whole = |contact: &&Value| {
        let mut fields = ["Email", "Firstname", "Lastname"].iter();
        fields.all(|field| contact[field].is_string())
    };
    let contacts: Vec<_> = contacts
        .as_array()
        .expect("contacts")
        .iter()
        .filter(is_whole)
        .collect();
    let name = |contact: &Value| format!("{} {}", text(contact, "Firstname"), text(contact, "Lastname"));
    let named = |wanted: &str| contacts.iter().filter(|contact| name(contact) == wanted).count();
    let contact = contacts.iter().find(|contact| named(&name(contact)) == 1);
    let contact = contact.expect("a name that no other contact has");
    let twin = contacts.iter().find(|contact| named(&name(contact)) > 1);
    let twin = name(twin.expect("a name that several contacts have"));
    let refused = ask(&sandbox, &["contacts", "get", "--contact", &twin]).await;
    assert_failure(&refused, 2, &format!("contacts are called `{twin}`: "));
    let names = [text(contact, "Email"), name(contact)];
    for name in &names {
        let arguments = ["contacts", "get", "--contact", name];
        assert_eq!(
            json(&ask(&sandbox, &arguments).await)["EndUserID"],
            contact["EndUserID"]
        );
    }
    for name in ["tom.reyes@fieldline.example", "Tom Reyes"] {
        let arguments = ["tickets", "update", "54321", "--technician", name, "--dry-run"];
        let shown = ask(&sandbox, &arguments).await;
        assert_success(&shown);
        assert!(
            stdout(&shown).contains("\"TechnicianContactID\": 77"),
            "{shown:?}"
        );
        assert!(stderr(&shown).contains("no list of technicians"), "{shown:?}");
    }
}

#[tokio::test]
async fn a_name_that_is_not_exact_is_refused_with_the_candidates() {
    let sandbox = sandbox().await;
    let customer = first(&sandbox, "customers").await;
    let name = text(&customer, "CustomerName");
    let part = name.split(' ').next().expect("a word");
    let before = sandbox.log().len();
    let refused = ask(
        &sandbox,
        &["customers", "update", "--customer", part, "--city", "Cork"],
    )
    .await;
    assert_failure(&refused, 3, &format!("{name} ({})", customer["CustomerID"]));
    let log = sandbox.log();
    assert!(
        log[before..].iter().all(|arrival| arrival.method == "GET"),
        "something was sent"
    );
    let both = ask(
        &sandbox,
        &["tickets", "list", "--customer", &name, "--customer-id", "7"],
    )
    .await;
    assert_failure(&both, 2, "cannot be used with");
    let no_key = output(atera(&["tickets", "list", "--customer", &name, "--dry-run"])).await;
    assert_failure(
        &no_key,
        2,
        "a name is looked up in the account, also for --dry-run",
    );
}

#[tokio::test]
async fn rows_name_their_contacts() {
    let sandbox = sandbox().await;
    let contact = first(&sandbox, "contacts").await;
    let rows = |name: &str| format!("TicketTitle,Description,Contact\nA,x,{name}\nB,x,nobody@else.example\n");
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("rows.journal").display().to_string();
    let create = [
        "tickets",
        "create",
        "--from",
        "-",
        "--journal",
        &journal,
        "--dry-run",
    ];
    let refused = fed(&sandbox, &create, &rows("12345")).await;
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    for told in [
        "stdin, line 2: nothing was sent: no contact",
        "stdin, line 3: ",
        "2 of 2 rows in stdin",
    ] {
        assert!(stderr(&refused).contains(told), "{refused:?}");
    }
    let row = rows(&text(&contact, "Email"));
    let row = row.lines().take(2).collect::<Vec<_>>().join("\n");
    let shown = fed(&sandbox, &create, &row).await;
    assert_success(&shown);
    assert!(
        stdout(&shown).contains(&format!("\"EndUserID\": {}", contact["EndUserID"])),
        "{shown:?}"
    );
}
