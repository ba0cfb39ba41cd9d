//! Checks that imports run one way: a module uses only modules below it, and no modules of a crate use each other in a
//! cycle.
//!
//! [`tree`] reads the sources of a crate, [`references`] finds the paths in them, and [`names`] resolves each path to the
//! module that defines it, through all re-exports. The result is the [`edges`]: which module uses which. [`order`]
//! compares them with the table below. [`graph`] sorts them by folder, and [`cycles`] searches each folder.
//!
//! Cycles are searched among the top-level modules of a crate, and among the modules of each folder. The items that a
//! folder's own file (`mod.rs`, `lib.rs`, `main.rs`) defines take part as well: if a child uses one of them, and one of
//! them uses the child, that is a cycle. The file may declare and re-export its children freely. So items that children
//! share belong in a module beside them, unless the file uses none of the children.
//!
//! The limits:
//!
//! - Generated code, `include!(concat!(env!("OUT_DIR"), ..))`, is not read. Its names count as names of the module that
//!   includes it, and what it uses is unknown.
//! - Method calls are not seen, because they have no path. If a method is in another module than its type, modules below
//!   it can call it.
//! - In the tokens of a macro, only paths of at least two names are seen. `quote!` and the like hold code of other
//!   crates, and are skipped. Macros are not expanded, and `#[macro_use]` is not followed.
//! - A variable with the same name as an item that was imported by `*` counts as that item.
//! - Modules inside functions are skipped.
//!
//! Code under `#[cfg(test)]` is skipped: tests may use anything. Every other `cfg` counts as set.

mod attributes;
mod cycles;
mod edges;
mod graph;
mod names;
mod order;
mod packages;
mod paths;
mod problem;
mod references;
mod tokens;
mod tree;

use std::path::Path;

use problem::Problem;

/// For each crate, by its folder, its top-level modules, lowest first. A module may use only modules that stand before
/// it.
///
/// `lib.rs` is not listed: it may use all of them. A crate that is not listed is only searched for cycles.
const LAYERS: &[(&str, &[&str])] = &[
    (
        ".",
        &[
            "clock",
            "sync",
            "text",
            "limit",
            "types",
            "description",
            "error",
            "auth",
            "transport",
            "pipeline",
            "page",
            "api",
            "client",
            "mock",
        ],
    ),
    ("crates/atera-limits", &["ledger", "queue", "file", "fleet"]),
    (
        "crates/atera-records",
        &[
            "error",
            "option_names",
            "spelling",
            "record",
            "summary",
            "variants",
            "columns",
            "syntax",
            "clocks",
            "times",
            "operand",
            "noticed",
            "narrow",
            "condition",
            "totals",
            "expand",
            "computed",
            "options",
            "selection",
        ],
    ),
    (
        "crates/atera-mirror",
        &[
            "error", "engine", "redact", "schema", "store", "state", "sync", "mirror", "webhook", "report",
        ],
    ),
    (
        "crates/atera-sandbox",
        &[
            "sync", "log", "world", "rules", "http", "faults", "data", "persist", "handlers", "service",
            "explorer", "sandbox", "builder",
        ],
    ),
    (
        "crates/atera-mcp",
        &[
            "decode",
            "clean",
            "secret",
            "level",
            "failure",
            "request",
            "command_line",
            "scope",
            "catalog",
            "content",
            "audit",
            "sent",
            "confirm",
            "mirrored",
            "setup",
            "tools",
            "resources",
            "prompts",
            "server",
            "builder",
            "http",
        ],
    ),
    (
        "crates/atera-cli",
        &["names", "output", "selection", "input", "commands"],
    ),
];

/// The root of the repository.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Prints each problem on a line of its own.
///
/// # Errors
///
/// The number of problems, or the reason why the sources cannot be read.
pub(crate) fn run() -> Result<(), String> {
    let problems = check(Path::new(WORKSPACE), LAYERS)?;
    for problem in &problems {
        println!("{problem}");
    }
    match problems.len() {
        0 => {
            println!("imports run one way, and in no cycle");
            Ok(())
        }
        count => Err(format!(
            "imports do not run one way: {count} problems; each line says what to do"
        )),
    }
}

/// The problems of all crates of a workspace, sorted by file and line.
///
/// The table is a parameter, so that tests can check small crates with a table of their own. A crate
/// with a library and a program has a tree for each, and both have to follow the same order.
fn check(workspace: &Path, layers: &[(&str, &[&str])]) -> Result<Vec<Problem>, String> {
    let packages = packages::find(workspace)?;
    let mut problems = order::unknown_crates(&packages, layers);
    for package in &packages {
        let mut trees = Vec::new();
        for root in &package.roots {
            let tree = tree::read(workspace, root)?;
            let (edges, unresolved) = edges::find(&tree);
            let folders = graph::folders(&tree, &edges);
            problems.extend(unresolved);
            problems.extend(cycles::problems(&tree, &folders));
            trees.push((tree, folders));
        }
        if let Some((_, order)) = layers.iter().find(|(folder, _)| *folder == package.folder) {
            problems.extend(order::problems(package, &trees, order));
        }
    }
    problems.sort();
    problems.dedup();
    Ok(problems)
}

#[cfg(test)]
mod tests;
