//! Mails in the log: a development aid.

use super::{Content, Mail, MailError, Mailer};

/// Writes each mail to the log, **with its links and codes in full**, instead of sending it: for development on a
/// machine without a mail server. Anyone who reads the log can enter every account; never use it where other people
/// register.
///
/// The lines have the target `auth::mail` and the level `info`.
#[derive(Debug)]
#[non_exhaustive]
pub struct LogMailer;

impl LogMailer {
    /// Warns once, so that nobody runs it unawares.
    #[must_use]
    pub fn new() -> Self {
        tracing::warn!(
            target: "auth::mail",
            "mails are not sent but logged, with links that open accounts: use this for development only"
        );
        Self
    }
}

impl Default for LogMailer {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait::async_trait]
impl Mailer for LogMailer {
    async fn send(&self, mail: &Mail, content: &Content) -> Result<(), MailError> {
        tracing::info!(
            target: "auth::mail",
            id = %mail.id,
            kind = mail.kind,
            "to {}: {}\n{}", mail.to.address(), content.subject, content.text
        );
        Ok(())
    }
}
