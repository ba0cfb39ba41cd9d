//! `atera mcp config`.

use super::*;

/// The server in the configuration that these arguments print, and what is said beside it.
async fn configured(host: &str, arguments: &[&str]) -> (Value, String) {
    let printed = output(atera(&[&["mcp", "config", host], arguments].concat())).await;
    let whole = json(&printed);
    (whole["mcpServers"]["atera"].clone(), stderr(&printed).to_string())
}

#[tokio::test]
async fn the_arguments_of_the_server_are_those_that_are_given() {
    let (server, said) = configured("claude", &[]).await;
    let program = assert_cmd::cargo::cargo_bin!("atera").display().to_string();
    assert_eq!(
        server,
        serde_json::json!({"type": "stdio", "command": program, "args": ["mcp"]})
    );
    assert!(said.starts_with("for Claude Code: into .mcp.json"), "{said}");
    let given = [
        "--profile",
        "acme",
        "--access",
        "write",
        "--groups",
        "tickets,work-hours",
        "--customer",
        "1201",
        "--rate-limit",
        "300/60s",
        "--quiet",
    ];
    let (server, said) = configured("windsurf", &given).await;
    let expected = serde_json::json!([
        "mcp",
        "--profile",
        "acme",
        "--rate-limit",
        "300/60s",
        "--access",
        "write",
        "--groups",
        "tickets,work-hours",
        "--customer",
        "1201",
    ]);
    assert_eq!((&server["args"], said.as_str()), (&expected, ""));
    let metrics = [
        "--mirror",
        "/m.db",
        "--metrics",
        ":9100",
        "--metrics-report",
        "coverage,sla-risk",
    ];
    let (server, _) = configured("gemini", &metrics).await;
    let expected = [&["mcp"], &metrics[..]].concat();
    assert_eq!(server["args"], serde_json::json!(expected));
    let (server, _) = configured("gemini", &["--sandbox"]).await;
    assert_eq!(server["args"], serde_json::json!(["mcp", "--sandbox"]));
}

/// Hosts start servers in a folder of their own.
#[tokio::test]
async fn paths_are_whole() {
    let (server, _) = configured("cursor", &["--audit", "log.jsonl", "--api-key-file", "keys/acme"]).await;
    let whole = |path: &str| std::path::absolute(path).expect("a path").display().to_string();
    assert_eq!(
        server["args"],
        serde_json::json!([
            "mcp",
            "--api-key-file",
            whole("keys/acme"),
            "--audit",
            whole("log.jsonl")
        ])
    );
}

#[tokio::test]
async fn a_mirror_is_kept_without_its_password() {
    let whole = |path: &str| std::path::absolute(path).expect("a path").display().to_string();
    let address = "postgres://reader@db.example/atera?sslmode=require";
    for (given, expected) in [
        (
            &["--mirror", "account.db"][..],
            vec!["--mirror".to_string(), whole("account.db")],
        ),
        (
            &["--mirror", address],
            vec!["--mirror".to_string(), address.to_string()],
        ),
        (&["--mirror"], vec!["--mirror".to_string()]),
    ] {
        let (server, said) = configured("cursor", given).await;
        assert_eq!(
            server["args"],
            serde_json::json!([vec!["mcp".to_string()], expected].concat())
        );
        assert!(!said.contains("ATERA_DATABASE_URL"), "{said}");
    }
    for address in [
        "postgres://reader:hunter2@db.example/atera",
        "postgresql://db.example/atera?user=reader&password=hunter2",
    ] {
        let (server, said) = configured("cursor", &["--mirror", address]).await;
        assert_eq!(server["args"], serde_json::json!(["mcp", "--mirror"]));
        assert!(
            said.contains("set ATERA_DATABASE_URL in the environment") && !said.contains("hunter2"),
            "{said}"
        );
    }
    let mut command = atera(&["mcp", "config", "cursor", "--mirror"]);
    command.env("ATERA_DATABASE_URL", "postgres://reader:hunter2@db.example/atera");
    let printed = output(command).await;
    assert_success(&printed);
    assert!(
        stderr(&printed).contains("ATERA_DATABASE_URL is set here"),
        "{printed:?}"
    );
    assert!(
        ![stdout(&printed), stderr(&printed)].concat().contains("hunter2"),
        "{printed:?}"
    );
}

#[tokio::test]
async fn what_is_secret_is_left_out_or_refused() {
    const KEY: &str = "0123456789abcdef0123456789abcdef";
    for address in [
        "redis://:hunter2@redis.example",
        "redis+sentinel://limits:hunter2@one,two:26379,three/primary",
        "redis+unix://limits:hunter2@/run/redis.sock",
        "redis://limits:hunter2/@redis.example",
    ] {
        let mut command = atera(&["mcp", "config", "codex", "--limit-store", address]);
        command.env("ATERA_API_KEY", KEY);
        let printed = output(command).await;
        assert_success(&printed);
        let (text, said) = (stdout(&printed), stderr(&printed));
        assert!(text.starts_with("[mcp_servers.atera]\ncommand = "), "{text}");
        for part in [text, said] {
            assert!(!part.contains(KEY) && !part.contains("hunter2"), "{part}");
        }
        assert!(
            said.contains("--limit-store has a password")
                && said.contains("ATERA_API_KEY and ATERA_CONFIG are set here"),
            "{said}"
        );
    }
    let without = "redis+sentinel://limits@one,two/primary?password_file=/run/secrets/redis";
    let (server, _) = configured("cursor", &["--limit-store", without]).await;
    assert_eq!(
        server["args"],
        serde_json::json!(["mcp", "--limit-store", without])
    );
    let refused = output(atera(&["mcp", "config", "claude", "--profile", KEY])).await;
    assert_failure(&refused, 2, "may be an API key");
    assert!(!stderr(&refused).contains(KEY), "{refused:?}");
}

#[tokio::test]
async fn a_server_that_runs_is_reached_by_its_address() {
    let printed = output(atera(&[
        "mcp",
        "config",
        "vscode",
        "--url",
        "https://mcp.example/mcp",
    ]))
    .await;
    assert_eq!(
        json(&printed)["servers"]["atera"]["url"],
        "https://mcp.example/mcp"
    );
    let (server, said) = configured("claude", &["--url", "https://mcp.example/mcp"]).await;
    assert_eq!(server["headers"]["Authorization"], "Bearer ${ATERA_MCP_TOKEN}");
    assert!(said.contains("set ATERA_MCP_TOKEN to the token"), "{said}");
    let refused = output(atera(&[
        "mcp",
        "config",
        "claude-desktop",
        "--url",
        "https://mcp.example/mcp",
    ]))
    .await;
    assert_failure(&refused, 2, "leave --url out");
    let refused = output(atera(&["mcp", "--http", "--token-file", "x", "config", "claude"])).await;
    assert_failure(&refused, 2, "--url");
    let unknown = output(atera(&["mcp", "config", "emacs"])).await;
    assert_failure(&unknown, 2, "claude-desktop");
}

/// They would be lost: a user who narrows an assistant must not believe that it is narrowed when it is not.
#[tokio::test]
async fn flags_that_a_running_server_does_not_see_are_refused() {
    const URL: [&str; 5] = ["mcp", "config", "claude", "--url", "https://mcp.example/mcp"];
    for (flags, named) in [
        (&["--access", "read"][..], "--access changes nothing"),
        (
            &["--customer", "1201", "--groups", "tickets"],
            "--groups and --customer",
        ),
        (&["--audit", "log.jsonl"], "--audit"),
        (&["--profile", "acme"], "--profile"),
        (&["--sandbox"], "--sandbox"),
        (&["--rate-limit", "300/60s"], "--rate-limit"),
    ] {
        let refused = output(atera(&[&URL[..], flags].concat())).await;
        assert_failure(&refused, 2, named);
        assert_eq!(stdout(&refused), "");
    }
    assert_success(&output(atera(&[&URL[..], &["--quiet"]].concat())).await);
}

#[tokio::test]
async fn an_address_with_a_secret_in_it_is_refused_and_not_repeated() {
    for url in [
        "https://atera:hunter2@mcp.example/mcp",
        "https://hunter2@mcp.example/mcp",
        "https://mcp.example/mcp?access_token=hunter2",
        "https://mcp.example/mcp?tenant=a&X-Key=hunter2",
        "mcp.example/hunter2",
        "file:///hunter2",
    ] {
        let refused = output(atera(&["mcp", "config", "claude", "--url", url])).await;
        assert_failure(&refused, 2, "--url was not taken");
        assert!(!stderr(&refused).contains("hunter2"), "{refused:?}");
        assert_eq!(stdout(&refused), "");
    }
    let url = "https://mcp.example/mcp?tenant=acme";
    let (server, _) = configured("claude", &["--url", url]).await;
    assert_eq!(server["url"], url);
}
