//! Keys of the sandbox.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::{Value, json};

/// A key in the form of legacy keys: 32 lower-case letters and digits.
pub(crate) fn api_key(seed: u64) -> String {
    let mut rng = Rng::with_seed(seed);
    // Letters and digits alternate, so that no YAML or spreadsheet reads the key as a number.
    let pairs = (0..16).flat_map(|_| [rng.lowercase(), rng.digit(10)]);
    pairs.collect()
}

/// A key in the form of new keys: a JWT that expires a year from now. Its signature is random, and the sandbox does not
/// check it.
pub(crate) fn jwt(seed: u64, now: DateTime<Utc>) -> String {
    let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let expires = now + TimeDelta::days(365);
    let header = part(json!({"alg": "HS256", "typ": "JWT"}));
    let claims = part(json!({
        "iss": "atera-sandbox", "sub": api_key(seed), "iat": now.timestamp(), "exp": expires.timestamp(),
    }));
    let mut rng = Rng::with_seed(seed);
    let signature: Vec<u8> = (0..32).map(|_| rng.u8(..)).collect();
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature))
}
