//! What has to pass before a change lands, and with `full` what is too slow for every change.

use std::{
    env,
    process::{Command, Stdio},
};

use crate::{description, generate, layers};

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

/// The features of the library. None of them brings another along.
const FEATURES: [&str; 4] = ["cache", "changes", "mock", "schemars"];

/// The crates that are published, each after those that it depends on.
const PUBLISHED: [&str; 4] = ["atera", "atera-limits", "atera-sandbox", "atera-cli"];

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
        task("imports run one way", layers::run),
        task("the description is sound", || description::check(false)),
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
        "the sandbox without its pages builds without warnings",
        "clippy --package atera-sandbox --lib -- -D warnings",
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
        "the packages have what they need",
        &format!("package {} --allow-dirty --no-verify", packages()),
    ));
    steps
}

/// The published crates, as arguments of cargo.
fn packages() -> String {
    PUBLISHED.map(|name| format!("--package {name}")).join(" ")
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
        "each package builds by itself",
        &format!("package {} --allow-dirty --all-features", packages()),
    ));
    steps.push(cargo(
        "licences, sources and advisories are as deny.toml wants (`cargo install cargo-deny`)",
        "deny --all-features check",
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
        "test --package atera-sandbox --all-features --test explorer -- --ignored",
    ));
    steps.push(Step {
        shows: "the sandbox keeps the description whatever it is asked (`pip install schemathesis`)".into(),
        how: How::Script("crates/atera-sandbox/tests/schemathesis.sh"),
    });
    steps.push(cargo(
        "the overhead is small, and the sandbox quick",
        "bench --package atera --package atera-sandbox --all-features",
    ));
    steps.push(Step {
        shows: "a cold build takes at most 0.5 of octocrab's".into(),
        how: How::Script("benches/cold-build.sh"),
    });
    steps
}

/// All sets of features, as cargo takes them.
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
        "test --quiet --package atera-cli --test coverage -- --nocapture",
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
    fn every_set_of_features_is_built() {
        let all = combinations();
        assert_eq!(all.len(), 16);
        assert!(
            all.contains(&String::new()) && all.contains(&FEATURES.join(",")),
            "{all:?}"
        );
    }

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
