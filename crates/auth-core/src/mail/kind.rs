//! What a mail is about, with the secrets that it carries.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::random::Random;
use crate::{Error, Result};

/// A link with a token, and how long it works. `Debug` shows neither.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailLink {
    url: Url,
    seconds: u64,
}

impl MailLink {
    /// A link that works for so long, which the mail tells its reader; parts of a second do not count.
    #[must_use]
    pub fn new(url: Url, valid_for: Duration) -> Self {
        Self { url, seconds: valid_for.as_secs() }
    }

    /// Where the link leads, token and all: not for logs.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// How long the link works, counted from the making of the mail.
    #[must_use]
    pub fn valid_for(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

impl fmt::Debug for MailLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailLink(***)")
    }
}

/// Six digits to type in where the link cannot be opened. `Debug` hides them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailCode(String);

/// Not six ASCII digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mailed code has six digits")]
pub struct InvalidMailCode;

impl MailCode {
    const DIGITS: usize = 6;

    /// A fresh code, each as likely as any other.
    ///
    /// # Errors
    /// Fails with an internal error when the source of randomness does.
    pub fn random(random: &dyn Random) -> Result<Self> {
        let mut bytes = [0; 8];
        random.fill(&mut bytes).map_err(Error::internal)?;
        // With 64 bits to draw from, no code is likelier than another by more than one part in 10^13.
        Ok(Self(format!("{:06}", u64::from_le_bytes(bytes) % 1_000_000)))
    }

    /// The digits: not for logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for MailCode {
    type Error = InvalidMailCode;

    fn try_from(text: String) -> std::result::Result<Self, InvalidMailCode> {
        let is_code = text.len() == Self::DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then_some(Self(text)).ok_or(InvalidMailCode)
    }
}

impl From<MailCode> for String {
    fn from(code: MailCode) -> Self {
        code.0
    }
}

impl fmt::Debug for MailCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailCode(***)")
    }
}

/// What a mail is about. Serialised, it is an object with the kind's [`name`](Self::name) as `kind`; it holds the token
/// of its link in the clear and has to be sealed wherever it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum MailKind {
    /// Proves the mailbox of an account.
    VerifyEmail {
        /// Confirms the address.
        link: MailLink,
    },
    /// A new password for one that was forgotten.
    ResetPassword {
        /// Leads to the form for the new password.
        link: MailLink,
    },
    /// A login by mail.
    MagicLink {
        /// Logs in.
        link: MailLink,
        /// Does the same where the link cannot be opened.
        code: MailCode,
    },
    /// To the new address: it takes the place of the old one once confirmed.
    ConfirmEmail {
        /// Confirms the new address.
        link: MailLink,
    },
    /// To the old address: somebody asked for a new one, which waits for its proof.
    EmailChangeRequested,
    /// To the old address: it was replaced.
    EmailChanged {
        /// Takes the change back, unless a superuser made it.
        revert_link: Option<MailLink>,
    },
    /// The password was changed.
    PasswordChanged,
    /// Somebody tried to register an address that has an account, and was not told so.
    AlreadyRegistered {
        /// Leads to a new password, for an owner who forgot about the account.
        reset_link: Option<MailLink>,
    },
    /// An administrator reset the password.
    AccountReset,
    /// The account is gone.
    AccountDeleted,
}

impl MailKind {
    /// The stable name, which the kind's templates carry as well.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "verify_email",
            Self::ResetPassword { .. } => "reset_password",
            Self::MagicLink { .. } => "magic_link",
            Self::ConfirmEmail { .. } => "confirm_email",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChanged { .. } => "email_changed",
            Self::PasswordChanged => "password_changed",
            Self::AlreadyRegistered { .. } => "already_registered",
            Self::AccountReset => "account_reset",
            Self::AccountDeleted => "account_deleted",
        }
    }

    /// The link that the mail carries, if any; no mail has two.
    #[must_use]
    pub fn link(&self) -> Option<&MailLink> {
        match self {
            Self::VerifyEmail { link }
            | Self::ResetPassword { link }
            | Self::MagicLink { link, .. }
            | Self::ConfirmEmail { link } => Some(link),
            Self::EmailChanged { revert_link: link } | Self::AlreadyRegistered { reset_link: link } => link.as_ref(),
            Self::EmailChangeRequested | Self::PasswordChanged | Self::AccountReset | Self::AccountDeleted => None,
        }
    }

    /// The code that the mail carries, if any.
    #[must_use]
    pub fn code(&self) -> Option<&MailCode> {
        match self {
            Self::MagicLink { code, .. } => Some(code),
            _ => None,
        }
    }
}
