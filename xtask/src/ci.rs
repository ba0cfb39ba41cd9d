//! The checks that a change has to pass, and with `full` those that are too slow for every change.
//!
//! Every check is a [`Step`]: a command of cargo, a script, or a task of this program. They run one
//! after another, the quick ones that fail most often first, and the first failure ends the run. Their
//! output is not captured, so that it can be read while they run.
//!
//! A step that needs a tool which is not part of this repository names the tool and how to install it.

use std::{
    env,
    process::{Command, Stdio},
};

use crate::{description, generate, layers};

/// One check.
struct Step {
    /// What holds if it passes. It is printed before the step runs, and in the failure.
    name: String,
    action: Action,
}

/// How a step runs.
enum Action {
    /// cargo with these arguments, and these variables in its environment.
    Cargo(Vec<String>, Vec<(&'static str, String)>),
    /// A script of this repository.
    Script(&'static str),
    /// A task of this program.
    Task(fn() -> Result<(), String>),
}

/// The features of the library. None of them brings another along.
///
/// A test compares them with `Cargo.toml`, so a new feature cannot be forgotten here.
const FEATURES: [&str; 4] = ["cache", "changes", "mock", "schemars"];

/// The crates that are published, each after those that it depends on.
///
/// A test compares them with the folders of `crates/`.
const PUBLISHED: [&str; 7] = [
    "atera",
    "atera-limits",
    "atera-sandbox",
    "atera-mirror",
    "atera-records",
    "atera-mcp",
    "atera-cli",
];

/// How many cases of each property run with `full`. Without it a test runs 256.
const CASES: &str = "20000";

/// Runs the steps one after another, and stops at the first that fails.
///
/// # Errors
///
/// The name of the step that failed, and its exit status. The output of the step has the details.
pub(crate) fn run(full: bool) -> Result<(), String> {
    let mut steps = quick();
    if full {
        steps.extend(slow());
    }
    for step in &steps {
        println!("== {}", step.name);
        step.run()
            .map_err(|reason| format!("step failed: {}: {reason}", step.name))?;
    }
    println!("== all steps passed");
    Ok(())
}

/// The steps that every change has to pass.
///
/// The library is also built alone and with each single feature. A build of the whole workspace would
/// not find code that lacks its `cfg`, because the other crates enable features of the library.
fn quick() -> Vec<Step> {
    let mut steps = vec![
        cargo("the code is formatted", "fmt --all --check"),
        task("imports run one way", layers::run),
        task("the description follows its rules", || description::check(false)),
        task("the bindings match their snapshot", || generate::run(true)),
        cargo(
            "clippy has no warnings",
            "clippy --workspace --all-targets --all-features -- -D warnings",
        ),
        cargo(
            "the library alone builds without warnings",
            "clippy --package atera --lib -- -D warnings",
        ),
    ];
    for feature in FEATURES {
        steps.push(cargo(
            &format!("the library with `{feature}` builds without warnings"),
            &format!("clippy --package atera --lib --features {feature} -- -D warnings"),
        ));
    }
    steps.push(cargo(
        "the sandbox without its pages builds without warnings",
        "clippy --package atera-sandbox --lib -- -D warnings",
    ));
    steps.push(cargo(
        "the command as `cargo atera` builds it has no warnings",
        "clippy --package atera-cli --bins --no-default-features -- -D warnings",
    ));
    steps.push(cargo(
        "the tests pass, and every operation is covered",
        "test --workspace --all-features",
    ));
    steps.push(cargo(
        "the documentation builds",
        "doc --workspace --all-features --no-deps",
    ));
    steps.push(cargo(
        "the packages are complete",
        &format!("package {} --allow-dirty --no-verify", packages()),
    ));
    steps
}

/// The published crates, as arguments of cargo. They are packed together, so that each finds the new version of the others.
fn packages() -> String {
    PUBLISHED.map(|name| format!("--package {name}")).join(" ")
}

/// The steps that are too slow for every change.
///
/// Some need more than Rust: another toolchain, cargo-deny, Chromium or schemathesis. The comparisons
/// of speed come last, and only mean something on an idle machine.
fn slow() -> Vec<Step> {
    let mut steps = Vec::new();
    for features in combinations() {
        let shown = if features.is_empty() {
            "none".into()
        } else {
            features.replace(',', " and ")
        };
        let arguments = format!("--package atera --no-default-features --features={features}");
        steps.push(cargo(
            &format!("everything builds with the features {shown}"),
            &format!("clippy {arguments} --all-targets -- -D warnings"),
        ));
        // Only one feature at a time: a link that needs a missing feature is already broken then.
        if !features.contains(',') {
            steps.push(cargo(
                &format!("the documentation builds with the features {shown}"),
                &format!("doc {arguments} --no-deps"),
            ));
        }
    }
    let version = env!("CARGO_PKG_RUST_VERSION");
    steps.push(cargo(
        &format!("it builds with Rust {version} (`rustup toolchain install {version}`)"),
        &format!("+{version} check --workspace --all-features"),
    ));
    steps.push(cargo(
        "each package builds by itself",
        &format!("package {} --allow-dirty --all-features", packages()),
    ));
    steps.push(cargo(
        "licenses, sources and advisories follow deny.toml (`cargo install cargo-deny`)",
        "deny --workspace --all-features check",
    ));
    steps.push(cargo(
        "walks over lists that change at every page lose no record",
        "test --release --package atera --lib -- --ignored",
    ));
    steps.push(Step {
        name: format!("the properties hold in {CASES} cases"),
        action: Action::Cargo(
            split_words("test --package atera --all-features --test fuzz"),
            vec![("PROPTEST_CASES", CASES.into())],
        ),
    });
    steps.push(cargo(
        "the sandbox's pages work in a browser (packages `chromium` and `chromium-driver`)",
        "test --package atera-sandbox --all-features --test explorer -- --ignored",
    ));
    steps.push(cargo(
        "the page of reports works in a browser",
        "test --package atera-cli --test report_page -- --ignored",
    ));
    steps.push(Step {
        name: "the sandbox follows the description for generated requests (`pip install schemathesis`)"
            .into(),
        action: Action::Script("crates/atera-sandbox/tests/schemathesis.sh"),
    });
    steps.push(cargo(
        "the benchmarks of the overhead and the sandbox run",
        "bench --package atera --package atera-sandbox --all-features",
    ));
    steps.push(Step {
        name: "a cold build takes at most 0.6 of octocrab's".into(),
        action: Action::Script("benches/cold-build.sh"),
    });
    steps
}

/// All sets of features, as `--features` takes them. Bit n of a number stands for feature n.
fn combinations() -> Vec<String> {
    let sets = (0..1 << FEATURES.len()).map(|bits: usize| {
        let chosen = FEATURES
            .iter()
            .enumerate()
            .filter(|(index, _)| bits & (1 << index) != 0);
        chosen.map(|(_, feature)| *feature).collect::<Vec<_>>().join(",")
    });
    sets.collect()
}

/// A step of cargo with these arguments, which are separated by spaces.
fn cargo(name: &str, arguments: &str) -> Step {
    Step {
        name: name.into(),
        action: Action::Cargo(split_words(arguments), Vec::new()),
    }
}

/// A step that is a function of this program.
fn task(name: &str, task: fn() -> Result<(), String>) -> Step {
    Step {
        name: name.into(),
        action: Action::Task(task),
    }
}

fn split_words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

impl Step {
    /// rustdoc warnings are errors, and snapshots are never written, whatever the caller's environment
    /// says. Steps cannot read from the terminal.
    ///
    /// # Errors
    ///
    /// The command cannot be started, or its exit status is not 0.
    fn run(&self) -> Result<(), String> {
        let mut command = match &self.action {
            Action::Task(task) => return task(),
            Action::Script(script) => Command::new(format!("{}/../{script}", env!("CARGO_MANIFEST_DIR"))),
            Action::Cargo(arguments, variables) => {
                println!("cargo {}", arguments.join(" "));
                // Only rustup's `cargo` understands `+1.95`. The one in `CARGO` is that of a fixed toolchain.
                let cargo = match arguments[0].starts_with('+') {
                    true => "cargo".into(),
                    false => env::var("CARGO").unwrap_or_else(|_| "cargo".into()),
                };
                let mut command = Command::new(cargo);
                command.args(arguments).envs(variables.iter().cloned());
                command
            }
        };
        let status = command
            .env("RUSTDOCFLAGS", "-D warnings")
            // A snapshot that differs fails the test, and is not written.
            .env("INSTA_UPDATE", "no")
            .stdin(Stdio::null())
            .status()
            .map_err(|error| {
                format!("cannot run the command: {error}; install the tool that the step names")
            })?;
        match status.success() {
            true => Ok(()),
            false => Err(status.to_string()),
        }
    }
}

/// Prints a table of all operations: source, guide, request, decoding, sandbox and command. A gap is an error.
///
/// The table is made by a test of the command line, because only that crate can see all of them.
pub(crate) fn coverage() -> Result<(), String> {
    cargo(
        "every operation is covered",
        "test --quiet --package atera-cli --test coverage -- --nocapture",
    )
    .run()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the manifest as text, since the table of features is simple.
    #[test]
    fn the_features_are_those_of_the_crate() {
        let manifest = include_str!("../../Cargo.toml");
        let section = manifest
            .split("[features]\n")
            .nth(1)
            .unwrap()
            .split("\n[")
            .next()
            .unwrap();
        let mut declared: Vec<_> = section
            .lines()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
            .filter_map(|line| Some(line.split_once(" = ")?.0))
            .filter(|name| *name != "default")
            .collect();
        let mut known = FEATURES.to_vec();
        declared.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, declared);
    }

    /// Four features have 16 sets, with the empty one and the one of all.
    #[test]
    fn every_set_of_features_is_built() {
        let all = combinations();
        assert_eq!(all.len(), 16);
        assert!(
            all.contains(&String::new()) && all.contains(&FEATURES.join(",")),
            "{all:?}"
        );
    }

    /// A crate is published unless its manifest says `publish = false`.
    #[test]
    fn the_published_crates_are_those_of_the_workspace() {
        let crates = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates")).unwrap();
        let manifests = crates.map(|entry| entry.unwrap().path().join("Cargo.toml"));
        let published = manifests.filter(|path| {
            let manifest = std::fs::read_to_string(path).unwrap();
            !manifest.contains("publish = false")
        });
        let mut published: Vec<_> = published
            .map(|path| {
                path.parent()
                    .unwrap()
                    .file_name()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        published.push("atera".to_string());
        published.sort();
        let mut known = PUBLISHED.to_vec();
        known.sort_unstable();
        assert_eq!(known, published);
    }
}
