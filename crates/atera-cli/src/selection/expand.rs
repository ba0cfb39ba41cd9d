//! `--expand`: a record for each entry of a list in a record, such as the lines of an invoice.
//!
//! The entry takes the place of the list, and everything else of the record comes with each: `InvoiceNumber`,
//! `LineItems.Description`, `LineItems.Total`.

use atera::description::{Field, Kind, Schema};

use crate::output::{
    columns::{self, Column, Fields},
    failure::Failure,
    values::{self, Record},
};

/// The list whose entries are taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Expansion {
    field: String,
}

impl Expansion {
    /// The expansion of a field, and the type of the records that come out of it.
    ///
    /// # Errors
    ///
    /// `Usage` if there is no such field, or if it is no list.
    pub(crate) fn new(name: &str, fields: Fields) -> Result<(Self, Option<&'static Schema>), Failure> {
        let column = fields.column(name)?;
        let ([field], Kind::Array(_) | Kind::Any) = (column.path.as_slice(), column.kind) else {
            let lists = fields.schema.map_or(&[][..], |schema| schema.fields).iter();
            let lists: Vec<_> = lists
                .filter(|field| matches!(field.kind, Kind::Array(_)))
                .map(|field| field.name)
                .collect();
            let lists = match lists.is_empty() {
                true => "its records have no lists".to_string(),
                false => format!("its lists are {}", lists.join(", ")),
            };
            return Err(Failure::Usage(format!(
                "--expand needs a list, and `{name}` is none; {lists}"
            )));
        };
        let schema = fields.schema.map(|schema| {
            let entry = |field: &Field| {
                let mut field = *field;
                if let (Kind::Array(kind), true) = (field.kind, field.name == column.path[0]) {
                    field.kind = *kind;
                }
                field
            };
            columns::derived(schema, schema.fields.iter().map(entry).collect())
        });
        Ok((Expansion { field: field.clone() }, schema))
    }

    /// Refuses to sum a field that is not one of the entries: it would be added once for each entry of its record.
    ///
    /// # Errors
    ///
    /// `Usage`, with the field.
    pub(crate) fn check_sums(&self, sums: &[Column]) -> Result<(), Failure> {
        let of_record = |column: &&Column| column.path.first() != Some(&self.field);
        match sums.iter().find(of_record) {
            None => Ok(()),
            Some(column) => Err(Failure::Usage(format!(
                "--sum would add the `{0}` of a record once for each entry of its {1}; name a field of the entries, as in {1}.…, or \
                 leave --expand out",
                column.heading, self.field
            ))),
        }
    }

    /// The records that a record becomes. None, if the list has no entries.
    pub(crate) fn records(&self, json: &str) -> Vec<String> {
        let list = Record::new(json)
            .value(std::slice::from_ref(&self.field))
            .unwrap_or("null");
        let entries: Vec<&serde_json::value::RawValue> = match list {
            "null" => Vec::new(),
            list => match serde_json::from_str(list) {
                Ok(entries) => entries,
                // Something else than a list stays what it is.
                Err(_) => return vec![json.to_string()],
            },
        };
        let entries = entries.into_iter();
        entries
            .map(|entry| values::with_field(json, &self.field, entry.get()))
            .collect()
    }

    /// The columns of a table: what the record is known by, and those of the entry.
    pub(crate) fn telling(&self, schema: &'static Schema) -> Vec<Column> {
        let entry = schema.fields.iter().find(|field| field.name == self.field);
        let Some(Kind::Object(inner)) = entry.map(|field| field.kind) else {
            return Column::telling(schema);
        };
        let own = Column::telling(schema)
            .into_iter()
            .filter(|column| column.path[0] != self.field);
        let of_entry = Column::telling(inner).into_iter().map(|column| Column {
            path: [std::slice::from_ref(&self.field), &column.path[..]].concat(),
            ..column
        });
        own.take(2).chain(of_entry).collect()
    }

    /// The field.
    pub(crate) fn field(&self) -> &str {
        &self.field
    }
}
