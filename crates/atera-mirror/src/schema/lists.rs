//! Which lists the service has, and which belong to the records of another.

use atera::description::{Kind, OPERATIONS, Operation, Schema, Source};

/// The list of a table.
pub(super) struct List {
    pub(super) operation: &'static Operation,
    /// The list to whose records it belongs.
    pub(super) parent: Option<&'static Operation>,
}

impl List {
    /// The name of its table.
    pub(super) fn name(&self) -> String {
        match (self.parent, self.operation.verb) {
            (None, "list") => self.operation.group.to_string(),
            (Some(_), verb) => format!("{}_{}", self.operation.group, verb.trim_start_matches("list_")),
            _ => self.operation.id.replace("_list_", "_"),
        }
    }

    /// The type of its records. Without one, each record is a single value.
    pub(super) fn record(&self) -> Option<&'static Schema> {
        match (self.operation.record(), self.operation.answer) {
            (None, Some(Kind::Array(Kind::Object(schema)))) => Some(schema),
            (record, _) => record,
        }
    }
}

/// All lists of the published document, in its order, each after the one that it belongs to.
pub(super) fn lists() -> Vec<List> {
    let published = || {
        OPERATIONS
            .iter()
            .filter(|it| it.source == Source::Published && it.reads)
    };
    let whole = published().filter(|it| is_whole(it)).map(|operation| List {
        operation,
        parent: None,
    });
    let children = published().filter_map(|operation| {
        Some(List {
            operation,
            parent: Some(parent_of(operation)?),
        })
    });
    whole.chain(children).collect()
}

fn is_array(operation: &Operation) -> bool {
    matches!(operation.answer, Some(Kind::Array(_)))
}

fn is_whole(operation: &Operation) -> bool {
    let free = operation.parameters.iter().all(|parameter| !parameter.required);
    free && operation.body.is_none() && (operation.list && operation.verb == "list" || is_array(operation))
}

fn parent_of(operation: &Operation) -> Option<&'static Operation> {
    let lists = (operation.list || is_array(operation)) && operation.verb.starts_with("list_");
    OPERATIONS.iter().filter(|_| lists).find(|parent| {
        let below = operation.path.strip_prefix(parent.path);
        let below = below.is_some_and(|it| it.starts_with("/{") && it.matches('/').count() == 2);
        below && is_whole(parent) && parent.group == operation.group && parent.has_ids()
    })
}
