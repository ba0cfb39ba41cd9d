//! A program in another language against `atera sandbox -- COMMAND`.

use std::process::{Command, Output};

fn sandbox(command: &[&str]) -> Output {
    let counts = "customers=12,contacts=50,agents=40,tickets=230,alerts=30";
    Command::new(env!("CARGO_BIN_EXE_atera"))
        .args([
            "sandbox",
            "--port",
            "0",
            "--dialect",
            "guide",
            "--count",
            counts,
            "--key",
            "reader=*:r",
            "--",
        ])
        .args(command)
        .output()
        .expect("the command runs")
}

#[test]
fn the_habits_of_javascript_programs_are_served() {
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("skipped: there is no `node` on this machine");
        return;
    }
    let habits = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/javascript/habits.mjs");
    let output = sandbox(&["node", habits]);
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{complained}");
    assert_eq!(said, "all habits are served\n");
}

#[cfg(unix)]
#[test]
fn the_command_has_the_environment_and_its_exit_code_is_that_of_the_sandbox() {
    let output = sandbox(&["sh", "-c", "echo $ATERA_BASE_URL $ATERA_API_KEY; exit 7"]);
    assert_eq!(output.status.code(), Some(7));
    let said = String::from_utf8_lossy(&output.stdout);
    let (base_url, key) = said.trim().split_once(' ').expect("both");
    assert!(
        base_url.starts_with("http://127.0.0.1:") && base_url.ends_with("/api/v3"),
        "{base_url}"
    );
    assert_eq!(key.len(), 32);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_command_that_is_none_is_named() {
    let output = sandbox(&["no-such-command-anywhere"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`no-such-command-anywhere` cannot be run"));
}

#[test]
fn records_are_dumped_edited_and_loaded() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("records.json");
    let atera = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_atera"))
            .arg("sandbox")
            .args(arguments)
            .output();
        output.expect("the command runs")
    };
    let path = file.to_str().expect("UTF-8");
    let dumped = atera(&["--count", "tickets=3,customers=2,contacts=4", "--dump", path]);
    assert!(dumped.status.success() && dumped.stdout.is_empty());
    let text = std::fs::read_to_string(&file).expect("records");
    assert!(text.contains("Harbor Dental"));
    std::fs::write(&file, text.replace("Harbor Dental", "Hafen Dental")).expect("to write");
    let again = atera(&["--load", path, "--dump", "-"]);
    let again = String::from_utf8_lossy(&again.stdout);
    assert!(again.contains("Hafen Dental") && !again.contains("Harbor Dental"));

    std::fs::write(&file, r#"{"Ticket": [{"TicketID": 1, "Colour": "red"}]}"#).expect("to write");
    let refused = atera(&["--load", path, "--dump", "-"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&refused.stderr)
            .contains("Ticket[0].Colour is not a field of this kind of record")
    );
}

#[test]
fn two_programs_dump_the_same_bytes_for_the_same_seed() {
    let dump = |seed: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_atera"))
            .args(["sandbox", "--seed", seed, "--dump", "-"])
            .output();
        output.expect("the command runs").stdout
    };
    let first = dump("7");
    assert!(first.len() > 1_000_000);
    assert!(dump("7") == first, "the same seed");
    assert!(dump("8") != first, "another seed");
}

#[test]
fn flags_that_make_no_sense_are_usage_errors() {
    for (flag, value, says) in [
        ("--fault", "oops=1", "`oops=1` is not a fault"),
        ("--churn", "oops", "`oops` does not say what changes"),
        ("--key", "desk", "write a key and what it may do"),
        ("--key", "desk=tikcets:r", "`tikcets` is not a domain"),
        ("--count", "cats=1", "the kinds are customers"),
        ("--dialect", "klingon", "published"),
        ("--time-zone", "Atlantis", "`Atlantis` is not an IANA name"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_atera"))
            .args(["sandbox", "--port", "0", flag, value])
            .output();
        let output = output.expect("the command runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flag}: {said}");
        assert!(said.contains(says), "{flag}: {said}");
    }
}
