//! Whom a mail is for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::user::User;

/// The recipient of a mail: an email address, with the display name of its account where the address is verified.
///
/// What strangers call themselves has no place in a mail to somebody who may not know them (OWASP ASVS 1.2.1). So there
/// are two ways to make a recipient, and only the one that proves the address adds a name. `Debug` shows neither.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    #[serde(rename = "to")]
    address: String,
    display_name: Option<String>,
}

impl Recipient {
    /// The user at the address that they have verified, by the display name; `None` when they have verified none.
    #[must_use]
    pub fn verified(user: &User) -> Option<Self> {
        let address = user.email.clone().filter(|_| user.is_verified)?;
        Some(Self { address, display_name: user.display_name.clone() })
    }

    /// The unknown reader of an address, as it is stored: without a name.
    #[must_use]
    pub fn unverified(address: &str) -> Self {
        Self { address: address.to_owned(), display_name: None }
    }

    /// The owner of an account, by name only if they have verified the address; `None` without an address.
    #[must_use]
    pub fn of(user: &User) -> Option<Self> {
        Self::verified(user).or_else(|| user.email.as_deref().map(Self::unverified))
    }

    /// The email address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The display name that the owner of the verified address chose.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.display_name.as_deref()
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recipient(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_needs_a_verified_address() {
        let named = User { display_name: Some("Ada".to_owned()), ..crate::mail::template::sample_user(None) };
        for (email, is_verified, expected) in [
            (Some("ada@example.org"), true, Some(("ada@example.org", Some("Ada")))),
            (Some("ada@example.org"), false, Some(("ada@example.org", None))),
            (None, true, None),
            (None, false, None),
        ] {
            let user = User { email: email.map(str::to_owned), is_verified, ..named.clone() };
            let recipient = Recipient::of(&user);
            let seen = recipient.as_ref().map(|to| (to.address(), to.display_name()));
            assert_eq!(seen, expected, "{email:?} {is_verified}");
            assert_eq!(Recipient::verified(&user).is_some(), is_verified && email.is_some());
        }
        assert_eq!(Recipient::unverified("ada@example.org").display_name(), None);
        assert_eq!(format!("{:?}", Recipient::of(&User { is_verified: true, ..named })), "Some(Recipient(***))");
    }
}
