//! `atera mcp` with the clients of others: the Python SDK, the inspector, and the conformance suite.
//!
//! `tests/mcp_clients/install.sh` installs them. Without them these tests are skipped, with a line that says so.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::Child,
};

use tempfile::TempDir;

use super::{
    mcp_http::{Served, TOKEN},
    *,
};

/// Where the clients are installed.
const INSTALLED: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/../mcp-clients");
/// Where the parts of these tests are that are not Rust.
const PARTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mcp_clients");
const NODE: &str = "node_modules/node/bin/node";

/// An installed file. `None` if it is not there, which is told.
fn installed(file: &str) -> Option<PathBuf> {
    let path = Path::new(INSTALLED).join(file);
    let is_there = Path::new(INSTALLED).join("installed").exists() && path.exists();
    if !is_there {
        eprintln!("SKIPPED: {file} is not in target/mcp-clients; run {PARTS}/install.sh target/mcp-clients");
    }
    is_there.then_some(path)
}

/// A program of another, with the environment of the tests, and a home of its own.
fn program(path: &Path, home: &TempDir) -> Command {
    let mut command = Command::new(path);
    for (name, value) in atera(&[]).get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let node = Path::new(INSTALLED).join(NODE);
    let folders = env::var_os("PATH").unwrap_or_default();
    let folders = node
        .parent()
        .map(Path::to_path_buf)
        .into_iter()
        .chain(env::split_paths(&folders));
    command
        .env("PATH", env::join_paths(folders).expect("a path"))
        .env("HOME", home.path())
        .env("ATERA_MCP_TOKEN", TOKEN)
        .current_dir(home.path())
        .stdin(Stdio::null());
    command
}

fn binary() -> String {
    assert_cmd::cargo::cargo_bin!("atera").display().to_string()
}

#[tokio::test]
async fn the_python_sdk_finds_and_calls_over_both_ways() {
    let Some(python) = installed("python/bin/python") else {
        return;
    };
    let (home, served) = (tempfile::tempdir().expect("a folder"), Served::start(&[]).await);
    let (script, url) = (format!("{PARTS}/client.py"), served.url());
    for arguments in [&["stdio", &binary(), "mcp", "--sandbox"][..], &["http", &url]] {
        let mut command = program(&python, &home);
        command.arg(&script).args(arguments);
        let seen = json(&output(command).await);
        for mode in ["auto", "legacy"] {
            let seen = &seen[mode];
            assert_eq!(
                seen["tools"],
                serde_json::json!(["search", "describe", "read"]),
                "{seen}"
            );
            assert_eq!(seen["tools"], seen["read_only"], "{seen}");
            assert_eq!(seen["read"], "Fieldline IT", "{seen}");
            assert!(seen["search"] == true && seen["refused"] == true, "{seen}");
        }
    }
}

#[tokio::test]
async fn the_inspector_lists_and_calls_over_both_ways() {
    let (Some(node), Some(inspector)) = (
        installed(NODE),
        installed("node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"),
    ) else {
        return;
    };
    let (home, served) = (tempfile::tempdir().expect("a folder"), Served::start(&[]).await);
    let (binary, url, header) = (binary(), served.url(), format!("Authorization: Bearer {TOKEN}"));
    for way in [
        &["--", &binary, "mcp", "--sandbox"][..],
        &["--transport", "http", "--server-url", &url, "--header", &header],
    ] {
        let inspect = |method: &[&str]| {
            let mut command = program(&node, &home);
            command.arg(&inspector).arg("--cli").args(method).args(way);
            output(command)
        };
        let tools = json(&inspect(&["--method", "tools/list"]).await);
        assert_eq!(tools["tools"].as_array().map(Vec::len), Some(3), "{tools}");
        let call = [
            "--method",
            "tools/call",
            "--tool-name",
            "read",
            "--tool-arg",
            "operation=account_get",
        ];
        let answer = json(&inspect(&call).await);
        assert_eq!(
            answer["structuredContent"]["record"]["CompanyName"], "Fieldline IT",
            "{answer}"
        );
    }
}

/// A program that is killed at the end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Which scenarios of the suite pass, as this page of the documentation says.
fn documented(page: &str) -> BTreeMap<&str, bool> {
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let (scenario, result) = (cells.next()?.strip_suffix('`')?, cells.next()?);
        match result.trim_end_matches(" |") {
            "passes" => Some((scenario, true)),
            "fails" => Some((scenario, false)),
            _ => None,
        }
    });
    rows.collect()
}

#[tokio::test]
async fn the_conformance_suite_passes_what_the_documentation_says() {
    let (Some(node), Some(suite)) = (
        installed(NODE),
        installed("node_modules/@modelcontextprotocol/conformance/dist/index.js"),
    ) else {
        return;
    };
    let (home, served) = (tempfile::tempdir().expect("a folder"), Served::start(&[]).await);
    // The suite cannot send a token, so a small proxy adds it.
    let mut proxy = program(&node, &home);
    proxy
        .arg(format!("{PARTS}/with-token.mjs"))
        .arg(served.address.port().to_string());
    proxy.stdout(Stdio::piped());
    let (port, _proxy) = aside(move || {
        let mut child = proxy.spawn().expect("it starts");
        let mut port = String::new();
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
        lines.read_line(&mut port).expect("a line");
        (port.trim().to_string(), Running(child))
    })
    .await;
    let mut command = program(&node, &home);
    command
        .arg(suite)
        .args(["server", "--suite", "active", "--url"])
        .arg(format!("http://localhost:{port}/mcp"));
    let ran = output(command).await;
    let summary = stdout(&ran)
        .split("=== SUMMARY ===")
        .nth(1)
        .unwrap_or_else(|| panic!("{ran:?}"));
    let results = results(summary);
    assert!(results.len() >= 25, "{summary}");
    let differences = differences(&results, &documented(PAGE));
    assert!(differences.is_empty(), "{differences:#?}\n{}", stdout(&ran));
}

/// The page of the documentation.
const PAGE: &str = include_str!("../../../../docs/assistants-clients.md");

/// Which scenarios have passed, by the summary of the suite.
fn results(summary: &str) -> BTreeMap<&str, bool> {
    let results = summary.lines().filter_map(|line| {
        let (mark, rest) = line.split_once(' ')?;
        let passed = match mark {
            "✓" => true,
            "✗" => false,
            _ => return None,
        };
        Some((rest.split(':').next()?, passed))
    });
    results.collect()
}

/// How the results differ from the page: its table tells users what to expect, so one that is better has to be told as well.
fn differences(results: &BTreeMap<&str, bool>, documented: &BTreeMap<&str, bool>) -> Vec<String> {
    let word = |passed: Option<&bool>| match passed {
        Some(true) => "passes",
        Some(false) => "fails",
        None => "is missing",
    };
    let scenarios: BTreeSet<_> = results.keys().chain(documented.keys()).collect();
    scenarios
        .into_iter()
        .map(|scenario| (scenario, results.get(scenario), documented.get(scenario)))
        .filter(|(_, result, documented)| result != documented)
        .map(|(scenario, result, documented)| {
            format!(
                "`{scenario}` {} in the suite, and {} in docs/assistants-clients.md",
                word(result),
                word(documented)
            )
        })
        .collect()
}

#[test]
fn every_difference_between_the_suite_and_the_documentation_is_told() {
    let page = documented(
        "| scenario | result | why |\n|---|---|---|\n| `ping` | passes | |\n| `old` | fails | why |\n",
    );
    assert_eq!(page, BTreeMap::from([("ping", true), ("old", false)]));
    let told = |summary: &str| differences(&results(summary), &page);
    assert_eq!(
        told("✓ ping: 1 passed, 0 failed\n✗ old: 0 passed, 1 failed\n"),
        [""; 0]
    );
    for (summary, says) in [
        (
            "✗ ping: 0 passed, 1 failed\n✗ old: 0 passed, 1 failed",
            "`ping` fails in the suite, and passes in docs/assistants-clients.md",
        ),
        (
            "✓ ping: 1 passed, 0 failed\n✓ old: 1 passed, 0 failed",
            "`old` passes in the suite, and fails in docs/assistants-clients.md",
        ),
        (
            "✓ ping: 1 passed, 0 failed",
            "`old` is missing in the suite, and fails in docs/assistants-clients.md",
        ),
        (
            "✓ ping: 1 passed, 0 failed\n✗ old: 0 passed, 1 failed\n✓ new: 1 passed, 0 failed",
            "`new` passes in the suite, and is missing in docs/assistants-clients.md",
        ),
    ] {
        assert_eq!(told(summary), [says]);
    }
}
