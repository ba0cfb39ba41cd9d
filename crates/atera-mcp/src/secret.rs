//! Which values are secrets, by the names of their fields.

use serde_json::{Map, Value};

/// What stands in place of a secret.
pub(crate) const HIDDEN: &str = "(secret, not shown)";

/// Parts of a name whose values are secrets: passwords, keys, and the community strings of SNMP. The names are those of the
/// description, and those that people give to custom fields.
const SECRET: [&str; 13] = [
    "password",
    "passwd",
    "passcode",
    "passphrase",
    "community",
    "credential",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "recoverykey",
    // They may be product keys, by the description. Those of machines are none.
    "windowsserialnumber",
    "officeserialnumber",
];

/// The name of a custom field, in its value and in the path of a call.
const FIELD_NAME: &str = "FieldName";

/// Whether a field of this name holds a secret. Letter case, spaces and signs do not count: `API key` is one.
pub(crate) fn is_secret(name: &str) -> bool {
    let letters = name.chars().filter(|it| it.is_alphanumeric());
    let name: String = letters.flat_map(char::to_lowercase).collect();
    SECRET.iter().any(|part| name.contains(part))
}

/// Replaces the secrets within a value: what has the name of a secret, and the value of a custom field that has such a name.
pub(crate) fn hide(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let holds_secret = names_secret(object);
            for (name, value) in object {
                match is_secret(name) || (holds_secret && is_value(name)) {
                    true => replace(value),
                    false => hide(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide),
        _ => {}
    }
}

/// Replaces the values of custom fields at any depth. For a call that names the field in its path, so that it need not stand
/// beside the value.
pub(crate) fn hide_custom_values(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match is_value(name) {
                    true => replace(value),
                    false => hide_custom_values(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide_custom_values),
        _ => {}
    }
}

/// Whether these parameters or fields name a custom field that holds a secret.
pub(crate) fn names_secret(object: &Map<String, Value>) -> bool {
    let mut names = object.iter().filter(|(name, _)| is_field_name(name));
    names.any(|(_, name)| name.as_str().is_some_and(is_secret))
}

/// Whether a parameter or a field of this name has the name of a custom field.
pub(crate) fn is_field_name(name: &str) -> bool {
    name.eq_ignore_ascii_case(FIELD_NAME)
}

/// Whether a field of this name has the value of a custom field, in one of its types.
fn is_value(name: &str) -> bool {
    name == "Value" || name.starts_with("ValueAs")
}

/// Replaces a secret, whatever it is. Switches are none: `HasPassword` tells nothing.
fn replace(value: &mut Value) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::String(text) if text.is_empty() => {}
        value => *value = Value::from(HIDDEN),
    }
}

#[cfg(test)]
mod tests {
    use atera::description::{Kind, SCHEMAS};
    use serde_json::json;

    use super::*;

    #[test]
    fn the_secrets_of_the_description_are_known() {
        let fields = SCHEMAS.iter().flat_map(|schema| schema.fields);
        let texts = fields.filter(|field| matches!(field.kind, Kind::Text));
        let mut names: Vec<_> = texts
            .map(|field| field.name)
            .filter(|name| is_secret(name))
            .collect();
        names.sort_unstable();
        names.dedup();
        let known = [
            "AuthenticationPassword",
            "Community",
            "OfficeSerialNumber",
            "PrivacyPassword",
            "WindowsSerialNumber",
        ];
        assert_eq!(names, known);
        // Whatever the description itself calls so. Of a script it says that none belongs into it.
        let fields = SCHEMAS.iter().flat_map(|schema| schema.fields);
        let called = fields.filter(|field| {
            let told = field.description.to_lowercase();
            matches!(field.kind, Kind::Text) && (told.contains("secret") || told.contains("password"))
        });
        let missed: Vec<_> = called
            .map(|field| field.name)
            .filter(|name| !is_secret(name))
            .collect();
        assert_eq!(missed, ["Script"]);
    }

    #[test]
    fn secrets_are_replaced_at_any_depth() {
        let mut value = json!({"Devices": [{"Community": "public", "Name": "switch"}], "Token": ""});
        hide(&mut value);
        assert_eq!(
            value,
            json!({"Devices": [{"Community": HIDDEN, "Name": "switch"}], "Token": ""})
        );
    }

    #[test]
    fn whatever_has_the_name_of_a_secret_is_replaced() {
        let mut value = json!({"Password": 1234, "API key": ["a", "b"], "token": {"is": "x"}, "HasPassword": true, "Secret": null});
        hide(&mut value);
        assert_eq!(
            value,
            json!({"Password": HIDDEN, "API key": HIDDEN, "token": HIDDEN, "HasPassword": true, "Secret": null})
        );
    }

    #[test]
    fn the_value_of_a_custom_field_is_a_secret_by_the_name_of_the_field() {
        let mut value = json!([
            {"FieldName": "Firewall password", "ItemId": 7, "ValueAsString": "hunter2", "ValueAsDecimal": 4711.0, "ValueAsBool": false},
            {"FieldName": "Asset tag", "ItemId": 7, "ValueAsString": "HD-9"},
        ]);
        hide(&mut value);
        assert_eq!(
            value,
            json!([
                {"FieldName": "Firewall password", "ItemId": 7, "ValueAsString": HIDDEN, "ValueAsDecimal": HIDDEN, "ValueAsBool": false},
                {"FieldName": "Asset tag", "ItemId": 7, "ValueAsString": "HD-9"},
            ])
        );
        let mut body = json!({"Value": "hunter2"});
        hide_custom_values(&mut body);
        assert_eq!(body, json!({"Value": HIDDEN}));
    }
}
