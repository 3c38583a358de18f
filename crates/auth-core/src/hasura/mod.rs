//! Token pairs in the layout of hasura-backend-plus 2.7: for clients that were written for it, and for servers of GraphQL that read
//! roles from such tokens.
//!
//! A login gives a JSON Web Token that lives for minutes, and a refresh token that is good once. The JSON Web Token names a user and
//! no session: it is good until it expires, or until something ends every session of its user. Only the routes of this feature
//! take it.

mod config;
mod pairs;
mod service;
mod token;

use crate::feature::Feature;

pub(crate) use config::NAME;
pub use config::{HasuraConfig, HasuraOptions};
pub(crate) use pairs::BuiltPairs;
pub use service::Hasura;

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("hasura", "Token pairs in the layout of hasura-backend-plus.")
    .problems(|configs| configs.hasura.problems());
