//! A new password for one that was forgotten, by a link that only the owner of the email address gets (OWASP Forgot
//! Password Cheat Sheet).

mod service;

pub use service::PasswordResets;
