//! `atera doctor`: checks the setup, from the key to the permissions.
//!
//! Each check is a row with its state and, where something can be done about it, what to do. A check that fails does not stop
//! those after it, unless they need it. A missing permission is no failure: keys are often restricted on purpose. The exit
//! code is that of the first check that failed, so that a monitoring job can call it.
//!
//! ```text
//! Check        State          Told
//! key          ok             profile `acme`, a JWT, sent as Authorization: Bearer
//! expiry       soon           the key expires on 2026-04-01, in 29 days; make a new one in Admin > API in Atera
//! clock        ok             agrees with that of the service
//! read alerts  no permission  give it to the key in Admin > API in Atera, if it is needed
//! ```

use std::time::Duration;

use atera::{
    Client, ErrorKind, Timestamp,
    auth::KeyHeader,
    description::{Field, GROUPS, Kind, OPERATIONS, Operation, PAGE_SIZE, Schema},
};
use atera_records::Record;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Command;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::{
    input::{connection::Connection, globals::Globals, interrupt::Interrupt, limit_store::LimitStore},
    names::group_name,
    output::{
        cells::cell,
        failure::{Failure, of_call},
        rows,
    },
};

/// Name of the command.
pub(crate) const NAME: &str = "doctor";

/// How long before its expiry a key is reported to expire soon.
const SOON: TimeDelta = TimeDelta::days(30);
/// The tolerated difference between the clocks. With a greater one, expiries and `--since` are wrong.
const DRIFT: TimeDelta = TimeDelta::minutes(2);

/// A row of the table.
static CHECK: Schema = Schema::new(
    "Check",
    &[
        Field::new("Check", Kind::Text),
        Field::new("State", Kind::Text),
        Field::new("Told", Kind::Text),
    ],
);

/// The arguments of the command: none of its own.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Check the key, the way to the service, the clock and what the key may read")
        .after_help(
            "Examples:\n  atera doctor\n  atera --profile acme doctor --output json\n\nIt reads one record of each \
             group and changes nothing. The exit code is that of the first check that failed; a missing permission is \
             no failure.",
        )
}

/// The results of the checks.
#[derive(Default)]
struct Findings {
    rows: Vec<Value>,
    /// The kind of the first failure.
    failed: Option<ErrorKind>,
}

impl Findings {
    /// Adds a row. States that are no failure: `ok`, `soon`, `off`, `unknown`, `no permission`.
    fn add(&mut self, check: &str, state: &str, told: impl Into<String>) {
        let told: String = told.into();
        self.rows
            .push(json!({"Check": check, "State": state, "Told": told}));
    }

    /// Adds a row for a check that failed. The first failure decides on the exit code.
    fn fail(&mut self, check: &str, kind: ErrorKind, told: impl Into<String>) {
        self.add(check, "failed", told);
        self.failed.get_or_insert(kind);
    }
}

/// Runs the checks and prints their results.
pub(crate) async fn run(globals: &Globals, interrupt: &Interrupt) -> Result<(), Failure> {
    let (connection, shared) = interrupt.or(Connection::open_without_limit(globals)).await??;
    let client = connection.client()?;
    let mut findings = Findings::default();
    key(&connection, Timestamp::now().to_utc(), &mut findings);
    match shared {
        Ok(()) => {
            limit_store(&connection, &mut findings);
            interrupt.or(service(&connection, &client, &mut findings)).await?;
        }
        Err(error) => {
            findings.fail("limit store", error.kind(), of_call(&error));
            findings.add(
                "reach",
                "unknown",
                "not asked, because nothing is sent without the limit",
            );
        }
    }
    let failed = findings.failed;
    rows::print(&globals.output, &CHECK, findings.rows.into_iter())?;
    match failed {
        None => Ok(()),
        Some(kind) => Err(Failure::ChecksFailed(kind)),
    }
}

/// Checks the key by itself: in which header it goes, and when it expires. Atera announced that legacy keys end, and a key
/// does not say so itself, so this is the place where people learn it.
fn key(connection: &Connection, now: DateTime<Utc>, findings: &mut Findings) {
    let form = match connection.key.kind() {
        KeyHeader::Bearer => "a JWT, sent as Authorization: Bearer",
        KeyHeader::XApiKey => {
            "a legacy key, sent as X-API-KEY; Atera will stop taking those, so make a new one in time"
        }
        _ => "sent in a header of its own",
    };
    findings.add("key", "ok", format!("{}, {form}", connection.name));
    let Some(expires) = connection.key.expires_at() else {
        return findings.add(
            "expiry",
            "unknown",
            "the key does not tell when it expires; see Admin > API in Atera",
        );
    };
    let (day, left) = (expires.to_utc().format("%Y-%m-%d"), expires.to_utc() - now);
    match left {
        left if left < TimeDelta::zero() => findings.fail(
            "expiry",
            ErrorKind::Unauthorized,
            format!("the key expired on {day}; make a new one in Admin > API in Atera"),
        ),
        left if left < SOON => findings.add(
            "expiry",
            "soon",
            format!(
                "the key expires on {day}, in {} days; make a new one in Admin > API in Atera",
                left.num_days()
            ),
        ),
        _ => findings.add("expiry", "ok", format!("the key expires on {day}")),
    }
}

/// Says where the limit is kept, and how much of it is in use. A server that keeps it has been reached already.
fn limit_store(connection: &Connection, findings: &mut Findings) {
    let Some(store) = connection.limit_store() else {
        return findings.add(
            "limit store",
            "off",
            "this command keeps its limit alone, or has none",
        );
    };
    let place = match store {
        LimitStore::Machine(_) => "a file that all programs of this machine share".to_string(),
        LimitStore::Fleet(fleet) => format!("{}, for all programs that name it", fleet.address()),
    };
    let rate = store.rate();
    let used = match rate.limit.requests() {
        Some(requests) => format!("{} of {requests} slots are in use", rate.in_use),
        None => "there is no limit".to_string(),
    };
    match store {
        LimitStore::Fleet(fleet) if let Some(quarantine) = fleet.quarantine() => {
            findings.add(
                "limit store",
                "unknown",
                format!("{place}; {}", quarantine.remark()),
            );
        }
        _ => findings.add("limit store", "ok", format!("{place}; {used}")),
    }
}

/// The checks that ask the service: whether it answers, its clock, its rate limit, and what the key may read.
///
/// The account is asked first, because its answer shows the most. If the service cannot be reached at all, the rest is skipped:
/// it would be the same failure once more for each group.
async fn service(connection: &Connection, client: &Client, findings: &mut Findings) {
    let Some(account) = Operation::find("account_get") else {
        return;
    };
    let begun = tokio::time::Instant::now();
    match client.operation(account).send().await {
        Ok(answer) => {
            let told = format!(
                "{} answered in {} ms",
                connection.base_url(),
                begun.elapsed().as_millis()
            );
            findings.add("reach", "ok", told);
            let text = String::from_utf8_lossy(&answer.value);
            let account = Record::new(&text);
            let told = |name: &str, otherwise: &str| match cell(Kind::Text, account.value(&[name])) {
                text if text.is_empty() => otherwise.to_string(),
                text => text,
            };
            let zone = told("TimeZoneName", "an unknown zone");
            let name = told("CompanyName", "without a name");
            findings.add("account", "ok", format!("{name}, in {zone}"));
            clock(&answer.headers, Timestamp::now().to_utc(), findings);
            window(&answer.headers, findings);
        }
        // A key may lack this permission and have others.
        Err(error) if error.kind() == ErrorKind::Forbidden => {
            findings.add("reach", "ok", connection.base_url());
            findings.add("account", "no permission", "the key may not read the account");
        }
        Err(error) => {
            let error = connection.explain(error);
            return findings.fail("reach", error.kind(), of_call(&error));
        }
    }
    for group in GROUPS {
        let Some(operation) = cheapest_read(group.name) else {
            continue;
        };
        let call = client.operation(operation);
        // An operation without this parameter is not a list, and is called without it.
        let call = call.clone().set(PAGE_SIZE, "1").unwrap_or(call);
        let check = format!("read {}", group_name(group.name));
        match call.send().await {
            Ok(_) => findings.add(&check, "ok", ""),
            Err(error) if error.kind() == ErrorKind::Forbidden => {
                findings.add(
                    &check,
                    "no permission",
                    "give it to the key in Admin > API in Atera, if it is needed",
                );
            }
            Err(error) => findings.fail(&check, error.kind(), of_call(&error)),
        }
    }
}

/// An operation that shows whether a group can be read: a GET without required parameters.
fn cheapest_read(group: &str) -> Option<&'static Operation> {
    let mut operations = OPERATIONS.iter();
    operations.find(|operation| {
        // The guide's paths read what other groups read as well, and the account has been read already.
        operation.group == group
            && group != "guide"
            && group != "account"
            && operation.method == Method::GET
            && operation.parameters.iter().all(|parameter| !parameter.required)
    })
}

/// Compares this machine's clock with the `Date` of an answer. The time that the answer took is within the tolerance.
fn clock(headers: &HeaderMap, now: DateTime<Utc>, findings: &mut Findings) {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(theirs) = text("date").and_then(|date| DateTime::parse_from_rfc2822(date).ok()) else {
        return findings.add("clock", "unknown", "the service does not tell its time");
    };
    let drift = now - theirs.to_utc();
    match drift.abs() <= DRIFT {
        true => findings.add("clock", "ok", "agrees with that of the service"),
        false => findings.add(
            "clock",
            "off",
            format!(
                "this machine is {} seconds {} the service; set its clock, or expiries and --since go wrong",
                drift.num_seconds().abs(),
                if drift > TimeDelta::zero() {
                    "ahead of"
                } else {
                    "behind"
                }
            ),
        ),
    }
}

/// Reports the service's own count of requests, if it sends one. Other programs with the same key are in it, unlike in the
/// limit that this machine keeps.
fn window(headers: &HeaderMap, findings: &mut Findings) {
    let number = |name| -> Option<u64> { headers.get(name)?.to_str().ok()?.trim().parse().ok() };
    match (number("x-ratelimit-limit"), number("x-ratelimit-remaining")) {
        (Some(limit), Some(left)) => {
            let reset = number("x-ratelimit-reset").map(Duration::from_secs);
            let reset = reset.map(|reset| format!(", full again in {} s", reset.as_secs()));
            let told = format!("{left} of {limit} requests left{}", reset.unwrap_or_default());
            findings.add("rate window", "ok", told);
        }
        _ => findings.add("rate window", "unknown", "the service does not send its count"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check and the state of a row.
    fn state(findings: &Findings, row: usize) -> (&str, &str) {
        let text = |field: &str| findings.rows[row][field].as_str().unwrap_or_default();
        (text("Check"), text("State"))
    }

    #[test]
    fn a_clock_that_is_off_is_told() {
        let now = "2026-03-02T09:00:00Z".parse().expect("a time");
        for (date, expected) in [
            (Some("Mon, 02 Mar 2026 09:00:30 GMT"), "ok"),
            (Some("Mon, 02 Mar 2026 09:10:00 GMT"), "off"),
            (None, "unknown"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(date) = date {
                headers.insert("date", date.parse().expect("a header"));
            }
            let mut findings = Findings::default();
            clock(&headers, now, &mut findings);
            assert_eq!(state(&findings, 0), ("clock", expected));
        }
    }

    #[test]
    fn every_group_but_the_guides_has_something_to_read() {
        for group in GROUPS
            .iter()
            .filter(|it| !["guide", "account"].contains(&it.name))
        {
            assert!(cheapest_read(group.name).is_some(), "{}", group.name);
        }
    }

    #[test]
    fn the_window_is_what_the_headers_say() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-ratelimit-limit", "700"),
            ("x-ratelimit-remaining", "12"),
            ("x-ratelimit-reset", "7"),
        ] {
            headers.insert(name, value.parse().expect("a header"));
        }
        let mut findings = Findings::default();
        window(&headers, &mut findings);
        assert_eq!(
            findings.rows[0]["Told"],
            "12 of 700 requests left, full again in 7 s"
        );
    }
}
