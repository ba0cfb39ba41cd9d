//! Decides which page is the last of a sweep.
//!
//! The service reports in several ways whether there are more pages: by the number of pages, by a total, by a link. An answer
//! may lack some of them, and they may disagree. A number that its own answer contradicts is ignored: a number of pages below
//! that of a page with records, a total below the number of records up to the end of the page, a negative number. Only records
//! that are new to the sweep contradict a number, since repeated ones may belong to another page. Then the first row that
//! matches decides:
//!
//! | the answer | is it the last page? |
//! |---|---|
//! | has no record, and is past `totalPages` | yes |
//! | says by `totalPages` or by its total that there is more | no, even without a record: an empty page in the middle |
//! | has a `nextLink` and a record new to the sweep | no, whatever `totalPages` and its total say |
//! | has `totalPages` or a total | yes |
//! | has a `nextLink` | no, even without a record |
//! | has no record | yes |
//! | has a `nextLink` that is empty | yes |
//! | reports nothing, and has as many records as a full page | no |
//! | reports nothing, like all before it, and has a record new to the sweep | perhaps: pages may be smaller than requested |
//! | reports nothing | yes |
//!
//! The service sends a `nextLink` that is null or empty with its last page, so the third row costs it no request. After
//! *perhaps* the walk requests one more page. If that is not found (404), or has only records that came already, the list has
//! ended: such a service does not support paging.
//!
//! A `nextLink` only shows that there is a next page. It is never followed; the walk requests the next page by its number.
//! The latest answer's total counts, so a list that grows while it is read is read to its new end, and a list that shrinks is
//! not asked for pages that it no longer has. The [sweep](super::sweep) stops a walk over a service that always reports more
//! pages.

use std::fmt;

use super::page::Page;

/// What the walk knows about a page besides its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageContext {
    /// Number of records of a full page.
    pub(super) size: i32,
    /// Whether the page has a record new to the sweep.
    pub(super) has_new: bool,
    /// Whether an earlier answer had a total, a number of pages, or a `nextLink`.
    pub(super) had_paging_info: bool,
}

/// Whether another page follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    Yes,
    /// The answer reports nothing, and the page is shorter than a full one.
    Perhaps,
    No,
}

/// Whether another page follows this one, by the table of this module.
pub(super) fn more<T>(answer: &Page<T>, records: usize, page: i32, context: PageContext) -> More {
    let is_empty = records == 0;
    if is_empty && answer.total_pages.is_some_and(|pages| (0..page).contains(&pages)) {
        return More::No;
    }
    let ReportedLength { total, pages, .. } = reported_length(answer, records, page, context);
    let end = records_before(page, context.size) + records as i64;
    let says_more = [pages.map(|pages| page < pages), total.map(|total| end < total)];
    let link = answer.next_link.as_deref().map(|link| !link.is_empty());
    let is_full = records as i64 >= i64::from(context.size);
    match (says_more[0].or(says_more[1]), link) {
        _ if says_more.contains(&Some(true)) => More::Yes,
        (_, Some(true)) if context.has_new => More::Yes,
        (Some(_), _) => More::No,
        (None, Some(true)) => More::Yes,
        _ if is_empty => More::No,
        (None, Some(false)) => More::No,
        (None, None) if is_full => More::Yes,
        (None, None) if context.has_new && !context.had_paging_info => More::Perhaps,
        (None, None) => More::No,
    }
}

/// Whether an answer has a total, a number of pages, or a `nextLink`, be they right or wrong.
pub(super) fn has_paging_info<T>(answer: &Page<T>) -> bool {
    answer.total().is_some() || answer.total_pages.is_some() || answer.next_link.is_some()
}

/// The length of the list as an answer reports it, without numbers that the answer itself contradicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReportedLength {
    pub(crate) total: Option<i64>,
    /// Whether the answer contradicts its total.
    pub(crate) is_contradicted: bool,
    pub(crate) pages: Option<i32>,
}

/// The length that an answer reports. `records` is the number of its records, and `page` the number that was requested.
pub(super) fn reported_length<T>(
    answer: &Page<T>,
    records: usize,
    page: i32,
    context: PageContext,
) -> ReportedLength {
    let least = match context.has_new {
        true => records_before(page, context.size) + records as i64,
        false => 0,
    };
    let total = answer.total().filter(|total| *total >= least);
    let pages = answer.total_pages;
    ReportedLength {
        total,
        is_contradicted: total.is_none() && answer.total().is_some(),
        pages: pages.filter(|pages| *pages >= 0 && (!context.has_new || *pages >= page)),
    }
}

/// Written in place of a number that is not reported, and of a total that the answer contradicts.
const NOTHING: &str = "-";
const CONTRADICTED: &str = "!";

/// Written as `total/pages`, without spaces, for the journal of a [`PagedWalk`](super::PagedWalk).
impl fmt::Display for ReportedLength {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.total {
            Some(total) => total.fmt(out)?,
            None => out.write_str(if self.is_contradicted {
                CONTRADICTED
            } else {
                NOTHING
            })?,
        }
        match self.pages {
            Some(pages) => write!(out, "/{pages}"),
            None => write!(out, "/{NOTHING}"),
        }
    }
}

impl ReportedLength {
    /// Reads what [`Display`](fmt::Display) wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (total, pages) = text.split_once('/')?;
        Some(ReportedLength {
            total: match total {
                NOTHING | CONTRADICTED => None,
                total => Some(total.parse().ok()?),
            },
            is_contradicted: total == CONTRADICTED,
            pages: match pages {
                NOTHING => None,
                pages => Some(pages.parse().ok()?),
            },
        })
    }
}

impl ReportedLength {
    /// The length that remains for a walk that begins with page `start`.
    pub(super) fn beginning_at(self, start: i32, size: i32) -> Self {
        let skipped = start.max(1) - 1;
        ReportedLength {
            total: self
                .total
                .map(|total| (total - records_before(skipped + 1, size)).max(0)),
            pages: self.pages.map(|pages| (pages - skipped).max(0)),
            ..self
        }
    }
}

impl<T> Page<T> {
    /// The length of the list that the page reports. It must be the first page.
    pub(crate) fn reported_length(&self) -> ReportedLength {
        let context = PageContext {
            // No page is before the first, so its size does not matter.
            size: 0,
            has_new: !self.items.is_empty(),
            had_paging_info: false,
        };
        reported_length(self, self.items.len(), 1, context)
    }
}

/// The last page, as estimated from this answer. It only decides how far ahead to fetch.
pub(super) fn estimated_last_page<T>(answer: &Page<T>, page: i32, size: i32) -> Option<i32> {
    let of_total = |total: i64| {
        let pages = u64::try_from(total).ok()?.div_ceil(u64::try_from(size).ok()?);
        i32::try_from(pages).ok()
    };
    let total_pages = answer.total_pages.filter(|pages| *pages >= page);
    total_pages.or_else(|| of_total(answer.total()?))
}

/// The number of records of a full page. The service may send smaller pages than requested: it reports that, or the first page
/// is smaller than requested although its total says that it is not the last. A size that is too small costs a request, but one
/// that is too large would lose records, so a smaller size wins and is [raised](grown_page_size) by a larger page.
pub(super) fn page_size<T>(answer: &Page<T>, records: usize, page: i32, asked: i32) -> i32 {
    let shown = || {
        let records = i32::try_from(records).ok().filter(|records| *records > 0)?;
        let end = records_before(page, asked) + i64::from(records);
        let more = answer.total().is_some_and(|total| total > end);
        (more && records < asked).then_some(records)
    };
    let reported = answer.items_in_page.filter(|size| (1..=asked).contains(size));
    [reported, shown(), Some(asked)]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(asked)
}

/// The size of a full page once a page with this many records came: at least that many, and at most the requested size.
pub(super) fn grown_page_size(size: i32, records: usize, asked: i32) -> i32 {
    i32::try_from(records).map_or(size, |records| size.max(records.min(asked)))
}

/// The number of records on all pages before this one.
fn records_before(page: i32, size: i32) -> i64 {
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
                "totalPages, and a nextLink wherever it leads",
                r#"{"items": [1], "totalPages": 3, "nextLink": "https://elsewhere.example/"}"#,
                3,
                false,
            ),
            (
                "totalPages and a nextLink, no record",
                r#"{"items": [], "totalPages": 3, "nextLink": "x"}"#,
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
                "total reached, nextLink",
                r#"{"items": [1, 2], "totalItems": 4, "nextLink": "x"}"#,
                2,
                false,
            ),
            (
                "total reached, nextLink, no record",
                r#"{"items": [], "totalItems": 4, "nextLink": "x"}"#,
                3,
                true,
            ),
            (
                "total reached, empty nextLink",
                r#"{"items": [1, 2], "totalItems": 4, "nextLink": ""}"#,
                2,
                true,
            ),
            (
                "total 0 beside a larger one of the other name",
                r#"{"items": [1, 2], "totalItemCount": 0, "totalItems": 4, "nextLink": ""}"#,
                1,
                false,
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
            let context = PageContext {
                size: 2,
                has_new: !answer.items.is_empty(),
                had_paging_info: true,
            };
            let more = more(&answer, answer.items.len(), number, context);
            assert_eq!(more == More::No, last, "{row}: {more:?}");
            assert_ne!(more, More::Perhaps, "{row}");
        }
    }

    #[test]
    fn a_page_without_a_new_record_says_nothing_against_the_totals() {
        for (json, has_new, expected) in [
            (
                r#"{"items": [1], "totalItems": 1, "nextLink": "x"}"#,
                true,
                More::Yes,
            ),
            (
                r#"{"items": [1], "totalItems": 1, "nextLink": "x"}"#,
                false,
                More::No,
            ),
            (
                r#"{"items": [1], "totalPages": 1, "nextLink": "x"}"#,
                true,
                More::Yes,
            ),
            (
                r#"{"items": [1], "totalPages": 1, "nextLink": "x"}"#,
                false,
                More::No,
            ),
            (r#"{"items": [1], "nextLink": "x"}"#, false, More::Yes),
            (r#"{"items": [1, 2], "totalItems": 1}"#, true, More::Yes),
            (r#"{"items": [1, 2], "totalItems": 1}"#, false, More::No),
            (r#"{"items": [1, 2], "totalPages": 0}"#, true, More::Yes),
            (r#"{"items": [1, 2], "totalPages": 0}"#, false, More::No),
        ] {
            let context = PageContext {
                size: 2,
                has_new,
                had_paging_info: true,
            };
            let answer = page(json);
            assert_eq!(
                more(&answer, answer.items.len(), 1, context),
                expected,
                "{json} {has_new}"
            );
        }
    }

    #[test]
    fn a_short_page_of_a_service_that_says_nothing_may_not_be_the_last() {
        for (json, has_new, had_paging_info, expected) in [
            (r#"{"items": [1]}"#, true, false, More::Perhaps),
            (r#"{"items": [1], "nextLink": null}"#, true, false, More::Perhaps),
            (r#"{"items": [1]}"#, false, false, More::No),
            (r#"{"items": [1]}"#, true, true, More::No),
            (r#"{"items": []}"#, false, false, More::No),
            (r#"{"items": [1, 2]}"#, true, false, More::Yes),
            (r#"{"items": [1], "nextLink": ""}"#, true, false, More::No),
        ] {
            let context = PageContext {
                size: 2,
                has_new,
                had_paging_info,
            };
            let answer = page(json);
            let more = more(&answer, answer.items.len(), 1, context);
            assert_eq!(more, expected, "{json} {has_new} {had_paging_info}");
        }
    }

    #[test]
    fn a_number_that_the_answer_contradicts_is_not_told() {
        for (json, number, total, is_contradicted, pages) in [
            (
                r#"{"items": [1, 2], "totalItems": 2, "totalPages": 1}"#,
                1,
                Some(2),
                false,
                Some(1),
            ),
            (
                r#"{"items": [1, 2], "totalItems": 2, "totalPages": 1}"#,
                2,
                None,
                true,
                None,
            ),
            (
                r#"{"items": [], "totalItems": 2, "totalPages": 1}"#,
                2,
                Some(2),
                false,
                Some(1),
            ),
            (
                r#"{"items": [], "totalItems": -1, "totalPages": -1}"#,
                1,
                None,
                true,
                None,
            ),
            (r#"{"items": [1]}"#, 1, None, false, None),
        ] {
            let answer = page(json);
            let context = PageContext {
                size: 2,
                has_new: !answer.items.is_empty(),
                had_paging_info: true,
            };
            let reported = reported_length(&answer, answer.items.len(), number, context);
            let expected = ReportedLength {
                total,
                is_contradicted,
                pages,
            };
            assert_eq!(reported, expected, "{json}");
        }
    }

    #[test]
    fn what_was_told_is_written_and_read_again() {
        for (text, total, is_contradicted, pages) in [
            ("250/5", Some(250), false, Some(5)),
            ("!/5", None, true, Some(5)),
            ("-/-", None, false, None),
        ] {
            let length = ReportedLength {
                total,
                is_contradicted,
                pages,
            };
            assert_eq!(
                (length.to_string().as_str(), ReportedLength::parse(text)),
                (text, Some(length))
            );
        }
        for text in ["", "250", "x/1", "1/x", "end"] {
            assert_eq!(ReportedLength::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_walk_from_the_middle_expects_no_more_than_lies_behind() {
        let length = |total, pages| ReportedLength {
            total: Some(total),
            is_contradicted: false,
            pages: Some(pages),
        };
        assert_eq!(length(250, 5).beginning_at(1, 50), length(250, 5));
        assert_eq!(length(250, 5).beginning_at(3, 50), length(150, 3));
        assert_eq!(length(50, 1).beginning_at(3, 50), length(0, 0));
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
        assert_eq!(grown_page_size(10, 50, 50), 50);
        assert_eq!(grown_page_size(10, 7, 50), 10);
        assert_eq!(
            grown_page_size(10, 80, 50),
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
            assert_eq!(estimated_last_page(&page(json), 1, 50), pages, "{json}");
        }
    }
}
