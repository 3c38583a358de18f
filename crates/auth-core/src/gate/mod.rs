//! The one way in which a password that somebody typed is compared with the stored one.
//!
//! Every door that takes a password goes through the `PasswordGate`: it reserves an attempt before anything is hashed, by
//! one conditional statement for all limits, and it is the only caller of the hasher's `verify` (`cargo xtask tidy`
//! checks that). The limits follow OWASP ASVS 6.3.1 and NIST SP 800-63B-4, section 3.2.2:
//!
//! - an unknown device takes of its network, of the account from this network, and of the account as a whole;
//! - a device that the account [knows](crate::device) takes of its own limit instead, so that nobody is locked out by what
//!   others do.
//!
//! A mailed code that is typed takes of the account as a whole as well, and a login by mail ends what is counted in a row.
//!
//! A name that no account has is counted in the same way, and all names of an account are one. A success gives the
//! attempt back, and ends what was counted in a row.

mod attempt;
mod code;
mod limits;
mod service;

use crate::feature::Feature;

pub(crate) use attempt::{Checked, MAX_QUESTIONS, MAX_QUESTIONS_OF_CLIENT};
pub(crate) use code::CodeAttempt;
pub use limits::{
    CODES_BY_ACCOUNT, CODES_BY_NAME, PASSWORDS_BY_ACCOUNT, PASSWORDS_BY_CLIENT, PASSWORDS_BY_DEVICE, PASSWORDS_BY_PAIR,
};
pub(crate) use service::PasswordGate;

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("gate", "Attempts at passwords and mailed codes.").limits(&[
    PASSWORDS_BY_CLIENT.declared(),
    PASSWORDS_BY_PAIR.declared(),
    PASSWORDS_BY_ACCOUNT.declared(),
    PASSWORDS_BY_DEVICE.declared(),
    CODES_BY_ACCOUNT.declared(),
    CODES_BY_NAME.declared(),
]);
