//! Technicians and departments of the account. They are the same for each seed.

use super::names::ascii;
use crate::world::{
    Entity::{Department, Technician},
    Record, Store,
};

/// Names of technicians. Their ids count from 77, which the examples of the description name.
const TECHNICIANS: [&str; 8] = [
    "Tom Reyes",
    "Priya Raman",
    "Ólafur Jónsson",
    "Beatriz Nunes",
    "Callum Reid",
    "Ewa Mazur",
    "Samir Haddad",
    "June Park",
];

/// Names and descriptions of departments.
const DEPARTMENTS: [(&str, &str); 6] = [
    ("Front office", "Reception and appointments"),
    ("Finance", "Accounts and payroll"),
    ("Operations", "Day-to-day running of the sites"),
    ("Sales", "Customers and quotations"),
    ("Management", "Directors and their assistants"),
    ("IT", "In-house IT and its suppliers"),
];

/// Generates technicians. Their addresses follow from their names, as in `tom.reyes@fieldline.example`.
pub(super) fn technicians(store: &mut Store) {
    for (id, name) in (77..).zip(TECHNICIANS) {
        let user: Vec<String> = name.split(' ').map(ascii).collect();
        let (first, last) = name.split_once(' ').unwrap_or((name, ""));
        let fields = [
            ("TechnicianFullName", name.into()),
            ("FirstName", first.into()),
            ("LastName", last.into()),
            (
                "TechnicianEmail",
                format!("{}@fieldline.example", user.join(".")).into(),
            ),
        ];
        let record = Record::with_fields(Technician.shape(), store.as_of(), fields);
        store.put(Technician, id, record);
    }
}

/// Generates departments.
pub(super) fn departments(store: &mut Store) {
    for (id, (name, description)) in (14..).zip(DEPARTMENTS) {
        let fields = [("Name", name.into()), ("Description", description.into())];
        let record = Record::with_fields(Department.shape(), store.as_of(), fields);
        store.put(Department, id, record);
    }
}
