//! What a mail may carry: a link with a token, and a code.

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
