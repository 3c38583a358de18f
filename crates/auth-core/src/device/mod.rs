//! Known devices: browsers, and networks of clients without cookies, from which an account was used before. Others can
//! neither use up their attempts at a password nor lock them out (OWASP, "Device Cookies").

mod config;
mod key;
mod link;
mod model;
mod name;
mod notice;
mod remember;
mod rows;
mod service;
mod store;
mod words;

use crate::feature::{Feature, JobHandler};

pub use config::DeviceConfig;
pub(crate) use key::DeviceKeys;
pub(crate) use link::ask_owner;
pub use link::{CONFIRM, CONFIRM_DEVICE, DEVICE_MAILS};
pub use model::Device;
pub(crate) use model::{KnownDevice, Seen};
pub use name::DeviceName;
pub(crate) use notice::tell_owner;
pub use notice::{NEW_DEVICE, NEW_DEVICE_MAILS};
pub(crate) use remember::{remember, remember_reader};
use rows::{export, purge};
pub use service::Devices;
pub(crate) use store::forget_others;
pub(crate) use words::DeviceWords;

/// What the library has to know about the feature.
pub(crate) const FEATURE: Feature = Feature::new("device", "Devices from which an account was used before.")
    .mails(&[CONFIRM_DEVICE, NEW_DEVICE])
    .purposes(&[CONFIRM])
    .limits(&[DEVICE_MAILS.declared(), NEW_DEVICE_MAILS.declared()])
    .problems(|configs| configs.devices.problems())
    .purge(purge)
    .export(export)
    .jobs(&[
        JobHandler::new(link::JOB, CONFIRM_DEVICE.name(), link::run_job),
        JobHandler::new(notice::JOB, NEW_DEVICE.name(), notice::run_job),
    ]);
