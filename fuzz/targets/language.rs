//! `Accept-Language`: whatever it says, one of the languages is chosen.
#![no_main]

use std::sync::LazyLock;

use auth_core::mail::{Language, Languages};
use libfuzzer_sys::fuzz_target;

static LANGUAGES: LazyLock<Languages> = LazyLock::new(|| {
    let german = "de".parse::<Language>().expect("a language");
    Languages::new(Language::english(), [german])
});

fuzz_target!(|header: &str| {
    let chosen = LANGUAGES.choose(header);
    assert!(LANGUAGES.iter().any(|language| language == chosen));
});
