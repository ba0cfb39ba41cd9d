//! Which values are secrets, by the names of their fields.

use serde_json::Value;

/// What stands in place of a secret.
pub(crate) const HIDDEN: &str = "(secret, not shown)";

/// Parts of a name whose values are secrets: passwords, keys, and the community strings of SNMP.
const SECRET: [&str; 8] = [
    "password",
    "passphrase",
    "community",
    "secret",
    "token",
    "apikey",
    "api_key",
    "privatekey",
];

/// Whether a field of this name holds a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRET.iter().any(|part| name.contains(part))
}

/// Replaces the secrets within a value. Switches and numbers are none: `HasPassword` tells nothing.
pub(crate) fn hide(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::String(text) if is_secret(name) && !text.is_empty() => {
                        *value = Value::from(HIDDEN);
                    }
                    value => hide(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide),
        _ => {}
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
        assert_eq!(names, ["AuthenticationPassword", "Community", "PrivacyPassword"]);
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
}
