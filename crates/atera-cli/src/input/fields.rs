//! The fields of a body that have flags.
//!
//! Every field of the body with a single value has one, and so has every field of an object in it if no other field has the
//! same name: `--technician-id` sets `TechnicianCommentDetails.TechnicianId`. Arrays, and objects deeper down, can only be
//! given with `--body`.

use std::collections::HashMap;

use atera::description::{Field, Kind};
use clap::Arg;

use super::arguments;
use crate::names::{flag_name, with_commands};

/// A field of a body that holds a single value.
#[derive(Clone, Copy)]
pub(crate) struct ScalarField {
    /// The object in the body that it belongs to. `None` if it belongs to the body itself.
    pub(crate) parent: Option<&'static Field>,
    /// The field.
    pub(crate) field: &'static Field,
}

/// The fields that have flags, in the order of the description.
pub(crate) fn scalars(body: Kind) -> Vec<ScalarField> {
    let Kind::Object(body) = body else {
        return Vec::new();
    };
    let mut fields = Vec::new();
    for field in body.fields {
        match field.kind {
            Kind::Object(inner) => fields.extend(inner.fields.iter().map(|inner| ScalarField {
                parent: Some(field),
                field: inner,
            })),
            _ => fields.push(ScalarField { parent: None, field }),
        }
    }
    fields.retain(|scalar| is_scalar(scalar.field.kind));
    let mut seen: HashMap<String, usize> = HashMap::new();
    for scalar in &fields {
        *seen.entry(scalar.flag()).or_default() += 1;
    }
    fields.retain(|scalar| scalar.parent.is_none() || seen.get(&scalar.flag()) == Some(&1));
    fields
}

/// Whether a value of this kind can be given as one argument.
fn is_scalar(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Object(_) | Kind::Array(_) | Kind::Map(_) | Kind::Any | Kind::ActionId
    )
}

impl ScalarField {
    /// Name of its flag, without the dashes.
    pub(crate) fn flag(self) -> String {
        flag_name(self.field.name)
    }

    /// The flag as clap's argument.
    pub(crate) fn argument(self) -> Arg {
        let mut help = with_commands(self.field.description);
        if let Some(parent) = self.parent {
            help.push_str(&format!(" (part of `{}`)", parent.name));
        }
        if self.parent.is_none() && self.field.required {
            help.push_str(" [required]");
        }
        arguments::field(self.field.name, self.field.kind, help.trim_start().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atera::description::{OPERATIONS, Operation, Schema};

    /// The flags for a body of this type.
    fn flags(schema: &str) -> Vec<String> {
        let schema = Schema::find(schema).expect("a schema");
        scalars(Kind::Object(schema))
            .into_iter()
            .map(ScalarField::flag)
            .collect()
    }

    #[test]
    fn scalars_of_the_body_and_of_its_objects_have_flags() {
        assert_eq!(
            flags("AddComment"),
            [
                "comment-text",
                "comment-timestamp-utc",
                "technician-id",
                "is-internal",
                "technician-email",
                "enduser-id"
            ]
        );
    }

    #[test]
    fn arrays_have_none() {
        assert!(!flags("CreateTcpDevice").contains(&"ports".to_string()));
    }

    #[test]
    fn no_flag_stands_for_two_fields() {
        for operation in OPERATIONS.iter().filter(|operation| operation.body.is_some()) {
            let Operation { body: Some(body), .. } = operation else {
                continue;
            };
            let mut flags: Vec<_> = scalars(*body).into_iter().map(ScalarField::flag).collect();
            flags.sort();
            let count = flags.len();
            flags.dedup();
            assert_eq!(flags.len(), count, "{}", operation.id);
        }
    }
}
