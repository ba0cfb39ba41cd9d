//! A selection: what a record goes through before it is printed.

use atera::{
    AccountZone,
    description::{Field, Operation, Schema},
};
use atera_records::Column;

use super::{jq::Jq, options::SelectionOptions};
use crate::{
    names::{fields, kept, row_type},
    output::{
        destination::Output,
        failure::Failure,
        options::OutputOptions,
        plain_values,
        records::{Layout, Sink, Transform},
    },
};

/// Which records are printed, and how, before the first has come.
pub(crate) struct Selection {
    records: atera_records::Selection,
    jq: Option<Jq>,
    /// How what comes out is printed.
    pub(crate) layout: Layout,
}

impl Selection {
    /// The selection of records of this type. Without a type any field may be named.
    ///
    /// # Errors
    ///
    /// `Usage` if something does not fit the type.
    pub(crate) fn new(
        options: &SelectionOptions,
        output: &OutputOptions,
        schema: Option<&'static Schema>,
        allow_unknown: bool,
    ) -> Result<Self, Failure> {
        let mut records = atera_records::Selection::new(&options.records, fields(schema, allow_unknown))?;
        let jq = options.jq.as_deref().map(Jq::new).transpose()?;
        if jq.is_some() && !output.select.is_empty() {
            let sentence = "--jq says itself what is printed of a record; leave --select out";
            return Err(Failure::Usage(sentence.to_string()));
        }
        if options.limit.is_some() && records.has_totals() && !records.has_groups() {
            let sentence = "--limit says how many records, or groups, are printed, and --count and --sum without \
                            --group-by print totals of all records; leave one of them out";
            return Err(Failure::Usage(sentence.to_string()));
        }
        let row = records.total_fields().map(|total| {
            let total = total.iter().map(|(name, kind)| Field::new(kept(name), *kind));
            row_type("Total", total.collect())
        });
        let mut layout = match row {
            // The names of the fields of a row are known for certain.
            Some(row) => Layout::of_rows(output, row)?,
            None => Layout::new(output, records.fields().schema(), allow_unknown)?,
        };
        layout.limit = options.limit;
        if jq.is_some() && output.format.is_none() {
            layout.format = &plain_values::FORMAT;
        }
        layout.set_telling(match row {
            Some(row) => Some(Column::all(row)),
            None => records.summary().filter(|_| options.records.expand.is_some()),
        });
        if jq.is_some() {
            layout.forget_type();
        }
        records.retain_computed(|name| jq.is_some() || (row.is_none() && layout.shows(name)));
        Ok(Selection { records, jq, layout })
    }

    /// Whether the whole list is needed, because a record that is not read may be the one that is wanted. Then the flag that
    /// needs it.
    pub(crate) fn needs_all(&self) -> Option<&'static str> {
        let records = &self.records;
        match () {
            () if records.has_condition() => Some("--where"),
            () if records.has_groups() => Some("--group-by"),
            () if records.has_totals() && !records.has_only_a_count() => Some("--sum"),
            () if records.has_totals() => Some("--count"),
            () if self.layout.sorts() => Some("--sort"),
            () => None,
        }
    }

    /// Whether all that is wanted is how many records there are, which the service can tell without sending them.
    pub(crate) fn only_counts(&self) -> bool {
        self.records.only_counts()
    }

    /// Whether records are left out or made into something else, so that their number says nothing about that of the list.
    pub(crate) fn alters(&self) -> bool {
        self.records.alters()
    }

    /// Whether something else is printed of a record than the record.
    pub(crate) fn transforms(&self) -> bool {
        self.alters() || self.jq.is_some()
    }

    /// Whether totals are printed in place of records.
    pub(crate) fn prints_totals(&self) -> bool {
        self.records.has_totals()
    }

    /// Whether the zone of the account has to be asked for.
    pub(crate) fn needs_zone(&mut self) -> bool {
        self.records.needs_zone()
    }

    /// Sets the zone of the account.
    ///
    /// # Errors
    ///
    /// `Usage` if a time of the condition comes twice by the clocks of that zone.
    pub(crate) fn set_zone(&mut self, zone: AccountZone) -> Result<(), Failure> {
        Ok(self.records.set_zone(zone)?)
    }

    /// What may be mistyped although it cannot be refused, a sentence each.
    pub(crate) fn hints(&self) -> &[String] {
        self.records.hints()
    }

    /// The parameters of a list that leave out no record of the selection.
    pub(crate) fn parameters(&self, list: &Operation) -> Vec<(&'static str, String)> {
        self.records.parameters(list)
    }

    /// Prints a number that stands for all records.
    pub(crate) fn number(self, count: u64, out: &mut dyn Output) -> Result<(), Failure> {
        let mut running = self.start();
        running.records.set_count(count);
        running.finish(out).map(|_| ())
    }

    /// Prints an answer that is one record and not a list.
    pub(crate) fn single(&self, json: &str, out: &mut dyn Output) -> Result<(), Failure> {
        let json = self.records.with_computed(json);
        Ok(self.layout.single(&json, out)?)
    }

    /// Begins to take records.
    pub(crate) fn start(self) -> Running {
        let transform = self.jq.map(|jq| Box::new(jq) as Box<dyn Transform>);
        Running {
            records: self.records,
            transforms: transform.is_some(),
            sink: Sink::transforming(self.layout.clone(), transform),
            layout: self.layout,
        }
    }
}

/// A selection that takes records.
pub(crate) struct Running {
    records: atera_records::Selection,
    layout: Layout,
    sink: Sink,
    /// Whether a filter comes last.
    transforms: bool,
}

/// What came of a selection.
pub(crate) struct Outcome {
    /// How many records, or rows, were printed.
    pub(crate) printed: u64,
    /// What has to be said about them.
    pub(crate) remarks: Vec<String>,
}

impl Running {
    /// How many records were read.
    pub(crate) fn read(&self) -> u64 {
        self.records.read()
    }

    /// Whether no further record would be printed.
    pub(crate) fn is_full(&self) -> bool {
        !self.records.has_totals() && self.sink.is_full()
    }

    /// Takes a record, given as JSON.
    pub(crate) fn record(&mut self, json: &str, out: &mut dyn Output) -> Result<(), Failure> {
        let sink = &mut self.sink;
        self.records.take(json, |record| match sink.is_full() {
            true => Ok(()),
            false => sink.record(record, out),
        })
    }

    /// Prints what is left. It is called after a failure as well, so that what has come is printed as a whole.
    pub(crate) fn finish(mut self, out: &mut dyn Output) -> Result<Outcome, Failure> {
        let mut remarks = self.records.remarks();
        if self.records.has_totals() {
            let format = self.layout.format;
            if let Some(number) = self
                .records
                .number()
                .filter(|_| !self.transforms && (format.for_people || !format.has_header))
            {
                self.layout.single(&number, out)?;
                return Ok(Outcome { printed: 1, remarks });
            }
            let rows = self.records.rows();
            let groups = rows.len();
            let mut taken = 0;
            for row in &rows {
                if self.sink.is_full() {
                    break;
                }
                taken += 1;
                self.sink.record(row, out)?;
            }
            // What is sorted is taken as a whole, and cut at the end.
            let limit = self.layout.limit.and_then(|limit| usize::try_from(limit).ok());
            let shown = match self.transforms {
                true => taken,
                false => limit.unwrap_or(taken).min(taken),
            };
            if shown < groups {
                remarks.push(format!(
                    "--limit leaves out {} of {groups} groups",
                    groups - shown
                ));
            }
        }
        let printed = self.sink.finish(out)?;
        Ok(Outcome { printed, remarks })
    }
}
