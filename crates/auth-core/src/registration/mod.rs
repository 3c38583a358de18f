//! How accounts come to be: people register, now or once their email address is verified; and accounts come from
//! another system.

mod config;
mod create;
mod import;
mod import_report;
mod model;
mod pending;
mod service;

use crate::feature::{Feature, JobHandler};
use crate::verification::VERIFY_EMAIL;

pub use config::{Registration, RegistrationConfig};
pub(crate) use create::create;
pub use import::ImportedAccount;
pub use import_report::{ImportLoss, ImportReport, SkipReason};
pub use model::{NewAccount, Registered};
pub use pending::{ALREADY_REGISTERED, REGISTER};
use pending::{JOB, run_job};
pub(crate) use pending::{complete_registration, is_registration};
pub use service::{REGISTRATION_TRIES, REGISTRATIONS, Registrations};

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("registration", "Creating accounts.")
    .mails(&[ALREADY_REGISTERED])
    .purposes(&[REGISTER])
    .limits(&[REGISTRATION_TRIES.declared(), REGISTRATIONS.declared()])
    .jobs(&[JobHandler::new(JOB, VERIFY_EMAIL.name(), run_job)]);
