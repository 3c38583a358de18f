//! The scenarios, one file per feature.

mod account_by_admin;
mod actor;
mod admin;
mod admin_command;
mod attributes;
mod audit;
mod broken_connection;
mod busy_database;
mod change_password;
mod clock;
mod contested_address;
mod deletion;
mod device;
mod dump;
mod email_change;
mod equal_work;
mod export;
mod extract;
mod first_superuser;
mod foreign_feature;
mod foreign_hash;
mod forged_request;
mod forged_token;
mod gate;
mod hang_up;
mod hasura;
mod health;
mod hook;
mod hook_work;
mod hostile_request;
mod http2;
mod identifier;
mod installation;
mod invitation;
mod json_web_token;
mod kept_connection;
mod killed_process;
mod limit;
mod log;
mod login;
mod login_request;
mod logout_others;
mod magic_link;
mod mail;
mod mail_delivery;
mod matrix;
mod metrics;
mod migration;
mod neutral_registration;
mod new_account;
mod new_device;
mod one_time_token;
mod own_table;
mod parity;
mod password_reset;
mod password_spelling;
mod profile;
mod proxies;
mod redis;
mod refresh_token;
mod registration;
mod role;
mod saturation;
mod scope;
mod session;
mod session_cache;
mod session_cookie;
mod session_end;
mod session_list;
mod signing_key;
mod storage;
mod superuser;
mod superuser_notice;
mod token;
mod token_key;
mod token_strategy;
mod unconfirmed_password;
#[cfg(unix)]
mod unix_socket;
mod unseen_characters;
mod unused_account;
mod verification;
mod way_back;

use auth_core::AuthBuilder;
use auth_core::feature::Feature;

use crate::Scenario;

/// Declares a feature by the name of its file. The modules are declared above, because rustfmt does not see those that a
/// macro declares; the compiler warns about a list of scenarios that nobody names here.
macro_rules! feature {
    ($name:ident) => {
        (stringify!($name), $name::SCENARIOS)
    };
}

/// The features in crates of their own.
const OTHER_CRATES: &[fn() -> Feature] = &[];

/// Adds the features in crates of their own, which every app of the suite and the published document have.
#[must_use]
pub fn add_features(builder: AuthBuilder) -> AuthBuilder {
    OTHER_CRATES.iter().fold(builder, |builder, feature| builder.feature(feature()))
}

/// Every feature with its scenarios.
pub(crate) const FEATURES: &[(&str, &[Scenario])] = &[
    feature!(profile),
    feature!(account_by_admin),
    feature!(actor),
    feature!(admin_command),
    feature!(admin),
    feature!(audit),
    feature!(attributes),
    feature!(broken_connection),
    feature!(busy_database),
    feature!(change_password),
    feature!(clock),
    feature!(email_change),
    feature!(contested_address),
    feature!(deletion),
    feature!(device),
    feature!(dump),
    feature!(equal_work),
    feature!(export),
    feature!(extract),
    feature!(first_superuser),
    feature!(foreign_feature),
    feature!(foreign_hash),
    feature!(forged_request),
    feature!(forged_token),
    feature!(json_web_token),
    feature!(kept_connection),
    feature!(gate),
    feature!(hang_up),
    feature!(hasura),
    feature!(health),
    feature!(hook),
    feature!(hook_work),
    feature!(hostile_request),
    feature!(http2),
    feature!(identifier),
    feature!(installation),
    feature!(invitation),
    feature!(killed_process),
    feature!(limit),
    feature!(log),
    feature!(login),
    feature!(login_request),
    feature!(logout_others),
    feature!(magic_link),
    feature!(mail),
    feature!(mail_delivery),
    feature!(matrix),
    feature!(metrics),
    feature!(migration),
    feature!(new_account),
    feature!(new_device),
    feature!(neutral_registration),
    feature!(one_time_token),
    feature!(own_table),
    feature!(parity),
    feature!(password_reset),
    feature!(password_spelling),
    feature!(proxies),
    feature!(redis),
    feature!(refresh_token),
    feature!(registration),
    feature!(role),
    feature!(saturation),
    feature!(scope),
    feature!(session),
    feature!(session_cache),
    feature!(session_cookie),
    feature!(session_end),
    feature!(session_list),
    feature!(signing_key),
    feature!(storage),
    feature!(superuser),
    feature!(superuser_notice),
    feature!(token),
    feature!(token_key),
    feature!(token_strategy),
    feature!(unconfirmed_password),
    #[cfg(unix)]
    feature!(unix_socket),
    feature!(unseen_characters),
    feature!(unused_account),
    feature!(verification),
    feature!(way_back),
];
