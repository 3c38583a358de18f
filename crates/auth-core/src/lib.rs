//! Accounts, sessions and tokens: the domain of the authentication library.
//!
//! This crate knows no HTTP. Its one handle is [`Auth`]: built once from the app's own database connection, cloned
//! cheaply, and asked for the service of a feature, such as [`Auth::accounts`] or [`Auth::sessions`]. Every route of
//! the wire is a thin wrapper over one of those typed methods.
//!
//! Three primitives are the only ways to do what must never be done twice or by halves:
//!
//! - a single-use token is redeemed by [`OneTimeTokens::consume`] alone: one statement, one effect;
//! - a session is created by [`feature::establish`] alone, which checks the account's epoch and state in the same
//!   transaction;
//! - live credentials end through [`feature::revoke`] alone, which moves the account's security epoch.

mod auth;
mod backend;
mod builder;
#[cfg(test)]
mod canary_tests;
mod change;
mod client;
mod clock;
mod configs;
mod db;
mod db_error;
mod effect;
mod error;
mod event;
mod features;
mod hidden;
mod hooks;
mod kernel;
mod page;
mod principal;
mod random;
mod redirect;
mod scope;
mod seal;
mod secret;
mod settings;
mod share;
mod user;
mod weakness;
mod worker;

pub mod account;
pub mod admin;
pub mod audit;
pub mod device;
pub mod email_change;
pub mod feature;
pub mod gate;
pub mod hasura;
pub mod identifier;
pub mod installation;
pub mod invitation;
pub mod json;
pub mod jwt;
pub mod limit;
pub mod login;
pub mod magic_link;
pub mod mail;
pub mod one_time;
pub mod password;
pub mod password_reset;
pub mod profile;
pub mod registration;
pub mod role;
pub mod session;
pub mod signing_key;
pub mod telemetry;
pub mod token;
pub mod verification;

pub use account::Accounts;
pub use admin::Admin;
pub use audit::Audit;
pub use auth::Auth;
pub use backend::{Backend, BuiltBackend, CookieOptions, RefreshOptions, SameSite, Transport, key_set};
pub use builder::{AuthBuilder, ConfigErrors};
pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use configs::Configs;
pub use email_change::{EmailChange, EmailChanges};
pub use error::{Details, Error, ErrorClass, ErrorCode, Result};
pub use event::{Event, EventKind, LoginFailure};
pub use hooks::{Action, Hooks, Veto};
pub use installation::Installation;
pub use invitation::Invitations;
pub use limit::{Limits, Rate};
pub use login::Logins;
pub use magic_link::MagicLinks;
pub use mail::Mailer;
pub use one_time::OneTimeTokens;
pub use password_reset::PasswordResets;
pub use principal::{Principal, Session};
pub use profile::Profiles;
pub use random::{OsRandom, Random, RandomError};
pub use redirect::RedirectTarget;
pub use registration::{Registration, Registrations};
pub use role::{RoleName, Roles};
pub use secret::RootSecret;
pub use session::Sessions;
pub use settings::Settings;
pub use token::TokenStrategy;
pub use user::User;
pub use verification::Verifications;
pub use worker::{OutboxState, Outgoing, Purge, Purged, Workers};

/// The crates that appear in this crate's own signatures.
pub use {sea_orm, secrecy, time, url, uuid};
