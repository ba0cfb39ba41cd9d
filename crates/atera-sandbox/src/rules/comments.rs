//! Comments of tickets.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::world::{Entity::Comment, Record};

/// A comment on a ticket, not internal and without an author. `date` is a point in time as records have it.
pub(crate) fn comment(ticket: Value, date: Value, text: &str, modified: DateTime<Utc>) -> Record {
    let fields = [
        ("Date", date),
        ("Comment", text.into()),
        ("CommentHtml", html(text).into()),
        ("IsInternal", false.into()),
        ("TicketID", ticket),
    ];
    Record::with_fields(Comment.shape(), modified, fields)
}

/// Plain text as HTML. Text that starts with a tag is returned unchanged: comments from e-mails are HTML already.
fn html(text: &str) -> String {
    if text.starts_with('<') {
        return text.to_string();
    }
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!("<p>{}</p>", text.replace("\r\n", "<br/>").replace('\n', "<br/>"))
}
