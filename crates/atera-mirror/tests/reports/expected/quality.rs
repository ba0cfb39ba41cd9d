//! The report on records that contradict each other.

use super::*;

pub(crate) fn quality(lists: &Lists, now: Time) -> Rows {
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
