//! A selection: what a record goes through before it is printed.

use std::borrow::Cow;

use atera::{AccountZone, Timestamp, description::Schema};

use super::{
    computed::{self, Computed},
    condition::{Condition, Demand},
    expand::Expansion,
    jq::Jq,
    options::SelectionOptions,
    times::Clock,
    totals::Totals,
};
use crate::output::{
    columns::{self, Column, Fields},
    destination::Output,
    failure::Failure,
    options::OutputOptions,
    plain_values,
    records::{Layout, Sink, Transform},
    values::{self, Record},
};

/// Which records are printed, and how, before the first has come.
pub(crate) struct Selection {
    expansion: Option<Expansion>,
    computed: Vec<&'static Computed>,
    condition: Option<Condition>,
    jq: Option<Jq>,
    totals: Option<Totals>,
    zone: Option<AccountZone>,
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
        let mut fields = Fields {
            schema,
            allow_unknown,
        };
        let computed: Vec<_> = schema
            .map(|schema| computed::of(schema).collect())
            .unwrap_or_default();
        if let Some(schema) = schema.filter(|_| !computed.is_empty()) {
            let added = computed.iter().map(|computed| computed.field);
            fields.schema = Some(columns::derived(
                schema,
                schema.fields.iter().copied().chain(added).collect(),
            ));
        }
        let mut expansion = None;
        if let Some(name) = &options.expand {
            let (of_entries, schema) = Expansion::new(name, fields)?;
            (expansion, fields.schema) = (Some(of_entries), schema);
        }
        let clock = Clock {
            now: Timestamp::now().to_utc(),
            zone: options.zone.unwrap_or(AccountZone::UTC),
        };
        let condition = match options.conditions.is_empty() {
            true => None,
            false => Some(Condition::new(&options.conditions, fields, &clock)?),
        };
        let jq = options.jq.as_deref().map(Jq::new).transpose()?;
        if jq.is_some() && !output.select.is_empty() {
            let sentence = "--jq says itself what is printed of a record; leave --select out";
            return Err(Failure::Usage(sentence.to_string()));
        }
        let mut totals = None;
        if options.wants_totals() {
            if options.limit.is_some() && options.group_by.is_empty() {
                let sentence = "--limit says how many records, or groups, are printed, and --count and --sum without \
                                --group-by print totals of all records; leave one of them out";
                return Err(Failure::Usage(sentence.to_string()));
            }
            let (of_records, schema) = Totals::new(options.count, &options.group_by, &options.sum, fields)?;
            if let Some(expansion) = &expansion {
                expansion.check_sums(of_records.sums())?;
            }
            totals = Some(of_records);
            // The names of the fields of a row are known for certain.
            fields = Fields {
                schema: Some(schema),
                allow_unknown: false,
            };
        }
        let mut layout = Layout::new(output, fields.schema, fields.allow_unknown)?;
        layout.limit = options.limit;
        if jq.is_some() && output.format.is_none() {
            layout.format = &plain_values::FORMAT;
        }
        if let Some(schema) = fields.schema {
            let telling = match (&totals, &expansion) {
                (Some(_), _) => Some(Column::all(schema)),
                (None, Some(expansion)) => Some(expansion.telling(schema)),
                (None, None) => None,
            };
            layout.set_telling(telling);
        }
        if jq.is_some() {
            layout.forget_type();
        }
        let mut selection = Selection {
            expansion,
            computed,
            condition,
            jq,
            totals,
            zone: options.zone,
            layout,
        };
        let is_used = |computed: &&'static Computed| selection.uses(computed.field.name);
        let used: Vec<_> = selection.computed.iter().copied().filter(is_used).collect();
        selection.computed = used;
        Ok(selection)
    }

    /// Whether a field is named anywhere, or has a column.
    fn uses(&self, name: &str) -> bool {
        let named = |column: &Column| column.path.first().is_some_and(|first| first == name);
        self.jq.is_some()
            || self
                .condition
                .as_ref()
                .is_some_and(|condition| condition.columns().into_iter().any(named))
            || match &self.totals {
                Some(totals) => totals.columns().any(named),
                None => self.layout.shows(name),
            }
    }

    /// Whether the whole list is needed, because a record that is not read may be the one that is wanted. Then the flag that
    /// needs it.
    pub(crate) fn needs_all(&self) -> Option<&'static str> {
        match () {
            () if self.condition.is_some() => Some("--where"),
            () if self.totals.as_ref().is_some_and(Totals::has_groups) => Some("--group-by"),
            () if self.totals.as_ref().is_some_and(|totals| !totals.only_counts()) => Some("--sum"),
            () if self.totals.is_some() => Some("--count"),
            () if self.layout.sorts() => Some("--sort"),
            () => None,
        }
    }

    /// Whether all that is wanted is how many records there are, which the service can tell without sending them.
    pub(crate) fn only_counts(&self) -> bool {
        let only_counts = self.totals.as_ref().is_some_and(Totals::only_counts);
        only_counts && self.condition.is_none() && self.expansion.is_none()
    }

    /// Whether records are left out or made into something else, so that their number says nothing about that of the list.
    pub(crate) fn alters(&self) -> bool {
        self.condition.is_some() || self.totals.is_some() || self.expansion.is_some()
    }

    /// Whether something else is printed of a record than the record.
    pub(crate) fn transforms(&self) -> bool {
        self.alters() || self.jq.is_some()
    }

    /// Whether totals are printed in place of records.
    pub(crate) fn prints_totals(&self) -> bool {
        self.totals.is_some()
    }

    /// Whether the zone of the account has to be asked for.
    pub(crate) fn needs_zone(&mut self) -> bool {
        self.zone.is_none() && self.condition.as_mut().is_some_and(Condition::needs_zone)
    }

    /// Sets the zone of the account.
    ///
    /// # Errors
    ///
    /// `Usage` if a time of the condition comes twice by the clocks of that zone.
    pub(crate) fn set_zone(&mut self, zone: AccountZone) -> Result<(), Failure> {
        match &mut self.condition {
            None => Ok(()),
            Some(condition) => condition.set_clock(&Clock {
                now: Timestamp::now().to_utc(),
                zone,
            }),
        }
    }

    /// What may be mistyped although it cannot be refused, a sentence each.
    pub(crate) fn hints(&self) -> &[String] {
        self.condition.as_ref().map(Condition::hints).unwrap_or_default()
    }

    /// The comparisons that every record of the selection fulfils.
    pub(crate) fn demands(&self) -> Vec<Demand<'_>> {
        // With --expand a condition is about the entries of a list, and a field may be that list.
        let condition = self.condition.as_ref().filter(|_| self.expansion.is_none());
        condition.map(Condition::demands).unwrap_or_default()
    }

    /// Prints a number that stands for all records.
    pub(crate) fn number(self, count: u64, out: &mut dyn Output) -> Result<(), Failure> {
        let mut running = self.start();
        if let Some(totals) = &mut running.selection.totals {
            totals.set_count(count);
        }
        running.finish(out).map(|_| ())
    }

    /// Prints an answer that is one record and not a list.
    pub(crate) fn single(&self, json: &str, out: &mut dyn Output) -> Result<(), Failure> {
        let json = self.with_computed(json);
        Ok(self.layout.single(&json, out)?)
    }

    /// A record with the fields that are computed for it.
    fn with_computed<'a>(&self, json: &'a str) -> Cow<'a, str> {
        let mut json = Cow::Borrowed(json);
        for computed in &self.computed {
            let value = computed.json(&Record::new(&json));
            json = Cow::Owned(values::with_field(&json, computed.field.name, &value));
        }
        json
    }

    /// Begins to take records.
    pub(crate) fn start(mut self) -> Running {
        let transform = self.jq.take().map(|jq| Box::new(jq) as Box<dyn Transform>);
        Running {
            transforms: transform.is_some(),
            sink: Sink::transforming(self.layout.clone(), transform),
            read: 0,
            without_entries: 0,
            selection: self,
        }
    }
}

/// A selection that takes records.
pub(crate) struct Running {
    selection: Selection,
    sink: Sink,
    /// Whether a filter comes last.
    transforms: bool,
    read: u64,
    without_entries: u64,
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
        self.read
    }

    /// Whether no further record would be printed.
    pub(crate) fn is_full(&self) -> bool {
        self.selection.totals.is_none() && self.sink.is_full()
    }

    /// Takes a record, given as JSON.
    pub(crate) fn record(&mut self, json: &str, out: &mut dyn Output) -> Result<(), Failure> {
        self.read += 1;
        let Some(expansion) = &self.selection.expansion else {
            return self.entry(json, out);
        };
        let entries = expansion.records(json);
        self.without_entries += u64::from(entries.is_empty());
        entries.iter().try_for_each(|entry| self.entry(entry, out))
    }

    /// Takes a record, or an entry of a list in it.
    fn entry(&mut self, json: &str, out: &mut dyn Output) -> Result<(), Failure> {
        let json = self.selection.with_computed(json);
        let json = json.as_ref();
        if let Some(condition) = &self.selection.condition
            && !condition.holds(&Record::new(json))
        {
            return Ok(());
        }
        match &mut self.selection.totals {
            Some(totals) => totals.add(&Record::new(json)),
            None if self.sink.is_full() => Ok(()),
            None => self.sink.record(json, out),
        }
    }

    /// Prints what is left. It is called after a failure as well, so that what has come is printed as a whole.
    pub(crate) fn finish(mut self, out: &mut dyn Output) -> Result<Outcome, Failure> {
        let mut remarks = Vec::new();
        if let (Some(expansion), 1..) = (&self.selection.expansion, self.without_entries) {
            remarks.push(format!(
                "{} without {}, which have no row",
                self.without_entries,
                expansion.field()
            ));
        }
        remarks.extend(self.selection.condition.as_ref().and_then(Condition::remark));
        if let Some(totals) = &mut self.selection.totals {
            remarks.extend(totals.remark());
            let format = self.selection.layout.format;
            if let Some(number) = totals
                .number()
                .filter(|_| !self.transforms && (format.for_people || !format.has_header))
            {
                self.selection.layout.single(&number, out)?;
                return Ok(Outcome { printed: 1, remarks });
            }
            let rows = totals.rows();
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
            let limit = self
                .selection
                .layout
                .limit
                .and_then(|limit| usize::try_from(limit).ok());
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
