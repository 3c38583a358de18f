//! How accounts come to be: people register, now or once their email address is verified; and accounts come from another
//! system.

mod config;
mod create;
mod import;
mod model;
mod pending;
mod service;

use crate::limit::DeclaredLimit;
use crate::mail::MailKind;
use crate::one_time::Purpose;

pub use config::{Registration, RegistrationConfig};
pub(crate) use create::create;
pub use import::{ImportReport, ImportedAccount, SkipReason};
pub use model::{NewAccount, Registered};
pub use pending::{ALREADY_REGISTERED, REGISTER};
pub(crate) use pending::{JOB, complete_registration, is_registration, run_job};
pub use service::{REGISTRATIONS, Registrations};

/// The mails that the feature sends.
pub(crate) const MAILS: &[MailKind] = &[ALREADY_REGISTERED];

/// What its tokens are for.
pub(crate) const PURPOSES: &[Purpose] = &[REGISTER];

/// The limits that it declares.
pub(crate) const LIMITS: &[DeclaredLimit] = &[REGISTRATIONS.declared()];
