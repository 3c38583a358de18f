//! The handlers, one file per feature, each a thin wrapper over a typed method of the core.

mod admin;
mod audit;
mod device;
mod email_change;
mod hasura;
mod health;
mod invitation;
mod login;
mod magic_link;
mod password_reset;
mod profile;
mod registration;
mod role;
mod session;
mod token;
mod verification;

use auth_core::Auth;

use crate::endpoint::Endpoint;

/// The routes of a feature.
pub(crate) struct Feature {
    /// Its name: the first part of the ids of its routes.
    pub(crate) name: &'static str,
    /// What its routes are about.
    pub(crate) about: &'static str,
    endpoints: fn(&Auth) -> Vec<Endpoint>,
}

macro_rules! feature {
    ($name:ident: $about:literal) => {
        Feature { name: stringify!($name), about: $about, endpoints: $name::endpoints }
    };
}

/// Every feature, in the order of the documentation.
pub(crate) const FEATURES: &[Feature] = &[
    feature!(registration: "Registration of new accounts."),
    feature!(login: "Logging in with a password. Each backend has a login of its own."),
    feature!(device: "Devices from which accounts were used before."),
    feature!(session: "The list of the user's sessions, and logging out. Each backend has a logout of its own."),
    feature!(profile: "The user's own account: reading, changing, exporting and deleting it."),
    feature!(verification: "Verification of email addresses."),
    feature!(password_reset: "New passwords for users who forgot theirs."),
    feature!(invitation: "Accounts that superusers create and whose users choose the password."),
    feature!(email_change: "Changes of email addresses."),
    feature!(magic_link: "Passwordless logins by mail."),
    feature!(audit: "What happened to accounts."),
    feature!(token: "The next access token of a session, and what other services need to verify tokens."),
    feature!(admin: "Account management for superusers."),
    feature!(role: "Roles of accounts, which superusers grant and the app asks for."),
    feature!(hasura: "Token pairs in the layout of hasura-backend-plus 2.7, for apps that have clients of it."),
    feature!(health: "For load balancers and monitors."),
];

/// Every route, in the order of the documentation.
pub(crate) fn endpoints(auth: &Auth) -> Vec<Endpoint> {
    FEATURES.iter().flat_map(|feature| (feature.endpoints)(auth)).collect()
}
