//! Signing keys that the library makes, keeps and rotates: the key pairs of backends with
//! [`JwtKeys::Managed`](crate::token::JwtKeys::Managed).
//!
//! A pair is *next* at first: published and accepted, and not signing yet. It becomes *current* once everyone who caches the
//! key set knows it. The pair that was current before is *retired* then: it is accepted until its last token has expired.
//! All servers read the same table, and each keeps what it read in memory (`ring.rs`).

mod config;
mod model;
mod ring;
mod rule;
mod service;
mod start;
mod store;
#[cfg(test)]
mod tests;
mod upkeep;

use crate::feature::Feature;

pub use config::SigningKeyConfig;
pub use model::{Promotion, SigningKey};
pub(crate) use ring::{Known, Ring};
pub use rule::{KEY_SET_MAX_AGE, MAX_AGE, PUBLISHED_FOR, SigningKeyState};
pub use service::SigningKeys;
pub use start::SealedKey;
pub(crate) use start::begin;
use upkeep::{purge, upkeep};

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("signing_key", "Signing keys that rotate.")
    .problems(|configs| configs.signing_keys.problems())
    .purge(purge)
    .upkeep(upkeep);
