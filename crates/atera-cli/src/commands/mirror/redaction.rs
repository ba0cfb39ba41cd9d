//! The fields that a mirror leaves out. They are chosen with its first sync, and later ones keep to them.

use atera_mirror::{Limits, Mirror, Redaction, Value};

/// The fields that a mirror leaves out, if it has been synced before and leaves some out.
pub(crate) async fn of(mirror: &Mirror) -> Option<String> {
    let sql = "SELECT value FROM _mirror WHERE name = 'redacted'";
    // A mirror that cannot be read is told by what is done with it next; a new one has no such table.
    let mut answer = mirror.query(sql, &[], &Limits::default()).await.ok()?;
    match answer.all().await.ok()?.into_iter().flatten().next() {
        Some(Value::Text(fields)) if !fields.is_empty() => Some(fields),
        _ => None,
    }
}

/// The same, for the options of a sync.
pub(crate) async fn kept(mirror: &Mirror) -> Redaction {
    let fields = of(mirror).await.unwrap_or_default();
    let names = fields.split(',').filter(|name| !name.is_empty());
    // If the description lacks one of them by now, the sync refuses to leave out others than before.
    Redaction::parse(names).unwrap_or_default()
}
