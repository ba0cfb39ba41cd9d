//! What a status means. This is the one place that classifies statuses: the kind of the error, how the attempt counts for
//! [retries](super::retry), and whether the call took effect all follow from its row here.

use http::StatusCode;

use super::retry::FailureClass;
use crate::{Applied, ErrorKind, description::Operation};

/// What a status other than a success means for an operation.
pub(crate) struct StatusClass {
    /// The kind of the error, if the call gives up.
    pub(crate) kind: ErrorKind,
    /// How the attempt counts when it is decided whether there is another.
    pub(crate) failure: FailureClass,
    /// Whether the call took effect.
    pub(crate) applied: Applied,
}

/// Classifies a status. A status without a row of its own has the class of its hundred.
pub(crate) fn classify(status: StatusCode, operation: &Operation) -> StatusClass {
    use Applied::{No, Unknown};
    use ErrorKind::*;
    use FailureClass::{Final, Gateway, Throttled, Unavailable};

    let (kind, failure, applied) = match status.as_u16() {
        401 => (Unauthorized, Final, No),
        403 => (Forbidden, Final, No),
        404 | 410 => (NotFound, Final, No),
        408 => (Timeout, Unavailable, Unknown),
        409 => (Conflict, Final, No),
        429 => (RateLimited, Throttled, No),
        400..=499 => (Rejected, Final, No),
        500 | 503 => (Server, Unavailable, Unknown),
        502 | 504 if operation.creates() => (OutcomeUnknown, Gateway, Unknown),
        502 | 504 => (Server, Gateway, Unknown),
        501 | 505.. => (Server, Final, Unknown),
        _ => (Server, Final, No),
    };
    StatusClass {
        kind,
        failure,
        applied: applied_unless_read(operation, applied),
    }
}

/// Whether the call took effect: `No` if the operation only reads.
pub(crate) fn applied_unless_read(operation: &Operation, otherwise: Applied) -> Applied {
    if operation.reads { Applied::No } else { otherwise }
}
