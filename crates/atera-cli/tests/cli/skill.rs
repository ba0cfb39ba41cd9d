//! `docs/SKILL.md`, which tells assistants with a shell how to use the command: every command in it works.

use std::{collections::BTreeSet, env, path::Path};

use atera::RateLimit;

use super::*;

const SKILL: &str = include_str!("../../../../docs/SKILL.md");

/// The lines of its blocks of shell.
fn commands() -> Vec<&'static str> {
    let mut blocks = SKILL.split("```");
    blocks.next();
    let blocks = blocks.step_by(2).filter_map(|block| block.strip_prefix("sh\n"));
    blocks.flat_map(str::lines).collect()
}

/// A line in the shell, in this folder, with the command on the path.
fn shell(sandbox: &Sandbox, folder: &Path, line: &str) -> Command {
    let binary = assert_cmd::cargo::cargo_bin!("atera");
    let folders = env::var_os("PATH").unwrap_or_default();
    let folders = binary
        .parent()
        .map(Path::to_path_buf)
        .into_iter()
        .chain(env::split_paths(&folders));
    let mut command = Command::new("sh");
    // Each part of a pipe has to succeed, as far as `sh` can tell: the last one decides.
    command
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", env::join_paths(folders).expect("a path"))
        .env("XDG_DATA_HOME", folder.join("data"))
        .env("ATERA_RATE_LIMIT", "off");
    for (name, value) in against(sandbox, &[]).get_envs() {
        match (name.to_str(), value) {
            (Some("XDG_DATA_HOME" | "ATERA_RATE_LIMIT"), _) => {}
            (_, Some(value)) => {
                command.env(name, value);
            }
            (_, None) => {
                command.env_remove(name);
            }
        }
    }
    command.stdin(Stdio::null());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_skill_works() {
    let builder = Sandbox::builder()
        .tickets(120)
        .customers(12)
        .contacts(30)
        .agents(15);
    let sandbox = builder
        .alerts(20)
        .rate_limit(RateLimit::off())
        .start()
        .await
        .expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let commands = commands();
    assert!(commands.len() > 15, "{commands:?}");
    for line in commands {
        let ran = output(shell(&sandbox, folder.path(), line)).await;
        assert!(ran.status.success(), "{line}: {ran:?}");
        assert!(!stderr(&ran).contains("atera: "), "{line}: {ran:?}");
        let key = sandbox.api_key();
        assert!(
            !stdout(&ran).contains(key) && !stderr(&ran).contains(key),
            "{line}"
        );
        // Those that write a file say little.
        let writes_a_file = [" > ", "--output-file", "--journal"]
            .iter()
            .any(|it| line.contains(it));
        assert!(writes_a_file || !stdout(&ran).is_empty(), "{line}");
        assert_eq!(
            line.contains("--dry-run"),
            stdout(&ran).contains("x-api-key: (hidden)"),
            "{line}"
        );
    }
}

#[test]
fn the_skill_can_be_found_and_is_short() {
    let (front, text) = SKILL
        .strip_prefix("---\n")
        .and_then(|skill| skill.split_once("\n---\n"))
        .expect("front matter");
    let description = front
        .strip_prefix("name: atera\ndescription: ")
        .expect("both fields");
    assert!(
        description.len() <= 1_024 && !description.contains('\n'),
        "{description}"
    );
    assert!(text.len() < 6_000, "{} characters", text.len());
}

/// The codes of a table, or of the help.
fn codes(text: &str) -> BTreeSet<u8> {
    let codes = text.split([' ', ',']).filter_map(|code| code.parse().ok());
    codes.collect()
}

#[tokio::test]
async fn the_exit_codes_of_the_skill_are_those_of_the_command() {
    let help = output(atera(&["--help"])).await;
    let help = stdout(&help).split("Exit codes:").nth(1).expect("codes");
    let known = codes(&help.replace('\n', " "));
    let table = SKILL
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let told = table.flat_map(codes).collect::<BTreeSet<_>>();
    assert!(told.len() > 8 && told.is_subset(&known), "{told:?} {known:?}");
}
