//! What the three example apps share: their environment, their notes table, their page, and a server.

mod app;
mod config;
mod database;
mod failure;
mod framing;
mod linger;
mod notes;
mod secret;
mod serve;
mod site;

pub use app::{App, open, start};
pub use config::{Config, EnvironmentErrors};
pub use failure::Failure;
pub use notes::{Note, Notes};
pub use serve::serve;
pub use site::{MAIL_PAGES, Site};
