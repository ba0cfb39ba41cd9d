//! The colours of states: what needs attention stands out.

use atera::description::Kind;
use atera_records::Column;
use comfy_table::Color;

/// The ends of the names of fields that hold a state.
const FIELDS: [&str; 5] = ["status", "severity", "priority", "state", "online"];

/// States in lower case, each with its colour.
const STATES: [(&str, Color); 19] = [
    ("critical", Color::Red),
    ("failed", Color::Red),
    ("down", Color::Red),
    ("offline", Color::Red),
    ("overdue", Color::Red),
    ("false", Color::Red),
    ("high", Color::Yellow),
    ("warning", Color::Yellow),
    ("open", Color::Yellow),
    ("soon", Color::Yellow),
    ("pending", Color::Cyan),
    ("snoozed", Color::Cyan),
    ("resolved", Color::Green),
    ("closed", Color::Green),
    ("ok", Color::Green),
    ("up", Color::Green),
    ("online", Color::Green),
    ("active", Color::Green),
    ("true", Color::Green),
];

/// The colour of a cell. Only fields that hold a state have one: `true` means nothing good or bad by itself.
pub(crate) fn color(column: &Column, cell: &str) -> Option<Color> {
    let name = column.path.last()?.to_ascii_lowercase();
    let is_state = FIELDS.iter().any(|end| name.ends_with(end));
    let has_states = matches!(
        column.kind,
        Kind::Enum { .. } | Kind::Text | Kind::Boolean | Kind::Any
    );
    let state = STATES.iter().find(|(state, _)| state.eq_ignore_ascii_case(cell));
    state.filter(|_| is_state && has_states).map(|(_, color)| *color)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_states_have_colours() {
        let color = |field: &str, cell: &str| color(&Column::plain(field), cell);
        assert_eq!(color("Severity", "Critical"), Some(Color::Red));
        assert_eq!(color("TicketStatus", "open"), Some(Color::Yellow));
        assert_eq!(color("Online", "false"), Some(Color::Red));
        assert_eq!(color("Billiable", "false"), None);
        assert_eq!(color("TicketTitle", "Critical"), None);
        assert_eq!(color("TicketStatus", "Waiting for customer"), None);
    }
}
