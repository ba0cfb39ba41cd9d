//! Holds a request against the description, and says what is wrong with it in flags.

use std::borrow::Cow;

use super::Request;
use crate::{
    check::{Check, Violation},
    cli::{body, failure::Failure, fields},
};

impl Request {
    /// Holds the values against the description. The client does so too; here values and fields that it lacks are
    /// refused as well, since they are most likely mistyped.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let mut reasons = self.violations(true);
        let lets_through = "--allow-unknown lets it through all the same";
        if self.allow_unknown || reasons.is_empty() {
            reasons = self.violations(false);
        } else if self.violations(false).is_empty() {
            reasons.push(lets_through.to_string());
        }
        if reasons.is_empty()
            && !self.allow_unknown
            && let Some((kind, body)) = self.operation.body.zip(self.body.as_ref())
            && let Some(unknown) = body::unknown_field(kind, body)
        {
            return Err(unknown);
        }
        match reasons.is_empty() {
            true => Ok(()),
            false => Err(Failure::Usage(format!(
                "{} was not sent: {}",
                self.operation.id,
                reasons.join("; ")
            ))),
        }
    }

    fn violations(&self, lists_are_closed: bool) -> Vec<String> {
        let mut check = Check {
            lists_are_closed,
            ..Check::default()
        };
        let named = |name: &str| self.operation.parameters.iter().find(|it| it.name == name);
        let given: Vec<_> = self
            .parameters
            .iter()
            .filter_map(|(name, value)| Some((named(name)?, Cow::from(value))))
            .collect();
        check.arguments(self.operation, &given);
        if let Some((kind, body)) = self.operation.body.zip(self.body.as_ref()) {
            check.body(kind, Some(body.to_string().as_bytes()));
        }
        let told = check.violations.into_iter();
        told.map(|violation| self.with_flags(violation)).collect()
    }

    /// What is wrong, with the flags for what is lacking.
    fn with_flags(&self, Violation { field, reason }: Violation) -> String {
        if reason.ends_with("is missing") {
            return match self.flag(&field) {
                Some(flag) => format!("{reason}, give it with --{flag}"),
                None => reason,
            };
        }
        let Some(needs) = reason.strip_prefix("it needs `") else {
            return reason;
        };
        // Every other part stands between backticks.
        let parts = needs
            .split('`')
            .enumerate()
            .map(|(index, part)| match self.flag(part) {
                Some(flag) if index % 2 == 0 => format!("--{flag}"),
                None if index % 2 == 0 => format!("`{part}`"),
                _ => part.to_string(),
            });
        "it needs ".to_string() + &parts.collect::<String>()
    }

    /// The flag for a field of the body.
    fn flag(&self, field: &str) -> Option<String> {
        let scalars = fields::scalars(self.operation.body?);
        let mut scalars = scalars.into_iter();
        let scalar = scalars.find(|scalar| scalar.parent.is_none() && scalar.field.name == field);
        scalar.map(fields::ScalarField::flag)
    }
}
