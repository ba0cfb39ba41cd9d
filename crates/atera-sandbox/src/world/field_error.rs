//! Why a value in a request is refused.

use atera::description::Violation;

/// A parameter or field that is refused, and the reason.
///
/// [`Violation`] covers the rules that the description states. Rules that need the records, as in "there is no customer
/// `7`", are only known here.
#[derive(Debug)]
pub(crate) struct FieldError {
    /// Name on the wire, as in `Ports[0].PortNum`; empty for the body as a whole.
    pub(crate) field: String,
    /// A clause for the program that sent the request.
    pub(crate) reason: String,
}

impl FieldError {
    pub(crate) fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        FieldError {
            field: field.into(),
            reason: reason.into(),
        }
    }
}

impl From<Violation> for FieldError {
    fn from(violation: Violation) -> Self {
        FieldError::new(violation.place(), violation.to_string())
    }
}
