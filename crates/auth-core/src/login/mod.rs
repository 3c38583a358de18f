//! Logging in with a password.

mod service;

pub use service::Logins;
