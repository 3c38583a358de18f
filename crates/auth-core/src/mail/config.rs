//! Who delivers mail, and what it says.

use std::fmt;
use std::sync::Arc;

use super::{Mailer, NoMailer, Templates};

/// The configuration of mail.
#[derive(Clone)]
pub struct MailConfig {
    /// The mailer. Without one, every mail becomes a dead letter at once, with an event that says so.
    pub mailer: Arc<dyn Mailer>,
    /// What mails say, and in which languages; `None` for what the library brings.
    pub templates: Option<Templates>,
}

impl MailConfig {
    /// Mail that this mailer delivers.
    #[must_use]
    pub fn new(mailer: impl Mailer) -> Self {
        Self { mailer: Arc::new(mailer), templates: None }
    }

    /// The same configuration with other templates.
    #[must_use]
    pub fn with_templates(self, templates: Templates) -> Self {
        Self { templates: Some(templates), ..self }
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
        f.debug_struct("MailConfig").field("templates", &self.templates.is_some()).finish_non_exhaustive()
    }
}
