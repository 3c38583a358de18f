//! Known devices: browsers, and networks of clients without cookies, from which an account was used before. Others can
//! neither use up their attempts at a password nor lock them out (OWASP, "Device Cookies").

mod config;
mod key;
mod link;
mod model;
mod name;
mod remember;
mod rows;
mod service;
mod store;

use crate::feature::{Feature, JobHandler};

pub use config::DeviceConfig;
pub(crate) use key::DeviceKeys;
pub(crate) use link::ask_owner;
pub use link::{CONFIRM, CONFIRM_DEVICE, DEVICE_MAILS};
use link::{JOB, run_job};
pub use model::Device;
pub(crate) use model::{KnownDevice, Seen};
pub use name::DeviceName;
pub(crate) use remember::{remember, remember_reader};
use rows::{export, purge};
pub use service::Devices;

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("device", "Devices from which an account was used before.")
    .mails(&[CONFIRM_DEVICE])
    .purposes(&[CONFIRM])
    .limits(&[DEVICE_MAILS.declared()])
    .problems(|configs| configs.devices.problems())
    .purge(purge)
    .export(export)
    .jobs(&[JobHandler::new(JOB, CONFIRM_DEVICE.name(), run_job)]);
