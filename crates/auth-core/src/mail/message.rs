//! A mail, its content, and the mailer that delivers it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Language, MailCode, MailKind, MailLink, Message, Recipient};

/// How many mails one server hands to its mailer at the same time.
pub(crate) const CONCURRENCY: usize = 8;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A mail to one person. It holds the token of its link in the clear and has to be sealed wherever it is stored. `Debug` shows
/// neither address nor name, nor what the mail holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mail {
    /// Stays the same however often delivery is tried: a mail that arrives twice can be told by its `Message-ID`.
    pub id: Uuid,
    /// Whom it is for: the address as it is stored, never as it was typed.
    #[serde(flatten)]
    pub to: Recipient,
    /// What the mail is about: the [name](super::MailKind::name) of its kind.
    pub kind: String,
    /// The link that it carries, if any; no mail has two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<MailLink>,
    /// The code that it carries, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<MailCode>,
    /// The values of the kind's own variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// The language to write in.
    pub language: Language,
    /// When the mail was made, in UTC. Lifetimes count from here.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl Mail {
    /// A mail that says this to a recipient.
    #[must_use]
    pub fn new(id: Uuid, to: Recipient, message: Message, language: Language, created_at: OffsetDateTime) -> Self {
        let Message { kind, link, code, values } = message;
        Self { id, to, kind: kind.name().to_owned(), link, code, values, language, created_at }
    }

    /// Whether it is of this kind.
    #[must_use]
    pub fn is(&self, kind: MailKind) -> bool {
        self.kind == kind.name()
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, kind, language, .. } = self;
        f.debug_struct("Mail").field("id", id).field("kind", kind).field("language", language).finish()
    }
}

/// What a mail says. `Debug` shows the subject alone, because the rest holds links.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// One line without control characters.
    pub subject: String,
    /// The mail as plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Delivers mails. The library calls it from the background, never in the way of an answer, and calls it again after a
/// while when it fails: every mail is delivered at least once.
///
/// ```
/// use auth_core::mail::{Content, Mail, MailError, Mailer};
///
/// struct Printer;
///
/// #[async_trait::async_trait]
/// impl Mailer for Printer {
///     async fn send(&self, mail: &Mail, content: &Content) -> Result<(), MailError> {
///         print_and_post(mail.to.address(), &content.text).map_err(MailError::temporary)
///     }
/// }
/// # fn print_and_post(_: &str, _: &str) -> std::io::Result<()> { Ok(()) }
/// ```
#[async_trait::async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Hands the mail over for delivery.
    ///
    /// # Errors
    /// Fails with a [`MailError`], which says whether a retry can help. Its cause is logged, so it must not contain an
    /// address or a link.
    async fn send(&self, mail: &Mail, content: &Content) -> Result<(), MailError>;

    /// Finds out whether mails could be sent now, without sending one: connects and logs in, for instance. A mailer that
    /// has nothing to find out says yes.
    ///
    /// # Errors
    /// Fails with the reason why no mail would be accepted.
    async fn check(&self) -> Result<(), MailError> {
        Ok(())
    }
}

/// A mail was not accepted.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct MailError {
    permanent: bool,
    cause: Cause,
}

impl MailError {
    /// Trying again may help: the server is away, busy, or says so (4xx, RFC 5321, section 4.2.1).
    pub fn temporary(cause: impl Into<Cause>) -> Self {
        Self { permanent: false, cause: cause.into() }
    }

    /// Trying again is in vain: this mail will be refused each time (5xx).
    pub fn permanent(cause: impl Into<Cause>) -> Self {
        Self { permanent: true, cause: cause.into() }
    }

    /// Whether trying again is in vain.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }
}
