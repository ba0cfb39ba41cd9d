//! A record for each entry of a list in a record, such as the lines of an invoice.
//!
//! The entry takes the place of the list, and everything else of the record comes with each: `InvoiceNumber`,
//! `LineItems.Description`, `LineItems.Total`.

use atera::description::{Field, Kind, Schema};

use crate::{
    columns::{Column, Fields},
    error::Error,
    option_names::OptionNames,
    record::{Record, with_field},
    variants::variant,
};

/// The list whose entries are taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Expansion {
    field: String,
    names: &'static OptionNames,
}

impl Expansion {
    /// The expansion of a field, and the type of the records that come out of it.
    ///
    /// # Errors
    ///
    /// `Usage` if there is no such field, or if it is no list.
    pub(crate) fn new(name: &str, fields: Fields) -> Result<(Self, Option<&'static Schema>), Error> {
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
            return Err(Error::usage(format!(
                "{} needs a list, and `{name}` is none; {lists}",
                expand(fields.names)
            )));
        };
        let schema = fields.schema.map(|schema| {
            let entry = |listed: &Field| {
                let mut entry = *listed;
                if let (Kind::Array(kind), true) = (listed.kind, listed.name == field) {
                    entry.kind = *kind;
                }
                entry
            };
            variant(schema, field, || schema.fields.iter().map(entry).collect())
        });
        let expansion = Expansion {
            field: field.clone(),
            names: fields.names,
        };
        Ok((expansion, schema))
    }

    /// Refuses to sum a field that is not one of the entries: it would be added once for each entry of its record.
    ///
    /// # Errors
    ///
    /// `Usage`, with the field.
    pub(crate) fn check_sums(&self, sums: &[Column]) -> Result<(), Error> {
        let of_record = |column: &&Column| column.path.first() != Some(&self.field);
        match sums.iter().find(of_record) {
            None => Ok(()),
            Some(column) => Err(Error::usage(format!(
                "{sum} would add the `{of_record}` of a record once for each entry of its {list}; name a field of the entries, as \
                 in {list}.…, or leave {expand} out",
                sum = self.names.sum,
                of_record = column.heading,
                list = self.field,
                expand = expand(self.names),
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
            .map(|entry| with_field(json, &self.field, entry.get()))
            .collect()
    }

    /// The few columns that tell most: what the record is known by, and those of the entry.
    pub(crate) fn summary(&self, schema: &'static Schema) -> Vec<Column> {
        let entry = schema.fields.iter().find(|field| field.name == self.field);
        let Some(Kind::Object(inner)) = entry.map(|field| field.kind) else {
            return Column::summary(schema);
        };
        let own = Column::summary(schema)
            .into_iter()
            .filter(|column| column.path[0] != self.field);
        let of_entry = Column::summary(inner).into_iter().map(|column| Column {
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

/// What messages call the option.
fn expand(names: &OptionNames) -> &'static str {
    names.expand.unwrap_or("`expand`")
}
