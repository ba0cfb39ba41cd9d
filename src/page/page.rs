//! One page of a list, in both forms that the service sends.

use serde::{Deserialize, Serialize};

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(!try_from))]
#[serde(try_from = "Envelope<T>", rename_all = "camelCase")]
#[non_exhaustive]
pub struct Page<T> {
    /// The records.
    pub items: Vec<T>,
    /// Number of the page, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<i32>,
    /// How many records a page may hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items_in_page: Option<i32>,
    /// How many records there are on all pages, under the name of the published document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_item_count: Option<i64>,
    /// How many records there are on all pages, under the guide's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_items: Option<i64>,
    /// How many pages there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_pages: Option<i32>,
    /// Address of the page before; null or empty on the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev_link: Option<String>,
    /// Address of the next page; null or empty on the last. The client never follows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_link: Option<String>,
}

/// A page as the service sends it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<T> {
    items: Option<Vec<T>>,
    #[serde(default, deserialize_with = "crate::types::lenient::read")]
    page: Option<i32>,
    #[serde(default, deserialize_with = "crate::types::lenient::read")]
    items_in_page: Option<i32>,
    #[serde(default, deserialize_with = "crate::types::lenient::read")]
    total_item_count: Option<i64>,
    #[serde(default, deserialize_with = "crate::types::lenient::read")]
    total_items: Option<i64>,
    #[serde(default, deserialize_with = "crate::types::lenient::read")]
    total_pages: Option<i32>,
    prev_link: Option<String>,
    next_link: Option<String>,
}

impl<T> TryFrom<Envelope<T>> for Page<T> {
    type Error = &'static str;

    fn try_from(envelope: Envelope<T>) -> Result<Self, &'static str> {
        Ok(Page {
            items: envelope
                .items
                .ok_or("there is no `items` array, so it is not a page")?,
            page: envelope.page,
            items_in_page: envelope.items_in_page,
            total_item_count: envelope.total_item_count,
            total_items: envelope.total_items,
            total_pages: envelope.total_pages,
            prev_link: envelope.prev_link,
            next_link: envelope.next_link,
        })
    }
}

impl<T> Page<T> {
    /// How many records there are on all pages: `total_item_count` or `total_items`, the greater one if both came.
    pub fn total(&self) -> Option<i64> {
        self.total_item_count.max(self.total_items)
    }

    /// The page with other records, and the records that it had.
    pub(crate) fn with_items<U>(self, items: Vec<U>) -> (Page<U>, Vec<T>) {
        let page = Page {
            items,
            page: self.page,
            items_in_page: self.items_in_page,
            total_item_count: self.total_item_count,
            total_items: self.total_items,
            total_pages: self.total_pages,
            prev_link: self.prev_link,
            next_link: self.next_link,
        };
        (page, self.items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(json: &str) -> Page<u32> {
        serde_json::from_str(json).expect("a page")
    }

    #[test]
    fn what_has_no_items_is_not_a_page() {
        for json in ["{}", r#"{"items": null}"#, r#"{"Items": [1]}"#] {
            let error = serde_json::from_str::<Page<u32>>(json)
                .expect_err(json)
                .to_string();
            assert!(error.contains("no `items` array"), "{error}");
        }
    }

    #[test]
    fn the_numbers_of_a_page_may_be_text() {
        let page = page(r#"{"items": [], "page": "2", "totalItemCount": "7"}"#);
        assert_eq!((page.page, page.total()), (Some(2), Some(7)));
    }
}
