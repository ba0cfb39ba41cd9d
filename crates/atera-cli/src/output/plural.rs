//! Numbers of things, in words.

/// A number of things, as in `1 change` and `2 changes`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        assert_eq!(
            [0, 1, 2].map(|count| counted(count, "change")),
            ["0 changes", "1 change", "2 changes"]
        );
    }
}
