//! One feature, in one row.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::export::Export;
use crate::configs::Configs;
use crate::effect::Effect;
use crate::error::Result;
use crate::kernel::Kernel;
use crate::limit::DeclaredLimit;
use crate::mail::{Mail, MailKind};
use crate::one_time::Purpose;

/// Finds what is wrong with a feature's setting, each in words that say what to do.
pub type CheckSetting = fn(&Configs) -> Vec<String>;

/// Deletes what has expired, and returns how many rows that were.
pub type PurgeExpired = for<'a> fn(&'a Kernel) -> BoxFuture<'a, Result<u64>>;

/// Does what is due.
pub type Upkeep = for<'a> fn(&'a Kernel) -> BoxFuture<'a, Result<()>>;

/// Adds what a feature holds about [the user](Export::user) to an export.
pub type ExportUser = for<'a> fn(&'a Kernel, &'a mut Export) -> BoxFuture<'a, Result<()>>;

/// Carries a job out within an effect, and returns the mail that comes of it, if any.
pub type RunJob = for<'a> fn(&'a Effect, &'a Value) -> BoxFuture<'a, Result<Option<Mail>>>;

/// What the library has to know about a feature. Everything that must know all features reads one list of these rows.
#[derive(Clone)]
pub struct Feature {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) setting: Option<Arc<dyn Any + Send + Sync>>,
    pub(crate) problems: Option<CheckSetting>,
    pub(crate) purge: Option<PurgeExpired>,
    pub(crate) upkeep: Option<Upkeep>,
    pub(crate) export: Option<ExportUser>,
    pub(crate) jobs: &'static [JobHandler],
    pub(crate) mails: &'static [MailKind],
    pub(crate) purposes: &'static [Purpose],
    pub(crate) limits: &'static [DeclaredLimit],
}

impl fmt::Debug for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feature").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Feature {
    /// A feature that does nothing yet. `name` is its folder's name, in snake case; `about` says in a sentence what it is
    /// for.
    #[must_use]
    pub const fn new(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            about,
            setting: None,
            problems: None,
            purge: None,
            upkeep: None,
            export: None,
            jobs: &[],
            mails: &[],
            purposes: &[],
            limits: &[],
        }
    }

    /// The feature's setting, which [`Configs::get`] reads back by its type.
    #[must_use]
    pub fn setting<T: Any + Send + Sync>(mut self, setting: T) -> Self {
        self.setting = Some(Arc::new(setting));
        self
    }

    /// Checks the setting when the app is built.
    #[must_use]
    pub const fn problems(mut self, problems: CheckSetting) -> Self {
        self.problems = Some(problems);
        self
    }

    /// Deletes what has expired, once an hour.
    #[must_use]
    pub const fn purge(mut self, purge: PurgeExpired) -> Self {
        self.purge = Some(purge);
        self
    }

    /// Does what is due, once an hour, after the purge. Several servers may do so at the same moment.
    #[must_use]
    pub const fn upkeep(mut self, upkeep: Upkeep) -> Self {
        self.upkeep = Some(upkeep);
        self
    }

    /// Takes part in the export of a user's data.
    #[must_use]
    pub const fn export(mut self, export: ExportUser) -> Self {
        self.export = Some(export);
        self
    }

    /// The jobs that it queues.
    #[must_use]
    pub const fn jobs(mut self, jobs: &'static [JobHandler]) -> Self {
        self.jobs = jobs;
        self
    }

    /// The mails that it sends.
    #[must_use]
    pub const fn mails(mut self, mails: &'static [MailKind]) -> Self {
        self.mails = mails;
        self
    }

    /// What its one-time tokens are for.
    #[must_use]
    pub const fn purposes(mut self, purposes: &'static [Purpose]) -> Self {
        self.purposes = purposes;
        self
    }

    /// The limits that it declares.
    #[must_use]
    pub const fn limits(mut self, limits: &'static [DeclaredLimit]) -> Self {
        self.limits = limits;
        self
    }

    /// What is wrong with the setting; empty when it can be used.
    pub(crate) fn check(&self, configs: &Configs) -> Vec<String> {
        self.problems.map(|problems| problems(configs)).unwrap_or_default()
    }

    /// The feature's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What the feature is for.
    #[must_use]
    pub const fn about(&self) -> &'static str {
        self.about
    }
}

/// Who carries out the jobs of one name.
#[derive(Clone, Copy, Debug)]
pub struct JobHandler {
    pub(crate) name: &'static str,
    pub(crate) mail: &'static str,
    pub(crate) run: RunJob,
}

impl JobHandler {
    /// The handler of the jobs that [`Effect::queue_job`] or [`Kernel::queue_job`](crate::feature::Kernel::queue_job) queue
    /// under `name`. A job that is given up is called `mail` in its event: the name of the mail that it leads to.
    #[must_use]
    pub const fn new(name: &'static str, mail: &'static str, run: RunJob) -> Self {
        Self { name, mail, run }
    }
}
