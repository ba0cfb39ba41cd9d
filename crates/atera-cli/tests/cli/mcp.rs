//! `atera mcp` as a host starts it: lines of JSON on stdin and stdout.

use serde_json::json;

use super::{
    mirrored::{Place, small},
    *,
};

/// What a host says first.
pub(crate) fn hello() -> Vec<Value> {
    let params = json!({
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "host", "version": "1"},
    });
    vec![
        json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
    ]
}

pub(crate) fn call(id: u64, tool: &str, arguments: &Value) -> Value {
    let params = json!({"name": tool, "arguments": arguments});
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})
}

/// Says this to the server, and returns what it answered, by id, once stdin is closed.
async fn said(sandbox: &Sandbox, arguments: &[&str], messages: &[Value]) -> (Output, Vec<Value>) {
    said_to(against(sandbox, arguments), messages).await
}

/// The same, to a server that this command starts.
async fn said_to(mut command: Command, messages: &[Value]) -> (Output, Vec<Value>) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let lines: Vec<_> = hello()
        .iter()
        .chain(messages)
        .map(|it| format!("{it}\n"))
        .collect();
    let wanted = lines.len() - 1;
    let output = aside(move || {
        use std::io::{BufRead, BufReader, Read};

        let mut stdin = child.stdin.take().expect("a pipe");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut said = String::new();
        for (index, line) in lines.iter().enumerate() {
            stdin.write_all(line.as_bytes()).expect("it reads");
            // The note has no answer.
            if index != 1 {
                stdout.read_line(&mut said).expect("an answer");
            }
        }
        drop(stdin);
        stdout.read_to_string(&mut said).expect("the rest");
        let mut output = child.wait_with_output().expect("it ends");
        output.stdout = said.into_bytes();
        output
    })
    .await;
    let answers = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let answers: Vec<Value> = answers.collect();
    assert_eq!(answers.len(), wanted, "{output:?}");
    (output, answers)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_reads_and_closes() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("mcp.jsonl");
    let log = log.to_str().expect("text");
    let read = json!({"operation": "tickets_get", "arguments": {"ticketId": 54321}});
    let delete = json!({"operation": "tickets_delete", "arguments": {"ticketId": 54321}});
    let (output, answers) = said(
        &sandbox,
        &["mcp", "--audit", log],
        &[call(1, "read", &read), call(2, "destroy", &delete)],
    )
    .await;
    assert_success(&output);
    assert_eq!(answers[0]["result"]["serverInfo"]["name"], "atera");
    assert_eq!(
        answers[1]["result"]["structuredContent"]["record"]["TicketID"],
        54321
    );
    assert!(
        answers[2]["error"]["message"]
            .as_str()
            .expect("text")
            .contains("destroy")
    );
    let log = std::fs::read_to_string(log).expect("a log");
    assert_eq!(log.lines().count(), 2);
    assert!(!log.contains(sandbox.api_key()));
}

/// The command that a person is told does what the assistant was refused.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_in_a_refusal_can_be_run() {
    let sandbox = sandbox().await;
    let text = "It's $HOME; `id`\n\"done\"";
    let comment = json!({
        "operation": "tickets_add_comment",
        "arguments": {"ticketId": 54321},
        "body": {"CommentText": text, "TechnicianCommentDetails": {"TechnicianId": 77, "IsInternal": false}},
    });
    let (_, answers) = said(
        &sandbox,
        &["mcp", "--access", "full"],
        &[call(1, "destroy", &comment)],
    )
    .await;
    let error = &answers[1]["result"]["structuredContent"]["error"];
    assert_eq!(error["kind"], "not_confirmed");
    let next = error["next"].as_str().expect("text");
    let (_, command) = next.split_once("run: ").expect("a command");
    // Where the key is said by the environment alone, that is told.
    let (command, note) = command.split_once("   (").expect("a note");
    let address = sandbox
        .base_url()
        .trim_start_matches("http://")
        .trim_end_matches("/api/v3");
    assert!(
        note.starts_with(&format!("this server asks {address}; ")),
        "{note}"
    );
    assert!(
        note.contains("ATERA_API_KEY and ATERA_BASE_URL are not set"),
        "{note}"
    );
    assert!(!next.contains(sandbox.api_key()));
    let program = assert_cmd::cargo::cargo_bin!("atera");
    let command = command.replacen("atera", program.to_str().expect("text"), 1);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &command])
        .env("ATERA_BASE_URL", sandbox.base_url())
        .env("ATERA_API_KEY", sandbox.api_key())
        .env("XDG_STATE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/state"))
        .stdin(Stdio::null());
    assert_success(&output(shell).await);
    let comments = sandbox
        .client()
        .expect("a client")
        .tickets()
        .list_comments(54321)
        .all()
        .await;
    let comments = comments.expect("comments");
    assert!(
        comments.iter().any(|it| it.comment.as_deref() == Some(text)),
        "{comments:?}"
    );
}

/// A person's terminal need not have the environment of the host.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_in_a_refusal_names_the_account() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config.toml");
    let profile = |name: &str| {
        format!(
            "[profiles.{name}]\napi_key = \"{}\"\nbase_url = \"{}\"\n",
            sandbox.api_key(),
            sandbox.base_url()
        )
    };
    std::fs::write(
        &config,
        format!("default = \"acme\"\n{}{}", profile("acme"), profile("globex")),
    )
    .expect("a file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    }
    let delete = json!({"operation": "tickets_delete", "arguments": {"ticketId": 54321}});
    for (variable, named) in [(None, "acme"), (Some("globex"), "globex")] {
        let mut server = atera(&["mcp", "--access", "full"]);
        server.env("ATERA_CONFIG", &config);
        if let Some(name) = variable {
            server.env("ATERA_PROFILE", name);
        }
        let (_, answers) = said_to(server, &[call(1, "destroy", &delete)]).await;
        let next = answers[1]["result"]["structuredContent"]["error"]["next"].to_string();
        let command = format!("run: atera --profile {named} tickets delete 54321   (");
        assert!(next.contains(&command), "{next}");
        assert!(next.contains("ATERA_CONFIG is not set"), "{next}");
    }
}

/// Asks a server with a mirror, and checks what its tools and its resource answer.
async fn asks_the_mirror(place: &Place, sandbox: &Sandbox, server: Command) {
    let by_status = json!({"name": "backlog", "parameters": {"by": "status"}});
    let count = "SELECT count(*) AS n FROM tickets WHERE customer_id >= :least";
    let messages = [
        call(1, "query", &json!({"sql": count, "parameters": {"least": 0}})),
        call(2, "report", &by_status),
        call(3, "query", &json!({"sql": "DELETE FROM tickets"})),
        json!({"jsonrpc": "2.0", "id": 4, "method": "resources/read", "params": {"uri": "atera://mirror/schema"}}),
    ];
    let requests = sandbox.log().len();
    let (output, answers) = said_to(server, &messages).await;
    assert_success(&output);
    let [counted, report, deleted] = [1, 2, 3].map(|id: usize| &answers[id]["result"]["structuredContent"]);
    assert_eq!(counted["rows"], json!([[120]]), "{counted}");
    assert!(counted["as_of"]["tickets"].is_string(), "{counted}");
    let printed = atera(&[
        "report",
        "backlog",
        "--param",
        "by=status",
        "--quiet",
        "-o",
        "json",
    ]);
    let printed = json(&super::output(place.at(printed)).await);
    assert_eq!(
        report["returned"],
        printed.as_array().map_or(0, Vec::len),
        "{report}"
    );
    assert!(report["returned"].as_u64() > Some(0), "{report}");
    assert_eq!(deleted["error"]["kind"], "invalid_request", "{deleted}");
    let tables = &answers[4]["result"]["contents"][0]["text"];
    let database = if place.url.is_some() { "Postgres" } else { "SQLite" };
    let tables = tables.as_str().expect("a text");
    assert!(
        tables.contains(&format!("The database is {database}.")),
        "{tables}"
    );
    assert_eq!(sandbox.log().len(), requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_is_named_as_a_file_or_by_an_address() {
    for place in Place::both() {
        let sandbox = place.mirrored(small(), &[]).await;
        let server = against(&sandbox, &["mcp", "--mirror", &place.named()]);
        asks_the_mirror(&place, &sandbox, server).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_is_not_named_is_that_of_the_account() {
    for place in Place::both() {
        let sandbox = place.mirrored(small(), &[]).await;
        let mut server = against(&sandbox, &["mcp", "--mirror"]);
        match &place.url {
            Some(url) => server.env("ATERA_DATABASE_URL", url),
            None => {
                let folder = place.folder.path().join("atera");
                std::fs::create_dir(&folder).expect("a folder");
                std::fs::hard_link(place.path(), folder.join("mirror.db")).expect("a file");
                server.env("XDG_DATA_HOME", place.folder.path())
            }
        };
        asks_the_mirror(&place, &sandbox, server).await;
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_at_once() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("no.db").display().to_string();
    let no_log = folder.path().join("no/mcp.jsonl").display().to_string();
    for (arguments, says) in [
        (&["mcp", "--access", "admin"][..], "invalid value 'admin'"),
        (&["mcp", "--groups", "tikets"], "invalid value 'tikets'"),
        (&["mcp", "--mirror", &missing], "no mirror"),
        (&["mcp", "--audit", &no_log], "cannot be used"),
        (&["mcp", "--output", "json"], "has no effect"),
    ] {
        let output = ask(&sandbox, arguments).await;
        assert_failure(&output, 2, says);
    }
    let (address, _held) = nobody();
    let mirror = format!("postgres://user:hidden@{address}/none");
    let unreachable = ask(&sandbox, &["mcp", "--mirror", &mirror]).await;
    assert_failure(&unreachable, 8, "cannot be reached");
    assert!(!stderr(&unreachable).contains("hidden"), "{unreachable:?}");
}
