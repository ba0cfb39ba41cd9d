//! Rules for operations and their groups.
//!
//! | rule | requires |
//! |---|---|
//! | `naming` | snake_case, a known verb, `list` for pages, `_put` for the PUT beside a POST |
//! | `source` | the group `guide` for operations that only the guide has |
//! | `summary` | a short phrase that no other operation has, and a description that says more |
//! | `answers` | a described success, `default` for failures, and a schema for each GET |
//! | `bounds` | the bounds of the service for `page` and `itemsInPage` |
//! | `groups` | sorted groups, whose operations are together |

use std::collections::{HashMap, HashSet};

use super::{case::is_snake_case, findings::Findings};
use crate::build::{
    model::{Source, Verb},
    spec::{Operation, escape},
};

/// The group of operations that only the guide has.
const GUIDE: &str = "guide";

/// The verbs of names, which come after the group. There are few, so that users can guess the names of methods.
const VERBS: [&str; 9] = [
    "add", "create", "delete", "get", "list", "query", "resolve", "run", "set",
];

/// The verb of a POST that changes a record. It is separate, because a PUT beside it is called `update_put`.
const UPDATE: &str = "update";

/// The most characters of a summary, so that it fits into a line of the command's help.
const SUMMARY_LENGTH: usize = 60;

pub(super) fn check(findings: &mut Findings<'_>) {
    let spec = findings.spec;
    let mut summaries = HashMap::new();
    for operation in &spec.operations {
        naming(findings, operation);
        source(findings, operation);
        summary(findings, operation);
        if let Some(other) = summaries.insert(&operation.entry.summary, operation.id()) {
            let at = format!("{}/summary", operation.pointer());
            findings.add(
                "summary",
                &at,
                format!("`{other}` has the same summary; give each operation its own"),
            );
        }
        answers(findings, operation);
        paging(findings, operation);
    }
    groups(findings);
}

/// The name is that of a method, a command and a mock, so it is the most visible part of an operation.
fn naming(findings: &mut Findings<'_>, operation: &Operation) {
    let at = format!("{}/operationId", operation.pointer());
    let id = operation.id();
    if !is_snake_case(id) {
        findings.add("naming", &at, format!("`{id}` is not in snake_case; rename it"));
        return;
    }
    // In the group of the guide a name begins with the resource.
    let verb = operation.verb.as_str();
    let known = |word: &str| VERBS.contains(&word) || word == UPDATE;
    let verb_known = match operation.group == GUIDE {
        true => verb.split('_').any(known),
        false => verb.split('_').next().is_some_and(known),
    };
    if !verb_known {
        let verbs = VERBS.join(", ");
        findings.add(
            "naming",
            &at,
            format!("`{verb}` has no verb; use {UPDATE}, {verbs}"),
        );
    }
    if operation.record.is_some() && !verb.split('_').any(|word| word == "list") {
        findings.add("naming", &at, format!("`{verb}` answers pages; call it `list`"));
    }
    let spec = findings.spec;
    let twin = id.strip_suffix("_put");
    if twin.is_some() && operation.method != Verb::Put {
        findings.add(
            "naming",
            &at,
            "only the name of a PUT can end with `_put`; rename it",
        );
    }
    let posts = |other: &&Operation| other.path == operation.path && other.method == Verb::Post;
    if let Some(post) = spec
        .operations
        .iter()
        .find(posts)
        .filter(|_| operation.method == Verb::Put)
        && twin != Some(post.id())
    {
        findings.add(
            "naming",
            &at,
            format!(
                "the PUT beside `{0}` has another name; call it `{0}_put`",
                post.id()
            ),
        );
    }
}

/// An operation that only the guide has is in the group `guide`, or in the group of published operations that share the first
/// part of its path.
fn source(findings: &mut Findings<'_>, operation: &Operation) {
    let at = format!("{}/x-atera-source", operation.pointer());
    let from_guide = operation.entry.source == Source::Guide;
    if operation.group == GUIDE && !from_guide {
        findings.add(
            "source",
            &at,
            format!(
                "`{GUIDE}` is only for operations of the guide; move this one to the group of its resource"
            ),
        );
    }
    if operation.group != GUIDE && from_guide {
        let root = |path: &str| path.split('/').nth(1).map(String::from);
        let mut others = findings.spec.operations.iter();
        let at_home = others.any(|other| {
            other.group == operation.group
                && other.entry.source == Source::Published
                && root(&other.path) == root(&operation.path)
        });
        if !at_home {
            findings.add(
                "source",
                &at,
                format!("only the guide has this operation; move it to the group `{GUIDE}`"),
            );
        }
    }
}

/// Summary and description become the first line and the text of rustdoc and help.
fn summary(findings: &mut Findings<'_>, operation: &Operation) {
    let at = format!("{}/summary", operation.pointer());
    let text = &operation.entry.summary;
    if !text.starts_with(|first: char| first.is_ascii_uppercase()) || text.ends_with('.') {
        findings.add(
            "summary",
            &at,
            "the summary has another form; begin with a capital, and leave out the full stop",
        );
    }
    if text.chars().count() > SUMMARY_LENGTH {
        findings.add(
            "summary",
            &at,
            format!("the summary is too long; use at most {SUMMARY_LENGTH} characters"),
        );
    }
    let at = format!("{}/description", operation.pointer());
    let text = operation.entry.description.trim();
    if !text.ends_with('.') {
        findings.add(
            "summary",
            &at,
            "the description is not a sentence; end it with a full stop",
        );
    } else if text.trim_end_matches('.') == operation.entry.summary {
        findings.add(
            "summary",
            &at,
            "the description says no more than the summary; say more",
        );
    }
}

/// Every operation describes a success and a failure.
fn answers(findings: &mut Findings<'_>, operation: &Operation) {
    let at = format!("{}/responses", operation.pointer());
    let responses = &operation.entry.responses;
    if !responses.keys().any(|status| status.starts_with('2')) {
        findings.add("answers", &at, "no success is described; add a response for it");
    }
    if !responses.contains_key("default") {
        findings.add(
            "answers",
            &at,
            "no failure is described; add the response `default`",
        );
    }
    if operation.method == Verb::Get && operation.answer.is_none() {
        findings.add(
            "answers",
            &at,
            "the answer of the GET is not described; add its schema",
        );
    }
}

/// The two parameters of a list have the bounds of the service.
fn paging(findings: &mut Findings<'_>, operation: &Operation) {
    for (index, parameter) in operation.parameters.iter().enumerate() {
        let bounds = match parameter.name.as_str() {
            "page" => (Some(1), None),
            "itemsInPage" => (Some(1), Some(50)),
            _ => continue,
        };
        if (parameter.schema.minimum, parameter.schema.maximum) != bounds {
            let at = format!("{}/parameters/{index}", operation.pointer());
            findings.add(
                "bounds",
                &at,
                "the bounds differ from the service's; `page` begins at 1, and `itemsInPage` is 1 to 50",
            );
        }
    }
}

/// Groups are sorted by name, are used, and have all their paths together.
fn groups(findings: &mut Findings<'_>) {
    let spec = findings.spec;
    let used: HashSet<_> = spec.operations.iter().map(|operation| &operation.group).collect();
    let tags = &spec.document.tags;
    for (index, tag) in tags.iter().enumerate() {
        let at = format!("/tags/{index}");
        if !is_snake_case(&tag.name) {
            findings.add(
                "groups",
                &at,
                format!("`{}` is not in snake_case; rename it", tag.name),
            );
        }
        if !used.contains(&tag.name) {
            findings.add(
                "groups",
                &at,
                format!("`{}` has no operation; remove it", tag.name),
            );
        }
        if !tag.description.ends_with('.') {
            findings.add(
                "groups",
                &at,
                "the description is not a sentence; end it with a full stop",
            );
        }
        if index > 0 && tags[index - 1].name >= tag.name {
            let before = &tags[index - 1].name;
            findings.add(
                "groups",
                &at,
                format!("`{}` is out of order; move it before `{before}`", tag.name),
            );
        }
    }
    // All paths of a group are together in the file. A path that two groups share belongs to the first.
    let mut left = HashMap::new();
    let mut last: Option<&Operation> = None;
    for operation in &spec.operations {
        if last.is_some_and(|last| last.path == operation.path) {
            continue;
        }
        if let Some(last) = last.filter(|last| last.group != operation.group) {
            left.insert(&last.group, &last.path);
        }
        if let Some(other) = left.get(&operation.group) {
            let at = format!("/paths/{}", escape(&operation.path));
            let group = &operation.group;
            findings.add(
                "groups",
                &at,
                format!("`{group}` is in several places; move this path next to {other}"),
            );
        }
        last = Some(operation);
    }
}
