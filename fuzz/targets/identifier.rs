//! Email addresses and user names: one canonical form, which stays itself.
#![no_main]

use auth_core::identifier::{Email, LoginName, Username};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(email) = Email::parse(text) {
        let again = Email::parse(email.as_str()).expect("the canonical form is an address");
        assert_eq!((again.as_str(), again.key()), (email.as_str(), email.key()));
        assert_eq!(Email::key_of(text).as_deref(), Some(email.key()));
    }
    if let Ok(name) = Username::parse(text) {
        let again = Username::parse(name.as_str()).expect("the canonical form is a name");
        assert_eq!((again.as_str(), again.key()), (name.as_str(), name.key()));
        // A name that looks like an address would be looked up as one.
        assert!(Email::parse(text).is_err());
    }
    let _ = LoginName::parse(text);
});
