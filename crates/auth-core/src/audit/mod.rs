//! The audit log: what happened to accounts, for their owners and for those who have to find out.
//!
//! An event that tells of a change is written in the transaction of that change, so that neither is there without the
//! other. What only failed is written when it is over, as far as the database takes it. Events never hold secrets
//! (OWASP ASVS 16.2, OWASP Logging Vocabulary).

mod config;
mod forget;
mod model;
mod rows;
mod service;
pub(crate) mod store;

use crate::feature::Feature;

pub use config::AuditConfig;
pub(crate) use forget::forget_clients;
pub use model::{AuditEvent, AuditPage, AuditQuery};
use rows::{export, purge};
pub use service::Audit;
pub(crate) use service::{MAX_PENDING, MAX_PENDING_OF_CLIENT};

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature =
    Feature::new("audit", "The log of what happened to accounts.").purge(purge).export(export);
