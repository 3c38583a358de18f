//! How accounts come to be: people register, now or once their email address is verified; and accounts come from another
//! system.

mod config;
mod create;
mod import;
mod model;
mod pending;
mod service;

pub use config::{Registration, RegistrationConfig};
pub(crate) use create::create;
pub use import::{ImportReport, ImportedAccount, SkipReason};
pub use model::{NewAccount, Registered};
pub(crate) use pending::{JOB, complete_registration, is_registration, run_job};
pub use service::Registrations;
