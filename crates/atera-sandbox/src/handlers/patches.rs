//! The patches of a machine. They follow from its guid, so that they need not be kept.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{Record, time};

/// Updates that there are: name, class, number in the knowledge base of their maker.
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

pub(super) fn available(agent: &Record) -> Value {
    let (mut rng, scanned, missing) = scan(agent);
    let updates = UPDATES.iter().zip(&missing).filter(|(_, missing)| **missing);
    let updates = updates.map(|((name, class, kb), _)| {
        let status = ["Available", "Available", "Pending reboot", "Failed"][rng.usize(..4)];
        json!({"name": name, "class": class, "kbId": kb_id(kb), "status": status})
    });
    json!({"deviceGuid": agent.get("DeviceGuid"), "timestamp": time(scanned), "availableUpdates": Value::from_iter(updates)})
}

pub(super) fn installed(agent: &Record) -> Value {
    let (mut rng, scanned, missing) = scan(agent);
    let updates = UPDATES.iter().zip(&missing).filter(|(_, missing)| !**missing);
    let updates = updates.map(|((name, class, kb), _)| {
        let date = scanned - TimeDelta::days(rng.i64(1..45));
        json!({"name": name, "class": class, "kbId": kb_id(kb), "installDate": time(date)})
    });
    json!({"deviceGuid": agent.get("DeviceGuid"), "timestamp": time(scanned), "installedUpdates": Value::from_iter(updates)})
}

/// When the machine was scanned, and which of the updates it lacks.
fn scan(agent: &Record) -> (Rng, DateTime<Utc>, Vec<bool>) {
    let guid = Uuid::parse_str(agent.text("DeviceGuid")).unwrap_or_default();
    let mut rng = Rng::with_seed(guid.as_u64_pair().0 ^ guid.as_u64_pair().1);
    let seen = agent.time("LastSeen").unwrap_or(agent.modified);
    let scanned = seen - TimeDelta::minutes(rng.i64(5..600));
    let missing = UPDATES.iter().map(|_| rng.u8(..100) < 35).collect();
    (rng, scanned, missing)
}

fn kb_id(number: &str) -> Value {
    match number {
        "" => Value::Null,
        number => number.into(),
    }
}
