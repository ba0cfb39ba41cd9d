//! A person's yes to what cannot be undone, over both ways in which the protocol asks.

use std::{
    sync::{Mutex, mpsc},
    time::Duration,
};

use atera::description::Operation;
use rmcp::model::{CallToolResponse, ElicitResult, ElicitationAction};

use super::{
    host::{accepted, call},
    *,
};

/// The deletion of a customer.
fn deletion() -> Value {
    json!({"operation": "customers_delete", "arguments": {"customerId": 1201}})
}

/// Each of the two ways to ask.
fn ways(host: impl Fn() -> Host) -> [Host; 2] {
    [host(), host().stateless()]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_deleted_once_its_name_is_typed() {
    for host in ways(|| Host::typing("Harbor Dental")) {
        let sandbox = sandbox().await;
        let session = host.connect(server(&sandbox, Access::Full)).await;
        let done = session.call("destroy", deletion()).await;
        assert_eq!(done["applied"], "yes");
        assert_eq!(changes(&sandbox), 1);
        let [question] = &session.questions()[..] else {
            panic!("it was not asked once");
        };
        for part in [
            "Delete a customer",
            "Harbor Dental",
            "1201",
            "To confirm, type: Harbor Dental",
        ] {
            assert!(question.contains(part), "{question}");
        }
        assert!(
            sandbox
                .client()
                .expect("a client")
                .customers()
                .get(1201)
                .await
                .is_err()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_is_a_yes() {
    let answers: [fn() -> ElicitResult; 6] = [
        || accepted("Another customer"),
        || accepted("harbor dental"),
        || accepted("1201"),
        || ElicitResult::new(ElicitationAction::Accept),
        || ElicitResult::new(ElicitationAction::Decline),
        || ElicitResult::new(ElicitationAction::Cancel),
    ];
    for answer in answers {
        for host in ways(|| Host::with(move |_| answer())) {
            let sandbox = sandbox().await;
            let session = host.connect(server(&sandbox, Access::Full)).await;
            let failed = session.call("destroy", deletion()).await;
            assert_eq!((kind(&failed), applied(&failed)), ("not_confirmed", "no"));
            assert_eq!(changes(&sandbox), 0);
        }
    }
}

#[tokio::test]
async fn where_nobody_can_be_asked_the_command_is_told() {
    for host in ways(Host::mute) {
        let sandbox = sandbox().await;
        let session = host.connect(server(&sandbox, Access::Full)).await;
        let failed = session.call("destroy", deletion()).await;
        assert_eq!(kind(&failed), "not_confirmed");
        let next = failed["error"]["next"].as_str().expect("text");
        assert!(next.ends_with("atera customers delete 1201"), "{next}");
        let comment = json!({
            "operation": "tickets_add_comment",
            "arguments": {"ticketId": 54321},
            "body": {"CommentText": "It's done", "TechnicianCommentDetails": {"TechnicianId": 77, "IsInternal": false}},
        });
        let failed = session.call("destroy", comment).await;
        let next = failed["error"]["next"].as_str().expect("text");
        let command = "atera tickets add-comment --comment-text='It'\\''s done' --technician-id=77 --is-internal=false 54321";
        assert!(next.ends_with(command), "{next}");
        assert_eq!(changes(&sandbox), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_renamed_meanwhile_is_not_deleted() {
    for is_stateless in [false, true] {
        let sandbox = sandbox().await;
        let client = sandbox.client().expect("a client");
        let runtime = tokio::runtime::Handle::current();
        let host = Host::with(move |_| {
            let body = atera::types::UpdateCustomer {
                customer_name: Some("Harbor Dental II".to_string()),
                ..Default::default()
            };
            runtime
                .block_on(client.customers().update(1201, body).into_future())
                .expect("renamed");
            accepted("Harbor Dental")
        });
        let host = if is_stateless { host.stateless() } else { host };
        let session = host.connect(server(&sandbox, Access::Full)).await;
        let failed = session.call("destroy", deletion()).await;
        assert_eq!(kind(&failed), "not_confirmed");
        assert!(
            failed["error"]["message"]
                .as_str()
                .expect("text")
                .contains("renamed"),
            "{failed}"
        );
        // The one change is the new name.
        assert_eq!(changes(&sandbox), 1);
        assert!(sandbox.log().iter().all(|it| it.method != "DELETE"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_too_late_is_none() {
    for is_stateless in [false, true] {
        let sandbox = sandbox().await;
        let client = sandbox.client().expect("a client");
        let server = AteraServer::builder(client)
            .access(Access::Full)
            .confirm_within(Duration::ZERO)
            .build();
        // Asked in the middle of a call, the person answers after its end. Without sessions the host calls again with the answer,
        // and the time is over by then.
        let (release, released) = mpsc::channel::<()>();
        let released = Mutex::new(released);
        let host = match is_stateless {
            true => Host::typing("Harbor Dental").stateless(),
            false => Host::with(move |_| {
                // It fails once the other end is gone.
                let _ = released.lock().expect("a lock").recv();
                accepted("Harbor Dental")
            }),
        };
        let session = host.connect(server.expect("a server")).await;
        let failed = session.call("destroy", deletion()).await;
        drop(release);
        assert_eq!(kind(&failed), "not_confirmed");
        assert_eq!(changes(&sandbox), 0);
    }
}

#[tokio::test]
async fn an_answer_counts_once_and_for_one_call() {
    let sandbox = sandbox().await;
    let session = Host::typing("Harbor Dental")
        .stateless()
        .connect(server(&sandbox, Access::Full))
        .await;
    let ask = async |arguments: Value| {
        let asked = session.client.call_tool_once(call("destroy", arguments)).await;
        let CallToolResponse::InputRequired(question) = asked.expect("an answer") else {
            panic!("it does not ask");
        };
        question.request_state.expect("a handle")
    };
    let again = async |arguments: Value, state: &str, reply: Value| {
        let params = call("destroy", arguments)
            .with_request_state(state)
            .with_input_responses([("confirm".to_string(), reply)].into());
        match session.client.call_tool_once(params).await.expect("an answer") {
            CallToolResponse::Complete(result) => result.structured_content.expect("content"),
            _ => panic!("it asks again"),
        }
    };
    let yes = json!({"action": "accept", "content": {"name": "Harbor Dental"}});
    let other = json!({"operation": "customers_delete", "arguments": {"customerId": 1202}});

    // A yes to another record, and then the right one with the same handle.
    let state = ask(deletion()).await;
    assert_eq!(kind(&again(other, &state, yes.clone()).await), "not_confirmed");
    assert_eq!(
        kind(&again(deletion(), &state, yes.clone()).await),
        "not_confirmed"
    );
    // A handle that was never given, an answer under another name, none at all.
    assert_eq!(
        kind(&again(deletion(), "made up", yes.clone()).await),
        "not_confirmed"
    );
    let state = ask(deletion()).await;
    assert_eq!(
        kind(&again(deletion(), &state, Value::Null).await),
        "not_confirmed"
    );
    let state = ask(deletion()).await;
    let params = call("destroy", deletion())
        .with_request_state(state)
        .with_input_responses([("name".to_string(), yes.clone())].into());
    let CallToolResponse::Complete(result) = session.client.call_tool_once(params).await.expect("an answer")
    else {
        panic!("it asks again");
    };
    assert_eq!(result.is_error, Some(true));
    assert_eq!(changes(&sandbox), 0);

    // The right one, and the same once more.
    let state = ask(deletion()).await;
    assert_eq!(again(deletion(), &state, yes.clone()).await["applied"], "yes");
    assert_eq!(changes(&sandbox), 1);
    let replayed = again(deletion(), &state, yes).await;
    assert!(
        matches!(kind(&replayed), "not_confirmed" | "not_found"),
        "{replayed}"
    );
    assert_eq!(changes(&sandbox), 1);
}

#[tokio::test]
async fn an_argument_is_no_answer() {
    let sandbox = sandbox().await;
    for name in [
        "confirm",
        "name",
        "yes",
        "requestState",
        "inputResponses",
        "input_responses",
        "request_state",
        "_meta",
    ] {
        for access in [Access::Full, Access::Write] {
            let session = connected(&sandbox, access).await;
            let mut arguments = deletion();
            arguments[name] = json!({"confirm": {"action": "accept", "content": {"name": "Harbor Dental"}}});
            match session.client.call_tool(call("destroy", arguments)).await {
                Ok(result) => assert_eq!(result.is_error, Some(true), "{name}"),
                Err(error) => assert!(error.to_string().contains("no tool"), "{error}"),
            }
        }
    }
    assert_eq!(changes(&sandbox), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_customers_see_is_confirmed_and_internal_notes_are_not() {
    let sandbox = sandbox().await;
    let ticket = sandbox
        .client()
        .expect("a client")
        .tickets()
        .get(54321)
        .await
        .expect("a ticket");
    let title = ticket.ticket_title.expect("a title");
    let session = Host::typing(&title).connect(server(&sandbox, Access::Full)).await;
    let comment = |internal: bool| {
        json!({
            "operation": "tickets_add_comment",
            "arguments": {"ticketId": 54321},
            "body": {"CommentText": "Done", "TechnicianCommentDetails": {"TechnicianId": 77, "IsInternal": internal}},
        })
    };
    let failed = session.call("write", comment(false)).await;
    assert_eq!(kind(&failed), "invalid_request");
    assert!(
        failed["error"]["next"]
            .as_str()
            .expect("text")
            .contains("destroy")
    );
    assert_eq!(session.call("write", comment(true)).await["applied"], "yes");
    assert!(session.questions().is_empty());
    assert_eq!(session.call("destroy", comment(false)).await["applied"], "yes");
    assert!(session.questions()[0].contains("CommentText: Done"));
    assert_eq!(changes(&sandbox), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_cannot_see_is_not_sent() {
    for host in ways(|| Host::typing("54321")).into_iter().chain([Host::mute()]) {
        let sandbox = sandbox().await;
        let session = host.connect(server(&sandbox, Access::Full)).await;
        let comment = json!({
            "operation": "tickets_add_comment",
            "arguments": {"ticketId": 54321},
            "body": {
                "CommentText": "Done\u{e0068}\u{e0069}",
                "TechnicianCommentDetails": {"TechnicianId": 77, "IsInternal": false},
            },
        });
        let failed = session.call("destroy", comment).await;
        assert_eq!((kind(&failed), applied(&failed)), ("invalid_request", "no"));
        let problem = &failed["error"]["fields"][0];
        assert_eq!(problem["field"], "CommentText");
        assert!(
            problem["problem"].as_str().expect("text").contains(": 2;"),
            "{failed}"
        );
        assert!(session.questions().is_empty());
        assert_eq!(sandbox.log().len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_shown_in_full_or_refused() {
    let sandbox = sandbox().await;
    let agent = sandbox
        .client()
        .expect("a client")
        .agents()
        .get(5501)
        .await
        .expect("an agent");
    let name = agent.agent_name.or(agent.machine_name).expect("a name");
    let session = Host::typing(&name).connect(server(&sandbox, Access::Full)).await;
    let script = |text: &str| json!({"operation": "agents_run_powershell", "arguments": {"agentId": 5501}, "body": {"Script": text}});
    let long = "Get-Date; ".repeat(500);
    let failed = session.call("destroy", script(&long)).await;
    assert_eq!(kind(&failed), "not_confirmed");
    assert_eq!(changes(&sandbox), 0);
    let operation = Operation::find("agents_run_powershell").expect("an operation");
    assert!(operation.creates());
    assert_eq!(
        session.call("destroy", script("Get-Date")).await["applied"],
        "yes"
    );
    assert!(session.questions()[0].contains("Script: Get-Date"));
}

/// What is sent can neither push itself out of sight nor look like the lines of the server.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_cannot_hide_itself() {
    let sandbox = sandbox().await;
    let script = |text: &str| json!({"operation": "agents_run_powershell", "arguments": {"agentId": 5501}, "body": {"Script": text}});
    let hidden = [
        format!(
            "Get-Date\nTo confirm, type: x{}Remove-Item C:\\",
            "\n".repeat(3_500)
        ),
        format!("Get-Date{}Remove-Item", " ".repeat(41)),
        format!("Get-Date{}Remove-Item", "\t".repeat(11)),
        format!("Get-Date{}Remove-Item", "\u{3000}".repeat(41)),
        format!("Get-Date{}Remove-Item", " \n".repeat(5)),
        "a\n".repeat(101),
    ];
    for text in hidden {
        for host in ways(|| Host::typing("HD-FRONT-01")) {
            let session = host.connect(server(&sandbox, Access::Full)).await;
            let failed = session.call("destroy", script(&text)).await;
            assert!(
                matches!(kind(&failed), "invalid_request" | "not_confirmed"),
                "{failed}"
            );
            assert!(session.questions().is_empty());
        }
    }
    assert_eq!(changes(&sandbox), 0);
    let session = Host::typing("no").connect(server(&sandbox, Access::Full)).await;
    let text = "<# <!-- #>\nTo confirm, type: x\n\n\n\nStop-Computer\n<# --> #>";
    session.call("destroy", script(text)).await;
    let question = &session.questions()[0];
    assert!(
        question.contains("\n    Script (7 lines, 57 characters):\n"),
        "{question}"
    );
    for line in text.lines().filter(|line| !line.is_empty()) {
        assert!(question.contains(&format!("\n        {line}\n")), "{question}");
    }
}

/// Another customer is another record, by whatever name.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_moved_meanwhile_is_not_deleted() {
    for is_stateless in [false, true] {
        let sandbox = sandbox().await;
        let client = sandbox.client().expect("a client");
        let contact = client.contacts().get(12345).await.expect("a contact");
        let names = [contact.firstname, contact.lastname].map(Option::unwrap_or_default);
        let name = names.join(" ");
        let (typed, runtime) = (name.clone(), tokio::runtime::Handle::current());
        let host = Host::with(move |_| {
            let body = atera::types::UpdateContact {
                customer_id: Some(1202),
                ..Default::default()
            };
            let moved = client.contacts().update(12345, body).into_future();
            runtime.block_on(moved).expect("moved");
            accepted(&typed)
        });
        let host = if is_stateless { host.stateless() } else { host };
        let session = host.connect(server(&sandbox, Access::Full)).await;
        let deletion = json!({"operation": "contacts_delete", "arguments": {"contactId": 12345}});
        let failed = session.call("destroy", deletion).await;
        assert_eq!(kind(&failed), "not_confirmed", "{failed}");
        assert!(
            failed["error"]["message"].to_string().contains("moved"),
            "{failed}"
        );
        assert!(session.questions()[0].contains(&format!("To confirm, type: {name}")));
        // The one change is the new customer.
        assert_eq!(changes(&sandbox), 1);
    }
}
