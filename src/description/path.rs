//! Paths: finds the operation of a request, and encodes values as path segments.

use std::borrow::Cow;

use http::Method;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::{
    OPERATIONS,
    operation::{Operation, Parameter},
};

/// Characters that have to be encoded in a path segment. In a URL with the scheme http a backslash counts as a slash.
const NOT_IN_A_SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// Encodes a text as one path segment.
pub(crate) fn encode_segment(text: &str) -> impl Iterator<Item = &str> {
    utf8_percent_encode(text, NOT_IN_A_SEGMENT)
}

/// Decodes a path segment.
pub(crate) fn percent_decoded(segment: &str) -> Cow<'_, str> {
    percent_decode_str(segment).decode_utf8_lossy()
}

/// The result of [`route`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Route<'a> {
    /// An operation, and the parameters in the path.
    Operation(&'static Operation, Vec<(&'static Parameter, Cow<'a, str>)>),
    /// A path that has other methods.
    OtherMethods(Vec<&'static Method>),
    /// No path of the service.
    Nowhere,
}

/// Finds the operation that a request is for, by its path below the base URL. Letter case and a slash at the end are
/// ignored. If a path matches several templates, literal segments win over parameters: `/tickets/lastmodified` is not a ticket.
///
/// ```
/// use atera::description::{Route, route};
///
/// let Route::Operation(operation, arguments) = route(&http::Method::GET, "/tickets/54321") else { panic!() };
/// assert_eq!((operation.id, &*arguments[0].1), ("tickets_get", "54321"));
/// ```
pub fn route<'a>(method: &Method, path: &'a str) -> Route<'a> {
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

/// The parameters in a path, if it matches the template of the operation.
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

/// Sort key of a template: literal segments come before parameters.
fn spelt_out_first(operation: &Operation) -> impl Iterator<Item = bool> {
    operation.path.split('/').map(|segment| segment.starts_with('{'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &Method, path: &str) -> Option<&'static str> {
        match route(method, path) {
            Route::Operation(operation, _) => Some(operation.id),
            _ => None,
        }
    }

    #[test]
    fn every_operation_is_found_by_its_own_example() {
        for operation in OPERATIONS {
            let segments = operation.path.split('/').map(|segment| {
                let parameter = operation.path_parameter(segment);
                parameter.map_or(segment.to_string(), |parameter| {
                    encode_segment(parameter.example).collect()
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
            assert!(matches!(route(&Method::GET, path), Route::Nowhere), "{path}");
        }
    }
}
