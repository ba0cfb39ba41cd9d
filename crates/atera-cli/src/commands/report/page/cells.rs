//! The tables of a page.

use atera::{Timestamp, text::plain_line};
use atera_mirror::{AnswerColumn, Value};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

/// How many characters of a text are shown.
const LONGEST: usize = 300;

/// How many rows of a table are printed on paper; `page.css` has the same number.
pub(super) const PRINTED: u64 = 40;

/// The longest word that is not broken.
const LONGEST_WORD: usize = 24;

/// A table that a click on a heading sorts.
pub(super) fn table(columns: &[AnswerColumn], rows: &[Vec<Value>]) -> Markup {
    html! {
        div.scroll {
            table {
                thead {
                    tr {
                        @for column in columns {
                            th scope="col" { button type="button" { (column.name.replace('_', " ")) } }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr { @for value in row { (cell(value)) } }
                    }
                }
            }
        }
    }
}

fn cell(value: &Value) -> Markup {
    match value {
        Value::Null => html! { td {} },
        Value::Boolean(value) => html! { td { (if *value { "yes" } else { "no" }) } },
        Value::Integer(number) => html! { td.number data-value=(number) { (number) } },
        Value::Real(number) => html! { td.number data-value=(number) { (format!("{number:.2}")) } },
        Value::Text(text) => match time(text) {
            Some(time) => html! { td.time data-value=(text) { (short(time)) } },
            None => {
                let text = cut(text);
                let is_long = text.split(' ').any(|word| word.chars().count() > LONGEST_WORD);
                html! { td class=[is_long.then_some("long")] { (text) } }
            }
        },
    }
}

/// A point in time, to the minute.
pub(super) fn minute(time: Timestamp) -> String {
    short(time.to_utc())
}

fn short(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// The time that a text is, as the mirror writes times.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let is_time = text.len() == 24 && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
    let time = is_time.then(|| DateTime::parse_from_rfc3339(text).ok())?;
    time.map(|time| time.to_utc())
}

/// The beginning of a text, in one line.
fn cut(text: &str) -> String {
    let text = plain_line(text);
    match text.chars().count() > LONGEST {
        true => text.chars().take(LONGEST).chain(['…']).collect(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_text_and_never_markup() {
        let shown = |value: Value| cell(&value).into_string();
        let text = shown(Value::Text("<script>alert(\"x\")</script>&'".into()));
        assert_eq!(
            text,
            "<td class=\"long\">&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;'</td>"
        );
        let long = shown(Value::Text("ä".repeat(5000)));
        assert_eq!(
            long.chars().count(),
            LONGEST + "<td class=\"long\">…</td>".chars().count()
        );
        assert_eq!(
            shown(Value::Text("2026-03-02T08:15:00.000Z".into())),
            "<td class=\"time\" data-value=\"2026-03-02T08:15:00.000Z\">2026-03-02 08:15 UTC</td>"
        );
        assert_eq!(
            shown(Value::Real(2.5)),
            "<td class=\"number\" data-value=\"2.5\">2.50</td>"
        );
        assert_eq!(shown(Value::Null), "<td></td>");
        assert_eq!(shown(Value::Text("Pending".into())), "<td>Pending</td>");
        assert!(
            include_str!("page.css").contains(&format!("tr:nth-child(n+{}) {{ display: none", PRINTED + 1))
        );
    }
}
