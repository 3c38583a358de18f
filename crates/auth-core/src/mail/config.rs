//! Who delivers mail, and what it says.

use std::fmt;
use std::sync::Arc;

use super::{Mailer, NoMailer, Templates, TemplatesBuilder};

/// The configuration of mail.
#[derive(Clone)]
pub struct MailConfig {
    /// The mailer. Without one, every mail becomes a dead letter at once, with an event that says so.
    pub mailer: Arc<dyn Mailer>,
    /// What mails say, and in which languages. They are tried with the mails of all features when the app is built.
    pub templates: TemplatesBuilder,
}

impl MailConfig {
    /// Mail that this mailer delivers.
    #[must_use]
    pub fn new(mailer: impl Mailer) -> Self {
        Self { mailer: Arc::new(mailer), templates: Templates::builder() }
    }

    /// The same configuration with other templates.
    #[must_use]
    pub fn with_templates(self, templates: TemplatesBuilder) -> Self {
        Self { templates, ..self }
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
