//! The records that the sandbox begins with: plausible, consistent with each other, and the same for the same seed.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    record::Record,
    tickets::is_done,
    world::{Clock, Technician, World},
};
use crate::Timestamp;

/// How many records of each kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) customers: usize,
    pub(super) contacts: usize,
    pub(super) agents: usize,
    pub(super) tickets: usize,
    pub(super) alerts: usize,
}

impl Default for Counts {
    fn default() -> Self {
        Counts {
            customers: 120,
            contacts: 640,
            agents: 480,
            tickets: 2847,
            alerts: 350,
        }
    }
}

const FIRST_NAMES: [&str; 24] = [
    "Maya", "Tom", "Zoë", "Amir", "Ingrid", "Søren", "Lucía", "Kenji", "Olga", "Björn", "Priya", "Noah",
    "Chloé", "Mateo", "Yuki", "Hanna", "Kwame", "Elif", "Jan", "Aoife", "Łukasz", "Sara", "Viktor", "Mei",
];
const LAST_NAMES: [&str; 20] = [
    "Lindqvist",
    "Reyes",
    "Okafor",
    "Müller",
    "Novák",
    "Tanaka",
    "O'Brien",
    "García",
    "Petrov",
    "Haddad",
    "Nowak",
    "Berg",
    "Rossi",
    "Kaya",
    "Fernández",
    "Dubois",
    "Iyer",
    "Larsen",
    "Walsh",
    "Chen",
];
const TRADES: [&str; 12] = [
    "Dental",
    "Logistics",
    "Bakery",
    "Architects",
    "Law",
    "Printing",
    "Clinic",
    "Motors",
    "Foods",
    "Marine",
    "School",
    "Insurance",
];
const PLACES: [&str; 15] = [
    "Harbor",
    "Maple",
    "North Bay",
    "Cedar",
    "Riverside",
    "Summit",
    "Lakeview",
    "Stonegate",
    "Elm Street",
    "Highfield",
    "Oldtown",
    "Westbrook",
    "Sunny Hill",
    "Kings Road",
    "Greenway",
];
const CITIES: [(&str, &str, &str); 6] = [
    ("Bristol", "England", "United Kingdom"),
    ("Leeds", "England", "United Kingdom"),
    ("Cork", "Munster", "Ireland"),
    ("Göteborg", "Västra Götaland", "Sweden"),
    ("Lyon", "Rhône", "France"),
    ("Gdańsk", "Pomorskie", "Poland"),
];
const COMPLAINTS: [(&str, &str); 12] = [
    (
        "Printer offline",
        "The printer shows no lights since this morning. Cable and socket are fine.",
    ),
    (
        "Cannot sign in",
        "The password is refused after the change of yesterday.",
    ),
    (
        "Mail does not arrive",
        "Messages from one sender have been missing since Monday.",
    ),
    ("Slow computer", "It takes ten minutes until the desktop appears."),
    (
        "Shared folder is missing",
        "Drive S: is gone from the list; colleagues still see it.",
    ),
    (
        "VPN drops",
        "The tunnel breaks every half hour, at home and on the road.",
    ),
    (
        "New employee",
        "Please set up an account, mail and a phone for someone who starts on Monday.",
    ),
    (
        "Update failed",
        "<p>The update stops at <b>42&nbsp;%</b> with error 0x80070070.</p>",
    ),
    (
        "Screen flickers",
        "Only the left screen, and only when it is docked.",
    ),
    (
        "Backup warning",
        "The nightly report says that three files could not be read.",
    ),
    ("Software licence", "The drawing program asks for its key again."),
    (
        "Wi-Fi in meeting room",
        "No connection in the large meeting room, the rest of the floor is fine.",
    ),
];
const STATUSES: [&str; 10] = [
    "Open",
    "Open",
    "Open",
    "Pending",
    "Waiting for customer",
    "Resolved",
    "Resolved",
    "Closed",
    "Closed",
    "Closed",
];
const ALERTS: [(&str, &str, &str); 6] = [
    ("Disk space low", "Disk", "Warning"),
    ("Machine offline", "Availability", "Critical"),
    ("CPU load high", "Performance", "Warning"),
    ("Memory almost full", "Performance", "Information"),
    ("Disk failure predicted", "Hardware", "Critical"),
    ("Pending reboot", "General", "Information"),
];
const MODELS: [(&str, &str, &str, i64, i64); 4] = [
    ("Latitude 5440", "Intel Core i5-1345U", "Work Station", 10, 16_384),
    (
        "EliteBook 845 G10",
        "AMD Ryzen 7 7840U",
        "Work Station",
        8,
        32_768,
    ),
    ("OptiPlex 7010", "Intel Core i7-13700", "Work Station", 16, 16_384),
    ("PowerEdge R450", "Intel Xeon Silver 4310", "Server", 24, 131_072),
];
const TECHNICIANS: [(i64, &str, &str); 4] = [
    (77, "Tom Reyes", "tom.reyes@fieldline.example"),
    (78, "Ines Moreau", "ines.moreau@fieldline.example"),
    (79, "Callum Burke", "callum.burke@fieldline.example"),
    (80, "Dagmar Vogel", "dagmar.vogel@fieldline.example"),
];

/// A key in the legacy form, 32 lower-case letters and digits.
pub(super) fn api_key(seed: u64) -> String {
    let mut rng = Rng::with_seed(seed ^ 0x006b_6579);
    (0..32).map(|_| rng.digit(36)).collect()
}

/// A world with these many records.
pub(super) fn world(seed: u64, counts: Counts, clock: Clock) -> World {
    let mut world = World::empty(clock);
    world.technicians = TECHNICIANS
        .map(|(id, name, email)| Technician { id, name, email })
        .into();
    let mut maker = Maker {
        rng: Rng::with_seed(seed),
        noon: noon(),
    };
    for index in 0..counts.customers {
        let customer = maker.customer(&world, index);
        world.customers.add(customer);
    }
    let customers: Vec<_> = world.customers.newest_first().cloned().collect();
    if customers.is_empty() {
        return world;
    }
    for _ in 0..counts.contacts {
        let contact = maker.contact(&world, &customers);
        world.contacts.add(contact);
    }
    for index in 0..counts.agents {
        let agent = maker.agent(&world, &customers, index);
        world.agents.add(agent);
    }
    let contacts: Vec<_> = world.contacts.newest_first().cloned().collect();
    if !contacts.is_empty() {
        for index in 0..counts.tickets {
            let ticket = maker.ticket(&world, &contacts, index, counts.tickets);
            let id = world.tickets.add(ticket);
            if let Some(ticket) = world.tickets.get_mut(id) {
                ticket.set("TicketNumber", id.to_string());
            }
        }
    }
    let agents: Vec<_> = world.agents.newest_first().cloned().collect();
    if !agents.is_empty() {
        for index in 0..counts.alerts {
            let alert = maker.alert(&world, &agents, index, counts.alerts);
            world.alerts.add(alert);
        }
    }
    world
}

/// The moment at which the records were as they are: a fixed one, so that they do not change from day to day.
fn noon() -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap_or_default();
    day.and_hms_opt(12, 0, 0).unwrap_or_default().and_utc()
}

/// Makes records, one after another.
struct Maker {
    rng: Rng,
    noon: DateTime<Utc>,
}

impl Maker {
    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.rng.usize(..among.len())]
    }

    fn picked<'r>(&mut self, among: &'r [Record]) -> &'r Record {
        &among[self.rng.usize(..among.len())]
    }

    /// A moment that many minutes before noon, and a little less.
    fn minutes_ago(&mut self, minutes: i64) -> Timestamp {
        let seconds = self.rng.i64(0..60);
        (self.noon - TimeDelta::minutes(minutes) + TimeDelta::seconds(seconds)).into()
    }

    /// A moment of the last that many days.
    fn days_ago(&mut self, days: i64) -> Timestamp {
        let minutes = self.rng.i64(1..days * 24 * 60);
        self.minutes_ago(minutes)
    }

    /// A moment between two.
    fn between(&mut self, from: Timestamp, to: DateTime<Utc>) -> Timestamp {
        let seconds = (to - from.to_utc()).num_seconds().max(1);
        (from.to_utc() + TimeDelta::seconds(self.rng.i64(0..seconds))).into()
    }

    fn guid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.rng.u128(..).to_be_bytes())
            .into_uuid()
            .to_string()
    }

    fn phone(&mut self) -> String {
        format!("+44 117 496 {:04}", self.rng.u16(0..1000))
    }

    /// The value, or nothing in one of that many cases.
    fn mostly(&mut self, one_in: u32, value: impl Into<Value>) -> Value {
        if self.rng.u32(0..one_in) == 0 {
            Value::Null
        } else {
            value.into()
        }
    }

    fn customer(&mut self, world: &World, index: usize) -> Record {
        let (trade, place) = (
            TRADES[index % TRADES.len()],
            PLACES[index / TRADES.len() % PLACES.len()],
        );
        let number = index / (TRADES.len() * PLACES.len());
        let name = if number == 0 {
            format!("{place} {trade}")
        } else {
            format!("{place} {trade} {}", number + 1)
        };
        let (city, state, country) = self.pick(&CITIES);
        let created = self.days_ago(1200);
        let modified = self.between(created, self.noon);
        let street = self.rng.u16(1..200);
        let (longitude, latitude) = (self.rng.i32(-900..1900), self.rng.i32(4500..5800));
        let number = self.rng.u32(100_000..1_000_000);
        let phone = self.phone();
        world
            .customers
            .blank(modified)
            .with("Domain", format!("{}.example", ascii(&name)))
            .with("CustomerName", name)
            .with("CreatedOn", created.to_string())
            .with("LastModified", modified.to_string())
            .with("BusinessNumber", self.mostly(3, number.to_string()))
            .with("Address", format!("{street} Market Street"))
            .with("City", city)
            .with("State", state)
            .with("Country", country)
            .with("Phone", self.mostly(8, phone))
            .with(
                "Notes",
                self.mostly(2, "Calls before ten are answered by the owner."),
            )
            .with("Longitude", f64::from(longitude) / 100.0)
            .with("Latitude", f64::from(latitude) / 100.0)
            .with("ZipCodeStr", format!("BS{} {}AB", street % 40, street % 9))
    }

    fn contact(&mut self, world: &World, customers: &[Record]) -> Record {
        let customer = self.picked(customers);
        let (first, last) = (self.pick(&FIRST_NAMES), self.pick(&LAST_NAMES));
        let created = self.days_ago(900);
        let modified = self.between(created, self.noon);
        let suffix = self.rng.u16(1..1000);
        let (phone, mobile) = (self.phone(), self.phone());
        let title = self.pick(&[
            "Front desk",
            "Accountant",
            "Managing director",
            "Workshop",
            "Sales",
        ]);
        world
            .contacts
            .blank(modified)
            .with("CustomerID", customer.get("CustomerID").clone())
            .with("CustomerName", customer.get("CustomerName").clone())
            .with("Firstname", first)
            .with("Lastname", last)
            .with("JobTitle", self.mostly(4, title))
            .with(
                "Email",
                format!(
                    "{}.{}{suffix}@{}",
                    ascii(first),
                    ascii(last),
                    customer.text("Domain")
                ),
            )
            .with("Phone", self.mostly(5, phone))
            .with("MobilePhone", self.mostly(2, mobile))
            .with("IsContactPerson", self.rng.u8(0..6) == 0)
            .with("InIgnoreMode", false)
            .with("CreatedOn", created.to_string())
            .with("LastModified", modified.to_string())
            .with("Archived", self.rng.u8(0..20) == 0)
    }

    fn agent(&mut self, world: &World, customers: &[Record], index: usize) -> Record {
        let customer = self.picked(customers);
        let (model, processor, os_type, cores, memory) = self.pick(&MODELS);
        let (created, online) = (self.days_ago(700), self.rng.u8(0..5) > 0);
        let seen = if online {
            self.minutes_ago(2)
        } else {
            self.days_ago(40).max(created)
        };
        let reboot = self.between(created, seen.to_utc());
        let initials: String = customer
            .text("CustomerName")
            .split(' ')
            .filter_map(|word| word.chars().next())
            .collect();
        let server = os_type == "Server";
        let name = format!(
            "{}-{}-{:03}",
            initials.to_uppercase(),
            if server { "SRV" } else { "PC" },
            index + 1
        );
        let (system, version, build) = match server {
            true => ("Windows Server 2022 Standard", "21H2", "20348"),
            false => ("Windows 11 Pro", "24H2", "26100"),
        };
        let total = f64::from(self.rng.u32(240..2000)) * 1024.0;
        let used = (total * self.rng.f64()).round();
        let mac: Vec<_> = (0..6).map(|_| format!("{:02X}", self.rng.u8(..))).collect();
        let (third, fourth) = (self.rng.u8(..), self.rng.u8(2..));
        let user = format!("{}\\{}", initials.to_uppercase(), ascii(self.pick(&FIRST_NAMES)));
        let (guid, serial) = (self.guid(), self.rng.u32(..));
        let battery = match model.contains("Book") || model.starts_with("Latitude") {
            true => json!({
                "Id": 1, "Name": "Primary", "BatteryHealth": 91.5, "DesignedCapacity": 54_000,
                "FullChargeCapacity": 49_410, "CycleCount": self.rng.u16(10..600),
            }),
            false => Value::Null,
        };
        world
            .agents
            .blank(seen)
            .with("MachineID", self.guid())
            .with("DeviceGuid", guid)
            .with("CustomerID", customer.get("CustomerID").clone())
            .with("CustomerName", customer.get("CustomerName").clone())
            .with("AgentName", name.clone())
            .with("SystemName", name.clone())
            .with("MachineName", name)
            .with("DomainName", self.mostly(3, customer.text("Domain")))
            .with(
                "CurrentLoggedUsers",
                if online {
                    self.mostly(3, user.clone())
                } else {
                    Value::Null
                },
            )
            .with("Monitored", true)
            .with("AgentVersion", "1.8.7.2")
            .with("Favorite", self.rng.u8(0..15) == 0)
            .with("ThresholdID", 61)
            .with("Created", created.to_string())
            .with("Modified", seen.to_string())
            .with("Online", online)
            .with("LastSeen", seen.to_string())
            .with("ReportedFromIP", format!("203.0.113.{fourth}"))
            .with("Motherboard", model)
            .with("Processor", processor)
            .with("Memory", memory)
            .with("ProcessorCoresCount", cores)
            .with("SystemDrive", "C:")
            .with("Vendor", self.pick(&["Dellbrook", "Hawthorn"]))
            .with("VendorSerialNumber", format!("{serial:08X}"))
            .with("VendorBrandModel", model)
            .with("ProductName", system)
            .with("BiosVersion", "1.21.0")
            .with("BiosReleaseDate", "2025-06-11T00:00:00Z")
            .with("MacAddresses", vec![mac.join(":")])
            .with("IpAddresses", vec![format!("10.20.{third}.{fourth}")])
            .with(
                "HardwareDisks",
                json!([{"Drive": "C:", "Free": total - used, "Used": used, "Total": total}]),
            )
            .with("BatteryInfo", battery)
            .with("OS", format!("Microsoft {system} x64"))
            .with("OSType", os_type)
            .with("OSVersion", version)
            .with("OSBuild", build)
            .with("OSNum", 10.0)
            .with("LastRebootTime", reboot.to_string())
            .with("LastLoginUser", user)
            .with("DeviceType", os_type)
    }

    fn ticket(&mut self, world: &World, contacts: &[Record], index: usize, count: usize) -> Record {
        let contact = self.picked(contacts);
        let (title, text) = self.pick(&COMPLAINTS);
        let status = self.pick(&STATUSES);
        // Numbers grow with time: the last ticket is of today, the first about two years old.
        let age = (count - index) as i64 * 2 * 365 * 24 * 60 / count as i64;
        let created = self.minutes_ago(age);
        let hours = |hours| Timestamp::from(created.to_utc() + TimeDelta::hours(hours)).to_string();
        let answered = self.between(created, (created.to_utc() + TimeDelta::days(2)).min(self.noon));
        let done = is_done(status);
        let touched = self.between(answered, (answered.to_utc() + TimeDelta::days(9)).min(self.noon));
        let worked = self.rng.u8(0..5) > 0 || done;
        let text = if self.rng.u8(0..50) == 0 {
            format!("{text} ").repeat(60)
        } else {
            text.to_string()
        };
        let (technician_id, technician, email) = self.pick(&TECHNICIANS);
        let of_technician = |value: Value| if worked { value } else { Value::Null };
        let mut ticket = world
            .tickets
            .blank(touched)
            .with("TicketTitle", title)
            .with(
                "TicketPriority",
                self.pick(&["Low", "Low", "Medium", "Medium", "High", "Critical"]),
            )
            .with(
                "TicketImpact",
                self.pick(&[
                    "NoImpact",
                    "Minor",
                    "Minor",
                    "Major",
                    "ServerIssue",
                    "SiteDown",
                    "Crisis",
                ]),
            )
            .with("TicketStatus", status)
            .with("TicketSource", self.pick(&["Email", "Portal", "Phone", "API"]))
            .with(
                "TicketType",
                self.pick(&["Incident", "Incident", "Request", "Problem", "Change"]),
            )
            .with("TicketCreatedDate", created.to_string())
            .with(
                "TicketResolvedDate",
                if done {
                    touched.to_string().into()
                } else {
                    Value::Null
                },
            )
            .with(
                "TechnicianFirstCommentDate",
                of_technician(answered.to_string().into()),
            )
            .with("FirstResponseDueDate", hours(4))
            .with("ClosedTicketDueDate", hours(48))
            .with("FirstComment", text.clone())
            .with("LastEndUserComment", text)
            .with("LastEndUserCommentTimestamp", created.to_string())
            .with(
                "LastTechnicianComment",
                of_technician("We are looking into it.".into()),
            )
            .with(
                "LastTechnicianCommentTimestamp",
                of_technician(answered.to_string().into()),
            )
            .with("TechnicianContactID", of_technician(technician_id.into()))
            .with("TechnicianFullName", of_technician(technician.into()))
            .with("TechnicianEmail", of_technician(email.into()));
        for (field, from) in [
            ("EndUserID", "EndUserID"),
            ("EndUserEmail", "Email"),
            ("EndUserFirstName", "Firstname"),
            ("EndUserLastName", "Lastname"),
            ("EndUserPhone", "Phone"),
            ("CustomerID", "CustomerID"),
            ("CustomerName", "CustomerName"),
        ] {
            ticket.set(field, contact.get(from).clone());
        }
        ticket
    }

    fn alert(&mut self, world: &World, agents: &[Record], index: usize, count: usize) -> Record {
        let agent = self.picked(agents);
        let (title, category, severity) = self.pick(&ALERTS);
        let age = (count - index) as i64 * 30 * 24 * 60 / count as i64;
        let created = self.minutes_ago(age);
        let resolved = self.rng.u8(0..5) < 3;
        let ended = self.between(created, self.noon);
        let snoozed = !resolved && self.rng.u8(0..10) == 0;
        let polls = self.rng.u8(1..20);
        let mut alert = world
            .alerts
            .blank(if resolved { ended } else { created })
            .with("Code", self.rng.u8(1..40))
            .with("Source", "Monitoring")
            .with("Title", title)
            .with("Severity", severity)
            .with("Created", created.to_string())
            .with(
                "SnoozedEndDate",
                if snoozed {
                    "2030-01-01T00:00:00Z".into()
                } else {
                    Value::Null
                },
            )
            .with("AlertCategoryID", category)
            .with("Archived", resolved)
            .with(
                "ArchivedDate",
                if resolved {
                    ended.to_string().into()
                } else {
                    Value::Null
                },
            )
            .with(
                "AlertMessage",
                format!("{title} on {}", agent.text("MachineName")),
            )
            .with("PollingCyclesCount", polls)
            .with("DeviceType", agent.get("OSType").clone());
        for (field, from) in [
            ("DeviceGuid", "DeviceGuid"),
            ("AgentId", "AgentID"),
            ("DeviceName", "AgentName"),
            ("CustomerID", "CustomerID"),
            ("CustomerName", "CustomerName"),
        ] {
            alert.set(field, agent.get(from).clone());
        }
        alert
    }
}

/// A name as part of an address.
fn ascii(name: &str) -> String {
    let plain = |character: char| match character {
        'ë' | 'é' => 'e',
        'ø' | 'ö' => 'o',
        'í' => 'i',
        'ü' => 'u',
        'Ł' => 'l',
        'á' => 'a',
        other => other.to_ascii_lowercase(),
    };
    name.chars()
        .map(plain)
        .filter(char::is_ascii_alphanumeric)
        .collect()
}
