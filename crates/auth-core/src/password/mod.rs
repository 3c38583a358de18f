//! Passwords: what one may be, and how it is stored and verified.
//!
//! - [`Password`] is the value: normalised once, wiped on drop, never printed.
//! - [`PasswordPolicy`] judges new passwords; [`StandardPolicy`] follows NIST SP 800-63B-4 and OWASP ASVS 6.2.
//! - [`PasswordHasher`] computes Argon2id (RFC 9106) with a bounded number of hashes at once, and every
//!   verification does the same amount of work, whatever the database holds. Hashes that other systems made verify too,
//!   until a login replaces them.

mod blocklist;
mod bounds;
mod config;
mod cost;
mod encoding;
mod estimate;
mod foreign;
mod hasher;
mod hasher_config;
mod policy;
mod secret;
mod signer_key;
mod verdict;
mod work;

use crate::feature::Feature;

pub use config::PasswordConfig;
pub use cost::HashConcern;
pub use foreign::UnreadableHash;
pub use hasher::PasswordHasher;
pub use hasher_config::HasherConfig;
pub use policy::{PasswordPolicy, PolicyContext, Refusal, StandardPolicy};
pub use secret::Password;
pub use signer_key::{FirebaseSignerKey, InvalidSignerKey};
pub use verdict::{HasherError, Verdict};

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature =
    Feature::new("password", "Password rules and hashing.").problems(|configs| configs.passwords.problems());

#[cfg(test)]
mod tests;
