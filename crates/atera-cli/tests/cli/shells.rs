//! Completion in the shells themselves, where they are installed. A shell that is missing is named on stderr, and not tested.

use std::path::Path;

use super::{terminal::Terminal, *};

/// A folder with a profile in it.
fn profiles() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text =
        "default = \"acme\"\n[profiles.acme]\napi_key = \"key\"\n[profiles.globex]\napi_key = \"key\"\n";
    std::fs::write(file.path(), text).expect("a file");
    file
}

/// A command with `atera` in its path, or none if it is not installed.
fn shell(name: &str, arguments: &[&str], config: &Path) -> Option<Command> {
    if Command::new(name)
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        eprintln!("NOT TESTED: completion in {name}, which is not installed");
        return None;
    }
    let binary = assert_cmd::cargo::cargo_bin!("atera");
    let folder = binary.parent().expect("a folder");
    let path = format!(
        "{}:{}",
        folder.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut command = Command::new(name);
    command
        .args(arguments)
        .env("PATH", path)
        .env("ATERA_CONFIG", config)
        .env_remove("ATERA_COMPLETE")
        .stdin(Stdio::null());
    Some(command)
}

/// What is typed, and something that is offered for it.
const OFFERED: [(&str, &str); 8] = [
    ("atera tick", "tickets"),
    ("atera tickets add-c", "add-comment"),
    ("atera tickets list --ticket-st", "--ticket-status"),
    ("atera tickets list --ticket-status Pend", "Pending"),
    ("atera tickets update 7 --ticket-priority Crit", "Critical"),
    ("atera tickets list --select TicketTi", "TicketTitle"),
    ("atera --profile glo", "globex"),
    ("atera config use glo", "globex"),
];

#[tokio::test]
async fn bash_completes_commands_flags_values_profiles_and_fields() {
    let profiles = profiles();
    for (line, offered) in OFFERED {
        let words: Vec<_> = line.split(' ').map(|word| format!("'{word}'")).collect();
        let script = format!(
            "source <(atera completions bash); COMP_WORDS=({}); COMP_CWORD={}; COMP_TYPE=9; \
             _clap_complete_atera; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words.len() - 1
        );
        let arguments = ["--norc", "--noprofile", "-c", &script];
        let Some(command) = shell("bash", &arguments, profiles.path()) else {
            return;
        };
        let replied = output(command).await;
        assert_eq!(stderr(&replied), "", "{line}");
        let replied: Vec<_> = stdout(&replied).lines().map(str::trim_end).collect();
        assert!(replied.contains(&offered), "{line}: {replied:?}");
    }
}

#[tokio::test]
async fn fish_completes_commands_flags_values_profiles_and_fields() {
    let profiles = profiles();
    for (line, offered) in OFFERED {
        let script = format!("atera completions fish | source; complete --do-complete '{line}'");
        let Some(command) = shell("fish", &["--no-config", "-c", &script], profiles.path()) else {
            return;
        };
        let replied = output(command).await;
        let words = stdout(&replied)
            .lines()
            .filter_map(|line| line.split('\t').next());
        let words: Vec<_> = words.collect();
        assert!(words.contains(&offered), "{line}: {replied:?}");
    }
}

/// zsh completes in its line editor alone, so the keys are pressed in a terminal.
#[tokio::test(flavor = "multi_thread")]
async fn zsh_completes_commands_flags_values_profiles_and_fields() {
    let profiles = profiles();
    let Some(mut command) = shell("zsh", &["-f", "-i"], profiles.path()) else {
        return;
    };
    command
        .env("PS1", "$ ")
        .env("HOME", profiles.path().parent().expect("a folder"));
    aside(move || {
        let mut zsh = Terminal::start(&command, 200);
        zsh.press(
            "autoload -Uz compinit && compinit -D -u && source <(atera completions zsh) && echo rea''dy\n",
        );
        zsh.until("ready");
        for (index, (line, offered)) in OFFERED.into_iter().enumerate() {
            zsh.press(&format!("{line}\t"));
            zsh.until(offered);
            // Ctrl-U empties the line, which is not to be run.
            zsh.press(&format!("\u{15}echo do''ne{index}\n"));
            zsh.until(&format!("done{index}"));
            zsh.forget();
        }
        zsh.kill();
    })
    .await;
}

#[tokio::test]
async fn nothing_is_offered_from_a_config_file_that_cannot_be_read() {
    let mut command = atera(&["--", "atera", "--profile", ""]);
    command
        .env("ATERA_COMPLETE", "fish")
        .env("ATERA_CONFIG", "/no/such/folder/config.toml");
    let replied = output(command).await;
    assert_success(&replied);
    assert_eq!((stdout(&replied), stderr(&replied)), ("", ""));
}
