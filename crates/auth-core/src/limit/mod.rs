//! Rate limits of actions that cost somebody else something.
//!
//! Each limit is one row in the database, or one for each network that a client counts as. One statement takes of all
//! rows that an action needs before the work, so that neither a crowd nor a second server gets more (OWASP ASVS 2.4.1,
//! 6.3.1, 6.6.3). Nothing is given back, except for a password that was right. Nobody is locked out by what others do for
//! longer than a window lasts: refusals do not count.

mod bucket;
mod claim;
mod columns;
mod counted;
mod declared;
mod limiter;
mod limits;
mod pace;
mod purge;
mod rate;
mod shared_clock;
mod store;
mod take;

use crate::feature::Feature;

pub use bucket::Bucket;
pub use counted::{Counted, Device, OneToken, Pair, Subject};
pub use declared::{DeclaredLimit, Limit};
pub use limiter::Limiter;
pub use limits::Limits;
pub use pace::Pace;
use purge::purge;
pub use rate::Rate;
pub(crate) use shared_clock::SharedClock;

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("limit", "Rate limits.").purge(purge);

#[cfg(test)]
mod tests;
