//! The scenarios, one file per feature.

mod account;
mod account_by_admin;
mod admin;
mod audit;
mod broken_connection;
mod busy_database;
mod change_password;
mod clock;
mod email_change;
mod equal_work;
mod extract;
mod forged_request;
mod hang_up;
mod health;
mod hook;
mod hostile_request;
mod identifier;
mod json_web_token;
mod log;
mod login;
mod login_request;
mod magic_link;
mod mail;
mod matrix;
mod migration;
mod neutral_registration;
mod new_account;
mod one_time_token;
mod parity;
mod password_reset;
mod password_spelling;
mod register;
mod saturation;
mod session;
mod storage;
mod token;
mod unseen_characters;
mod verification;

use crate::Scenario;

/// Declares a feature by the name of its file.
macro_rules! feature {
    ($name:ident) => {
        (stringify!($name), $name::SCENARIOS)
    };
}

/// Every feature with its scenarios.
pub(crate) const FEATURES: &[(&str, &[Scenario])] = &[
    feature!(account),
    feature!(account_by_admin),
    feature!(admin),
    feature!(audit),
    feature!(broken_connection),
    feature!(busy_database),
    feature!(change_password),
    feature!(clock),
    feature!(email_change),
    feature!(equal_work),
    feature!(extract),
    feature!(forged_request),
    feature!(json_web_token),
    feature!(hang_up),
    feature!(health),
    feature!(hook),
    feature!(hostile_request),
    feature!(identifier),
    feature!(log),
    feature!(login),
    feature!(login_request),
    feature!(magic_link),
    feature!(mail),
    feature!(matrix),
    feature!(migration),
    feature!(new_account),
    feature!(neutral_registration),
    feature!(one_time_token),
    feature!(parity),
    feature!(password_reset),
    feature!(password_spelling),
    feature!(register),
    feature!(saturation),
    feature!(session),
    feature!(storage),
    feature!(token),
    feature!(unseen_characters),
    feature!(verification),
];
