//! What a key may do.

use std::{collections::BTreeSet, str::FromStr};

use chrono::{DateTime, Utc};

use atera::{
    Error, Result, Timestamp,
    description::{OPERATIONS, Operation},
};

/// What a key may do, by domain: the first segment of the path, as in `tickets` or `customvalues`.
///
/// ```
/// use atera_sandbox::Permissions;
///
/// let reports = Permissions::none().read("*");
/// let desk = Permissions::none().read("*").write("tickets").write("alerts").delete("alerts");
/// assert_eq!(desk, "*:r,tickets:w,alerts:wd".parse().unwrap());
/// # let _ = reports;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Domains, `*` for all of them, and what may be done there.
    allowed: BTreeSet<(String, Right)>,
    expires: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Right {
    Read,
    Write,
    Delete,
}

/// Every domain.
const ANY: &str = "*";

impl Permissions {
    /// Whatever there is to do.
    pub fn all() -> Self {
        Permissions::none().read(ANY).write(ANY).delete(ANY)
    }

    /// Nothing: every call is answered with 403.
    pub fn none() -> Self {
        Permissions::default()
    }

    /// Allows reading; `*` stands for all domains.
    #[must_use]
    pub fn read(self, domain: &str) -> Self {
        self.allow(domain, Right::Read)
    }

    /// Allows creating and changing.
    #[must_use]
    pub fn write(self, domain: &str) -> Self {
        self.allow(domain, Right::Write)
    }

    /// Allows deleting.
    #[must_use]
    pub fn delete(self, domain: &str) -> Self {
        self.allow(domain, Right::Delete)
    }

    /// From then on the key is refused with 401.
    #[must_use]
    pub fn expires(mut self, time: Timestamp) -> Self {
        self.expires = Some(time.to_utc());
        self
    }

    fn allow(mut self, domain: &str, right: Right) -> Self {
        self.allowed.insert((domain.to_ascii_lowercase(), right));
        self
    }

    pub(super) fn are_over(&self, now: DateTime<Utc>) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    pub(super) fn allows(&self, operation: &Operation) -> bool {
        let right = match operation.method {
            _ if operation.reads => Right::Read,
            http::Method::DELETE => Right::Delete,
            _ => Right::Write,
        };
        let domain = domain(operation);
        self.allowed
            .iter()
            .any(|(allowed, it)| *it == right && (allowed == ANY || allowed == domain))
    }

    /// Finds a domain that the service does not have.
    pub(super) fn check(&self) -> Result<()> {
        let known: BTreeSet<&str> = OPERATIONS.iter().map(domain).collect();
        let mut named = self.allowed.iter().map(|(domain, _)| domain.as_str());
        match named.find(|domain| *domain != ANY && !known.contains(domain)) {
            None => Ok(()),
            Some(domain) => {
                let known: Vec<_> = known.into_iter().collect();
                Err(Error::config(format!(
                    "`{domain}` is not a domain of permissions; there are {}, and * for all",
                    known.join(", ")
                )))
            }
        }
    }
}

fn domain(operation: &Operation) -> &'static str {
    operation.path.split('/').nth(1).unwrap_or_default()
}

impl FromStr for Permissions {
    type Err = Error;

    /// Reads domains with letters: `tickets:rwd,*:r`.
    fn from_str(text: &str) -> Result<Self> {
        let unfit = || {
            Error::config(format!(
                "`{text}` does not say what a key may do; write domains with r, w and d, as in `tickets:rwd,*:r`"
            ))
        };
        let mut permissions = Permissions::none();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (domain, letters) = part.trim().split_once(':').ok_or_else(unfit)?;
            for letter in letters.chars() {
                permissions = match letter {
                    'r' => permissions.read(domain),
                    'w' => permissions.write(domain),
                    'd' => permissions.delete(domain),
                    _ => return Err(unfit()),
                };
            }
        }
        permissions.check()?;
        Ok(permissions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_by_domain_and_by_what_an_operation_does() {
        let permissions: Permissions = "*:r,tickets:w,devices:d".parse().expect("permissions");
        for (id, allowed) in [
            ("tickets_list", true),
            ("tickets_create", true),
            ("tickets_query_billable_durations", true),
            ("tickets_delete", false),
            ("customers_list", true),
            ("customers_update", false),
            ("devices_http_delete", true),
            ("guide_devices_tcp_delete", true),
            ("devices_http_create", false),
        ] {
            let operation = Operation::find(id).expect(id);
            assert_eq!(permissions.allows(operation), allowed, "{id}");
        }
        assert!(
            OPERATIONS
                .iter()
                .all(|operation| Permissions::all().allows(operation))
        );
        assert!(
            !OPERATIONS
                .iter()
                .any(|operation| Permissions::none().allows(operation))
        );
    }

    #[test]
    fn what_does_not_exist_is_named() {
        let unknown = "ticket:r".parse::<Permissions>().expect_err("no such domain");
        assert!(unknown.to_string().contains("`ticket`") && unknown.to_string().contains("tickets"));
        for text in ["tickets", "tickets:x", "read"] {
            assert!(text.parse::<Permissions>().is_err(), "{text}");
        }
    }
}
