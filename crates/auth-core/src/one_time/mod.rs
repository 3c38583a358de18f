//! Single-use tokens.
//!
//! Whatever may happen at most once (a verification, a reset, an exchange) is guarded by a row of this feature and by
//! one statement: [`OneTimeTokens::consume`] is the only way to redeem a token, and it does so in the transaction of
//! the effect, so that neither is there without the other.

mod limits;
mod model;
mod purge;
mod purpose;
mod seat;
mod service;
mod store;

use crate::feature::Feature;

pub use limits::{TOKEN_TRIES, TOKEN_USES};
pub use model::{Consumed, Doubt, Family, Issue};
use purge::purge;
pub use purpose::Purpose;
pub use service::OneTimeTokens;
pub(crate) use store::{delete, delete_mailed_to, unused};

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("one_time", "Tokens that may be redeemed once.")
    .purge(purge)
    .limits(&[TOKEN_TRIES.declared(), TOKEN_USES.declared()]);
