//! The JWT codec: no bytes of a stranger are a token, and none make it panic.
#![no_main]

use std::sync::LazyLock;

use auth_core::jwt::{JwtCodec, JwtCodecConfig, JwtKey};
use auth_core::time::OffsetDateTime;
use libfuzzer_sys::fuzz_target;

static CODEC: LazyLock<JwtCodec> = LazyLock::new(|| {
    let key = JwtKey::hs256("fuzz", &[7; 32]).expect("a key");
    JwtCodec::new(JwtCodecConfig::new("https://app.example.com", "app", key)).expect("a codec")
});

fuzz_target!(|text: &str| {
    // Nothing here is signed by the key.
    assert!(CODEC.verify(text, OffsetDateTime::UNIX_EPOCH).is_err());
});
