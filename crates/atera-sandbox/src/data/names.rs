//! Names of people, companies and places.
//!
//! None of them leads to anybody: domains end in `.example`, and telephone numbers are from ranges reserved for
//! fiction. Letters with marks and names in Japanese find programs that only expect ASCII.

/// First names. The first belongs to contact 12345, whom the examples of the description name.
#[rustfmt::skip]
pub(super) const FIRST: [&str; 44] = [
    "Maya", "Tom", "Aisha", "Björn", "Chiara", "Dmitri", "Élodie", "Farid", "Grace", "Håkon", "Ines",
    "Jonas", "Kavya", "Liam", "Małgorzata", "Noah", "Olivia", "Paweł", "Quentin", "Rosa", "Søren",
    "Tariq", "Ursula", "Víctor", "Wanda", "Xavier", "Yuki", "Zoë", "Amara", "Benedict", "Ciarán",
    "Daniela", "Emre", "Fatima", "George", "Hannah", "Ivan", "Jürgen", "Katarína", "Leticia", "Mehmet",
    "Niamh", "Oscar", "美咲",
];

/// Last names.
#[rustfmt::skip]
pub(super) const LAST: [&str; 44] = [
    "Lindqvist", "Okafor", "Hughes", "Nakamura", "O'Brien", "Kowalczyk", "García-Ruiz", "Şahin", "Müller",
    "Petrov", "Ashworth", "Bianchi", "Çelik", "Dubois", "Eriksen", "Fitzgerald", "Grant", "Hernández",
    "Ito", "Jansen", "Kaur", "Łukasik", "Mbeki", "Novák", "Ostrowski", "Patel", "Quinn", "Rossi",
    "Svensson", "Thompson", "Underwood", "Vasquez", "Whitaker", "Xu", "Yilmaz", "Zielińska", "Adeyemi",
    "Bergström", "Castellanos", "de la Cruz", "Ellison", "Fernandes", "Gallagher", "佐藤",
];

/// First words of company names.
#[rustfmt::skip]
pub(super) const HOUSES: [&str; 32] = [
    "Harbor", "Ashgrove", "Bluebell", "Cedar Hill", "Dunmore", "Eastgate", "Fjällberg", "Granite Peak",
    "Hollybank", "Ironbridge", "Juniper", "Kestrel", "Larchwood", "Maple Row", "Northwick", "Oakhaven",
    "Pemberton & Söhne", "Quayside", "Riverbend", "Stonecroft", "Thornbury", "Uplands", "Värmland",
    "Westbrook", "Yew Tree", "Zenith", "Château Belmont", "Córdoba", "Łąka", "St. Aldate's", "Whinfell",
    "Kingfisher",
];

/// Last words of company names.
#[rustfmt::skip]
pub(super) const TRADES: [&str; 16] = [
    "Dental", "Logistics", "Bakery", "Architects", "Legal", "Veterinary Clinic", "Accounting",
    "Primary School", "Engineering", "Pharmacy", "Housing Trust", "Estate Agents", "Brewing Co.",
    "Printworks", "Care Homes", "Motors",
];

/// Job titles.
#[rustfmt::skip]
pub(super) const JOBS: [&str; 14] = [
    "Front desk", "Practice manager", "Accountant", "Office manager", "Director", "Warehouse lead",
    "Designer", "Head of operations", "Sales representative", "Receptionist", "Solicitor", "Technician",
    "HR manager", "Buyer",
];

/// A town with customers.
pub(super) struct Place {
    pub(super) city: &'static str,
    pub(super) state: Option<&'static str>,
    pub(super) country: &'static str,
    /// Code of the country, with which business numbers begin.
    pub(super) code: &'static str,
    /// Pattern of postal codes: `#` stands for a digit and `@` for a letter.
    pub(super) zip: &'static str,
    /// Pattern of telephone numbers: `#` stands for a digit. None where no range is reserved for fiction.
    pub(super) phone: Option<&'static str>,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
}

/// The towns. The first is that of the first customer.
#[rustfmt::skip]
pub(super) const PLACES: [Place; 9] = [
    Place { city: "Bristol", state: Some("England"), country: "United Kingdom", code: "GB", zip: "BS1 4@@", phone: Some("+44 117 496 0###"), latitude: 51.4495, longitude: -2.5985 },
    Place { city: "Manchester", state: Some("England"), country: "United Kingdom", code: "GB", zip: "M2 3@@", phone: Some("+44 161 496 0###"), latitude: 53.4808, longitude: -2.2426 },
    Place { city: "London", state: Some("England"), country: "United Kingdom", code: "GB", zip: "EC1A 1@@", phone: Some("+44 20 7946 0###"), latitude: 51.5155, longitude: -0.0922 },
    Place { city: "Edinburgh", state: Some("Scotland"), country: "United Kingdom", code: "GB", zip: "EH1 1@@", phone: Some("+44 131 496 0###"), latitude: 55.9533, longitude: -3.1883 },
    Place { city: "Cardiff", state: Some("Wales"), country: "United Kingdom", code: "GB", zip: "CF10 1@@", phone: Some("+44 29 2018 0###"), latitude: 51.4816, longitude: -3.1791 },
    Place { city: "Boston", state: Some("MA"), country: "United States", code: "US", zip: "021##", phone: Some("+1 617 555 01##"), latitude: 42.3601, longitude: -71.0589 },
    Place { city: "Austin", state: Some("TX"), country: "United States", code: "US", zip: "787##", phone: Some("+1 512 555 01##"), latitude: 30.2672, longitude: -97.7431 },
    Place { city: "Zürich", state: None, country: "Switzerland", code: "CH", zip: "80##", phone: None, latitude: 47.3769, longitude: 8.5417 },
    Place { city: "Malmö", state: Some("Skåne"), country: "Sweden", code: "SE", zip: "211 ##", phone: None, latitude: 55.6050, longitude: 13.0038 },
];

/// Names of streets, in all towns alike.
#[rustfmt::skip]
pub(super) const STREETS: [&str; 12] = [
    "Quayside Parade", "Mill Lane", "Station Road", "High Street", "Chapel Row", "Victoria Terrace",
    "Foundry Yard", "Orchard Close", "Market Square", "Canal Walk", "Elm Avenue", "Kings Parade",
];

/// A text in lower-case ASCII letters and digits, as domains and user names are written: `Pemberton & Söhne` becomes
/// `pembertonsohne`. Characters without such a form are left out, so a Japanese name becomes empty.
pub(super) fn ascii(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars().flat_map(char::to_lowercase) {
        match character {
            'a'..='z' | '0'..='9' => out.push(character),
            'á' | 'à' | 'â' | 'ä' | 'å' | 'ã' | 'ą' => out.push('a'),
            'ç' | 'ć' | 'č' => out.push('c'),
            'é' | 'è' | 'ê' | 'ë' | 'ę' => out.push('e'),
            'í' | 'î' | 'ï' | 'ı' => out.push('i'),
            'ł' => out.push('l'),
            'ñ' | 'ń' => out.push('n'),
            'ó' | 'ô' | 'ö' | 'ø' => out.push('o'),
            'ş' | 'š' => out.push('s'),
            'ú' | 'ü' => out.push('u'),
            'ź' | 'ż' => out.push('z'),
            _ => {}
        }
    }
    out
}
