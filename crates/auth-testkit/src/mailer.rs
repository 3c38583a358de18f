//! A mailer that keeps what it is given, and fails on demand.

use std::sync::{Arc, Mutex, PoisonError};

use auth_core::Mailer;
use auth_core::mail::{Content, Mail, MailError};

/// What a mailer does instead of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailFault {
    /// Says that it may work later.
    Temporary,
    /// Says that it never will.
    Permanent,
    /// Takes the mail, and fails to say so.
    AcceptAndFail,
    /// Panics.
    Panic,
}

/// A mailer for tests. Clones share everything.
#[derive(Clone, Debug, Default)]
pub struct MemoryMailer(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    mails: Vec<(Mail, Content)>,
    fault: Option<MailFault>,
    attempts: usize,
}

impl MemoryMailer {
    /// From now on, does this instead; or its work again.
    pub fn fail(&self, fault: impl Into<Option<MailFault>>) {
        self.with(|inner| inner.fault = fault.into());
    }

    /// Everything that was sent so far, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<(Mail, Content)> {
        self.with(|inner| inner.mails.clone())
    }

    /// How often it was called.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.with(|inner| inner.attempts)
    }

    /// Forgets what was sent.
    pub fn forget(&self) {
        self.with(|inner| inner.mails.clear());
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait::async_trait]
impl Mailer for MemoryMailer {
    async fn send(&self, mail: &Mail, content: &Content) -> Result<(), MailError> {
        let fault = self.with(|inner| {
            inner.attempts += 1;
            if matches!(inner.fault, None | Some(MailFault::AcceptAndFail)) {
                inner.mails.push((mail.clone(), content.clone()));
            }
            inner.fault
        });
        match fault {
            None => Ok(()),
            Some(MailFault::Temporary | MailFault::AcceptAndFail) => Err(MailError::temporary("told to fail")),
            Some(MailFault::Permanent) => Err(MailError::permanent("told to fail for good")),
            #[allow(clippy::panic, reason = "the library has to live with mailers that do")]
            Some(MailFault::Panic) => panic!("deliberate panic of a mailer"),
        }
    }
}

#[cfg(test)]
mod tests {
    use auth_core::mail::{Language, MailLink, Recipient};
    use auth_core::time::OffsetDateTime;
    use auth_core::url::Url;
    use auth_core::uuid::Uuid;
    use auth_core::verification::VERIFY_EMAIL;

    use super::*;

    /// The failure of a test prints what it holds.
    #[test]
    fn what_was_sent_is_not_shown() {
        let url = Url::parse("https://notes.example.com/verify?token=hunter2").unwrap();
        let message = VERIFY_EMAIL.message().link(MailLink::new(url, std::time::Duration::from_secs(60)));
        let (english, epoch) = (Language::english(), OffsetDateTime::UNIX_EPOCH);
        let mail = Mail::new(Uuid::nil(), Recipient::unverified("ada@example.org"), message, english, epoch);
        let content = Content { subject: "Hi".to_owned(), text: "hunter2".to_owned(), html: "hunter2".to_owned() };
        let mailer = MemoryMailer::default();
        mailer.with(|inner| inner.mails.push((mail, content)));
        let shown = format!("{mailer:?}");
        assert!(shown.contains("verify_email"), "{shown}");
        assert!(!["hunter2", "ada@"].iter().any(|secret| shown.contains(secret)), "{shown}");
    }
}
