//! The jobs of the README, each by its one command.

use std::{fs, path::Path};

use super::*;

/// The commands in the table of the README.
fn jobs() -> Vec<&'static str> {
    let readme = include_str!("../../../../README.md");
    let (_, table) = readme.split_once("| job | command |").expect("the table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let command = row.rsplit_once(" | `atera ").expect("a command").1;
        command.trim_end_matches("` |")
    })
    .collect()
}

#[tokio::test]
async fn each_job_is_one_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let row = |number: i32| format!("Printer {number},It is on fire,12345\n");
    let rows: String = (1..=200).map(row).collect();
    let file = format!("TicketTitle,Description,EndUserID\n{rows}");
    fs::write(folder.path().join("tickets.csv"), file).expect("a file");
    let jobs = jobs();
    assert_eq!(jobs.len(), 11);
    for job in jobs {
        let done = shell(folder.path(), job).await;
        assert_success(&done);
        let written = |name| fs::read_to_string(folder.path().join(name)).expect("a file");
        let printed = match job {
            job if job.contains("--output-file") => written("closed.csv"),
            job if job.contains("--from") => written("tickets.csv.results.csv"),
            _ => stdout(&done).to_string(),
        };
        assert!(
            printed.lines().count() > 1 && printed.trim() != "[]",
            "{job}: {printed}"
        );
    }
    let results = fs::read_to_string(folder.path().join("tickets.csv.results.csv")).expect("results");
    assert_eq!(results.matches(",done,").count(), 200, "{results}");
}

/// Runs a command of the table as a shell does. The records of the sandbox are those of today, as are the days in the commands.
async fn shell(folder: &Path, job: &str) -> Output {
    let binary = assert_cmd::cargo::cargo_bin!("atera");
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{} {job} --sandbox --yes", binary.display())])
        .current_dir(folder)
        .envs(
            atera(&[])
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env_remove("ATERA_SANDBOX_NOW")
        .env("XDG_DATA_HOME", folder)
        .stdin(Stdio::null());
    output(command).await
}
