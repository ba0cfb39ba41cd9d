//! What there is for every operation, as a table: `cargo xtask coverage` shows it. A gap fails.
//!
//! Nothing here is a list of operations by hand: the requests are the examples of the description, sent by typed calls to the
//! sandbox, and the commands are those that the binary knows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::Path,
    process::{Command, Stdio},
};

use atera::{
    ApiKey, Client, ErrorKind,
    description::{OPERATIONS, Operation, Source},
};
use atera_sandbox::Sandbox;
use atera_testkit::Shape;
use http::{Method, StatusCode};

/// What one column says of an operation.
enum Cell {
    /// There is something.
    Yes(String),
    /// Nothing is needed.
    Nothing,
    /// Something is missing.
    Gap(String),
}

#[tokio::test]
async fn every_operation_is_covered() {
    let mut shapes = BTreeMap::<_, Vec<_>>::new();
    for shape in atera_testkit::shapes() {
        shapes.entry(shape.operation).or_default().push(shape);
    }
    let guide = guide();
    let mut sandbox = sandbox(&shapes).await;

    let mut table = String::new();
    let mut gaps = Vec::new();
    table.push_str("| operation | source | guide | request | decode | sandbox | command |\n");
    table.push_str("|---|---|---|---|---|---|---|\n");
    for operation in OPERATIONS {
        let shapes = shapes.get(operation.id).map_or(&[][..], Vec::as_slice);
        let cells = [
            ("source", source(operation)),
            ("guide", in_guide(operation, &guide)),
            ("request", request(operation, shapes)),
            ("decode", decode(operation, shapes)),
            ("sandbox", sandbox.remove(operation.id).unwrap_or(Cell::Nothing)),
            ("command", command(operation)),
        ];
        write!(table, "| {} |", operation.id).unwrap();
        for (column, cell) in cells {
            match cell {
                Cell::Yes(text) => write!(table, " {text} |").unwrap(),
                Cell::Nothing => write!(table, " – |").unwrap(),
                Cell::Gap(reason) => {
                    write!(table, " GAP |").unwrap();
                    gaps.push(format!("{} {column}: {reason}", operation.id));
                }
            }
        }
        table.push('\n');
    }
    let known: BTreeSet<_> = OPERATIONS.iter().map(line).collect();
    for unknown in guide.difference(&known) {
        gaps.push(format!("docs/guide.md: `{unknown}` is no operation"));
    }
    println!("{table}\n{} operations, {} gaps", OPERATIONS.len(), gaps.len());
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
}

/// Method and path of an operation.
fn line(operation: &Operation) -> String {
    format!("{} {}", operation.method, operation.path)
}

/// The operations that the map of the guide names, as `GET /tickets`.
fn guide() -> BTreeSet<String> {
    let methods = ["GET ", "POST ", "PUT ", "DELETE "];
    include_str!("../../../docs/guide.md")
        .split('`')
        .filter(|code| methods.iter().any(|method| code.starts_with(method)) && code.contains('/'))
        .map(String::from)
        .collect()
}

fn source(operation: &Operation) -> Cell {
    Cell::Yes(format!("{:?}", operation.source).to_lowercase())
}

fn in_guide(operation: &Operation, guide: &BTreeSet<String>) -> Cell {
    match (guide.contains(&line(operation)), operation.source) {
        (true, _) => Cell::Yes("yes".into()),
        (false, Source::Guide) => Cell::Gap("docs/guide.md does not say what answers it".into()),
        (false, _) => Cell::Nothing,
    }
}

fn request(operation: &Operation, shapes: &[Shape]) -> Cell {
    let snapshot = format!(
        "{}/../../tests/snapshots/requests/{}.snap",
        env!("CARGO_MANIFEST_DIR"),
        operation.id
    );
    match (shapes.len(), Path::new(&snapshot).exists()) {
        (0, _) => Cell::Gap("there is no example".into()),
        (_, false) => Cell::Gap("there is no snapshot".into()),
        (count, true) => Cell::Yes(count.to_string()),
    }
}

fn decode(operation: &Operation, shapes: &[Shape]) -> Cell {
    let answers = shapes.first().map_or(0, |shape| shape.answers.len());
    match answers {
        0 if operation.answer.is_none() => Cell::Nothing,
        0 => Cell::Gap("no answer has an example".into()),
        count => Cell::Yes(count.to_string()),
    }
}

/// Whether the sandbox serves every example of every operation. That it does what it should is shown by its own tests.
async fn sandbox(shapes: &BTreeMap<&'static str, Vec<Shape>>) -> BTreeMap<&'static str, Cell> {
    // First what changes nothing, last what takes away.
    let mut operations: Vec<_> = OPERATIONS.iter().collect();
    operations.sort_by_key(|operation| match operation.method {
        _ if operation.reads => 0,
        Method::DELETE => 2,
        _ => 1,
    });
    let shared = start().await;
    let mut cells = BTreeMap::new();
    for operation in operations {
        let mut cell = Cell::Nothing;
        for shape in shapes.get(operation.id).map_or(&[][..], Vec::as_slice) {
            let mut outcome = (shape.call)(client(&shared)).await;
            let unserved = |error: &atera::Error| error.status() == Some(StatusCode::NOT_IMPLEMENTED);
            if outcome.as_ref().is_err_and(|error| !unserved(error)) {
                // What it needs may have gone; on its own it has to work.
                outcome = (shape.call)(client(&start().await)).await;
            }
            let served = match outcome {
                Ok(_) => Cell::Yes("yes".into()),
                // It is served, but the account has nothing that the example could be about.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Rejected) => Cell::Yes(
                    error
                        .status()
                        .map_or_else(String::new, |status| status.as_str().into()),
                ),
                Err(error) => Cell::Gap(error.to_string()),
            };
            if !matches!((&cell, &served), (Cell::Gap(_), Cell::Yes(_))) {
                cell = served;
            }
        }
        cells.insert(operation.id, cell);
    }
    cells
}

async fn start() -> Sandbox {
    Sandbox::builder().start().await.unwrap()
}

fn client(sandbox: &Sandbox) -> Client {
    Client::builder()
        .api_key(ApiKey::new(sandbox.api_key()).unwrap())
        .base_url(sandbox.base_url())
        .build()
        .unwrap()
}

fn command(operation: &Operation) -> Cell {
    let names = [operation.group, operation.verb].map(|name| name.replace('_', "-"));
    let known = Command::new(env!("CARGO_BIN_EXE_atera"))
        .args(&names)
        .arg("--help")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let names = names.join(" ");
    match known.status.success() && String::from_utf8_lossy(&known.stdout).contains(operation.summary) {
        true => Cell::Yes(names),
        false => Cell::Gap(format!("there is no command `{names}`")),
    }
}
