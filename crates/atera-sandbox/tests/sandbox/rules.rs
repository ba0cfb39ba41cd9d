//! The rules of single operations.

use atera::{RateLimit, Timestamp};
use atera_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::wire::{Answer, ask, get};

async fn small() -> Sandbox {
    let now: Timestamp = "2026-03-09T12:00:00Z".parse().expect("a time");
    let builder = Sandbox::builder()
        .now(now)
        .tickets(60)
        .rate_limit(RateLimit::off());
    builder.start().await.expect("a sandbox")
}

async fn post(sandbox: &Sandbox, path: &str, body: Value) -> Answer {
    ask(sandbox, "POST", path, &body.to_string()).await
}

#[track_caller]
fn refused(answer: &Answer, field: &str) {
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(answer.refused_fields(), [field]);
}

#[tokio::test]
async fn a_comment_is_listed_and_changes_its_ticket() {
    let sandbox = small().await;
    let before = get(&sandbox, "/tickets/54321/comments?itemsInPage=50")
        .await
        .json();
    let by_technician = json!({"CommentText": "Is <it> on?", "TechnicianCommentDetails": {"TechnicianEmail": "TOM.REYES@fieldline.example", "IsInternal": true}});
    assert_eq!(
        post(&sandbox, "/tickets/54321/comments", by_technician)
            .await
            .body,
        r#"{"ActionID":"54321"}"#
    );
    let by_contact = json!({"CommentText": "Yes", "EnduserCommentDetails": {"EnduserId": 12345}, "CommentTimestampUTC": "2026-03-09T11:00:00Z"});
    assert_eq!(
        post(&sandbox, "/tickets/54321/comments", by_contact).await.status,
        200
    );

    let after = get(&sandbox, "/tickets/54321/comments?itemsInPage=50")
        .await
        .json();
    let items = after["items"].as_array().expect("items");
    assert_eq!(items.len(), before["items"].as_array().map_or(0, Vec::len) + 2);
    let [.., question, answer] = items.as_slice() else {
        panic!("two comments")
    };
    assert_eq!(
        (&question["FirstName"], &question["LastName"]),
        (&json!("Tom"), &json!("Reyes"))
    );
    assert_eq!(
        (&question["IsInternal"], &question["CommentHtml"]),
        (&json!(true), &json!("<p>Is &lt;it&gt; on?</p>"))
    );
    assert_eq!(
        (&answer["Email"], &answer["Date"]),
        (
            &json!("maya.lindqvist@harbordental.example"),
            &json!("2026-03-09T11:00:00Z")
        )
    );
    let ticket = get(&sandbox, "/tickets/54321").await.json();
    assert_eq!(
        (&ticket["LastTechnicianComment"], &ticket["LastEndUserComment"]),
        (&json!("Is <it> on?"), &json!("Yes"))
    );
    assert_eq!(ticket["LastTechnicianCommentTimestamp"], "2026-03-09T12:00:00Z");

    let nobody = json!({"CommentText": "T", "TechnicianCommentDetails": {"TechnicianId": 9}});
    refused(
        &post(&sandbox, "/tickets/54321/comments", nobody).await,
        "TechnicianCommentDetails.TechnicianId",
    );
    let nobody = json!({"CommentText": "T", "EnduserCommentDetails": {"EnduserId": 9}});
    refused(
        &post(&sandbox, "/tickets/54321/comments", nobody).await,
        "EnduserCommentDetails.EnduserId",
    );
    assert_eq!(
        post(
            &sandbox,
            "/tickets/9/comments",
            json!({"CommentText": "T", "EnduserCommentDetails": {"EnduserId": 12345}})
        )
        .await
        .status,
        404
    );
}

#[tokio::test]
async fn durations_follow_from_the_work_hours() {
    let sandbox = small().await;
    let ticket = json!({"TicketTitle": "T", "Description": "D", "EndUserID": 12345});
    let id = post(&sandbox, "/tickets", ticket).await.json()["ActionID"]
        .as_str()
        .expect("an id")
        .to_string();
    // The first begins on a Monday within SLA hours, the second on the evening of that day.
    for (start, end, billable, on_site) in [
        ("2026-03-09T09:00:00Z", "2026-03-09T10:30:00Z", true, true),
        ("2026-03-09T20:00:00Z", "2026-03-09T20:15:00Z", true, false),
        ("2026-03-09T11:00:00Z", "2026-03-09T11:30:00Z", false, false),
    ] {
        let hours = json!({"StartWorkHour": start, "EndWorkHour": end, "TechnicianContactID": 77, "Billiable": billable, "OnCustomerSite": on_site, "RateID": 410});
        assert_eq!(
            post(&sandbox, &format!("/tickets/{id}/workhours"), hours)
                .await
                .status,
            201
        );
    }
    let sums = get(&sandbox, &format!("/tickets/{id}/workhours")).await.json();
    let hours = |total: f64, on_site: f64, on_sla: f64| {
        json!({
            "ticketId": id.parse::<i64>().expect("a number"), "TotalDurationHours": total, "OnSiteDurationHours": on_site,
            "OffSiteDurationHours": total - on_site, "OnSLADurationHours": on_sla, "OffSLADurationHours": total - on_sla,
        })
    };
    assert_eq!(sums["Billable"], hours(1.75, 1.5, 1.5));
    assert_eq!(sums["NonBillable"], hours(0.5, 0.0, 0.5));
    assert_eq!(
        get(&sandbox, &format!("/tickets/{id}/billableduration"))
            .await
            .json(),
        sums["Billable"]
    );
    assert_eq!(
        get(&sandbox, &format!("/tickets/{id}/nonbillableduration"))
            .await
            .json(),
        sums["NonBillable"]
    );
    let ids: Value = json!([id.parse::<i64>().expect("a number"), 9]);
    assert_eq!(
        post(&sandbox, "/tickets/billableduration", ids.clone())
            .await
            .json(),
        json!([sums["Billable"]])
    );
    let sites = post(&sandbox, "/tickets/billableworkhourssiteduration", ids)
        .await
        .json();
    let seconds = &sites["TicketsWorkHoursSiteDurationSummaries"][0];
    assert_eq!(
        (
            &seconds["TotalDurationSeconds"],
            &seconds["OnSiteDurationSeconds"]
        ),
        (&json!(6300), &json!(5400))
    );
    let ticket = get(&sandbox, &format!("/tickets/{id}")).await.json();
    assert_eq!(
        (&ticket["TotalDurationMinutes"], &ticket["OnSLADurationSeconds"]),
        (&json!(135), &json!(7200))
    );
    let records = get(&sandbox, &format!("/tickets/{id}/workhoursrecords"))
        .await
        .json();
    assert_eq!(
        (&records["totalItemCount"], &records["items"][0]["RateAmount"]),
        (&json!(3), &json!(95.5))
    );

    for (start, end, field) in [
        ("2026-03-09T10:00:00Z", "2026-03-09T10:00:00Z", "EndWorkHour"),
        ("2026-03-09T10:00:00Z", "2027-03-09T10:00:00Z", "EndWorkHour"),
    ] {
        let hours = json!({"StartWorkHour": start, "EndWorkHour": end, "TechnicianContactID": 77});
        refused(
            &post(&sandbox, &format!("/tickets/{id}/workhours"), hours).await,
            field,
        );
    }
}

#[tokio::test]
async fn generated_durations_are_those_of_the_work_hours() -> atera::Result<()> {
    let sandbox = small().await;
    let client = sandbox.client()?;
    let mut worked = 0;
    for ticket in client.tickets().list().all().await? {
        let id = ticket.ticket_id.unwrap_or_default();
        let records = client.tickets().list_work_hours(id).all().await?;
        let minutes = records
            .iter()
            .filter_map(|it| Some((it.end_work_hour?.to_utc() - it.start_work_hour?.to_utc()).num_minutes()));
        assert_eq!(
            ticket.total_duration_minutes.map(i64::from),
            Some(minutes.sum::<i64>())
        );
        worked += records.len();
    }
    assert!(worked > 30, "{worked}");
    Ok(())
}

#[tokio::test]
async fn work_hours_are_listed_by_the_accounts_clocks() -> atera::Result<()> {
    let sandbox = Sandbox::builder()
        .tickets(1)
        .time_zone("America/New_York")
        .start()
        .await?;
    assert_eq!(
        get(&sandbox, "/account").await.json()["TimeZoneName"],
        "America/New_York"
    );
    let hours = json!({"StartWorkHour": "2026-07-01T03:30:00Z", "EndWorkHour": "2026-07-01T03:45:00Z", "TechnicianContactID": 77});
    assert_eq!(
        post(&sandbox, "/tickets/54321/workhours", hours).await.status,
        201
    );
    let count = async |query: &str| {
        get(&sandbox, &format!("/workhours?{query}")).await.json()["totalItemCount"].clone()
    };
    // In that zone it is 23:30 on 30 June.
    assert_eq!(count("startWorkhour=2026-06-30&endWorkhour=2026-07-01").await, 1);
    assert_eq!(
        count("startWorkhour=2026-06-30T23:30:00&endWorkhour=2026-06-30T23:45:00").await,
        1
    );
    assert_eq!(count("startWorkhour=2026-07-01").await, 0);
    for query in [
        "startWorkhour=2026-06-30T00:00:00Z",
        "startWorkhour=2026-07-02&endWorkhour=2026-07-01",
    ] {
        assert_eq!(
            get(&sandbox, &format!("/workhours?{query}")).await.status,
            400,
            "{query}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn relations_go_both_ways_until_they_end() {
    let sandbox = small().await;
    let relate = async |id: i64, other: i64, kind: &str| {
        post(
            &sandbox,
            &format!("/tickets/{id}/relations"),
            json!({"RelatedTicketId": other, "RelationType": kind}),
        )
        .await
    };
    let shown = async |id: i64| {
        let ticket = get(&sandbox, &format!("/tickets/{id}?includeRelations=true"))
            .await
            .json();
        (ticket["RelationType"].clone(), ticket["RelatedTicketId"].clone())
    };
    for id in 54_330..54_335 {
        for kind in ["Parent", "Child"] {
            ask(&sandbox, "DELETE", &format!("/tickets/{id}/relations/{kind}"), "").await;
        }
    }
    assert_eq!(relate(54330, 54331, "Parent").await.status, 201);
    assert_eq!(relate(54332, 54330, "Child").await.status, 201);
    assert_eq!(shown(54330).await, (json!("Parent"), json!(54332)));
    assert_eq!(shown(54331).await, (json!("Child"), json!(54330)));
    assert_eq!(relate(54331, 54333, "Parent").await.status, 409);
    assert_eq!(relate(54333, 54331, "Parent").await.status, 409);
    refused(&relate(54333, 54333, "Parent").await, "RelatedTicketId");
    refused(&relate(54333, 9, "Parent").await, "RelatedTicketId");
    refused(&relate(54333, 54334, "None").await, "RelationType");
    refused(
        &ask(&sandbox, "DELETE", "/tickets/54330/relations/Child", "").await,
        "relationType",
    );

    assert_eq!(ask(&sandbox, "DELETE", "/tickets/54332", "").await.status, 204);
    assert_eq!(shown(54330).await, (json!("Parent"), json!(54331)));
    assert_eq!(
        ask(&sandbox, "DELETE", "/tickets/54330/relations/parent", "")
            .await
            .status,
        204
    );
    assert_eq!(
        (shown(54330).await, shown(54331).await),
        ((Value::Null, Value::Null), (Value::Null, Value::Null))
    );
}

#[tokio::test]
async fn an_alert_conflicts_with_one_that_is_not_resolved() {
    let sandbox = small().await;
    let alert = json!({"DeviceGuid": "6f1c0d3e-8a54-4b7b-9d0e-2f6a3c1b7e55", "Title": "Backup", "Code": 7});
    let id = post(&sandbox, "/alerts", alert.clone()).await.json()["ActionID"]
        .as_str()
        .expect("an id")
        .to_string();
    assert_eq!(post(&sandbox, "/alerts", alert.clone()).await.status, 409);
    assert_eq!(
        ask(&sandbox, "PUT", &format!("/alerts/{id}"), "").await.status,
        204
    );
    assert_eq!(post(&sandbox, "/alerts", alert).await.status, 201);

    let on_device = json!({"DeviceGuid": "1d9f3b62-7c08-4e5a-a6d3-5b2e8f904c17", "Title": "Down"});
    let id = post(&sandbox, "/alerts", on_device).await.json()["ActionID"]
        .as_str()
        .expect("an id")
        .to_string();
    let alert = get(&sandbox, &format!("/alerts/{id}")).await.json();
    assert_eq!(
        (&alert["DeviceName"], &alert["CustomerID"], &alert["AgentId"]),
        (&json!("Harbor Dental website"), &json!(1201), &Value::Null)
    );
    assert_eq!(
        ask(&sandbox, "DELETE", "/devices/httpdevice/7101", "")
            .await
            .status,
        204
    );
    assert_eq!(get(&sandbox, &format!("/alerts/{id}")).await.status, 404);
}

#[tokio::test]
async fn a_script_is_queued_and_patches_are_those_of_the_machine() {
    let sandbox = small().await;
    let run = post(&sandbox, "/agents/5501/powershell", json!({"Script": "Get-Date"})).await;
    assert_eq!((run.status, &run.json()["Status"]), (200, &json!("Queued")));
    assert!(run.json()["ActionID"].is_i64());
    // Operations of the guide are refused in its dialect.
    let refused = post(&sandbox, "/agents/5501/powershell", json!({})).await;
    assert_eq!(
        (refused.status, &refused.json()["ErrorCode"]),
        (400, &json!("VALIDATION_ERROR"))
    );
    let guid = "6f1c0d3e-8a54-4b7b-9d0e-2f6a3c1b7e55";
    let installed = get(&sandbox, &format!("/agents/{guid}/installed-patches"))
        .await
        .json();
    let available = get(&sandbox, &format!("/agents/{guid}/available-patches"))
        .await
        .json();
    let names = |patches: &Value| -> Vec<Value> {
        patches
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| it["name"].clone())
            .collect()
    };
    let (installed, available) = (
        names(&installed["installedUpdates"]),
        names(&available["availableUpdates"]),
    );
    assert!(!installed.is_empty() && !available.is_empty());
    assert!(installed.iter().all(|name| !available.contains(name)));
}

#[tokio::test]
async fn custom_values_have_the_type_of_their_field() {
    let sandbox = small().await;
    let set = async |path: &str, text: &str| {
        post(&sandbox, &format!("/customvalues/{path}"), json!({"Value": text})).await
    };
    for (field, text, property, expected) in [
        ("Asset%20tag", "HD-9", "ValueAsString", json!("HD-9")),
        ("asset%20TAG", "HD-10", "ValueAsString", json!("HD-10")),
        ("Cost", "12.5", "ValueAsDecimal", json!(12.5)),
        (
            "Renewal%20date",
            "2026-05-01",
            "ValueAsDateTime",
            json!("2026-05-01T00:00:00Z"),
        ),
        (
            "Site%20area",
            "back office",
            "ValueAsString",
            json!("Back office"),
        ),
    ] {
        assert_eq!(
            set(&format!("agentfield/5501/{field}"), text).await.status,
            200,
            "{field}"
        );
        let values = get(&sandbox, &format!("/customvalues/agentfield/5501/{field}"))
            .await
            .json();
        assert_eq!(values.as_array().map(Vec::len), Some(1), "{field}");
        assert_eq!(values[0][property], expected, "{field}");
    }
    assert_eq!(set("ticketfield/54321/Approved", "True").await.status, 200);
    for (path, text, field) in [
        ("agentfield/5501/Cost", "dear", "Value"),
        ("agentfield/5501/Site%20area", "Roof", "Value"),
        ("agentfield/5501/Renewal%20date", "soon", "Value"),
        ("ticketfield/54321/Approved", "perhaps", "Value"),
        ("agentfield/5501/Approved", "true", "fieldName"),
    ] {
        refused(&set(path, text).await, field);
    }
    assert_eq!(set("agentfield/9/Cost", "1").await.status, 404);
    assert_eq!(set("agentfield/5501/Cost", "").await.status, 200);
    assert_eq!(
        get(&sandbox, "/customvalues/agentfield/5501/Cost").await.body,
        "[]"
    );

    let before = get(&sandbox, "/customvalues").await.json()["totalItems"]
        .as_i64()
        .expect("a total");
    let of_agent = get(&sandbox, "/customvalues/agentfields/5501")
        .await
        .json()
        .as_array()
        .map_or(0, Vec::len) as i64;
    assert_eq!(ask(&sandbox, "DELETE", "/agents/5501", "").await.status, 204);
    let after = get(&sandbox, "/customvalues").await.json()["totalItems"]
        .as_i64()
        .expect("a total");
    // Deleting the agent deletes the devices that it monitors, with their values.
    assert!(after <= before - of_agent, "{before} {of_agent} {after}");
}

#[tokio::test]
async fn a_contract_shows_its_rates_and_keeps_them() {
    let sandbox = small().await;
    let contract = json!({
        "CustomerID": 1202, "ContractType": "BlockHours", "Default": true, "Active": true, "SLAId": 21,
        "BlockHoursContract": {"HourlyRateID": 410, "OverageRateID": 412, "HoursIncluded": 10.0, "BillingPeriod": "Monthly"},
    });
    let id = post(&sandbox, "/contracts", contract.clone()).await.json()["ActionID"]
        .as_str()
        .expect("an id")
        .to_string();
    let shown = get(&sandbox, &format!("/contracts/{id}")).await.json();
    let terms = &shown["BlockHoursContract"];
    assert_eq!(
        (
            &terms["PricePerHour"]["Amount"],
            &terms["OverageRate"]["SKU"],
            &terms["CommitRollover"]
        ),
        (&json!(95.5), &json!("LAB-NIGHT"), &json!(false))
    );
    assert!(
        ["HourlyContract", "BlockMoneyContract"]
            .iter()
            .all(|name| shown[*name].is_null())
    );
    // New tickets of the customer have this contract.
    let contact = get(&sandbox, "/contacts?itemsInPage=50").await.json();
    let contact = contact["items"]
        .as_array()
        .and_then(|all| all.iter().find(|it| it["CustomerID"] == 1202))
        .expect("a contact")
        .clone();
    let ticket = json!({"TicketTitle": "T", "Description": "D", "EndUserID": contact["EndUserID"]});
    let ticket = post(&sandbox, "/tickets", ticket).await.json()["ActionID"]
        .as_str()
        .expect("an id")
        .to_string();
    assert_eq!(
        get(&sandbox, &format!("/tickets/{ticket}")).await.json()["ContractID"],
        id.parse::<i64>().expect("a number")
    );

    let change = json!({"BlockHoursContract": {"HoursIncluded": 20.0, "Unheard": {}}, "Active": false});
    assert_eq!(
        post(&sandbox, &format!("/contracts/{id}"), change).await.status,
        204
    );
    let shown = get(&sandbox, &format!("/contracts/{id}")).await.json();
    assert_eq!(
        (
            &shown["BlockHoursContract"]["HoursIncluded"],
            &shown["BlockHoursContract"]["BillingPeriod"],
            &shown["Active"]
        ),
        (&json!(20.0), &json!("Monthly"), &json!(false))
    );

    for (name, value, field) in [
        ("ContractType", json!("Hourly"), "BlockHoursContract"),
        (
            "BlockHoursContract",
            json!({"HourlyRateID": 9}),
            "BlockHoursContract.HourlyRateID",
        ),
        ("SLAId", json!(9), "SLAId"),
        ("CustomerID", json!(9), "CustomerID"),
        ("CustomerID", json!(u64::MAX), "CustomerID"),
    ] {
        let mut invalid = contract.clone();
        invalid[name] = value;
        refused(&post(&sandbox, "/contracts", invalid).await, field);
    }
    assert_eq!(
        ask(&sandbox, "DELETE", "/rates/products/412", "").await.status,
        400
    );
    assert_eq!(
        get(&sandbox, "/rates/products/455").await.status,
        404,
        "it is an expense"
    );
}

#[tokio::test]
async fn contacts_are_found_by_a_part_of_address_and_number() {
    let sandbox = small().await;
    let found = async |query: &str| {
        let page = get(&sandbox, &format!("/contacts?{query}&itemsInPage=50"))
            .await
            .json();
        page["items"].as_array().expect("items").clone()
    };
    let by_domain = found("Email=%40HarborDental").await;
    assert!(by_domain.len() > 1 && by_domain.iter().all(|it| it["CustomerID"] == 1201));
    assert_eq!(found("email=maya.lindqvist%40").await.len(), 1);
    let by_area = found("Phone=117%20496").await;
    let has_area = |it: &Value| {
        it["Phone"]
            .as_str()
            .is_some_and(|phone| phone.contains("117 496"))
    };
    assert!(by_area.len() > 1 && by_area.iter().all(has_area));
}

#[tokio::test]
async fn folders_and_attachments_belong_to_a_customer() {
    let sandbox = small().await;
    let folder = post(
        &sandbox,
        "/customers/folders",
        json!({"CustomerId": 1201, "Name": "Roof"}),
    )
    .await;
    let folder: i64 = folder.json()["ActionID"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("an id");
    let device =
        json!({"CustomerID": 1201, "MonitoringAgentID": 5501, "Hostname": "camera-1", "FolderID": folder});
    let made = post(&sandbox, "/devices/genericdevice", device.clone()).await;
    assert_eq!(made.status, 201);
    let id = &made.json()["DeviceId"];
    assert_eq!(
        get(&sandbox, &format!("/devices/genericdevice/{id}"))
            .await
            .json()["FolderID"],
        folder
    );
    for (name, value, field) in [
        ("FolderID", json!(314), "FolderID"),
        ("MonitoringAgentID", json!(5502), "MonitoringAgentID"),
        ("CustomerID", json!(9), "CustomerID"),
    ] {
        let mut invalid = device.clone();
        invalid[name] = value;
        refused(&post(&sandbox, "/devices/genericdevice", invalid).await, field);
    }
    let file =
        |name: &str, content: &str| json!({"CustomerId": 1201, "Name": name, "ContentBased64": content});
    assert_eq!(
        post(&sandbox, "/customers/attachments", file("a.txt", "YQ=="))
            .await
            .status,
        201
    );
    refused(
        &post(&sandbox, "/customers/attachments", file("a", "YQ==")).await,
        "Name",
    );
    refused(
        &post(&sandbox, "/customers/attachments", file("a.txt", "?")).await,
        "ContentBased64",
    );
}

#[tokio::test]
async fn invoices_are_found_by_number_and_date_and_add_up() {
    let sandbox = small().await;
    let invoice = get(&sandbox, "/billing/invoice/10045").await.json();
    assert_eq!(
        (&invoice["InvoiceId"], &invoice["To"]["CompanyName"]),
        (
            &json!("0b9d2a44-6a6f-4d0c-8f43-6f9a1d2c7e10"),
            &json!("Harbor Dental")
        )
    );
    let every = get(&sandbox, "/billing/invoices?itemsInPage=50").await.json();
    for invoice in every["items"].as_array().expect("items") {
        let amount = |value: &Value| value.as_f64().expect("an amount");
        let lines = invoice["LineItems"].as_array().into_iter().flatten();
        let sum: f64 = lines.map(|line| amount(&line["Total"])).sum();
        assert!(
            invoice["LineItems"].is_null() || (sum - amount(&invoice["Total"])).abs() < 0.005,
            "{invoice}"
        );
    }
    let count = async |query: &str| {
        get(&sandbox, &format!("/billing/invoices?{query}")).await.json()["totalItemCount"].as_i64()
    };
    let (all, later) = (count("").await, count("invoiceDateFrom=2026-01-01").await);
    let earlier = count("invoiceDateTo=2025-12-31").await;
    assert_eq!(earlier.zip(later).map(|(one, two)| one + two), all);
    assert!(later > Some(0) && earlier > Some(0));
    assert_eq!(
        get(&sandbox, "/billing/invoices?invoiceDateFrom=2026-01-01T00:00:00")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn the_guides_paths_show_the_same_records() {
    let sandbox = small().await;
    for (guide, published) in [
        ("/devices/http", "/devices/httpdevices"),
        ("/devices/tcp", "/devices/tcpdevices"),
        ("/devices/generic", "/devices/genericdevices"),
    ] {
        let one = get(&sandbox, &format!("{guide}?itemsInPage=50")).await.json();
        let other = get(&sandbox, &format!("{published}?itemsInPage=50")).await.json();
        assert_eq!(
            (&one["items"], &one["totalItems"]),
            (&other["items"], &other["totalItemCount"]),
            "{guide}"
        );
    }
    let total =
        async |path: &str, name: &str| get(&sandbox, path).await.json()[name].as_i64().expect("a total");
    let by_version =
        total("/devices/snmp", "totalItems").await + total("/devices/snmpv3", "totalItems").await;
    assert_eq!(by_version, total("/devices/snmpdevices", "totalItemCount").await);
    let by_kind =
        total("/rates/products", "totalItemCount").await + total("/rates/expenses", "totalItemCount").await;
    assert_eq!(by_kind, total("/rates", "totalItems").await);
    assert_eq!(
        ask(&sandbox, "DELETE", "/devices/snmpv3/7301", "").await.status,
        404,
        "it speaks v2"
    );
    assert_eq!(
        ask(&sandbox, "DELETE", "/devices/snmp/7301", "").await.body,
        r#"{"ActionID":7301,"Success":true}"#
    );
}
