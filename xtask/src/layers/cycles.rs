//! Finds modules that use each other in a cycle.
//!
//! A folder may have many cycles that share modules. Listing all of them would bury the one to begin
//! with, so the modules that reach each other are one cluster, and only its shortest cycle is shown. If
//! that is resolved and others remain, the next run shows the next one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    graph::{Folders, Node, Step},
    problem::{Problem, listed},
    tree::Tree,
};

/// For each node, the nodes it uses, each with its first use.
type Uses<'s> = BTreeMap<&'s Node, BTreeMap<&'s Node, &'s Step>>;

/// A problem for each cluster of cycles, with the shortest one.
pub(super) fn problems(tree: &Tree, folders: &Folders) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (folder, steps) in folders {
        for (cycle, cluster) in cycles(steps) {
            problems.push(problem(tree, folder, &cycle, &cluster));
        }
    }
    problems
}

/// Each cluster of nodes that all reach each other, with its shortest cycle.
///
/// The clusters are the strongly connected components of the graph. A folder has a few dozen modules at
/// most, so they are found by a search from each node and not by an algorithm in linear time.
fn cycles(steps: &[Step]) -> Vec<(Vec<&Step>, BTreeSet<&Node>)> {
    let mut uses = Uses::new();
    for step in steps {
        uses.entry(&step.from)
            .or_default()
            .entry(&step.to)
            .or_insert(step);
    }
    let mut cycles = Vec::new();
    let mut seen: BTreeSet<&Node> = BTreeSet::new();
    for start in uses.keys() {
        if seen.contains(start) {
            continue;
        }
        let reaches_back = |node: &&Node| reached(&uses, node).contains(start);
        let cluster: BTreeSet<_> = reached(&uses, start).into_iter().filter(reaches_back).collect();
        seen.extend(&cluster);
        let shortest = cluster
            .iter()
            .filter_map(|node| cycle(&uses, node))
            .min_by_key(Vec::len);
        cycles.extend(shortest.map(|cycle| (cycle, cluster)));
    }
    cycles
}

/// All nodes that a node uses, directly or not.
///
/// The start itself is only included if it is in a cycle.
fn reached<'s>(uses: &Uses<'s>, start: &Node) -> BTreeSet<&'s Node> {
    let mut reached = BTreeSet::new();
    let mut queue = vec![start];
    while let Some(node) = queue.pop() {
        for used in uses.get(node).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(*used) {
                queue.push(used);
            }
        }
    }
    reached
}

/// The shortest cycle through a node.
///
/// A breadth-first search, so the first way back is the shortest. None if there is no way back.
fn cycle<'s>(uses: &Uses<'s>, start: &Node) -> Option<Vec<&'s Step>> {
    let mut seen = BTreeSet::new();
    let mut queue = VecDeque::from([(start, Vec::new())]);
    while let Some((node, path)) = queue.pop_front() {
        for (used, step) in uses.get(node).into_iter().flatten() {
            let mut path = path.clone();
            path.push(*step);
            if *used == start {
                return Some(path);
            }
            if seen.insert(*used) {
                queue.push_back((used, path));
            }
        }
    }
    None
}

/// Shows each use of the cycle with its place, and names the other modules of the cluster.
fn problem(tree: &Tree, folder: &[String], cycle: &[&Step], cluster: &BTreeSet<&Node>) -> Problem {
    let name = |node: &Node| shown(tree, folder, node);
    let members: Vec<_> = cycle.iter().map(|step| name(&step.from)).collect();
    let uses: Vec<_> = cycle
        .iter()
        .map(|step| {
            let (from, to) = (name(&step.from), name(&step.to));
            format!("`{from}` uses `{to}` in {}:{}", step.file, step.line)
        })
        .collect();
    let others: Vec<_> = cluster
        .iter()
        .map(|node| name(node))
        .filter(|name| !members.contains(name))
        .collect();
    let also = match others.is_empty() {
        true => String::new(),
        false => format!(" (in cycles with them: {})", listed(&others)),
    };
    Problem {
        file: cycle[0].file.clone(),
        line: Some(cycle[0].line),
        what: format!(
            "{} use each other in a cycle{also}: {}; move what they share into a module below them",
            listed(&members),
            uses.join(", ")
        ),
    }
}

/// The name of a node in messages: the path of the module, or the file if it stands for the items of a folder's own file.
fn shown(tree: &Tree, folder: &[String], node: &Node) -> String {
    match node {
        Some(name) => [folder, std::slice::from_ref(name)].concat().join("::"),
        None => tree
            .find(folder)
            .map_or_else(String::new, |module| module.file.clone()),
    }
}
