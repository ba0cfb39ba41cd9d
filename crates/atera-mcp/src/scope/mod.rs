//! What an assistant is narrowed to: some groups of operations, and one customer.
//!
//! A call is checked by what the description says: which of its parameters, fields or answers names the customer. Where that
//! cannot be told, the call is refused.
//!
//! | module | is |
//! |---|---|
//! | [`rules`] | how each operation is checked |
//! | [`customer`] | the check of a call |

pub(crate) mod customer;
pub(crate) mod rules;

use std::collections::BTreeSet;

use atera::{
    Error,
    description::{GROUPS, Operation},
};

use crate::failure::Failure;

/// What an assistant is narrowed to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    groups: Option<BTreeSet<String>>,
    /// The one customer.
    pub(crate) customer: Option<i64>,
}

impl Scope {
    /// The scope of these groups and this customer. No groups mean all.
    ///
    /// # Errors
    ///
    /// `Config` if there is no such group.
    pub(crate) fn new(groups: &[String], customer: Option<i64>) -> Result<Self, Error> {
        let names = groups.iter().map(|name| name.trim().replace('-', "_"));
        let names: BTreeSet<_> = names.filter(|name| !name.is_empty()).collect();
        let unknown = names
            .iter()
            .find(|name| GROUPS.iter().all(|group| group.name != **name));
        if let Some(name) = unknown {
            let known: Vec<_> = GROUPS.iter().map(|group| group.name).collect();
            return Err(Error::config(format!(
                "there is no group `{name}`: there are {}; choose from them",
                known.join(", ")
            )));
        }
        Ok(Scope {
            groups: (!groups.is_empty()).then_some(names),
            customer,
        })
    }

    /// Whether nothing is left out.
    #[cfg(feature = "mirror")]
    pub(crate) fn is_everything(&self) -> bool {
        self.groups.is_none() && self.customer.is_none()
    }

    /// Whether an operation can be called at all.
    pub(crate) fn offers(&self, operation: &'static Operation) -> bool {
        self.check_operation(operation).is_ok()
    }

    /// Checks that an operation can be called at all.
    ///
    /// # Errors
    ///
    /// `NotAllowed` if it cannot.
    pub(crate) fn check_operation(&self, operation: &'static Operation) -> Result<(), Failure> {
        if let Some(groups) = self
            .groups
            .as_ref()
            .filter(|groups| !groups.contains(operation.group))
        {
            let groups: Vec<_> = groups.iter().map(String::as_str).collect();
            return Err(Failure::not_allowed(
                format!(
                    "{} is not allowed: this server is narrowed to the groups {}",
                    operation.id,
                    groups.join(", ")
                ),
                "use another operation, or tell the user, who starts the server with --groups",
            ));
        }
        match self.customer {
            Some(customer) if rules::of(operation).is_none() => Err(Failure::not_allowed(
                format!(
                    "{} is not allowed: this server is narrowed to customer {customer}, and it cannot be told whose records \
                     this operation is about",
                    operation.id
                ),
                "use another operation, or tell the user, who starts the server with --customer",
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_leave_out_the_others() {
        let scope = Scope::new(&["tickets".to_string(), "custom-values".to_string()], None).expect("a scope");
        for (id, offered) in [
            ("tickets_delete", true),
            ("custom_values_get", true),
            ("customers_list", false),
            ("account_get", false),
        ] {
            assert_eq!(scope.offers(Operation::find(id).expect(id)), offered, "{id}");
        }
        assert!(Scope::new(&["tikets".to_string()], None).is_err());
        assert!(Scope::new(&[], None).is_ok());
    }
}
