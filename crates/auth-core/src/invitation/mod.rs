//! Invitations: a superuser creates an account for somebody, who chooses the password by a mailed link.
//!
//! An account waits for its user as long as it has no password and nobody has logged in to it. Its link is good for days,
//! because nobody asked for it and may be away; it works only while the account waits.

mod config;
mod link;
mod service;

use crate::feature::Feature;

pub use config::InvitationConfig;
pub use link::{INVITATION, INVITE};
pub(crate) use link::{awaits_user, invite, is_invited};
pub use service::{INVITATIONS, Invitations};

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("invitation", "Accounts that wait for their users.")
    .mails(&[INVITATION])
    .purposes(&[INVITE])
    .limits(&[INVITATIONS.declared()])
    .problems(|configs| configs.invitation.problems());
