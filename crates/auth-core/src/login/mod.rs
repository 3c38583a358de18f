//! Logging in with a password.

mod config;
mod service;

pub use config::LoginConfig;
pub use service::Logins;
