//! What the reports have to answer, computed from the records of the lists.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use chrono::{DateTime, Datelike, Months, NaiveDate, SecondsFormat, TimeDelta, Utc};
use serde_json::Value as Json;

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

pub(super) fn stale_agents(lists: &Lists, now: Time, days: i64, customer: &str) -> Rows {
    let mut agents: Vec<_> = lists["agents"]
        .iter()
        .filter(|agent| is_silent(agent, days_ago(now, days)))
        .filter(|agent| customer.is_empty() || agent["CustomerName"] == customer)
        .collect();
    agents.sort_by_key(|agent| (time(&agent["LastSeen"]), id(&agent["AgentID"])));
    let fields = ["CustomerName", "AgentName", "AgentID", "OS"];
    agents
        .into_iter()
        .map(|agent| {
            let mut row: Vec<_> = fields.map(|field| text(&agent[field])).into();
            row.extend([shown(time(&agent["LastSeen"])), text(&agent["LastLoginUser"])]);
            row
        })
        .collect()
}

pub(super) fn sla_risk(lists: &Lists, now: Time, hours: i64) -> Rows {
    let soon = now + TimeDelta::hours(hours);
    let state = |due: &Json| match time(due) {
        Some(due) if due < now => "overdue",
        Some(due) if due < soon => "due soon",
        _ => NULL,
    };
    let mut rows: Vec<_> = lists["tickets"]
        .iter()
        .filter(is_open)
        .filter_map(|ticket| {
            let response = match ticket["TechnicianFirstCommentDate"].is_null() {
                true => state(&ticket["FirstResponseDueDate"]),
                false => NULL,
            };
            let resolution = state(&ticket["ClosedTicketDueDate"]);
            if response == NULL && resolution == NULL {
                return None;
            }
            let due = time(&ticket["ClosedTicketDueDate"]);
            let row = vec![
                text(&ticket["TicketID"]),
                text(&ticket["TicketTitle"]),
                text(&ticket["CustomerName"]),
                or(&ticket["TechnicianFullName"], "(nobody)"),
                text(&ticket["TicketPriority"]),
                text(&ticket["TicketStatus"]),
                response.into(),
                shown(time(&ticket["FirstResponseDueDate"])),
                resolution.into(),
                shown(due),
            ];
            Some(((due.is_none(), due, id(&ticket["TicketID"])), row))
        })
        .collect();
    rows.sort();
    rows.into_iter().map(|(_, row)| row).collect()
}

pub(super) fn backlog(lists: &Lists, now: Time, field: &str, limits: [i64; 3]) -> Rows {
    let field = match field {
        "technician" => "TechnicianFullName",
        "status" => "TicketStatus",
        "priority" => "TicketPriority",
        _ => "CustomerName",
    };
    let open = lists["tickets"].iter().filter(is_open);
    let mut rows: Vec<_> = by(open, |ticket| or(&ticket[field], "(none)"))
        .into_iter()
        .map(|(name, tickets)| {
            let created: Vec<_> = tickets
                .iter()
                .filter_map(|it| time(&it["TicketCreatedDate"]))
                .collect();
            let limits = limits.map(|days| days_ago(now, days));
            let ages: Vec<_> = created
                .iter()
                .map(|created| {
                    // The first that it is not older than; for a later one it must also be older than the one before.
                    (0..3)
                        .find(|place| {
                            *created >= limits[*place] && (*place == 0 || *created < limits[*place - 1])
                        })
                        .unwrap_or(3)
                })
                .collect();
            let count = |age: usize| ages.iter().filter(|it| **it == age).count().to_string();
            let row = vec![
                name.clone(),
                tickets.len().to_string(),
                count(0),
                count(1),
                count(2),
                count(3),
                shown(created.iter().min().copied()),
            ];
            ((Reverse(tickets.len()), name), row)
        })
        .collect();
    rows.sort();
    rows.into_iter().map(|(_, row)| row).collect()
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

pub(super) fn workload(lists: &Lists, now: Time, field: &str, months: u32) -> Rows {
    let customers: BTreeMap<_, _> = lists["customers"]
        .iter()
        .map(|customer| (id(&customer["CustomerID"]), &customer["CustomerName"]))
        .collect();
    let mut groups: BTreeMap<String, (f64, f64, usize, BTreeSet<i64>)> = BTreeMap::new();
    for (work, hours) in work(lists, months_ago(now, months)) {
        let name = match field {
            "technician" => or(&work["TechnicianFullName"], "(none)"),
            "month" => time(&work["StartWorkHour"]).unwrap().format("%Y-%m").to_string(),
            _ => work["CustomerID"]
                .as_i64()
                .and_then(|id| customers.get(&id))
                .map_or("(none)".into(), |name| or(name, "(none)")),
        };
        let group = groups.entry(name).or_default();
        match work["Billiable"] == true {
            true => group.0 += hours,
            false => group.1 += hours,
        }
        group.2 += 1;
        group.3.extend(work["TicketID"].as_i64());
    }
    let mut rows: Vec<_> = groups.into_iter().collect();
    if field != "month" {
        let hundredths = |(billable, not, ..): &(f64, f64, usize, BTreeSet<i64>)| {
            ((billable + not) * 100.0).round() as i64
        };
        rows.sort_by_key(|(name, group)| (Reverse(hundredths(group)), name.clone()));
    }
    rows.into_iter()
        .map(|(name, (billable, not, entries, tickets))| {
            vec![
                name,
                money(billable + not),
                money(billable),
                money(not),
                entries.to_string(),
                tickets.len().to_string(),
            ]
        })
        .collect()
}

pub(super) fn alert_storms(lists: &Lists, now: Time, days: i64, times: usize) -> Rows {
    let thresholds: BTreeMap<_, _> = lists["agents"]
        .iter()
        .map(|agent| (id(&agent["AgentID"]), text(&agent["ThresholdID"])))
        .collect();
    let alerts = lists["alerts"]
        .iter()
        .filter(|alert| time(&alert["Created"]).is_some_and(|time| time >= days_ago(now, days)));
    let groups = by(alerts, |alert| {
        (
            text(&alert["CustomerName"]),
            text(&alert["DeviceName"]),
            alert["AgentId"].as_i64(),
            text(&alert["Title"]),
        )
    });
    let mut rows: Vec<_> = groups
        .into_iter()
        .filter(|(_, alerts)| alerts.len() >= times)
        .map(|((customer, device, agent, title), alerts)| {
            let created = || alerts.iter().filter_map(|alert| time(&alert["Created"]));
            let critical = alerts
                .iter()
                .filter(|alert| alert["Severity"] == "Critical")
                .count();
            let open = alerts.iter().filter(|alert| alert["Archived"] != true).count();
            let last = created().max();
            let row = vec![
                customer,
                device.clone(),
                agent.map_or(NULL.into(), |id| id.to_string()),
                agent
                    .and_then(|id| thresholds.get(&id).cloned())
                    .unwrap_or(NULL.into()),
                title.clone(),
                alerts.len().to_string(),
                critical.to_string(),
                open.to_string(),
                shown(created().min()),
                shown(last),
            ];
            ((Reverse(alerts.len()), Reverse(last), device, title), row)
        })
        .collect();
    rows.sort();
    rows.into_iter().map(|(_, row)| row).collect()
}

pub(super) fn patch_gaps(lists: &Lists, now: Time, days: i64) -> Rows {
    let patches = by(&lists["patches"], |patch| id(&patch["AgentID"]));
    let key = |agent: &Json| {
        let build = or(&agent["OSBuild"], "");
        (build.len(), build, or(&agent["OSVersion"], ""))
    };
    let newest: BTreeMap<_, _> = by(&lists["agents"], |agent| text(&agent["OS"]))
        .into_iter()
        .filter_map(|(system, agents)| Some((system, agents.into_iter().max_by_key(|agent| key(agent))?)))
        .collect();
    let differs = |one: &Json, other: &Json| one.is_string() && other.is_string() && one != other;
    let mut rows: Vec<_> = lists["agents"]
        .iter()
        .filter_map(|agent| {
            let newest = newest[&text(&agent["OS"])];
            let missing = patches.get(&id(&agent["AgentID"])).map_or(&[][..], Vec::as_slice);
            let is_security = |patch: &&&Json| or(&patch["class"], "").contains("Security");
            let security = missing.iter().filter(is_security).count();
            let behind = match () {
                () if differs(&agent["OSVersion"], &newest["OSVersion"]) => "older release",
                () if differs(&agent["OSBuild"], &newest["OSBuild"]) => "older build",
                () => NULL,
            };
            let restart = time(&agent["LastRebootTime"]);
            if missing.is_empty() && behind == NULL && !before(&agent["LastRebootTime"], days_ago(now, days))
            {
                return None;
            }
            let row = vec![
                text(&agent["CustomerName"]),
                text(&agent["AgentName"]),
                text(&agent["AgentID"]),
                missing.len().to_string(),
                security.to_string(),
                behind.into(),
                text(&agent["OS"]),
                text(&agent["OSVersion"]),
                text(&agent["OSBuild"]),
                shown(restart),
            ];
            Some((
                (
                    Reverse(security),
                    Reverse(missing.len()),
                    restart,
                    id(&agent["AgentID"]),
                ),
                row,
            ))
        })
        .collect();
    rows.sort();
    rows.into_iter().map(|(_, row)| row).collect()
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

pub(super) fn warranty_and_os(lists: &Lists, now: Time, years: u32, days: i64) -> Rows {
    let old = now - Months::new(12 * years);
    let soon = now + TimeDelta::days(days);
    let mut rows: Vec<_> = lists["agents"]
        .iter()
        .filter_map(|agent| {
            let ends = support_ends(agent);
            let support = match ends {
                Some(ends) if ends < now.date_naive() => "ended",
                // A day is before every time on it.
                Some(ends) if ends <= soon.date_naive() => "ends soon",
                _ => NULL,
            };
            let is_old = before(&agent["BiosReleaseDate"], old);
            if support == NULL && !is_old {
                return None;
            }
            let firmware = time(&agent["BiosReleaseDate"]);
            let row = vec![
                text(&agent["CustomerName"]),
                text(&agent["AgentName"]),
                text(&agent["AgentID"]),
                text(&agent["OS"]),
                text(&agent["OSVersion"]),
                ends.map_or(NULL.into(), |ends| ends.to_string()),
                support.into(),
                shown(firmware),
                if is_old { "over (estimate)" } else { NULL }.into(),
                text(&agent["VendorSerialNumber"]),
            ];
            let key = (
                ends.is_none(),
                ends,
                firmware.is_none(),
                firmware,
                id(&agent["AgentID"]),
            );
            Some((key, row))
        })
        .collect();
    rows.sort();
    rows.into_iter().map(|(_, row)| row).collect()
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

pub(super) fn coverage(lists: &Lists) -> Rows {
    let contracted: BTreeSet<_> = lists["contracts"]
        .iter()
        .filter(is_in_force)
        .filter_map(|contract| contract["CustomerID"].as_i64())
        .collect();
    let equipped: BTreeSet<_> = [
        "agents",
        "devices_generic",
        "devices_http",
        "devices_snmp",
        "devices_tcp",
    ]
    .iter()
    .flat_map(|table| ids(&lists[*table], "CustomerID"))
    .collect();
    let row = |gap: &str, record: &Json, table: &str, field: &str, name: String| {
        let customer = text(&record["CustomerName"]);
        (
            (
                gap.to_string(),
                customer == NULL,
                customer.clone(),
                id(&record[field]),
            ),
            vec![gap.into(), customer, table.into(), text(&record[field]), name],
        )
    };
    let customers = lists["customers"]
        .iter()
        .filter(|customer| !contracted.contains(&id(&customer["CustomerID"])))
        .map(|it| {
            row(
                "customer without contract",
                it,
                "customers",
                "CustomerID",
                text(&it["CustomerName"]),
            )
        });
    let contracts = lists["contracts"]
        .iter()
        .filter(is_in_force)
        .filter(|contract| {
            contract["CustomerID"]
                .as_i64()
                .is_none_or(|id| !equipped.contains(&id))
        })
        .map(|it| {
            row(
                "contract without devices",
                it,
                "contracts",
                "ContractID",
                text(&it["ContractName"]),
            )
        });
    let contacts = lists["contacts"].iter().filter(lacks_email).map(|it| {
        row(
            "contact without e-mail",
            it,
            "contacts",
            "EndUserID",
            full_name(it),
        )
    });
    let mut rows: Vec<_> = customers.chain(contracts).chain(contacts).collect();
    rows.sort();
    rows.into_iter().map(|(_, row)| row).collect()
}

fn invoices_since(lists: &Lists, since: Time) -> impl Iterator<Item = &Json> {
    let is_new = move |invoice: &&Json| time(&invoice["InvoiceDate"]).is_some_and(|date| date >= since);
    lists["invoices"].iter().filter(is_new)
}

pub(super) fn invoices(lists: &Lists, now: Time, field: &str, months: u32) -> Rows {
    let mut sums: BTreeMap<(String, String), (BTreeSet<String>, [f64; 3])> = BTreeMap::new();
    for invoice in invoices_since(lists, months_ago(now, months)) {
        let mut add = |name: String, amounts: &Json| {
            let sum = sums.entry((name, text(&invoice["Currency"]))).or_default();
            sum.0.insert(text(&invoice["InvoiceId"]));
            for (place, field) in ["Subtotal", "Tax", "Total"].iter().enumerate() {
                sum.1[place] += number(&amounts[*field]);
            }
        };
        match field {
            "month" => add(
                time(&invoice["InvoiceDate"]).unwrap().format("%Y-%m").to_string(),
                invoice,
            ),
            "customer" => add(or(&invoice["To"]["CompanyName"], "(none)"), invoice),
            _ => {
                for line in invoice["LineItems"].as_array().into_iter().flatten() {
                    add(or(&line["Product"], "(none)"), line);
                }
            }
        }
    }
    let mut rows: Vec<_> = sums.into_iter().collect();
    rows.sort_by_key(|((name, currency), (_, sums))| {
        let month = (field == "month").then(|| name.clone());
        (
            month,
            Reverse((sums[2] * 100.0).round() as i64),
            name.clone(),
            currency.clone(),
        )
    });
    rows.into_iter()
        .map(|((name, currency), (invoices, [subtotal, tax, total]))| {
            vec![
                name,
                currency,
                invoices.len().to_string(),
                money(subtotal),
                money(tax),
                money(total),
            ]
        })
        .collect()
}

pub(super) fn customer_health(lists: &Lists, now: Time, days: i64, months: u32) -> Rows {
    let since = days_ago(now, days);
    let mut rows: Vec<_> = lists["customers"]
        .iter()
        .map(|customer| {
            let customer_id = id(&customer["CustomerID"]);
            let own = |record: &&Json| record["CustomerID"] == customer_id;
            let open: Vec<_> = lists["tickets"].iter().filter(own).filter(is_open).collect();
            let old = open
                .iter()
                .filter(|it| before(&it["TicketCreatedDate"], since))
                .count();
            let is_late = |ticket: &Json| {
                let is_answered = !ticket["TechnicianFirstCommentDate"].is_null();
                before(&ticket["ClosedTicketDueDate"], now)
                    || !is_answered && before(&ticket["FirstResponseDueDate"], now)
            };
            let overdue = open.iter().filter(|it| is_late(it)).count();
            let alerts = lists["alerts"].iter().filter(own);
            let alerts = alerts.filter(|alert| alert["Archived"] != true).count();
            let machines: Vec<_> = lists["agents"].iter().filter(own).collect();
            let silent = machines.iter().filter(|agent| is_silent(agent, since)).count();
            let is_unsupported =
                |agent: &&&Json| support_ends(agent).is_some_and(|ends| ends < now.date_naive());
            let unsupported = machines.iter().filter(is_unsupported).count();
            let contracts = lists["contracts"].iter().filter(own).filter(is_in_force).count();
            let contacts = lists["contacts"].iter().filter(own).filter(lacks_email).count();
            let hours = work(lists, since).into_iter().filter(|(work, _)| own(work));
            let hours: f64 = hours.map(|(_, hours)| hours).sum();
            let invoiced: f64 = invoices_since(lists, months_ago(now, months))
                .filter(|invoice| invoice["To"]["CompanyName"] == customer["CustomerName"])
                .map(|invoice| number(&invoice["Total"]))
                .sum();
            let mut row = vec![text(&customer["CustomerName"])];
            row.push(customer_id.to_string());
            let counts = [
                open.len(),
                old,
                overdue,
                alerts,
                machines.len(),
                silent,
                unsupported,
                contracts,
                contacts,
            ];
            row.extend(counts.map(|count| count.to_string()));
            row.extend([money(hours), money(invoiced)]);
            (
                (Reverse(overdue), Reverse(old), Reverse(alerts), customer_id),
                row,
            )
        })
        .collect();
    rows.sort();
    rows.into_iter().map(|(_, row)| row).collect()
}

pub(super) fn quality(lists: &Lists, now: Time) -> Rows {
    let customers = ids(&lists["customers"], "CustomerID");
    let contacts = ids(&lists["contacts"], "EndUserID");
    let agents = ids(&lists["agents"], "AgentID");
    let tickets = ids(&lists["tickets"], "TicketID");
    // Whether a field names a record that does not exist.
    let dangles = |value: &Json, known: &BTreeSet<i64>| value.as_i64().is_some_and(|id| !known.contains(&id));
    let lacks = |value: &Json, known: &BTreeSet<i64>| value.as_i64().is_none_or(|id| !known.contains(&id));
    let mut rows = Rows::new();
    let mut add = |problem: &str, table: &str, id: &Json, customer: &Json, name: String| {
        rows.push(vec![problem.into(), table.into(), text(id), text(customer), name]);
    };
    for it in &lists["tickets"] {
        let mut of = |problem| {
            add(
                problem,
                "tickets",
                &it["TicketID"],
                &it["CustomerName"],
                text(&it["TicketTitle"]),
            )
        };
        let resolved = time(&it["TicketResolvedDate"]);
        if dangles(&it["EndUserID"], &contacts) {
            of("ticket of a contact that does not exist");
        }
        if dangles(&it["CustomerID"], &customers) {
            of("ticket of a customer that does not exist");
        }
        if !is_open(&it) && resolved.is_none() {
            of("resolved ticket without its time");
        }
        if resolved.is_some_and(|time| {
            !before(&it["TicketCreatedDate"], time) && Some(time) != self::time(&it["TicketCreatedDate"])
        }) {
            of("ticket resolved before it was created");
        }
    }
    for it in &lists["agents"] {
        if lacks(&it["CustomerID"], &customers) {
            add(
                "machine without customer",
                "agents",
                &it["AgentID"],
                &it["CustomerName"],
                text(&it["AgentName"]),
            );
        }
    }
    for it in &lists["contacts"] {
        if lacks(&it["CustomerID"], &customers) {
            add(
                "contact without customer",
                "contacts",
                &it["EndUserID"],
                &it["CustomerName"],
                full_name(it),
            );
        }
    }
    for it in &lists["contracts"] {
        let mut of = |problem| {
            let name = text(&it["ContractName"]);
            add(problem, "contracts", &it["ContractID"], &it["CustomerName"], name);
        };
        if lacks(&it["CustomerID"], &customers) {
            of("contract without customer");
        }
        if it["Active"] == true && before(&it["EndDate"], now) {
            of("contract in force after its end");
        }
    }
    for it in &lists["alerts"] {
        if it["Archived"] != true && dangles(&it["AgentId"], &agents) {
            let problem = "open alert of a machine that does not exist";
            add(
                problem,
                "alerts",
                &it["AlertID"],
                &it["CustomerName"],
                text(&it["Title"]),
            );
        }
    }
    for it in &lists["work_hours"] {
        let mut of = |problem| {
            add(
                problem,
                "work_hours",
                &it["WorkHoursID"],
                &Json::Null,
                text(&it["Description"]),
            )
        };
        if lacks(&it["TicketID"], &tickets) {
            of("work without its ticket");
        }
        let (start, end) = (time(&it["StartWorkHour"]), time(&it["EndWorkHour"]));
        if start.is_none() || end.is_none() || end < start {
            of("work without an end after its start");
        }
    }
    for it in &lists["invoices"] {
        if it["InvoiceDate"].is_null() || it["To"]["CompanyName"].is_null() {
            let problem = "invoice without date or customer";
            let name = text(&it["InvoiceNumberAsString"]);
            add(
                problem,
                "invoices",
                &it["InvoiceId"],
                &it["To"]["CompanyName"],
                name,
            );
        }
    }
    rows.sort();
    rows
}
