//! Fields that are left out are nowhere in the database.

use super::{
    Place, account, for_both,
    service::{Service, agent},
};
use crate::{Redaction, SyncOptions, engine::Value, schema::INTERNAL_TABLES, schema::tables};

for_both!(
    a_field_that_is_left_out_is_nowhere,
    a_value_that_changes_is_in_no_history,
    the_field_that_parts_are_asked_for_by_is_not_left_out,
);

/// Everything that the database has, as text.
async fn everything(place: &Place) -> String {
    let names = tables().iter().map(|table| table.name.as_str());
    let names = names.chain(INTERNAL_TABLES.iter().map(|table| table.name));
    let mut all = String::new();
    for name in names {
        for row in place.rows(&format!("SELECT * FROM \"{name}\"")).await {
            all.push_str(&format!("{row:?}"));
        }
    }
    // With the pages that are free, and the log of what is to be written.
    if let Some(folder) = &place.folder {
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            all.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    all
}

async fn a_field_that_is_left_out_is_nowhere(place: Place) {
    let sandbox = account::sandbox().await;
    let client = account::client(&sandbox);
    let mut phones = Vec::new();
    let mut contacts = client.contacts().list().stream();
    while let Some(contact) = contacts.try_next().await.unwrap() {
        phones.extend(contact.phone);
    }
    assert!(phones.len() > 10);
    // The sandbox gives numbers to others as well, so that not every field of that name may be kept.
    let redaction = Redaction::parse(["Phone", "MobilePhone", "EndUserPhone"]).unwrap();
    let options = SyncOptions::new().with(["comments"]).unwrap().redact(redaction);
    let report = place.sync(&client, &options).await;
    assert!(report.is_success(), "{:?}", report.worst());
    let all = everything(&place).await;
    assert!(all.contains("Lastname"), "the other fields are there");
    for phone in phones {
        assert!(!all.contains(&phone), "{phone}");
    }
    let sql = "SELECT \"value\" FROM \"_mirror\" WHERE \"name\" = 'redacted'";
    assert_eq!(place.texts(sql).await, ["EndUserPhone,MobilePhone,Phone"]);
}

async fn a_value_that_changes_is_in_no_history(place: Place) {
    let service = Service::new();
    let options = SyncOptions::new()
        .only(["agents"])
        .unwrap()
        .redact(Redaction::parse(["machinename"]).unwrap());
    for name in ["first-secret", "second-secret"] {
        service.agents([agent(1, name), r#"{"MachineName":"third-secret"}"#.to_string()]);
        place.sync(&service.client(), &options).await;
    }
    let all = everything(&place).await;
    assert!(!all.contains("secret"));
    // A change of a field that is left out is no change.
    assert_eq!(place.count("SELECT COUNT(*) FROM \"_changes\"").await, 1);
    let rows = place.rows("SELECT \"machine_name\" FROM \"agents\"").await;
    assert_eq!(rows, [[Value::Null]]);
}

async fn the_field_that_parts_are_asked_for_by_is_not_left_out(place: Place) {
    let service = Service::new();
    service.agents([agent(1, "pc")]);
    let options = SyncOptions::new()
        .only(["agents"])
        .unwrap()
        .redact(Redaction::parse(["agents.DeviceGuid"]).unwrap());
    let with = options.clone().with(["patches"]).unwrap();
    let client = service.client();
    let refused = [
        crate::sync::run(&*place.engine, &client, &with)
            .await
            .unwrap_err(),
        crate::sync::plan(&*place.engine, &client, &with)
            .await
            .unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.kind(), crate::ErrorKind::Config);
        assert_eq!(
            error.to_string(),
            "cannot sync agents_available_patches: they are asked for by the DeviceGuid of agents, which this mirror leaves out; sync \
             without them, or begin a new mirror that has it"
        );
    }
    assert_eq!(service.requests(), 0);
    assert!(place.sync(&client, &options).await.is_success());
}
