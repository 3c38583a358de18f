//! Logins by mail: a link, and a code for where it cannot be opened.
//!
//! A link that is opened shows a page and acts only when that is confirmed: mail scanners open links too. A login
//! proves the mailbox; where it is the first proof, what was set up before it goes. An address without an account gets
//! one, where people may register.

mod service;

pub use service::{MagicLinkProof, MagicLinks, Preview};
