//! What a call does to the account, and how much of that an assistant may do.
//!
//! The level of a call follows from the description, and for comments from the body. What the rules do not know is
//! [`Destroy`](Level::Destroy), so that an operation that is added to the description is never allowed by accident.

use std::{fmt, str::FromStr};

use atera::description::{Kind, Operation};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a call does to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It changes nothing.
    Read,
    /// It creates or changes records, within the account.
    Write,
    /// It cannot be undone, or leaves the account: it deletes or resolves something, runs a script on a machine, or is seen by a
    /// customer.
    Destroy,
}

/// How much an assistant may do.
///
/// ```
/// use atera_mcp::{Access, Level};
///
/// let access: Access = "write".parse().unwrap();
/// assert!(access.allows(Level::Write) && !access.allows(Level::Destroy));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// It may only read.
    #[default]
    Read,
    /// It may also create and change records.
    Write,
    /// It may do everything; a person has to confirm each call that [destroys](Level::Destroy).
    Full,
}

impl Access {
    /// The names of all, from the least on.
    pub const NAMES: [&str; 3] = ["read", "write", "full"];

    /// Whether calls of a level are allowed.
    pub fn allows(self, level: Level) -> bool {
        level <= self.highest()
    }

    /// The highest level that is allowed.
    pub fn highest(self) -> Level {
        match self {
            Access::Read => Level::Read,
            Access::Write => Level::Write,
            Access::Full => Level::Destroy,
        }
    }

    /// The least access that allows a level.
    pub fn for_level(level: Level) -> Self {
        match level {
            Level::Read => Access::Read,
            Level::Write => Access::Write,
            Level::Destroy => Access::Full,
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(Access::NAMES[*self as usize])
    }
}

impl FromStr for Access {
    type Err = atera::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Access::Read, Access::Write, Access::Full]
            .into_iter()
            .find(|access| access.to_string() == text)
            .ok_or_else(|| {
                atera::Error::config(format!(
                    "`{text}` is no access: it is read, write or full; choose one of them"
                ))
            })
    }
}

impl Level {
    /// The name of the tool that makes calls of this level.
    pub fn tool(self) -> &'static str {
        match self {
            Level::Read => "read",
            Level::Write => "write",
            Level::Destroy => "destroy",
        }
    }

    /// The level of a call with this body.
    ///
    /// ```
    /// use atera::description::Operation;
    /// use atera_mcp::Level;
    /// use serde_json::json;
    ///
    /// let comment = Operation::find("tickets_add_comment").unwrap();
    /// let internal = json!({"CommentText": "Done", "TechnicianCommentDetails": {"TechnicianId": 77, "IsInternal": true}});
    /// assert_eq!(Level::of(comment, Some(&internal)), Level::Write);
    /// assert_eq!(Level::of(comment, Some(&json!({"CommentText": "Done"}))), Level::Destroy);
    /// ```
    pub fn of(operation: &Operation, body: Option<&Value>) -> Self {
        match internal_switch(operation) {
            Some(switch) if !operation.reads && !switch.is_set(operation, body) => Level::Destroy,
            _ => Level::least(operation),
        }
    }

    /// The least level that a call of an operation can have, whatever its body.
    pub fn least(operation: &Operation) -> Self {
        if operation.reads {
            return Level::Read;
        }
        let is_known = WRITING.iter().any(|word| {
            let rest = operation.verb.split('_').find(|part| part == word);
            rest.is_some()
        });
        let undoes = UNDOING
            .iter()
            .any(|word| operation.verb.split('_').any(|it| it == *word));
        match operation.method != Method::DELETE && is_known && !undoes {
            true => Level::Write,
            false => Level::Destroy,
        }
    }

    /// The highest level that a call of an operation can have.
    pub fn highest(operation: &Operation) -> Self {
        match internal_switch(operation) {
            Some(_) if !operation.reads => Level::Destroy,
            _ => Level::least(operation),
        }
    }
}

/// The words of verbs that create or change records.
const WRITING: [&str; 4] = ["create", "update", "add", "set"];
/// The words of verbs that a write does not have.
const UNDOING: [&str; 6] = ["delete", "remove", "run", "resolve", "close", "send"];

/// The switch in a body that hides what is written from customers: `TechnicianCommentDetails.IsInternal`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InternalSwitch {
    /// The object with the switch.
    pub(crate) parent: &'static str,
    /// The switch.
    pub(crate) field: &'static str,
}

/// The switch of an operation that hides what it writes from customers, if it has one.
pub(crate) fn internal_switch(operation: &Operation) -> Option<InternalSwitch> {
    let Some(Kind::Object(body)) = operation.body else {
        return None;
    };
    body.fields.iter().find_map(|parent| match parent.kind {
        Kind::Object(inner) => {
            let field = inner.fields.iter().find(|field| field.name == "IsInternal")?;
            Some(InternalSwitch {
                parent: parent.name,
                field: field.name,
            })
        }
        _ => None,
    })
}

impl InternalSwitch {
    /// Whether a body sets it. A body that names another author as well does not: what an end user writes is seen by the customer.
    fn is_set(self, operation: &Operation, body: Option<&Value>) -> bool {
        let Some(Value::Object(body)) = body else {
            return false;
        };
        let Some(Kind::Object(schema)) = operation.body else {
            return false;
        };
        let others = schema
            .fields
            .iter()
            .filter(|field| matches!(field.kind, Kind::Object(_)) && field.name != self.parent);
        let has_other = others
            .clone()
            .any(|field| body.get(field.name).is_some_and(|it| !it.is_null()));
        let switch = body.get(self.parent).and_then(|parent| parent.get(self.field));
        switch == Some(&Value::Bool(true)) && !has_other
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use atera::description::OPERATIONS;
    use serde_json::json;

    use super::*;

    /// A person reads this table line by line whenever it changes.
    #[test]
    fn every_operation_has_its_level() {
        let mut table = String::new();
        for level in [Level::Read, Level::Write, Level::Destroy] {
            for operation in OPERATIONS.iter().filter(|it| Level::least(it) == level) {
                let level = crate::catalog::describe::level(operation);
                let (id, method, path) = (operation.id, &operation.method, operation.path);
                let _ = writeln!(table, "{id}: {level} ({method} {path})");
            }
        }
        insta::assert_snapshot!("levels", table);
    }

    #[test]
    fn a_comment_is_internal_only_if_the_body_says_so() {
        let operation = Operation::find("tickets_add_comment").expect("an operation");
        let of = |body: Value| Level::of(operation, Some(&body));
        let internal = json!({"TechnicianId": 77, "IsInternal": true});
        assert_eq!(
            of(json!({"CommentText": "a", "TechnicianCommentDetails": internal})),
            Level::Write
        );
        for body in [
            json!({"CommentText": "a", "TechnicianCommentDetails": {"TechnicianId": 77, "IsInternal": false}}),
            json!({"CommentText": "a", "TechnicianCommentDetails": {"TechnicianId": 77, "IsInternal": "true"}}),
            json!({"CommentText": "a", "TechnicianCommentDetails": {"TechnicianId": 77, "isInternal": true}}),
            json!({"CommentText": "a", "TechnicianCommentDetails": {"TechnicianId": 77}}),
            json!({"CommentText": "a", "TechnicianCommentDetails": [internal]}),
            json!({"CommentText": "a", "EnduserCommentDetails": {"EnduserId": 7}}),
            json!({"CommentText": "a", "TechnicianCommentDetails": internal, "EnduserCommentDetails": {"EnduserId": 7}}),
            json!({"IsInternal": true}),
            json!([]),
            Value::Null,
        ] {
            assert_eq!(of(body.clone()), Level::Destroy, "{body}");
        }
        assert_eq!(Level::of(operation, None), Level::Destroy);
    }

    #[test]
    fn a_create_is_a_write_whatever_its_body() {
        for operation in OPERATIONS.iter().filter(|it| it.verb == "create") {
            assert_eq!(Level::least(operation), Level::Write, "{}", operation.id);
            assert_eq!(Level::highest(operation), Level::Write, "{}", operation.id);
        }
        // A new address is no exception: it can be made a contact first, and then be given by its id.
        let operation = Operation::find("tickets_create").expect("an operation");
        let mail = json!({"TicketTitle": "a", "Description": "b", "EndUserEmail": "a@b.example"});
        assert_eq!(Level::of(operation, Some(&mail)), Level::Write);
    }

    #[test]
    fn access_has_names() {
        for name in Access::NAMES {
            assert_eq!(name.parse::<Access>().expect(name).to_string(), name);
        }
        assert!("admin".parse::<Access>().is_err());
        assert_eq!(Access::default(), Access::Read);
    }
}
