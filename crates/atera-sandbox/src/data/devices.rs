//! Devices that agents monitor over the network: websites, servers, and what speaks SNMP.

use fastrand::Rng;
use serde_json::{Value, json};

use super::draw::{chance, ids, owning_customer, pick};
use crate::world::{
    Entity::{self, Agent, Customer, GenericDevice, HttpDevice, SnmpDevice, TcpDevice},
    Record, Store, random_guid,
};

/// How many devices of a kind have ids from the range of that kind, so that ids stay the same when there are more of
/// another. Further devices get ids after all ranges.
const OWN_IDS: usize = 100;

/// Generates this many devices of each kind.
pub(super) fn generate(store: &mut Store, rng: &mut Rng, count: usize) {
    // The examples of the description name the first device of each kind by id and GUID.
    for (entity, first, guid) in [
        (HttpDevice, 7101, "1d9f3b62-7c08-4e5a-a6d3-5b2e8f904c17"),
        (TcpDevice, 7201, "a27c5e40-1f6d-4d93-b8e2-90b3d7f4c658"),
        (SnmpDevice, 7301, "6f1c0d3e-8a54-4b7b-9d0e-2f6a3c1b7e55"),
        (GenericDevice, 7401, "4e8b7d15-93c6-4a2f-8b41-c05d6e7f1a93"),
    ] {
        for index in 0..count {
            let id = match index {
                _ if index < OWN_IDS => first + index as i64,
                _ => store.next_id(entity).max(7501),
            };
            let Some(device) = device(store, rng, entity, index, guid) else {
                return;
            };
            store.put(entity, id, device);
        }
    }
}

/// A device at a customer that has an agent to monitor it. `first` is the GUID of the device with index 0. Every 13th
/// device has few fields set.
fn device(store: &Store, rng: &mut Rng, entity: Entity, index: usize, first: &str) -> Option<Record> {
    let agents = ids(store, Agent);
    let customers = ids(store, Customer);
    if agents.is_empty() || customers.is_empty() {
        return None;
    }
    let owner = owning_customer(rng, &customers, if index == 0 { 0 } else { usize::MAX });
    let agents = store.table(Agent);
    let of_customer = |agent: &&Record| agent.number("CustomerID") == Some(owner);
    let agent = agents.iter().find(of_customer).or_else(|| agents.iter().next())?;
    let customer = store.table(Customer).get(agent.number("CustomerID")?)?;
    let domain = customer.text("Domain");
    let mut device = Record::with_fields(
        entity.shape(),
        store.as_of(),
        [
            (
                "DeviceGuid",
                if index == 0 {
                    first.to_string()
                } else {
                    random_guid(rng)
                }
                .into(),
            ),
            ("CustomerID", customer.get("CustomerID").clone()),
            ("MonitoringAgentID", agent.get("AgentID").clone()),
            ("Monitored", chance(rng, 92).into()),
        ],
    );
    if index == 0 || chance(rng, 55) {
        device.set("FolderID", agent.get("FolderID").clone());
    }
    let number = index + 1;
    let up = index > 0 && chance(rng, 90);
    match entity {
        HttpDevice => {
            let with_pattern = index == 0 || chance(rng, 60);
            let host = if index == 0 {
                domain.to_string()
            } else {
                format!("www{number}.{domain}")
            };
            device.set("Name", format!("{} website", customer.text("CustomerName")));
            device.set("URL", format!("https://{host}/"));
            device.set("Pattern", with_pattern.then_some("Book an appointment"));
            device.set("URLUp", up || index == 0);
            device.set("ContainsPattern", with_pattern && (up || index == 0));
        }
        TcpDevice => {
            let ports = [22, 80, 443, 445, 1433, 3389].into_iter().filter(|_| rng.bool());
            let ports = ports.chain([8443]).map(|port| {
                let available = if up { json!(true) } else { Value::Null };
                json!({"PortNumber": port, "Monitored": port != 22, "Available": available})
            });
            let ports = Value::from_iter(ports.collect::<Vec<_>>());
            device.set("Name", format!("File server {number}"));
            device.set("Hostname", format!("files{number}.{domain}"));
            device.set("Ports", ports);
        }
        SnmpDevice => snmp(rng, &mut device, domain, number, up),
        _ => device.set("Name", format!("Access point {number}")),
    }
    if index % 13 == 12 {
        device.clear_all_but(&["CustomerName"]);
    }
    Some(device)
}

/// Sets the fields of an SNMP device: a printer, a switch or a UPS. Version 3 has security settings, and the others a
/// community.
fn snmp(rng: &mut Rng, device: &mut Record, domain: &str, number: usize, up: bool) {
    let (kind, model) = *pick(
        rng,
        &[
            ("Printer", "MF-420"),
            ("Switch", "SW-2400"),
            ("UPS", "PowerKeep 900"),
        ],
    );
    let version = ["V2", "V3", "V1"][(number + 2) % 3];
    device.set("Name", format!("{kind} {number}"));
    device.set(
        "Hostname",
        format!("{}-{number}.{domain}", kind.to_ascii_lowercase()),
    );
    device.set("Online", up);
    device.set("Port", "161");
    device.set("Community", (version != "V3").then_some("fieldline-ro"));
    device.set("Type", kind);
    device.set("Version", version);
    let security = match version {
        "V3" => ["AuthenticationAndPrivacy", "SHA1", "AES"],
        _ => ["Undefined"; 3],
    };
    for (name, value) in ["SecurityLevel", "Authentication", "Privacy"]
        .iter()
        .zip(security)
    {
        device.set(name, value);
    }
    device.set("Model", chance(rng, 75).then_some(model));
}
