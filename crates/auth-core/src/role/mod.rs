//! Roles: names of the app's own for what an account may do there, such as `editor`. Superusers grant them, and the app asks
//! for them. They say nothing about the routes of this library: those are for superusers.

mod config;
mod model;
mod notice;
mod rows;
mod service;
pub(crate) mod store;

use crate::feature::Feature;

pub use config::RoleConfig;
pub use model::{MAX_ROLES, RoleName, UserRoles};
pub use notice::{ROLE_GRANTED, ROLE_REVOKED};
pub use service::Roles;

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("role", "What accounts may do in the app.")
    .mails(&[ROLE_GRANTED, ROLE_REVOKED])
    .problems(|configs| configs.roles.problems())
    .export(rows::export);
