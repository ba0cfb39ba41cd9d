//! Where the service is on its host.

/// The path of the service, as on `app.atera.com`.
pub(crate) const BASE_PATH: &str = "/api/v3";

/// The path below the base, without a slash at the end. None for the base itself and for what is not below it. Letter
/// case does not matter, as in ASP.NET.
pub(crate) fn path_below_base(path: &str) -> Option<&str> {
    let (base, rest) = path.split_at_checked(BASE_PATH.len())?;
    let path = rest.strip_suffix('/').unwrap_or(rest);
    (base.eq_ignore_ascii_case(BASE_PATH) && path.starts_with('/')).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beside_the_service_is_not_below_it() {
        for path in ["/", "/api/v3", "/api/v3/", "/api/v3tickets", "/api/v4/tickets"] {
            assert_eq!(path_below_base(path), None, "{path}");
        }
        assert_eq!(path_below_base("/API/v3/tickets/"), Some("/tickets"));
    }
}
