//! The scenarios, one file per feature.

mod account;
mod admin;
mod extract;
mod health;
mod hook;
mod login;
mod matrix;
mod parity;
mod register;
mod session;
mod storage;
mod token;

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
    feature!(extract),
    feature!(health),
    feature!(hook),
    feature!(login),
    feature!(matrix),
    feature!(parity),
    feature!(register),
    feature!(session),
    feature!(storage),
    feature!(token),
];
