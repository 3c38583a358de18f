//! Logging in with a password.

mod config;
mod service;

use crate::feature::Feature;

pub use config::LoginConfig;
pub use service::Logins;

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("login", "Logging in with a password.");
