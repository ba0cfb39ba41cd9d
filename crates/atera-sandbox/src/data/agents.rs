//! Agents: the machines of customers.
//!
//! Values of one agent agree with each other: a laptop has a battery, a server no monitor, the disks add up, and the
//! user who is logged on is a contact of the customer.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    customers::folder_id,
    draw::{ago, between, chance, ids, optional, owning_customer, pick},
    hardware::{DESKS, LAPTOP, MODELS, Model, SERVERS, SERVICES, WORKSTATIONS},
    names::ascii,
};
use crate::world::{
    Entity::{Agent, Contact, Customer},
    Record, Store, random_guid, time,
};

/// The id of the first agent, which the examples of the description name.
const FIRST_ID: i64 = 5501;

/// The GUID of the first agent, which the examples of the description name.
const FIRST_GUID: &str = "6f1c0d3e-8a54-4b7b-9d0e-2f6a3c1b7e55";

/// The fields that an agent has from its installation on. The others are set by its first inventory.
const KNOWN: [&str; 14] = [
    "AgentID",
    "DeviceGuid",
    "CustomerID",
    "CustomerName",
    "AgentName",
    "MachineName",
    "Created",
    "Modified",
    "Online",
    "LastSeen",
    "LastRebootTime",
    "FolderID",
    "FolderName",
    "DeviceType",
];

/// Generates agents. The first is a laptop at the front desk of the first customer.
pub(super) fn generate(store: &mut Store, rng: &mut Rng, count: usize) {
    let customers = ids(store, Customer);
    if customers.is_empty() {
        return;
    }
    let people = people(store);
    let mut names = HashMap::new();
    for (id, index) in (FIRST_ID..).zip(0..count) {
        let customer = owning_customer(rng, &customers, index);
        let user = people
            .get(&customer)
            .map(|people| if index == 0 { people[0] } else { *pick(rng, people) });
        let Some(at) = store.table(Customer).get(customer) else {
            continue;
        };
        let model = if index == 0 {
            &MODELS[0]
        } else {
            pick(rng, &MODELS)
        };
        let name = machine_name(rng, &mut names, at.text("CustomerName"), model, index, customer);
        let taken_on = at.time("CreatedOn").unwrap_or(store.as_of());
        let domain = at.text("Domain").to_string();
        let logon = user.and_then(|id| logon(store, id, &domain));
        let mut agent = agent(rng, model, &name, taken_on, store.as_of());
        agent.set(
            "DeviceGuid",
            if index == 0 {
                FIRST_GUID.to_string()
            } else {
                random_guid(rng)
            },
        );
        let folder = match index {
            0 => 0,
            _ if model.server => 2,
            _ if model.battery.is_some() => 3,
            _ => rng.i64(0..2),
        };
        agent.set("FolderID", folder_id(customer, folder));
        agent.set("CustomerID", customer);
        agent.set(
            "DomainName",
            if chance(rng, 85) {
                domain
            } else {
                "WORKGROUP".to_string()
            },
        );
        let online = agent.is_set("Online");
        if let Some(logon) = logon.filter(|_| !model.server) {
            agent.set("LastLoginUser", logon.as_str());
            agent.set("CurrentLoggedUsers", (online && chance(rng, 80)).then_some(logon));
        }
        let page = format!(
            "https://app.atera.com/new/rmm/device/{}/agent",
            agent.text("DeviceGuid")
        );
        agent.set("AppViewUrl", page);
        // One agent has not sent its inventory yet, so most of its fields are null.
        if index == 12 {
            agent.clear_all_but(&KNOWN);
        }
        store.put(Agent, id, agent);
        if let Some(user) = user.filter(|_| !model.server) {
            set_default_agent(store, user, id);
        }
    }
}

/// The ids of contacts by customer.
fn people(store: &Store) -> HashMap<i64, Vec<i64>> {
    let mut people: HashMap<i64, Vec<i64>> = HashMap::new();
    for contact in store.table(Contact).iter() {
        if let (Some(customer), Some(id)) = (contact.number("CustomerID"), contact.number("EndUserID")) {
            people.entry(customer).or_default().push(id);
        }
    }
    people
}

/// The Windows user name of a contact, such as `HARBORDENTAL\mlindqvist`.
fn logon(store: &Store, contact: i64, domain: &str) -> Option<String> {
    let contact = store.table(Contact).get(contact)?;
    let (first, last) = (ascii(contact.text("Firstname")), ascii(contact.text("Lastname")));
    let realm = domain.trim_end_matches(".example").to_ascii_uppercase();
    let initial = first.get(..1).unwrap_or("u");
    // NetBIOS names have at most 15 characters.
    Some(format!("{}\\{initial}{last}", realm.get(..15).unwrap_or(&realm)))
}

/// Sets the default agent of a contact that has none yet.
fn set_default_agent(store: &mut Store, contact: i64, agent: i64) {
    let Some(record) = store.table(Contact).get(contact) else {
        return;
    };
    if record.get("DefaultAgentId").is_null() {
        let mut record = record.clone();
        record.set("DefaultAgentId", agent);
        store.put(Contact, contact, record);
    }
}

/// The next name of a machine with this role at a customer, such as `HD-FRONT-01`: initials of the customer, role, and
/// number.
fn machine_name(
    rng: &mut Rng,
    names: &mut HashMap<(i64, &str), u32>,
    customer: &str,
    model: &Model,
    index: usize,
    id: i64,
) -> String {
    let words = customer.split(|character: char| !character.is_alphanumeric());
    let initials: String = words.filter_map(|word| ascii(word).chars().next()).collect();
    let role = match index {
        0 => DESKS[0],
        _ if model.server => *pick(rng, &SERVICES),
        _ if model.battery.is_some() => LAPTOP,
        _ => *pick(rng, &DESKS),
    };
    let number = names.entry((id, role)).or_default();
    *number += 1;
    format!("{}-{role}-{number:02}", initials.to_ascii_uppercase())
}

/// An agent on a machine of this model, as of a date. `taken_on` is when the customer was created.
fn agent(rng: &mut Rng, model: &Model, name: &str, taken_on: DateTime<Utc>, as_of: DateTime<Utc>) -> Record {
    let online = chance(rng, 82);
    let created = between(rng, taken_on, as_of - TimeDelta::days(20));
    let last_seen = match online {
        true => ago(rng, as_of, TimeDelta::seconds(5), TimeDelta::minutes(4)),
        // Some were switched off long ago.
        false => {
            let longest = (as_of - created).min(TimeDelta::days(90));
            ago(rng, as_of, TimeDelta::hours(1), longest)
        }
    };
    let modified = between(rng, last_seen - TimeDelta::minutes(30), last_seen).max(created);
    let rebooted = between(rng, (last_seen - TimeDelta::days(30)).max(created), last_seen);
    let system = if model.server {
        pick(rng, &SERVERS)
    } else {
        pick(rng, &WORKSTATIONS)
    };
    let (subnet, host) = (rng.u8(1..60), rng.u8(10..250));
    let office = !model.server && chance(rng, 60);
    let bios = as_of - TimeDelta::days(rng.i64(200..1500)) - TimeDelta::hours(9);
    let office_text = |text: &str| office.then(|| text.to_string());
    Record::with_fields(
        Agent.shape(),
        modified,
        [
            ("MachineID", format!("{:020x}", rng.u128(..) >> 48).into()),
            ("AgentName", name.into()),
            ("SystemName", name.into()),
            ("MachineName", name.into()),
            (
                "ComputerDescription",
                optional(rng, 20, |_| "Meeting room, left of the door".to_string()),
            ),
            ("Monitored", chance(rng, 96).into()),
            (
                "AgentVersion",
                (*pick(rng, &["1.8.7.2", "1.8.7.2", "1.8.6.9"])).into(),
            ),
            ("Favorite", chance(rng, 5).into()),
            ("ThresholdID", if model.server { 19.into() } else { 18.into() }),
            ("MonitoredAgentID", rng.i32(7_000..90_000).into()),
            ("Created", time(created)),
            ("Modified", time(modified)),
            ("Online", online.into()),
            ("LastSeen", time(last_seen)),
            ("ReportedFromIP", format!("203.0.113.{}", rng.u8(1..255)).into()),
            ("Motherboard", model.motherboard.into()),
            ("Processor", model.processor.into()),
            ("Memory", (*pick(rng, &model.memory)).into()),
            ("Display", model.display.into()),
            (
                "Sound",
                model.display.map(|_| "High Definition Audio Device").into(),
            ),
            ("ProcessorCoresCount", model.cores.into()),
            ("SystemDrive", "C:".into()),
            ("ProcessorClock", model.clock.into()),
            ("Vendor", model.vendor.into()),
            (
                "VendorSerialNumber",
                format!("LF{:02}-{:05X}", rng.u8(10..99), rng.u32(0x10000..0xFFFFF)).into(),
            ),
            ("VendorBrandModel", model.brand_model.into()),
            ("ProductName", model.product.into()),
            ("BiosManufacturer", model.vendor.into()),
            ("BiosVersion", format!("1.{}.0", rng.u8(2..24)).into()),
            ("BiosReleaseDate", time(bios)),
            (
                "MacAddresses",
                json!([format!("00:00:5E:00:53:{:02X}", rng.u8(..))]),
            ),
            ("IpAddresses", json!([format!("192.168.{subnet}.{host}")])),
            ("HardwareDisks", disks(rng, model)),
            (
                "BatteryInfo",
                model
                    .battery
                    .map_or(Value::Null, |(name, capacity)| battery(rng, name, capacity)),
            ),
            ("OS", system.name.into()),
            ("OSType", system.class.into()),
            (
                "WindowsSerialNumber",
                format!("00330-{:05}-00000-AA{:03}", rng.u32(..100_000), rng.u16(..1000)).into(),
            ),
            (
                "Office",
                office_text("Microsoft Office Home and Business 2013").into(),
            ),
            ("OfficeSP", office_text("SP1").into()),
            ("OfficeOEM", office.then_some(false).into()),
            (
                "OfficeSerialNumber",
                office_text("00265-60000-00000-AA118").into(),
            ),
            ("OSNum", system.number.into()),
            ("LastRebootTime", time(rebooted)),
            ("OSVersion", system.version.into()),
            ("OSBuild", system.build.into()),
            ("OfficeFullVersion", office_text("15.0.4569.1506").into()),
            (
                "DeviceType",
                if model.server { "Server" } else { "Workstation" }.into(),
            ),
        ],
    )
}

/// `HardwareDisks`: one for a workstation, three for a server. Sizes are in megabytes.
fn disks(rng: &mut Rng, model: &Model) -> Value {
    let letters: &[&str] = if model.server {
        &["C:", "D:", "E:"]
    } else {
        &["C:"]
    };
    let disk = |letter: &&str| {
        let total = f64::from(*pick(rng, &[243_197_u32, 476_728, 953_344]));
        // Quarters are exact in binary, so that used and free space add up to the total.
        let used = (total * f64::from(rng.u8(20..97)) / 100.0).floor() + 0.25;
        json!({"Drive": letter, "Free": total - used, "Used": used, "Total": total})
    };
    letters.iter().map(disk).collect()
}

/// `BatteryInfo`: the health in percent of the designed capacity, capacities in milliwatt-hours.
fn battery(rng: &mut Rng, name: &str, capacity: i32) -> Value {
    let health = rng.i32(55..=100);
    json!({
        "Id": 1,
        "Name": name,
        "BatteryHealth": f64::from(health),
        "DesignedCapacity": capacity,
        "FullChargeCapacity": capacity / 100 * health,
        "CycleCount": rng.i32(3..900),
    })
}
