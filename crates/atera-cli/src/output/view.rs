//! What is printed of each record, in whichever format.

use std::borrow::Cow;

use atera::description::Schema;
use atera_records::{Column, Record, project};

use super::look::Look;

/// What is printed of each record: all of it, or the fields that `--select` names.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    /// The description of the records, where there is one.
    pub(crate) schema: Option<&'static Schema>,
    /// The selected fields, in the order in which they were named.
    pub(crate) selected: Option<Vec<Column>>,
    /// The columns of a table where no fields are selected, if not those that the names of the fields decide on.
    pub(crate) telling: Option<Vec<Column>>,
    /// How a table looks.
    pub(crate) look: Look,
    /// Whether the names of the columns are left out.
    pub(crate) no_header: bool,
    /// Whether CSV begins with a byte order mark.
    pub(crate) bom: bool,
}

impl View {
    /// The columns for a format that has some: the selected ones, or else those that `otherwise` chooses. None, if nothing is
    /// known about the records.
    pub(crate) fn columns(&self, otherwise: fn(&'static Schema) -> Vec<Column>) -> Vec<Column> {
        let chosen = self.selected.clone().or_else(|| self.schema.map(otherwise));
        chosen.unwrap_or_default()
    }

    /// A record with the selected fields alone. A value that is not an object has no fields, and stays as it is.
    pub(crate) fn project<'a>(&self, json: &'a str) -> Cow<'a, str> {
        match &self.selected {
            Some(columns) => match Record::new(json) {
                record if record.fields.is_some() => Cow::Owned(project(&record, columns)),
                _ => Cow::Borrowed(json),
            },
            None => Cow::Borrowed(json),
        }
    }

    /// Whether fields are selected.
    pub(crate) fn selects(&self) -> bool {
        self.selected.is_some()
    }
}
