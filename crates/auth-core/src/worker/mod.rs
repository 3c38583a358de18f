//! Work in the background: mails and jobs leave the outbox, and what has expired is deleted. It reads the one list of
//! features and names none of them.

mod deliver;
mod outgoing;
mod purge;
mod service;

pub use outgoing::{OutboxState, Outgoing};
pub use purge::{Purge, Purged};
pub use service::Workers;
pub(crate) use service::spawn;
