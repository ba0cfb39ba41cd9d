//! All of it, one after another.

use std::borrow::Cow;

use atera::{
    AccountZone, Timestamp,
    description::{Kind, Operation},
};

use crate::{
    columns::{Column, Fields},
    computed::{self, Computed},
    condition::Condition,
    error::Error,
    expand::Expansion,
    options::SelectionOptions,
    record::{Record, with_field},
    times::Clock,
    totals::Totals,
    variants::variant,
};

/// Takes records, one at a time, and hands on those that are wanted, or counts and sums them.
///
/// ```
/// use atera::description::Operation;
/// use atera_records::{Fields, Record, Selection, SelectionOptions, project};
///
/// let list = Operation::find("tickets_list").unwrap();
/// let options = SelectionOptions {
///     conditions: vec!["Status=Open and Priority>=High".to_string()],
///     ..SelectionOptions::default()
/// };
/// let mut selection = Selection::new(&options, Fields::of(list.record()))?;
/// // The service filters by the status itself.
/// assert_eq!(selection.parameters(list), [("ticketStatus", "Open".to_string())]);
///
/// let columns = selection.fields().columns(&["TicketID", "Title"])?;
/// let mut taken = Vec::new();
/// for json in [
///     r#"{"TicketID": 1, "TicketTitle": "Printer", "TicketStatus": "Open", "TicketPriority": "Critical"}"#,
///     r#"{"TicketID": 2, "TicketTitle": "Mail", "TicketStatus": "Open", "TicketPriority": "Low"}"#,
/// ] {
///     selection.take(json, |record| {
///         taken.push(project(&Record::new(record), &columns));
///         Ok::<_, atera_records::Error>(())
///     })?;
/// }
/// assert_eq!(taken, [r#"{"TicketID":1,"TicketTitle":"Printer"}"#]);
/// # Ok::<(), atera_records::Error>(())
/// ```
///
/// With totals, no record is handed on, and the rows come at the end:
///
/// ```
/// use atera_records::{Fields, Selection, SelectionOptions};
///
/// let options = SelectionOptions {
///     group_by: vec!["Customer".to_string()],
///     sum: vec!["Total".to_string()],
///     ..SelectionOptions::default()
/// };
/// let mut selection = Selection::new(&options, Fields::of(None))?;
/// for json in [
///     r#"{"Customer": "Harbor Dental", "Total": 0.1}"#,
///     r#"{"Customer": "harbor dental", "Total": 0.2}"#,
/// ] {
///     selection.take(json, |_| Ok::<_, atera_records::Error>(()))?;
/// }
/// assert_eq!(selection.rows(), [r#"{"Customer":"Harbor Dental","Count":2,"Total":0.3}"#]);
/// # Ok::<(), atera_records::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Selection {
    /// The fields of what comes out, unless that are totals.
    fields: Fields,
    expansion: Option<Expansion>,
    computed: Vec<&'static Computed>,
    condition: Option<Condition>,
    totals: Option<Totals>,
    zone: Option<AccountZone>,
    now: Option<Timestamp>,
    read: u64,
    without_entries: u64,
}

impl Selection {
    /// The selection of records with these fields.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) if something is not understood, or does not fit the records.
    pub fn new(options: &SelectionOptions, mut fields: Fields) -> Result<Self, Error> {
        let computed: Vec<_> = fields
            .schema
            .map(|schema| computed::of(schema).collect())
            .unwrap_or_default();
        if let Some(schema) = fields.schema.filter(|_| !computed.is_empty()) {
            let added = computed.iter().map(|computed: &&Computed| computed.field);
            fields.schema = Some(variant(schema, "", || {
                schema.fields.iter().copied().chain(added).collect()
            }));
        }
        let mut expansion = None;
        if let Some(name) = &options.expand {
            let (of_entries, schema) = Expansion::new(name, fields)?;
            (expansion, fields.schema) = (Some(of_entries), schema);
        }
        let condition = match options.conditions.is_empty() {
            true => None,
            false => {
                let clock = clock(options.zone.unwrap_or(AccountZone::UTC), options.now);
                Some(Condition::new(&options.conditions, fields, &clock)?)
            }
        };
        let mut totals = None;
        if options.wants_totals() {
            let of_records = Totals::new(options.count, &options.group_by, &options.sum, fields)?;
            if let Some(expansion) = &expansion {
                expansion.check_sums(of_records.sums())?;
            }
            totals = Some(of_records);
        }
        Ok(Selection {
            fields,
            expansion,
            computed,
            condition,
            totals,
            zone: options.zone,
            now: options.now,
            read: 0,
            without_entries: 0,
        })
    }

    /// The fields of the records that are handed on: with a list taken apart, those of its entries too. Rows of totals have
    /// [others](Selection::total_fields).
    pub fn fields(&self) -> Fields {
        self.fields
    }

    /// The fields of a row of totals, and their kinds, if totals are wanted.
    pub fn total_fields(&self) -> Option<Vec<(String, Kind)>> {
        self.totals.as_ref().map(Totals::fields)
    }

    /// The few fields that tell most of a record that is handed on, if its type is known.
    pub fn summary(&self) -> Option<Vec<Column>> {
        let schema = self.fields.schema?;
        Some(match &self.expansion {
            Some(expansion) => expansion.summary(schema),
            None => Column::summary(schema),
        })
    }

    /// Adds a computed field, such as the `DurationHours` of work hours, to records only where it is used: in a condition or a
    /// total, or if `shown` says so of its name. Without this, all are added.
    pub fn retain_computed(&mut self, shown: impl Fn(&str) -> bool) {
        let condition = self
            .condition
            .as_ref()
            .map(Condition::columns)
            .unwrap_or_default();
        let totals = self.totals.iter().flat_map(Totals::columns);
        let used: Vec<_> = condition.into_iter().chain(totals).collect();
        let is_used = |name: &str| {
            used.iter()
                .any(|column| column.path.first().is_some_and(|it| it == name))
        };
        let kept = self.computed.iter().copied();
        let kept = kept.filter(|computed| is_used(computed.field.name) || shown(computed.field.name));
        self.computed = kept.collect();
    }

    /// Whether there is a condition.
    pub fn has_condition(&self) -> bool {
        self.condition.is_some()
    }

    /// Whether totals are wanted in place of records.
    pub fn has_totals(&self) -> bool {
        self.totals.is_some()
    }

    /// Whether totals are wanted for each group.
    pub fn has_groups(&self) -> bool {
        self.totals.as_ref().is_some_and(Totals::has_groups)
    }

    /// Whether the totals are nothing but a number of records.
    pub fn has_only_a_count(&self) -> bool {
        self.totals.as_ref().is_some_and(Totals::only_counts)
    }

    /// Whether all that is wanted is how many records the list has, which the service can tell without sending them.
    pub fn only_counts(&self) -> bool {
        self.has_only_a_count() && self.condition.is_none() && self.expansion.is_none()
    }

    /// Whether records are left out or made into something else, so that the number of what comes out says nothing about that of
    /// the list.
    pub fn alters(&self) -> bool {
        self.condition.is_some() || self.totals.is_some() || self.expansion.is_some()
    }

    /// Whether the zone of the account has to be asked for: a condition has a day or a clock time in it, and no zone is named or
    /// [set](Selection::set_zone).
    pub fn needs_zone(&mut self) -> bool {
        self.zone.is_none() && self.condition.as_mut().is_some_and(Condition::needs_zone)
    }

    /// Sets the zone of the account.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) if a time of the condition comes twice by the clocks of that zone.
    pub fn set_zone(&mut self, zone: AccountZone) -> Result<(), Error> {
        if let Some(condition) = &mut self.condition {
            condition.set_clock(&clock(zone, self.now))?;
        }
        self.zone = Some(zone);
        Ok(())
    }

    /// What may be mistyped although it cannot be refused, a sentence each.
    pub fn hints(&self) -> &[String] {
        self.condition.as_ref().map(Condition::hints).unwrap_or_default()
    }

    /// The parameters of a list, with their values, that leave out nothing that is wanted: the service then sends fewer records.
    pub fn parameters(&self, list: &Operation) -> Vec<(&'static str, String)> {
        // With a list taken apart, a condition is about its entries, and a field may be that list.
        let condition = self.condition.as_ref().filter(|_| self.expansion.is_none());
        condition
            .map(|condition| condition.parameters(list))
            .unwrap_or_default()
    }

    /// A record with the fields that are computed for it.
    pub fn with_computed<'a>(&self, json: &'a str) -> Cow<'a, str> {
        let mut json = Cow::Borrowed(json);
        for computed in &self.computed {
            let value = computed.json(&Record::new(&json));
            json = Cow::Owned(with_field(&json, computed.field.name, &value));
        }
        json
    }

    /// Takes a record, given as JSON, and hands on what comes of it: nothing, the record, or a record for each entry of the list
    /// that is taken apart. With totals nothing is handed on.
    ///
    /// # Errors
    ///
    /// What `hand_on` returns, and [`ErrorKind::Inexact`](crate::ErrorKind::Inexact) if a value cannot be summed exactly.
    pub fn take<E: From<Error>>(
        &mut self,
        json: &str,
        mut hand_on: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        self.read += 1;
        let Some(expansion) = &self.expansion else {
            return self.take_entry(json, &mut hand_on);
        };
        let entries = expansion.records(json);
        self.without_entries += u64::from(entries.is_empty());
        entries
            .iter()
            .try_for_each(|entry| self.take_entry(entry, &mut hand_on))
    }

    /// Takes a record, or an entry of a list in it.
    fn take_entry<E: From<Error>>(
        &mut self,
        json: &str,
        hand_on: &mut impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let json = self.with_computed(json);
        if let Some(condition) = &self.condition
            && !condition.holds(&Record::new(&json))
        {
            return Ok(());
        }
        match &mut self.totals {
            Some(totals) => Ok(totals.add(&Record::new(&json))?),
            None => hand_on(&json),
        }
    }

    /// How many records were taken.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Sets the number of records, where the service told it without sending them.
    pub fn set_count(&mut self, count: u64) {
        if let Some(totals) = &mut self.totals {
            totals.set_count(count);
        }
    }

    /// The one number, if the totals are one: a count, or a sum without groups.
    pub fn number(&mut self) -> Option<String> {
        self.totals.as_mut().and_then(Totals::number)
    }

    /// The rows of totals, as JSON: the greatest of the last number first. Without groups it is one, even of no records.
    pub fn rows(&mut self) -> Vec<String> {
        self.totals.as_mut().map(Totals::rows).unwrap_or_default()
    }

    /// What has to be said about the records that were taken, a part of a sentence each: values of kinds that do not compare,
    /// records without a value to sum.
    pub fn remarks(&self) -> Vec<String> {
        let without_entries = self.expansion.as_ref().filter(|_| self.without_entries > 0);
        let without_entries = without_entries.map(|expansion| {
            format!(
                "{} without {}, which have no row",
                self.without_entries,
                expansion.field()
            )
        });
        let of_condition = self.condition.as_ref().and_then(Condition::remark);
        let of_totals = self.totals.as_ref().and_then(Totals::remark);
        without_entries
            .into_iter()
            .chain(of_condition)
            .chain(of_totals)
            .collect()
    }
}

/// The clocks of this zone at this time, or now.
fn clock(zone: AccountZone, now: Option<Timestamp>) -> Clock {
    Clock {
        now: now.unwrap_or_else(Timestamp::now).to_utc(),
        zone,
    }
}

#[cfg(test)]
mod tests {
    use atera::description::Schema;

    use super::*;

    fn selection(schema: &str, options: &SelectionOptions) -> Result<Selection, Error> {
        Selection::new(options, Fields::of(Schema::find(schema)))
    }

    /// What comes out of these records.
    fn taken(selection: &mut Selection, records: &[&str]) -> Vec<String> {
        let mut taken = Vec::new();
        for json in records {
            let took = selection.take(json, |record| {
                taken.push(record.to_string());
                Ok::<_, Error>(())
            });
            took.expect("a record");
        }
        taken
    }

    #[test]
    fn messages_name_the_options_as_they_are_offered() {
        let options = |field: &str| SelectionOptions {
            conditions: vec![field.to_string()],
            ..SelectionOptions::default()
        };
        let told =
            |options: &SelectionOptions| selection("Ticket", options).expect_err("refused").to_string();
        assert_eq!(
            told(&options("Titel=x")),
            "`where` is not understood at character 1, `Titel=x`: Ticket has no field `Titel` (did you mean `TicketTitle`?)"
        );
        assert!(!told(&options("TicketPriority=Huge")).contains("--"));
        let sum = SelectionOptions {
            sum: vec!["TicketTitle".to_string()],
            ..SelectionOptions::default()
        };
        let told = told(&sum);
        assert!(
            told.starts_with("`sum` needs a number, and `TicketTitle` is none; its numbers are TicketID,"),
            "{told}"
        );
    }

    #[test]
    fn entries_of_a_list_are_taken_apart_and_summed() {
        let invoices = [
            r#"{"InvoiceNumber": "A", "LineItems": [{"Description": "x", "Total": 1.10}, {"Description": "y", "Total": 2}]}"#,
            r#"{"InvoiceNumber": "B", "LineItems": []}"#,
        ];
        let options = SelectionOptions {
            conditions: vec!["LineItems.Total>1.5".to_string()],
            expand: Some("LineItems".to_string()),
            ..SelectionOptions::default()
        };
        let mut lines = selection("Invoice", &options).expect("a selection");
        assert_eq!(
            taken(&mut lines, &invoices),
            [r#"{"InvoiceNumber": "A", "LineItems": {"Description": "y", "Total": 2}}"#]
        );
        assert_eq!(lines.remarks(), ["1 without LineItems, which have no row"]);
        let options = SelectionOptions {
            sum: vec!["LineItems.Total".to_string()],
            conditions: Vec::new(),
            ..options
        };
        let mut sum = selection("Invoice", &options).expect("a selection");
        assert_eq!(taken(&mut sum, &invoices), [""; 0]);
        assert_eq!(sum.number().as_deref(), Some("3.1"));
    }

    #[test]
    fn the_zone_of_the_account_moves_its_days() {
        let options = SelectionOptions {
            conditions: vec!["Created=2026-03-01".to_string()],
            ..SelectionOptions::default()
        };
        let mut alerts = selection("Alert", &options).expect("a selection");
        let record = r#"{"Created": "2026-03-02T02:00:00Z"}"#;
        assert!(alerts.needs_zone());
        assert_eq!(taken(&mut alerts, &[record]), [""; 0]);
        let set = alerts.set_zone("America/New_York".parse().expect("a zone"));
        set.expect("a clock");
        assert!(!alerts.needs_zone());
        assert_eq!(taken(&mut alerts, &[record]), [record]);
        assert_eq!(alerts.read(), 2);
    }

    #[test]
    fn computed_fields_are_added_where_they_are_used() {
        let record = r#"{"StartWorkHour": "2026-03-02T08:00:00Z", "EndWorkHour": "2026-03-02T09:30:00Z"}"#;
        let mut all = selection("TicketWorkHours", &SelectionOptions::default()).expect("a selection");
        assert!(taken(&mut all, &[record])[0].ends_with(r#","DurationHours":1.5}"#));
        all.retain_computed(|_| false);
        assert_eq!(taken(&mut all, &[record]), [record]);
        let options = SelectionOptions {
            conditions: vec!["DurationHours>1".to_string()],
            ..SelectionOptions::default()
        };
        let mut long = selection("TicketWorkHours", &options).expect("a selection");
        long.retain_computed(|_| false);
        assert_eq!(taken(&mut long, &[record]).len(), 1);
    }
}
