//! Sessions: one row per login, the check of every request, and the ways in which a session ends.

pub(crate) mod cache;
mod config;
mod ended;
pub(crate) mod establish;
pub(crate) mod forget;
mod idle;
mod issue;
pub(crate) mod lookup;
mod others;
pub(crate) mod refresh;
pub(crate) mod revoke;
mod rows;
mod service;
pub(crate) mod store;

use crate::feature::{Feature, JobHandler};

pub use crate::principal::{ListedSession, Principal, Session};
pub use config::SessionConfig;
pub use establish::Proof;
pub(crate) use establish::{BearerToken, renew};
use forget::{JOB, run_job};
pub use issue::{IssuedToken, Login};
pub use refresh::{Carried, RefreshTokens};
pub(crate) use revoke::{Revocation, revoke};
use rows::{export, purge};
pub use service::{Credential, Freshness, SessionPage, Sessions};

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature =
    Feature::new("session", "Sessions: the check of a request, the list of sessions, logout.")
        .problems(|configs| configs.sessions.problems())
        .purge(purge)
        .export(export)
        .jobs(&[JobHandler::new(JOB, JOB, run_job)]);
