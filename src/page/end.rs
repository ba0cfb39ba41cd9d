//! When a sweep ends.
//!
//! The service says in several ways whether there is more: by the number of pages, by a total, by a link. Not all of them
//! come always, and they may disagree. A number that the answer itself contradicts says nothing: fewer pages than the one
//! that was answered with records, a total below the records that lie before its end, a negative one. Of what is left, the
//! first row that fits decides:
//!
//! | the answer | is it the last? |
//! |---|---|
//! | has no record, and is past `totalPages` | yes |
//! | says by `totalPages` or by its total that there is more | no, even without a record: an empty page in the middle |
//! | has `totalPages` or a total | yes |
//! | has a `nextLink` | no, even without a record |
//! | has no record | yes |
//! | has a `nextLink` that is empty | yes |
//! | is otherwise mute | if it holds fewer records than a full page |
//!
//! A `nextLink` is never followed, wherever it leads: it is a sign, and the walk asks for the next number itself. Totals
//! are those of the latest answer, so a list that grows while it is read is read to its new end, and one that shrinks is
//! not asked for pages that it no longer has. A service that says for ever that there is more is stopped by the
//! [sweep](super::sweep).

use super::page::Page;

/// Whether a sweep ends with this page. `size` is how many records a full page has.
pub(super) fn is_last<T>(answer: &Page<T>, records: usize, page: i32, size: i32) -> bool {
    let is_empty = records == 0;
    if is_empty && answer.total_pages.is_some_and(|pages| (0..page).contains(&pages)) {
        return true;
    }
    let pages = answer
        .total_pages
        .filter(|pages| *pages >= 0 && (is_empty || *pages >= page));
    let total = credible_total(answer, records, page, size);
    let end = before(page, size) + records as i64;
    let more = [pages.map(|pages| page < pages), total.map(|total| end < total)];
    let mut told = more.into_iter().flatten().peekable();
    if told.peek().is_some() {
        return !told.any(|more| more);
    }
    match answer.next_link.as_deref().map(|link| !link.is_empty()) {
        Some(true) => false,
        _ if is_empty => true,
        Some(false) => true,
        None => (records as i64) < i64::from(size),
    }
}

/// The total that an answer tells, unless the answer itself contradicts it.
pub(super) fn credible_total<T>(answer: &Page<T>, records: usize, page: i32, size: i32) -> Option<i64> {
    let least = match records {
        0 => 0,
        records => before(page, size) + records as i64,
    };
    answer.total().filter(|total| *total >= least)
}

/// The last page, as far as the answer with this page tells. It is no more than a plan.
pub(super) fn promised<T>(answer: &Page<T>, page: i32, size: i32) -> Option<i32> {
    let of_total = |total: i64| {
        let pages = u64::try_from(total).ok()?.div_ceil(u64::try_from(size).ok()?);
        i32::try_from(pages).ok()
    };
    let total_pages = answer.total_pages.filter(|pages| *pages >= page);
    total_pages.or_else(|| of_total(answer.total()?))
}

/// How many records a full page has. The service may hand out smaller ones than it was asked for: it says so, or it shows
/// when the first page that is read is smaller than what was asked for, and not the last one by the total. Too small a size
/// costs a request, too large a one would cost records, so one that is found too small later is [corrected](larger_size).
pub(super) fn page_size<T>(answer: &Page<T>, records: usize, page: i32, asked: i32) -> i32 {
    let shown = || {
        let records = i32::try_from(records).ok().filter(|records| *records > 0)?;
        let end = before(page, asked) + i64::from(records);
        let more = answer.total().is_some_and(|total| total > end);
        (more && records < asked).then_some(records)
    };
    let told = answer.items_in_page.filter(|size| (1..=asked).contains(size));
    [told, shown(), Some(asked)]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(asked)
}

/// The size of a full page after a page with so many records: it is no smaller than any page.
pub(super) fn larger_size(size: i32, records: usize, asked: i32) -> i32 {
    i32::try_from(records).map_or(size, |records| size.max(records.min(asked)))
}

/// How many records lie on the pages before this one.
pub(super) fn before(page: i32, size: i32) -> i64 {
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
                r#"{"items": [], "totalPages": 2, "nextLink": null}"#,
                3,
                true,
            ),
            (
                "totalPages that its records contradict",
                r#"{"items": [1, 2], "totalPages": 2, "nextLink": "x"}"#,
                3,
                false,
            ),
            (
                "totalPages that its records contradict, no link",
                r#"{"items": [1, 2], "totalPages": 0, "nextLink": ""}"#,
                1,
                true,
            ),
            (
                "totalPages 1, a larger total",
                r#"{"items": [1, 2], "totalPages": 1, "totalItems": 5}"#,
                1,
                false,
            ),
            (
                "totalPages 0, a larger total",
                r#"{"items": [1, 2], "totalPages": 0, "totalItems": 5}"#,
                1,
                false,
            ),
            (
                "more pages than the total fills",
                r#"{"items": [1], "totalPages": 5, "totalItems": 5}"#,
                3,
                false,
            ),
            (
                "an empty page, past totalPages, a larger total",
                r#"{"items": [], "totalPages": 2, "totalItems": 9}"#,
                3,
                true,
            ),
            (
                "an empty page, not past totalPages, a larger total",
                r#"{"items": [], "totalPages": 2, "totalItems": 9}"#,
                2,
                false,
            ),
            (
                "total 0 beside records, nextLink",
                r#"{"items": [1, 2], "totalItems": 0, "nextLink": "x"}"#,
                1,
                false,
            ),
            (
                "total -1, nextLink",
                r#"{"items": [1, 2], "totalItems": -1, "nextLink": "x"}"#,
                1,
                false,
            ),
            (
                "total -1, totalPages -1, no record",
                r#"{"items": [], "totalItems": -1, "totalPages": -1}"#,
                1,
                true,
            ),
            (
                "total below the page before, nextLink",
                r#"{"items": [1, 2], "totalItems": 3, "nextLink": "x"}"#,
                2,
                false,
            ),
            (
                "total reached, nextLink for ever",
                r#"{"items": [1, 2], "totalItems": 4, "nextLink": "x"}"#,
                2,
                true,
            ),
            (
                "total of an empty list",
                r#"{"items": [], "totalItems": 0, "nextLink": "x"}"#,
                1,
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
            assert_eq!(page_size(&answer, answer.items.len(), 1, 5), size, "{json}");
        }
        let last = page(r#"{"items": [1, 2], "totalItems": 12}"#);
        assert_eq!(
            page_size(&last, 2, 3, 5),
            5,
            "a walk may begin with the last page"
        );
    }

    #[test]
    fn a_size_that_was_taken_for_too_small_is_corrected() {
        assert_eq!(larger_size(10, 50, 50), 50);
        assert_eq!(larger_size(10, 7, 50), 10);
        assert_eq!(
            larger_size(10, 80, 50),
            50,
            "the service sends more than was asked for"
        );
    }

    #[test]
    fn the_number_of_pages_follows_from_the_total() {
        for (json, pages) in [
            (r#"{"items": [], "totalPages": 7, "totalItems": 1}"#, Some(7)),
            (r#"{"items": [], "totalPages": 1, "totalItems": 250}"#, Some(1)),
            (r#"{"items": [], "totalPages": 0, "totalItems": 250}"#, Some(5)),
            (r#"{"items": [], "totalItems": 1000000000000}"#, None),
            (r#"{"items": [], "totalItems": 100}"#, Some(2)),
            (r#"{"items": [], "totalItemCount": 101}"#, Some(3)),
            (r#"{"items": [], "totalItems": 0}"#, Some(0)),
            (r#"{"items": [], "totalItems": -5}"#, None),
            (r#"{"items": []}"#, None),
        ] {
            assert_eq!(promised(&page(json), 1, 50), pages, "{json}");
        }
    }
}
