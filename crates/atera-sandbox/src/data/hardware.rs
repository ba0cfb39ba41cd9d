//! Models of machines, operating systems, and names around them.
//!
//! Makers and models are made up; the operating systems are real ones, with the builds that belong to them.

/// A model of a machine. Fields have the names of those of an agent.
pub(super) struct Model {
    pub(super) vendor: &'static str,
    pub(super) brand_model: &'static str,
    pub(super) product: &'static str,
    pub(super) motherboard: &'static str,
    pub(super) processor: &'static str,
    pub(super) cores: i32,
    pub(super) clock: &'static str,
    /// Sizes of memory that it comes with, in megabytes.
    pub(super) memory: [i32; 3],
    /// Graphics; servers have none, and then no sound either.
    pub(super) display: Option<&'static str>,
    /// Name and capacity of the battery, in milliwatt-hours; laptops have one.
    pub(super) battery: Option<(&'static str, i32)>,
    pub(super) server: bool,
}

/// The models. The first is that of the first agent.
#[rustfmt::skip]
pub(super) const MODELS: [Model; 6] = [
    Model { vendor: "Larkfield Computers", brand_model: "Larkfield Book 5400", product: "Book 5400", motherboard: "Larkfield LF-5400", processor: "Larkfield L5 1240", cores: 8, clock: "1.90GHz", memory: [8192, 16384, 32768], display: Some("Larkfield Graphics 620"), battery: Some(("LF-BAT-56", 56_000)), server: false },
    Model { vendor: "Larkfield Computers", brand_model: "Larkfield Desk 300", product: "Desk 300", motherboard: "Larkfield LF-D300", processor: "Larkfield L7 2700", cores: 12, clock: "2.60GHz", memory: [8192, 16384, 65536], display: Some("Larkfield Graphics 770"), battery: None, server: false },
    Model { vendor: "Halden Systems", brand_model: "Halden Slate 14", product: "Slate 14", motherboard: "Halden HS14-B", processor: "Halden H6 650", cores: 6, clock: "2.30GHz", memory: [8192, 16384, 16384], display: Some("Halden Vista 6"), battery: Some(("HS-4C-63", 63_200)), server: false },
    Model { vendor: "Halden Systems", brand_model: "Halden Mini 2", product: "Mini 2", motherboard: "Halden HM2", processor: "Halden H4 480", cores: 4, clock: "3.10GHz", memory: [4096, 8192, 16384], display: Some("Halden Vista 4"), battery: None, server: false },
    Model { vendor: "Northgate Data", brand_model: "Northgate Rack R440", product: "R440", motherboard: "Northgate NG-R440", processor: "Northgate N9 4410", cores: 24, clock: "2.40GHz", memory: [65536, 131_072, 262_144], display: None, battery: None, server: true },
    Model { vendor: "Northgate Data", brand_model: "Northgate Tower T150", product: "T150", motherboard: "Northgate NG-T150", processor: "Northgate N5 1500", cores: 8, clock: "3.00GHz", memory: [16384, 32768, 65536], display: None, battery: None, server: true },
];

/// An operating system. Fields are named after `OS`, `OSType`, `OSNum`, `OSVersion` and `OSBuild` of an agent.
pub(super) struct System {
    pub(super) name: &'static str,
    pub(super) class: &'static str,
    pub(super) number: f64,
    pub(super) version: &'static str,
    pub(super) build: &'static str,
}

/// Systems of workstations.
#[rustfmt::skip]
pub(super) const WORKSTATIONS: [System; 3] = [
    System { name: "Microsoft Windows 11 Pro x64", class: "Work Station", number: 10.0, version: "24H2", build: "26100" },
    System { name: "Microsoft Windows 11 Pro x64", class: "Work Station", number: 10.0, version: "23H2", build: "22631" },
    System { name: "Microsoft Windows 10 Pro x64", class: "Work Station", number: 10.0, version: "22H2", build: "19045" },
];

/// Systems of servers.
#[rustfmt::skip]
pub(super) const SERVERS: [System; 2] = [
    System { name: "Microsoft Windows Server 2022 Standard x64", class: "Server", number: 10.0, version: "21H2", build: "20348" },
    System { name: "Microsoft Windows Server 2019 Standard x64", class: "Server", number: 10.0, version: "1809", build: "17763" },
];

/// Roles of desktop machines, by the place where they stand. Names of machines have them, as in `HD-FRONT-01`.
pub(super) const DESKS: [&str; 6] = ["FRONT", "DESK", "LAB", "OFFICE", "TILL", "STORE"];
/// Role of laptops.
pub(super) const LAPTOP: &str = "LAP";
/// Roles of servers, by what they do.
pub(super) const SERVICES: [&str; 4] = ["DC", "FILE", "APP", "BACKUP"];

/// Folders of a customer, into which its agents are sorted.
pub(super) const FOLDERS: [&str; 4] = ["Reception", "Back office", "Servers", "Laptops"];
