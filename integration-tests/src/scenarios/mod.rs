//! The scenarios, one file per feature.

mod account;
mod admin;
mod broken_connection;
mod busy_database;
mod clock;
mod equal_work;
mod extract;
mod foreign_hash;
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
mod matrix;
mod migration;
mod new_account;
mod one_time_token;
mod parity;
mod password_spelling;
mod register;
mod saturation;
mod session;
mod storage;
mod token;
mod unseen_characters;

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
    feature!(admin),
    feature!(broken_connection),
    feature!(busy_database),
    feature!(clock),
    feature!(equal_work),
    feature!(extract),
    feature!(foreign_hash),
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
    feature!(matrix),
    feature!(migration),
    feature!(new_account),
    feature!(one_time_token),
    feature!(parity),
    feature!(password_spelling),
    feature!(register),
    feature!(saturation),
    feature!(session),
    feature!(storage),
    feature!(token),
    feature!(unseen_characters),
];
