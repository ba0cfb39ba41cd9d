//! What has to pass before a change lands.

use std::{
    env,
    process::{Command, Stdio},
};

/// Each step: what it shows, and the arguments of cargo.
const STEPS: &[(&str, &[&str])] = &[
    ("the code is formatted", &["fmt", "--all", "--check"]),
    (
        "clippy has nothing to say",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-D",
            "warnings",
        ],
    ),
    (
        "the library alone builds without warnings",
        &["clippy", "--package", "atera", "--lib", "--", "-D", "warnings"],
    ),
    ("the tests pass", &["test", "--workspace", "--all-features"]),
    (
        "the documentation builds",
        &["doc", "--workspace", "--all-features", "--no-deps"],
    ),
];

/// Runs the steps one after another, and stops at the first that fails.
pub(crate) fn run() -> Result<(), String> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    for (shows, arguments) in STEPS {
        println!("== {shows}: cargo {}", arguments.join(" "));
        let status = Command::new(&cargo)
            .args(*arguments)
            .env("RUSTDOCFLAGS", "-D warnings")
            // A snapshot that differs fails the test, and is not written.
            .env("INSTA_UPDATE", "no")
            .stdin(Stdio::null())
            .status()
            .map_err(|error| format!("cargo cannot be run: {error}"))?;
        if !status.success() {
            return Err(format!("it does not hold that {shows}"));
        }
    }
    println!("== all of it holds");
    Ok(())
}
