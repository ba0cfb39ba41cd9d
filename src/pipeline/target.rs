//! What a call is about, in messages and logs: an operation of the description, or the method and the path of an untyped call.

use std::{fmt, sync::Arc};

use http::Method;

use crate::{
    auth::ApiKey,
    description::{Operation, Route, route},
};

/// In place of the template of a path that no operation has. The path itself may hold names and addresses of people.
const NO_TEMPLATE: &str = "(path not in the description)";

/// What a call is about.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The operation; for an untyped call a row with what follows from its method alone.
    pub(crate) operation: &'static Operation,
    /// The path of an untyped call, as it was given.
    path: Option<Arc<str>>,
}

impl Target {
    /// The method of this row, and this path.
    pub(crate) fn untyped(row: &'static Operation, path: &str) -> Self {
        // A key in the path was meant for another place, and must not appear in a message.
        let shown = path.split('/').map(|segment| match ApiKey::resembles(segment) {
            true => "…",
            false => segment,
        });
        Target {
            operation: row,
            path: Some(shown.collect::<Vec<_>>().join("/").into()),
        }
    }

    pub(crate) fn is_untyped(&self) -> bool {
        self.path.is_some()
    }

    /// The path without its values, as logs have it: that of the operation, also if an untyped call has found its path.
    pub(crate) fn template(&self) -> &'static str {
        match &self.path {
            None => self.operation.path,
            Some(path) => template(&self.operation.method, path),
        }
    }
}

/// The template that a path matches. That of another method will do.
fn template(method: &Method, path: &str) -> &'static str {
    match route(method, path) {
        Route::Operation(operation, _) => operation.path,
        Route::OtherMethods(methods) => match methods.first() {
            Some(other) => template(other, path),
            None => NO_TEMPLATE,
        },
        Route::Nowhere => NO_TEMPLATE,
    }
}

impl From<&'static Operation> for Target {
    fn from(operation: &'static Operation) -> Self {
        Target {
            operation,
            path: None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            None => out.write_str(self.operation.id),
            Some(path) => write!(out, "{} {path}", self.operation.method),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_the_template_of_a_path_and_a_message_the_path() {
        let operation = |id| Operation::find(id).expect("an operation");
        let list = Target::from(operation("tickets_list"));
        assert_eq!(
            (list.template(), &*list.to_string()),
            ("/tickets", "tickets_list")
        );
        let key = "0123456789abcdef0123456789abcdef";
        for (method, path, template, shown) in [
            (
                "tickets_get",
                "/Tickets/54321",
                "/tickets/{ticketId}",
                "GET /Tickets/54321",
            ),
            // No operation has this method and this path, and another has the path.
            ("tickets_update_put", "/account", "/account", "PUT /account"),
            ("tickets_get", "/people/Maya", NO_TEMPLATE, "GET /people/Maya"),
            (
                "tickets_get",
                &format!("/tickets/{key}"),
                "/tickets/{ticketId}",
                "GET /tickets/…",
            ),
        ] {
            let target = Target::untyped(operation(method), path);
            assert_eq!((target.template(), &*target.to_string()), (template, shown));
        }
    }
}
