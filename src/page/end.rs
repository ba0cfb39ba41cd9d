//! When a walk ends.
//!
//! The service says in several ways whether there is more, and not all of them always. The first row that fits decides:
//!
//! | the answer | is it the last? |
//! |---|---|
//! | has `totalPages` | if its page is at or past it |
//! | has a total | if as many records as that lie before its end |
//! | has a `nextLink` | no, even without a record: an empty page in the middle |
//! | has no record | yes |
//! | has a `nextLink` that is empty | yes |
//! | is otherwise mute | if it holds fewer records than a full page |
//!
//! A `nextLink` is never followed, wherever it leads: it is a sign, and the walk asks for the next number itself. Totals
//! are those of the latest answer, so a list that grows while it is read is read to its new end, and one that shrinks is
//! not asked for pages that it no longer has.

use super::Page;

/// Whether the walk ends with this page. `size` is how many records a full page has.
pub(super) fn is_last<T>(answer: &Page<T>, records: usize, page: i32, size: i32) -> bool {
    let next_link = answer.next_link.as_deref().map(|link| !link.is_empty());
    if let Some(total_pages) = answer.total_pages {
        return page >= total_pages;
    }
    if let Some(total) = answer.total() {
        return before(page, size) + records as i64 >= total;
    }
    match next_link {
        Some(true) => false,
        _ if records == 0 => true,
        Some(false) => true,
        None => (records as i64) < i64::from(size),
    }
}

/// The last page, as far as this answer tells.
pub(super) fn promised<T>(answer: &Page<T>, size: i32) -> Option<i32> {
    let of_total = |total: i64| {
        let pages = u64::try_from(total).ok()?.div_ceil(u64::try_from(size).ok()?);
        i32::try_from(pages).ok()
    };
    answer.total_pages.or_else(|| of_total(answer.total()?))
}

/// How many records a full page has. The service may hand out smaller ones than it was asked for: it says so, or it shows
/// when its first page is smaller than both what was asked for and the total. Too small a size costs a request, too large
/// a one would cost records.
pub(super) fn page_size<T>(answer: &Page<T>, records: usize, asked: i32) -> i32 {
    let shown = || {
        let records = i32::try_from(records).ok().filter(|records| *records > 0)?;
        let more = answer.total().is_some_and(|total| total > i64::from(records));
        (more && records < asked).then_some(records)
    };
    let told = answer.items_in_page.filter(|size| (1..=asked).contains(size));
    [told, shown(), Some(asked)]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(asked)
}

/// How many records lie on the pages before this one.
fn before(page: i32, size: i32) -> i64 {
    i64::from(page - 1) * i64::from(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(json: &str) -> Page<u32> {
        serde_json::from_str(json).expect("a page")
    }

    #[test]
    fn every_row_of_the_table_is_kept() {
        for (row, json, number, last) in [
            ("nextLink", r#"{"items": [1], "nextLink": "x"}"#, 1, false),
            ("totalPages", r#"{"items": [1], "totalPages": 3}"#, 2, false),
            ("totalPages", r#"{"items": [1], "totalPages": 3}"#, 3, true),
            (
                "totalPages, whatever nextLink says",
                r#"{"items": [1], "totalPages": 3, "nextLink": "https://elsewhere.example/"}"#,
                3,
                true,
            ),
            (
                "totalPages, past it",
                r#"{"items": [], "totalPages": 3, "nextLink": "x"}"#,
                4,
                true,
            ),
            (
                "totalPages, of an empty list",
                r#"{"items": [], "totalPages": 0}"#,
                1,
                true,
            ),
            (
                "totalPages, empty page in the middle",
                r#"{"items": [], "totalPages": 3}"#,
                2,
                false,
            ),
            (
                "totalPages, short page in the middle",
                r#"{"items": [1], "totalPages": 3, "nextLink": ""}"#,
                2,
                false,
            ),
            (
                "totalPages grew",
                r#"{"items": [1, 2], "totalPages": 4, "nextLink": ""}"#,
                3,
                false,
            ),
            (
                "totalPages shrank",
                r#"{"items": [1, 2], "totalPages": 2, "nextLink": null}"#,
                3,
                true,
            ),
            ("total", r#"{"items": [1, 2], "totalItemCount": 5}"#, 2, false),
            ("total", r#"{"items": [1], "totalItems": 5}"#, 3, true),
            (
                "total, empty page in the middle",
                r#"{"items": [], "totalItems": 5}"#,
                2,
                false,
            ),
            (
                "total, empty page past it",
                r#"{"items": [], "totalItems": 5}"#,
                4,
                true,
            ),
            (
                "no record, nextLink",
                r#"{"items": [], "nextLink": "x"}"#,
                1,
                false,
            ),
            ("no record", r#"{"items": []}"#, 4, true),
            (
                "no record, empty nextLink",
                r#"{"items": [], "nextLink": ""}"#,
                4,
                true,
            ),
            ("empty nextLink", r#"{"items": [1, 2], "nextLink": ""}"#, 1, true),
            (
                "null nextLink is mute, full page",
                r#"{"items": [1, 2], "nextLink": null}"#,
                1,
                false,
            ),
            ("mute, full page", r#"{"items": [1, 2]}"#, 1, false),
            ("mute, short page", r#"{"items": [1]}"#, 1, true),
        ] {
            let answer = page(json);
            assert_eq!(is_last(&answer, answer.items.len(), number, 2), last, "{row}");
        }
    }

    #[test]
    fn a_full_page_is_what_the_service_makes_of_it() {
        for (json, size) in [
            (r#"{"items": [1, 2]}"#, 5),
            (r#"{"items": [1, 2], "itemsInPage": 2}"#, 2),
            (r#"{"items": [1, 2], "itemsInPage": 0}"#, 5),
            (r#"{"items": [1, 2], "itemsInPage": 5, "totalItems": 9}"#, 2),
            (r#"{"items": [1, 2], "itemsInPage": 50}"#, 5),
            (r#"{"items": [1, 2], "totalItems": 2}"#, 5),
            (r#"{"items": [1, 2], "totalItems": 3}"#, 2),
            (r#"{"items": [], "totalItems": 3}"#, 5),
        ] {
            let answer = page(json);
            assert_eq!(page_size(&answer, answer.items.len(), 5), size, "{json}");
        }
    }

    #[test]
    fn the_number_of_pages_follows_from_the_total() {
        for (json, pages) in [
            (r#"{"items": [], "totalPages": 7, "totalItems": 1}"#, Some(7)),
            (r#"{"items": [], "totalItems": 100}"#, Some(2)),
            (r#"{"items": [], "totalItemCount": 101}"#, Some(3)),
            (r#"{"items": [], "totalItems": 0}"#, Some(0)),
            (r#"{"items": [], "totalItems": -5}"#, None),
            (r#"{"items": []}"#, None),
        ] {
            assert_eq!(promised(&page(json), 50), pages, "{json}");
        }
    }
}
