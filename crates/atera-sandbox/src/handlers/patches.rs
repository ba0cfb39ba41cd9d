//! Patches of agents.
//!
//! They are drawn from the GUID of the agent, so that they need not be stored and are the same for each request.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{Record, time};

/// The updates: name, class, and number in the knowledge base of Microsoft, empty for drivers and firmware.
const UPDATES: [(&str, &str, &str); 10] = [
    (
        "Cumulative Update for Windows (2026-02)",
        "Security Updates",
        "KB5052000",
    ),
    (
        "Cumulative Update for .NET Framework (2026-02)",
        "Security Updates",
        "KB5052001",
    ),
    (
        "Security Intelligence Update for Defender",
        "Definition Updates",
        "KB2267602",
    ),
    (
        "Malicious Software Removal Tool (February 2026)",
        "Update Rollups",
        "KB890830",
    ),
    (
        "Servicing Stack Update (2026-01)",
        "Critical Updates",
        "KB5050010",
    ),
    (
        "Feature update to Windows 11, version 25H2",
        "Upgrades",
        "KB5054156",
    ),
    ("Printer class driver 10.0.26100", "Drivers", ""),
    ("Update for the mail client (2026-01)", "Updates", "KB5002670"),
    ("Firmware 1.22.0", "Drivers", ""),
    (
        "Cumulative Update for Windows (2026-01)",
        "Security Updates",
        "KB5050009",
    ),
];

/// The answer with the updates that an agent lacks.
pub(super) fn available(agent: &Record) -> Value {
    let (mut rng, scanned, missing) = scan(agent);
    let updates = UPDATES.iter().zip(&missing).filter(|(_, missing)| **missing);
    let updates = updates.map(|((name, class, kb), _)| {
        let status = ["Available", "Available", "Pending reboot", "Failed"][rng.usize(..4)];
        json!({"name": name, "class": class, "kbId": kb_id(kb), "status": status})
    });
    json!({"deviceGuid": agent.get("DeviceGuid"), "timestamp": time(scanned), "availableUpdates": Value::from_iter(updates)})
}

/// The answer with the updates that an agent has.
pub(super) fn installed(agent: &Record) -> Value {
    let (mut rng, scanned, missing) = scan(agent);
    let updates = UPDATES.iter().zip(&missing).filter(|(_, missing)| !**missing);
    let updates = updates.map(|((name, class, kb), _)| {
        let date = scanned - TimeDelta::days(rng.i64(1..45));
        json!({"name": name, "class": class, "kbId": kb_id(kb), "installDate": time(date)})
    });
    json!({"deviceGuid": agent.get("DeviceGuid"), "timestamp": time(scanned), "installedUpdates": Value::from_iter(updates)})
}

/// The random numbers of an agent, when it was scanned, and for each update whether it lacks it. About a third is
/// missing.
fn scan(agent: &Record) -> (Rng, DateTime<Utc>, Vec<bool>) {
    let guid = Uuid::parse_str(agent.text("DeviceGuid")).unwrap_or_default();
    let mut rng = Rng::with_seed(guid.as_u64_pair().0 ^ guid.as_u64_pair().1);
    let seen = agent.time("LastSeen").unwrap_or(agent.modified);
    let scanned = seen - TimeDelta::minutes(rng.i64(5..600));
    let missing = UPDATES.iter().map(|_| rng.u8(..100) < 35).collect();
    (rng, scanned, missing)
}

/// `kbId` of an update; null for drivers and firmware.
fn kb_id(number: &str) -> Value {
    match number {
        "" => Value::Null,
        number => number.into(),
    }
}
