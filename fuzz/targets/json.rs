//! The strict JSON parser of the wire: what it takes is what the lenient one makes of it.
#![no_main]

use auth_core::json::{check_storable, parse_strict};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = parse_strict(bytes) else { return };
    // Written and read once more it is the same.
    let again = parse_strict(value.to_string().as_bytes());
    assert_eq!(again.as_ref().ok(), Some(&value));
    let _ = check_storable(&value);
});
