//! Which operation a request is for: what a server asks that stands in for the service.

use std::borrow::Cow;

use http::Method;

use crate::{OPERATIONS, Operation, Parameter, operation::percent_decoded};

/// What a method and a path lead to.
#[derive(Debug)]
pub(crate) enum Route<'a> {
    /// An operation, and the parameters in the path.
    Operation(&'static Operation, Vec<(&'static Parameter, Cow<'a, str>)>),
    /// A path that has other methods.
    #[cfg_attr(
        not(feature = "sandbox"),
        allow(dead_code, reason = "the sandbox alone tells them")
    )]
    OtherMethods(Vec<&'static Method>),
    /// No path of the service.
    Nowhere,
}

/// Finds the operation by the path below the base URL. Letter case and a slash at the end make no difference, and where a path fits several templates
/// the one that spells out more of it wins: `/tickets/lastmodified` is not a ticket.
pub(crate) fn find<'a>(method: &Method, path: &'a str) -> Route<'a> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let fitting: Vec<_> = OPERATIONS
        .iter()
        .filter_map(|operation| Some((operation, arguments(operation, path)?)))
        .collect();
    let methods: Vec<_> = fitting.iter().map(|(operation, _)| &operation.method).collect();
    let best = fitting
        .into_iter()
        .filter(|(operation, _)| operation.method == *method)
        .min_by(|(one, _), (other, _)| spelt_out_first(one).cmp(spelt_out_first(other)));
    match best {
        Some((operation, arguments)) => Route::Operation(operation, arguments),
        None if methods.is_empty() => Route::Nowhere,
        None => Route::OtherMethods(methods),
    }
}

/// The parameters in a path, if it fits the operation's.
fn arguments<'a>(
    operation: &'static Operation,
    path: &'a str,
) -> Option<Vec<(&'static Parameter, Cow<'a, str>)>> {
    let mut arguments = Vec::new();
    let mut segments = path.split('/');
    for template in operation.path.split('/') {
        let segment = segments.next()?;
        match operation.path_parameter(template) {
            None if segment.eq_ignore_ascii_case(template) => {}
            Some(parameter) if !segment.is_empty() => arguments.push((parameter, percent_decoded(segment))),
            _ => return None,
        }
    }
    segments.next().is_none().then_some(arguments)
}

/// Sorts a segment that is spelt out before a parameter.
fn spelt_out_first(operation: &Operation) -> impl Iterator<Item = bool> {
    operation.path.split('/').map(|segment| segment.starts_with('{'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &Method, path: &str) -> Option<&'static str> {
        match find(method, path) {
            Route::Operation(operation, _) => Some(operation.id),
            _ => None,
        }
    }

    #[test]
    fn every_operation_is_found_by_its_own_example() {
        for operation in &OPERATIONS {
            let segments = operation.path.split('/').map(|segment| {
                let parameter = operation.path_parameter(segment);
                parameter.map_or(segment.to_string(), |parameter| {
                    progenitor_client::encode_path(parameter.example)
                })
            });
            let path = segments.collect::<Vec<_>>().join("/");
            assert_eq!(found(&operation.method, &path), Some(operation.id), "{path}");
        }
    }

    #[test]
    fn what_is_spelt_out_comes_before_parameters() {
        assert_eq!(
            found(&Method::GET, "/Tickets/LASTMODIFIED/"),
            Some("tickets_list_last_modified")
        );
        assert_eq!(found(&Method::GET, "/tickets/7"), Some("tickets_get"));
        assert_eq!(
            found(&Method::GET, "/agents/machine/customer"),
            Some("agents_list_by_machine")
        );
    }

    #[test]
    fn what_lies_beside_the_service_is_nowhere() {
        for path in ["", "/", "tickets", "/tickets//", "/tickets/7/nothing"] {
            assert!(matches!(find(&Method::GET, path), Route::Nowhere), "{path}");
        }
    }
}
