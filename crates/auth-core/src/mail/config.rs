//! Who delivers mail, and what it says.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Mailer, NoMailer, Templates, TemplatesBuilder};

/// The longest wait of a job unless the app says otherwise.
const JOB_DELAY: Duration = Duration::from_secs(1);

/// The configuration of mail.
#[derive(Clone)]
pub struct MailConfig {
    /// The mailer. Without one, every mail becomes a dead letter at once, with an event that says so.
    pub mailer: Arc<dyn Mailer>,
    /// What mails say, and in which languages. They are tried with the mails of all features when the app is built.
    pub templates: TemplatesBuilder,
    /// The longest that a worker lets a request for mail wait, a second by default: each waits a random part of it, so that
    /// the time of a client's next request does not tell whether there was anything to do.
    pub job_delay: Duration,
}

impl MailConfig {
    /// Mail that this mailer delivers.
    #[must_use]
    pub fn new(mailer: impl Mailer) -> Self {
        Self { mailer: Arc::new(mailer), templates: Templates::builder(), job_delay: JOB_DELAY }
    }

    /// The same configuration with other templates.
    #[must_use]
    pub fn with_templates(self, templates: TemplatesBuilder) -> Self {
        Self { templates, ..self }
    }

    /// The same configuration with another longest wait for requests.
    #[must_use]
    pub fn with_job_delay(self, job_delay: Duration) -> Self {
        Self { job_delay, ..self }
    }
}

impl Default for MailConfig {
    fn default() -> Self {
        Self::new(NoMailer)
    }
}

impl<M: Mailer> From<M> for MailConfig {
    fn from(mailer: M) -> Self {
        Self::new(mailer)
    }
}

impl fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailConfig").finish_non_exhaustive()
    }
}
