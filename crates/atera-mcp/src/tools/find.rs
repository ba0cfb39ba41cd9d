//! `search` and `describe`: what the server can do, without asking the service.

use serde::Deserialize;
use serde_json::json;

use crate::{
    catalog::{describe, search},
    content::Answer,
    failure::Failure,
    level::{Access, Level},
    request,
    setup::Setup,
};

/// The arguments of `search`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchArguments {
    #[serde(default)]
    words: String,
}

/// The arguments of `describe`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DescribeArguments {
    pub(crate) operation: String,
}

/// Finds operations.
pub(crate) fn search(setup: &Setup, arguments: &SearchArguments) -> Answer {
    if arguments.words.trim().is_empty() {
        let groups = search::groups(|operation| setup.offers(operation));
        let lines: Vec<_> = groups
            .iter()
            .map(|(name, about)| format!("{name}: {about}"))
            .collect();
        let groups: Vec<_> = groups
            .iter()
            .map(|(name, about)| json!({"group": name, "about": about}))
            .collect();
        return Answer {
            structured: json!({"groups": groups}),
            text: lines.join("\n"),
        };
    }
    let found = search::search(&arguments.words, |operation| setup.offers(operation));
    let lines: Vec<_> = found
        .iter()
        .map(|it| format!("{} ({}): {}", it.id, describe::level(it), it.summary))
        .collect();
    let operations: Vec<_> = found
        .iter()
        .map(|it| json!({"operation": it.id, "level": describe::level(it), "summary": it.summary}))
        .collect();
    let mut structured = json!({"operations": operations});
    let mut text = match lines.is_empty() {
        true => "Nothing fits. Try other words, or none to see the groups.".to_string(),
        false => lines.join("\n"),
    };
    // An assistant that looks for something that is not allowed has to know that it exists.
    let all = search::search(&arguments.words, |operation| setup.scope.offers(operation));
    let hidden: Vec<_> = all
        .iter()
        .filter(|it| !setup.access.allows(Level::least(it)))
        .collect();
    if let Some(level) = hidden.iter().map(|it| Level::least(it)).max() {
        let ids: Vec<_> = hidden.iter().map(|it| it.id).collect();
        let told = format!(
            "not allowed without --access {}: {}",
            Access::for_level(level),
            ids.join(", ")
        );
        text = format!("{text}\n{told}");
        structured["not_allowed"] = json!(told);
    }
    Answer { structured, text }
}

/// Describes an operation.
///
/// # Errors
///
/// `InvalidRequest` if there is none of this name, `NotAllowed` if it is outside the scope.
pub(crate) fn describe(setup: &Setup, arguments: &DescribeArguments) -> Result<Answer, Failure> {
    let operation = request::operation(&arguments.operation)?;
    setup.scope.check_operation(operation)?;
    let mut text = describe::describe(operation);
    let least = Level::least(operation);
    let is_allowed = setup.access.allows(least);
    if !is_allowed {
        text.push_str(&format!(
            "not allowed: this server has the access {}; the user can start it with --access {}\n",
            setup.access,
            Access::for_level(least)
        ));
    }
    Ok(Answer {
        structured: json!({
            "operation": operation.id,
            "level": describe::level(operation),
            "allowed": is_allowed,
            "description": text,
        }),
        text,
    })
}
