//! GUIDs that are the same in each run.

use fastrand::Rng;
use uuid::Builder;

/// The next GUID of a sequence of random numbers.
pub(crate) fn random_guid(rng: &mut Rng) -> String {
    guid(rng.u128(..))
}

/// The GUID of a name: equal names have equal GUIDs. It is a hash of the name (FNV-1a, 128 bits), since a version 5
/// UUID would bring in SHA-1.
pub(crate) fn guid_of(name: &str) -> String {
    const OFFSET: u128 = 0x6c62272e07bb014262b821756295c58d;
    const PRIME: u128 = 0x0000000001000000000000000000013b;
    let step = |hash: u128, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME);
    guid(name.bytes().fold(OFFSET, step))
}

/// The bits as a version 4 UUID, which is what .NET makes.
fn guid(bits: u128) -> String {
    let bytes = bits.to_be_bytes();
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}
