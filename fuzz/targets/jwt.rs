//! The JWT codec: no bytes of a stranger are a token, and none make it panic.
#![no_main]

use std::sync::LazyLock;

use auth_core::jwt::{JwtCodec, JwtCodecConfig, JwtKey};
use auth_core::time::OffsetDateTime;
use libfuzzer_sys::fuzz_target;

static CODEC: LazyLock<JwtCodec> = LazyLock::new(|| {
    // Bytes that pass for a secret: a key that looks like none is refused.
    const SECRET: [u8; 32] = *b"\x4e\x91\x0b\xd7\x3a\xc8\x65\x1f\xee\x72\x29\xb4\x5d\x80\x13\xfa\
        \xc6\x37\x9e\x04\xab\x58\xe1\x7c\x20\xd3\x8f\x46\xb9\x6a\x15\xf2";
    let key = JwtKey::hs256("fuzz", &SECRET).expect("a key");
    JwtCodec::new(JwtCodecConfig::new("https://app.example.com", "app", key)).expect("a codec")
});

fuzz_target!(|text: &str| {
    // Nothing here is signed by the key.
    assert!(CODEC.verify(text, OffsetDateTime::UNIX_EPOCH).is_err());
});
