//! The fields of a body that can be given as flags.

use std::collections::HashMap;

use clap::Arg;

use super::{arguments, help};
use crate::{Field, Kind};

/// A field of a body that holds a single value.
#[derive(Clone, Copy)]
pub(super) struct ScalarField {
    /// The object in the body that it belongs to, if not to the body itself.
    pub(super) parent: Option<&'static Field>,
    pub(super) field: &'static Field,
}

/// The fields with a flag: the scalars of the body, and those of an object in it as far as their names are unique.
pub(super) fn scalars(body: Kind) -> Vec<ScalarField> {
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

fn is_scalar(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Object(_) | Kind::Array(_) | Kind::Map(_) | Kind::Any | Kind::ActionId
    )
}

impl ScalarField {
    /// Name of its flag, without the dashes.
    pub(super) fn flag(self) -> String {
        arguments::flag_name(self.field.name)
    }

    pub(super) fn argument(self) -> Arg {
        let mut help = help::in_commands(self.field.description);
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
    use crate::{Operation, Schema};

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
        for operation in crate::OPERATIONS
            .iter()
            .filter(|operation| operation.body.is_some())
        {
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
