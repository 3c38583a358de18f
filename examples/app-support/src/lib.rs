//! What the three example apps share: their environment, their notes table and their pages.

mod app;
#[cfg(test)]
mod canary_tests;
mod config;
mod database;
mod failure;
mod metrics;
mod notes;
mod secret;
mod site;
mod stop;

pub use app::{App, open, start};
pub use config::{Config, EnvironmentErrors};
pub use failure::{Failure, in_variables};
pub use notes::{Moderator, Note, NoteCount, Notes, SESSION_ENDED};
pub use site::{Site, pages};
pub use stop::stopped;
