//! The names and numbers of pages, which all lists have in common.

/// The query parameter for the number of a page, from 1.
pub const PAGE: &str = "page";

/// The query parameter for the size of the pages.
pub const PAGE_SIZE: &str = "itemsInPage";

/// The page size that the service uses if a request names none.
pub const DEFAULT_PAGE_SIZE: u32 = 20;

/// The largest page size. The service lowers a greater one to it.
pub const LARGEST_PAGE_SIZE: u32 = 50;

/// Whether a query parameter is about pages. The service ignores letter case.
pub fn is_paging(name: &str) -> bool {
    name.eq_ignore_ascii_case(PAGE) || name.eq_ignore_ascii_case(PAGE_SIZE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::OPERATIONS;

    #[test]
    fn every_list_of_the_description_has_these() {
        for operation in OPERATIONS.iter().filter(|operation| operation.list) {
            let find = |name| operation.parameters.iter().find(|it| it.name == name);
            assert!(find(PAGE).is_some(), "{}", operation.id);
            let size = find(PAGE_SIZE).expect(operation.id);
            assert_eq!(size.maximum, Some(LARGEST_PAGE_SIZE.into()), "{}", operation.id);
        }
    }
}
