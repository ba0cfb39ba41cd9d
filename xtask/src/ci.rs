//! What has to pass before a change lands, and with `full` what is too slow for every change.

use std::{
    env,
    process::{Command, Stdio},
};

use crate::{generate, spec_check};

/// Something that has to hold.
struct Step {
    /// What it shows.
    shows: String,
    how: How,
}

enum How {
    /// cargo with these arguments, and these variables in its environment.
    Cargo(Vec<String>, Vec<(&'static str, String)>),
    /// A script of this repository.
    Script(&'static str),
    /// A task of this program.
    Task(fn() -> Result<(), String>),
}

/// The features that can be chosen.
const FEATURES: [&str; 7] = [
    "cache", "changes", "schemars", "sandbox", "explorer", "mock", "cli",
];

/// What a feature brings along, so that to choose it as well changes nothing.
const BRING: [(&str, &[&str]); 2] = [
    ("cli", &["changes", "explorer", "sandbox"]),
    ("explorer", &["sandbox"]),
];

/// Cases of each property with `full`; a test runs 256 of them otherwise.
const CASES: &str = "20000";

/// Runs the steps one after another, and stops at the first that fails.
pub(crate) fn run(full: bool) -> Result<(), String> {
    let mut steps = quick();
    if full {
        steps.extend(slow());
    }
    for step in &steps {
        println!("== {}", step.shows);
        step.run()
            .map_err(|reason| format!("step failed: {}: {reason}", step.shows))?;
    }
    println!("== all steps passed");
    Ok(())
}

/// What every change has to pass.
fn quick() -> Vec<Step> {
    let mut steps = vec![
        cargo("the code is formatted", "fmt --all --check"),
        task("the description is sound", || spec_check(false)),
        task("the bindings are as their snapshot shows", || generate::run(true)),
        cargo(
            "clippy has nothing to say",
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
        "the tests pass, and every operation is covered",
        "test --workspace --all-features",
    ));
    steps.push(cargo(
        "the documentation builds",
        "doc --workspace --all-features --no-deps",
    ));
    steps.push(cargo(
        "the package has what it needs",
        "package --package atera --allow-dirty --no-verify",
    ));
    steps
}

/// What is too slow for every change.
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
        // A link that is broken by a missing feature is broken with it alone.
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
        "the package builds by itself",
        "package --package atera --allow-dirty --all-features",
    ));
    steps.push(cargo(
        "licences, sources and advisories are as deny.toml wants (`cargo install cargo-deny`)",
        "deny --all-features check",
    ));
    steps.push(cargo(
        "walks over lists that change at every page lose no record",
        "test --release --package atera --lib -- --ignored",
    ));
    steps.push(Step {
        shows: format!("the properties hold in {CASES} cases"),
        how: How::Cargo(
            words("test --package atera --all-features --test fuzz"),
            vec![("PROPTEST_CASES", CASES.into())],
        ),
    });
    steps.push(cargo(
        "the sandbox can be tried out in a browser (packages `chromium` and `chromium-driver`)",
        "test --package atera --all-features --test explorer -- --ignored",
    ));
    steps.push(Step {
        shows: "the sandbox keeps the description whatever it is asked (`pip install schemathesis`)".into(),
        how: How::Script("tests/schemathesis.sh"),
    });
    steps.push(cargo(
        "the overhead is small, and the sandbox quick",
        "bench --package atera --all-features",
    ));
    steps.push(Step {
        shows: "a cold build takes at most 0.6 of octocrab's".into(),
        how: How::Script("benches/cold-build.sh"),
    });
    steps
}

/// All sets of features that differ, as cargo takes them.
fn combinations() -> Vec<String> {
    let mut all = Vec::new();
    for bits in 0..1 << FEATURES.len() {
        let chosen: Vec<_> = (0..FEATURES.len())
            .filter(|index| bits & (1 << index) != 0)
            .map(|index| FEATURES[index])
            .collect();
        let brought = |feature: &&str| {
            let mut others = BRING.iter().filter(|(bringer, _)| chosen.contains(bringer));
            others.any(|(_, brought)| brought.contains(feature))
        };
        if !chosen.iter().any(brought) {
            all.push(chosen.join(","));
        }
    }
    all
}

fn cargo(shows: &str, arguments: &str) -> Step {
    Step {
        shows: shows.into(),
        how: How::Cargo(words(arguments), Vec::new()),
    }
}

fn task(shows: &str, task: fn() -> Result<(), String>) -> Step {
    Step {
        shows: shows.into(),
        how: How::Task(task),
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

impl Step {
    fn run(&self) -> Result<(), String> {
        let mut command = match &self.how {
            How::Task(task) => return task(),
            How::Script(script) => Command::new(format!("{}/../{script}", env!("CARGO_MANIFEST_DIR"))),
            How::Cargo(arguments, variables) => {
                println!("cargo {}", arguments.join(" "));
                // A toolchain by name is the business of rustup's cargo, not of the one that runs us.
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
            .map_err(|error| format!("it cannot be run: {error}"))?;
        match status.success() {
            true => Ok(()),
            false => Err(status.to_string()),
        }
    }
}

/// Shows what there is for every operation.
pub(crate) fn coverage() -> Result<(), String> {
    cargo(
        "every operation is covered",
        "test --quiet --package atera --all-features --test coverage -- --nocapture",
    )
    .run()
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn every_set_of_features_that_differs_is_built_once() {
        let all = combinations();
        assert_eq!(all.len(), (2 * 2 * 2 * 2) * 3 + 2 * 2 * 2);
        assert!(!all.contains(&"sandbox,cli".to_string()), "{all:?}");
        for (bringer, brought) in BRING {
            let manifest = include_str!("../../Cargo.toml");
            let declared = manifest.split(&format!("\n{bringer} = [")).nth(1).unwrap();
            let declared = declared.split(']').next().unwrap();
            for feature in brought {
                assert!(
                    declared.contains(&format!("\"{feature}\"")),
                    "{bringer} does not bring {feature}"
                );
            }
        }
    }
}
