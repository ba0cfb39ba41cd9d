//! What the reports have to answer, computed from the records of the lists.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use chrono::{DateTime, Datelike, Months, NaiveDate, SecondsFormat, TimeDelta, Utc};
use serde_json::Value as Json;

mod customers;
mod machines;
mod quality;
mod tickets;

pub(super) use customers::{coverage, customer_health, invoices};
pub(super) use machines::{alert_storms, patch_gaps, stale_agents, warranty_and_os};
pub(super) use quality::quality;
pub(super) use tickets::{backlog, sla_risk, workload};

use super::Lists;

type Time = DateTime<Utc>;
type Rows = Vec<Vec<String>>;

/// What stands for null.
const NULL: &str = "-";

fn text(value: &Json) -> String {
    match value {
        Json::Null => NULL.into(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A text, or this if there is none.
fn or(value: &Json, other: &str) -> String {
    value.as_str().unwrap_or(other).to_string()
}

fn time(value: &Json) -> Option<Time> {
    let text = value.as_str()?;
    Some(DateTime::parse_from_rfc3339(text).unwrap().to_utc())
}

fn shown(time: Option<Time>) -> String {
    time.map_or(NULL.into(), |time| {
        time.to_rfc3339_opts(SecondsFormat::Millis, true)
    })
}

fn id(value: &Json) -> i64 {
    value.as_i64().unwrap()
}

fn money(value: f64) -> String {
    // The sum of nothing is -0.
    format!("{:.2}", (value * 100.0).round() / 100.0 + 0.0)
}

fn number(value: &Json) -> f64 {
    value.as_f64().unwrap_or(0.0)
}

fn before(value: &Json, limit: Time) -> bool {
    time(value).is_some_and(|time| time < limit)
}

fn days_ago(now: Time, days: i64) -> Time {
    now - TimeDelta::days(days)
}

fn months_ago(now: Time, months: u32) -> Time {
    let first = now.date_naive().with_day(1).unwrap() - Months::new(months);
    first.and_time(chrono::NaiveTime::MIN).and_utc()
}

fn is_open(ticket: &&Json) -> bool {
    ticket["TicketStatus"] != "Resolved" && ticket["TicketStatus"] != "Closed"
}

fn is_silent(agent: &Json, limit: Time) -> bool {
    agent["Online"] != true && time(&agent["LastSeen"]).is_none_or(|seen| seen < limit)
}

/// Groups records by a key.
fn by<'a, K: Ord>(
    records: impl IntoIterator<Item = &'a Json>,
    key: impl Fn(&Json) -> K,
) -> BTreeMap<K, Vec<&'a Json>> {
    let mut groups: BTreeMap<K, Vec<&Json>> = BTreeMap::new();
    for record in records {
        groups.entry(key(record)).or_default().push(record);
    }
    groups
}

fn ids(records: &[Json], field: &str) -> BTreeSet<i64> {
    records
        .iter()
        .filter_map(|record| record[field].as_i64())
        .collect()
}

fn is_in_force(contract: &&Json) -> bool {
    contract["Active"] == true
}

fn lacks_email(contact: &&Json) -> bool {
    contact["Archived"] != true && contact["Email"].as_str().unwrap_or("").is_empty()
}

fn full_name(contact: &Json) -> String {
    format!(
        "{} {}",
        or(&contact["Firstname"], ""),
        or(&contact["Lastname"], "")
    )
    .trim()
    .to_string()
}

/// When the support of the systems of a sandbox ends.
fn support_ends(agent: &Json) -> Option<NaiveDate> {
    let system = agent["OS"].as_str()?;
    let ends = match (system, agent["OSVersion"].as_str()) {
        (system, Some("22H2")) if system.contains("Windows 10 Pro") => "2025-10-14",
        (system, Some("23H2")) if system.contains("Windows 11 Pro") => "2025-11-11",
        (system, Some("24H2")) if system.contains("Windows 11 Pro") => "2026-10-13",
        (system, _) if system.contains("Server 2019") => "2029-01-09",
        (system, _) if system.contains("Server 2022") => "2031-10-14",
        other => panic!("{other:?} is not known"),
    };
    Some(ends.parse().unwrap())
}

/// The hours of work that has an end, and began at this time or later.
fn work(lists: &Lists, since: Time) -> Vec<(&Json, f64)> {
    let hours = |work: &Json| {
        let (start, end) = (time(&work["StartWorkHour"])?, time(&work["EndWorkHour"])?);
        (start >= since && end >= start).then(|| (end - start).num_seconds() as f64 / 3600.0)
    };
    lists["work_hours"]
        .iter()
        .filter_map(|work| Some((work, hours(work)?)))
        .collect()
}
