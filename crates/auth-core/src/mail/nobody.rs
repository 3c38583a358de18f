//! No mailer at all.

use super::{Content, Mail, MailError, Mailer};

/// What an app without a mailer has: every mail is refused for good, so that its dead letter tells what is missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoMailer;

#[async_trait::async_trait]
impl Mailer for NoMailer {
    async fn send(&self, _: &Mail, _: &Content) -> Result<(), MailError> {
        self.check().await
    }

    async fn check(&self) -> Result<(), MailError> {
        Err(MailError::permanent("the app has no mailer: give `AuthBuilder::mail` one"))
    }
}
