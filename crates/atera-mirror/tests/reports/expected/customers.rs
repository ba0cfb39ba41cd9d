//! The reports on customers and invoices.

use super::*;

pub(crate) fn coverage(lists: &Lists) -> Rows {
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

pub(crate) fn invoices(lists: &Lists, now: Time, field: &str, months: u32) -> Rows {
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

pub(crate) fn customer_health(lists: &Lists, now: Time, days: i64, months: u32) -> Rows {
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
