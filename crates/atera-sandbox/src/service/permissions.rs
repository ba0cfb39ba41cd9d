//! What a key may do.

use std::{collections::BTreeSet, str::FromStr};

use atera::{
    Error, Result, Timestamp,
    description::{OPERATIONS, Operation},
};
use axum::http::Method;
use chrono::{DateTime, Utc};

/// What a key may do, by domain: the first segment of a path, such as `tickets` or `customvalues`.
///
/// Atera's console has domains as well, but no document says which operations they cover, so the path decides here. A
/// call without the permission is answered with 403. A POST that only asks, such as `tickets_query_billable_durations`,
/// counts as reading.
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
    /// Domains in lower case, or `*` for all, each with a right.
    allowed: BTreeSet<(String, Right)>,
    /// Domains in lower case that `*` does not stand for.
    denied: BTreeSet<String>,
    /// When the key stops being valid.
    expires: Option<DateTime<Utc>>,
}

/// What an operation does to records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Right {
    Read,
    Write,
    Delete,
}

/// Stands for all domains.
const ANY: &str = "*";

impl Permissions {
    /// Everything.
    pub fn all() -> Self {
        Permissions::none().read(ANY).write(ANY).delete(ANY)
    }

    /// Nothing: each call is answered with 403.
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

    /// Takes a domain away, also if all are allowed by `*`; `*` takes all away. A later permission for the domain gives it
    /// back.
    ///
    /// ```
    /// use atera_sandbox::Permissions;
    ///
    /// let reports = Permissions::none().read("*").deny("billing");
    /// assert_eq!(reports, "*:r,billing:".parse().unwrap());
    /// ```
    #[must_use]
    pub fn deny(mut self, domain: &str) -> Self {
        let denied = domain.to_ascii_lowercase();
        self.allowed
            .retain(|(domain, _)| *domain != denied && denied != ANY);
        if denied != ANY {
            self.denied.insert(denied);
        }
        self
    }

    /// Makes the key expire: from this time on each call is answered with 401, as after a key expired in Atera's
    /// console.
    #[must_use]
    pub fn expires(mut self, time: Timestamp) -> Self {
        self.expires = Some(time.to_utc());
        self
    }

    fn allow(mut self, domain: &str, right: Right) -> Self {
        let domain = domain.to_ascii_lowercase();
        self.denied.remove(&domain);
        self.allowed.insert((domain, right));
        self
    }

    /// When the key stops being valid, if ever.
    pub(crate) fn expiry(&self) -> Option<DateTime<Utc>> {
        self.expires
    }

    /// Whether the key may call the operation.
    pub(crate) fn allows(&self, operation: &Operation) -> bool {
        let right = match operation.method {
            _ if operation.reads => Right::Read,
            Method::DELETE => Right::Delete,
            _ => Right::Write,
        };
        let domain = domain(operation);
        let stands_for =
            |allowed: &str| allowed == domain || (allowed == ANY && !self.denied.contains(domain));
        self.allowed
            .iter()
            .any(|(allowed, it)| *it == right && stands_for(allowed))
    }

    /// Checks that the domains exist.
    ///
    /// # Errors
    ///
    /// `Config`, with the name of one that does not.
    pub(crate) fn check(&self) -> Result<()> {
        let known: BTreeSet<&str> = OPERATIONS.iter().map(domain).collect();
        let allowed = self.allowed.iter().map(|(domain, _)| domain);
        let mut named = allowed.chain(&self.denied).map(String::as_str);
        match named.find(|domain| *domain != ANY && !known.contains(domain)) {
            None => Ok(()),
            Some(domain) => {
                let known: Vec<_> = known.into_iter().collect();
                Err(Error::config(format!(
                    "cannot set permissions: `{domain}` is not a domain; there are {}, and * for all",
                    known.join(", ")
                )))
            }
        }
    }
}

/// The domain of an operation.
fn domain(operation: &Operation) -> &'static str {
    operation.path.split('/').nth(1).unwrap_or_default()
}

impl FromStr for Permissions {
    type Err = Error;

    /// Reads domains with letters for reading, writing and deleting: `tickets:rwd,*:r`. A domain without letters is
    /// denied, as in `*:r,billing:`.
    fn from_str(text: &str) -> Result<Self> {
        let invalid = || {
            Error::config(format!(
                "cannot set permissions: `{text}` does not say what a key may do; write domains with r, w and d, as in \
                 `tickets:rwd,*:r`"
            ))
        };
        let mut permissions = Permissions::none();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (domain, letters) = part.trim().split_once(':').ok_or_else(invalid)?;
            if letters.is_empty() {
                permissions = permissions.deny(domain);
            }
            for letter in letters.chars() {
                permissions = match letter {
                    'r' => permissions.read(domain),
                    'w' => permissions.write(domain),
                    'd' => permissions.delete(domain),
                    _ => return Err(invalid()),
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
    fn a_domain_without_letters_is_denied() {
        let allows = |permissions: &str, id: &str| {
            let permissions: Permissions = permissions.parse().expect(permissions);
            permissions.allows(Operation::find(id).expect(id))
        };
        for (permissions, tickets, invoices) in [
            ("*:r,billing:", true, false),
            ("billing:,*:r", true, false),
            ("*:r,Billing:", true, false),
            ("*:r,billing:,billing:r", true, true),
            ("*:r,*:,billing:r", false, true),
        ] {
            assert_eq!(allows(permissions, "tickets_list"), tickets, "{permissions}");
            assert_eq!(allows(permissions, "invoices_list"), invoices, "{permissions}");
        }
    }

    #[test]
    fn what_does_not_exist_is_named() {
        let unknown = "ticket:r".parse::<Permissions>().expect_err("no such domain");
        assert!(unknown.to_string().contains("`ticket`") && unknown.to_string().contains("tickets"));
        for text in ["tickets", "tickets:x", "read", "*:r,bills:"] {
            assert!(text.parse::<Permissions>().is_err(), "{text}");
        }
    }
}
