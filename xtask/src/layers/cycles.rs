//! Finds modules that use each other in a cycle.

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

/// The path of a module, or the file of the folder.
fn shown(tree: &Tree, folder: &[String], node: &Node) -> String {
    match node {
        Some(name) => [folder, std::slice::from_ref(name)].concat().join("::"),
        None => tree
            .find(folder)
            .map_or_else(String::new, |module| module.file.clone()),
    }
}
