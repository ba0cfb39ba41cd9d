//! The reports on machines and their alerts.

use super::*;

pub(crate) fn stale_agents(lists: &Lists, now: Time, days: i64, customer: &str) -> Rows {
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

pub(crate) fn alert_storms(lists: &Lists, now: Time, days: i64, times: usize) -> Rows {
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

pub(crate) fn patch_gaps(lists: &Lists, now: Time, days: i64) -> Rows {
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

pub(crate) fn warranty_and_os(lists: &Lists, now: Time, years: u32, days: i64) -> Rows {
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
