//! The reports on tickets and on work.

use super::*;

pub(crate) fn sla_risk(lists: &Lists, now: Time, hours: i64) -> Rows {
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

pub(crate) fn backlog(lists: &Lists, now: Time, field: &str, limits: [i64; 3]) -> Rows {
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

pub(crate) fn workload(lists: &Lists, now: Time, field: &str, months: u32) -> Rows {
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
