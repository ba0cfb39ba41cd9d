//! Devices that agents monitor: websites, hosts with their ports, and what speaks SNMP.
//!
//! The published document and the guide have different paths for the same devices. The guide lists SNMP devices of
//! version 3 apart from the others.

use serde_json::{Map, Value, json};
use url::Url;

use super::{handler::Handlers, records};
use crate::{
    http::{Answer, OperationRequest, Problem},
    world::{
        Entity::{self, Agent, Folder, GenericDevice, HttpDevice, SnmpDevice, TcpDevice},
        Record, World,
    },
};

pub(super) const HANDLERS: Handlers = &[
    ("devices_generic_create", create_generic),
    ("devices_http_create", create_http),
    ("devices_snmp_create_v1v2", create_v1v2),
    ("devices_snmp_create_v3", create_v3),
    ("devices_tcp_create", create_tcp),
    ("devices_snmp_get_by_guid", |world, request| {
        let guid = request.text("deviceGuid").unwrap_or_default();
        let devices = world.store.table(SnmpDevice);
        let device = devices.find("DeviceGuid", guid).and_then(|id| devices.get(id));
        let device = device.ok_or_else(|| records::not_found(SnmpDevice, guid))?;
        Ok(records::answer(world, request, device))
    }),
    ("guide_devices_generic_list", |world, request| {
        Ok(records::list_of(world, request, GenericDevice, |_| true))
    }),
    ("guide_devices_http_list", |world, request| {
        Ok(records::list_of(world, request, HttpDevice, |_| true))
    }),
    ("guide_devices_http_create", create_http),
    ("guide_devices_http_delete", |world, request| {
        delete(world, request, HttpDevice, |_| true)
    }),
    ("guide_devices_snmp_list", |world, request| {
        Ok(records::list_of(world, request, SnmpDevice, |device| {
            !is_v3(device)
        }))
    }),
    ("guide_devices_snmp_create", create_v1v2),
    ("guide_devices_snmp_delete", |world, request| {
        delete(world, request, SnmpDevice, |device| !is_v3(device))
    }),
    ("guide_devices_snmpv3_list", |world, request| {
        Ok(records::list_of(world, request, SnmpDevice, is_v3))
    }),
    ("guide_devices_snmpv3_create", create_v3),
    ("guide_devices_snmpv3_delete", |world, request| {
        delete(world, request, SnmpDevice, is_v3)
    }),
    ("guide_devices_tcp_list", |world, request| {
        Ok(records::list_of(world, request, TcpDevice, |_| true))
    }),
    ("guide_devices_tcp_create", create_tcp),
    ("guide_devices_tcp_delete", |world, request| {
        delete(world, request, TcpDevice, |_| true)
    }),
];

/// Whether it is an SNMP device of version 3.
fn is_v3(device: &Record) -> bool {
    device.text("Version") == "V3"
}

/// Deletes a device. One that is not of the kind of the path counts as missing.
fn delete(
    world: &mut World,
    request: &OperationRequest,
    entity: Entity,
    fits: fn(&Record) -> bool,
) -> Result<Answer, Problem> {
    if !fits(records::record_in_path(world, request, entity)?) {
        return Err(records::not_found(entity, request.id()));
    }
    world.store.remove(entity, request.id());
    Ok(Answer::Deleted(request.id().into()))
}

/// Creates a device without a protocol: only its name is known.
fn create_generic(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    create(world, request, GenericDevice, |device, given| {
        name_after(device, given.get("Hostname"));
    })
}

/// Creates a website to monitor.
fn create_http(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let url = request.given().get("URL").and_then(Value::as_str).map(Url::parse);
    if !url.is_some_and(|url| url.is_ok_and(|url| ["http", "https"].contains(&url.scheme()))) {
        return Err(Problem::field("URL", "it must be an address with http or https"));
    }
    create(world, request, HttpDevice, |device, given| {
        // The sandbox does not fetch the address, so it is up, and has the pattern.
        device.set("URLUp", true);
        device.set("ContainsPattern", given.contains_key("Pattern"));
        name_after(device, given.get("URL"));
    })
}

/// Creates a host with ports. In the body a port is `PortNum`, in the record `PortNumber`.
fn create_tcp(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    create(world, request, TcpDevice, |device, given| {
        let ports = given.get("Ports").and_then(Value::as_array);
        let ports = ports.into_iter().flatten().map(|port| {
            let monitored = port.get("Monitored").and_then(Value::as_bool).unwrap_or(true);
            json!({"PortNumber": port.get("PortNum"), "Monitored": monitored, "Available": null})
        });
        device.set("Ports", Value::from_iter(ports));
        name_after(device, given.get("Hostname"));
    })
}

/// Creates an SNMP device of version 1 or 2, which has no security settings.
fn create_v1v2(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    create(world, request, SnmpDevice, |device, given| {
        snmp(device, given);
        device.set(
            "Version",
            given.get("SNMPVersion").cloned().unwrap_or("V2".into()),
        );
        for name in ["SecurityLevel", "Authentication", "Privacy"] {
            device.set(name, "Undefined");
        }
    })
}

/// Creates an SNMP device of version 3. Names of security settings differ between body and record.
fn create_v3(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    create(world, request, SnmpDevice, |device, given| {
        snmp(device, given);
        device.set("Version", "V3");
        for (name, from) in [
            ("SecurityLevel", "_SecurityLevel"),
            ("Authentication", "AuthenticationAlg"),
            ("Privacy", "PrivacyAlg"),
        ] {
            device.set(name, given.get(from).cloned().unwrap_or("Undefined".into()));
        }
    })
}

/// Sets the fields of all SNMP versions. The port is a number in the body, and text in the record.
fn snmp(device: &mut Record, given: &Map<String, Value>) {
    let port = given.get("Port").and_then(Value::as_i64);
    device.set("Port", port.map(|port| port.to_string()));
    device.set("Type", given.get("SNMPType").cloned().unwrap_or_default());
    device.set("Online", true);
    name_after(device, given.get("Hostname"));
}

/// Names a device without a name after its host or address.
fn name_after(device: &mut Record, value: Option<&Value>) {
    if device.get("Name").is_null() {
        device.set("Name", value.cloned().unwrap_or_default());
    }
}

/// Creates a device. `complete` sets the fields that not all kinds have. The agent and the folder must belong to the
/// customer.
fn create(
    world: &mut World,
    request: &OperationRequest,
    entity: Entity,
    complete: impl Fn(&mut Record, &Map<String, Value>),
) -> Result<Answer, Problem> {
    let given = request.given();
    let mut device = Record::with_fields(entity.shape(), world.now(), [("Monitored", true.into())]);
    world.store.apply(&mut device, &given)?;
    let customer = device.get("CustomerID");
    for (field, to, of) in [
        ("MonitoringAgentID", Agent, "CustomerID"),
        ("FolderID", Folder, "CustomerId"),
    ] {
        let other = device.number(field).and_then(|id| world.store.table(to).get(id));
        if other.is_some_and(|other| other.get(of) != customer) {
            let reason = format!("the {} is not that of customer {customer}", to.noun());
            return Err(Problem::field(field, reason));
        }
    }
    complete(&mut device, &given);
    let guid = world.guid();
    device.set("DeviceGuid", guid.as_str());
    let id = world.store.add(entity, device);
    Ok(Answer::CreatedDevice { id, guid })
}
