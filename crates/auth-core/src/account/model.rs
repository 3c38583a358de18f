//! What changes about an account, and what comes of it.

use secrecy::SecretString;
use serde_json::Value;
use time::OffsetDateTime;

use crate::identifier::{Email, Username};
use crate::session::IssuedToken;
use crate::user::User;

/// The longest display name, in characters.
pub const MAX_DISPLAY_NAME: usize = 200;

/// An account after its owner changed it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Updated {
    /// The account as it is now.
    pub user: User,
    /// The new token of the session that asked, where the change ended the old one.
    pub token: Option<IssuedToken>,
    /// The token of the cookie that the browser is known by from now on, where the change made it known.
    pub device: Option<SecretString>,
}

impl Updated {
    /// An account of which the client needs to know nothing new.
    pub(crate) fn new(user: User) -> Self {
        Self { user, token: None, device: None }
    }
}

/// An account with what a login needs.
pub(crate) struct Credentials {
    pub(crate) user: User,
    pub(crate) password_hash: Option<String>,
    /// Whether somebody who reads the mail of the account knows the password: see [`Changes`].
    pub(crate) password_is_confirmed: bool,
}

impl From<auth_entity::user::Model> for Credentials {
    fn from(mut row: auth_entity::user::Model) -> Self {
        let password_hash = row.password_hash.take().map(|hash| hash.0);
        Self { password_is_confirmed: row.password_is_confirmed, password_hash, user: row.into() }
    }
}

/// The columns that one update writes.
#[derive(Clone, Default)]
pub(crate) struct Changes {
    pub(crate) email: Option<Option<Email>>,
    pub(crate) username: Option<Option<Username>>,
    pub(crate) display_name: Option<Option<String>>,
    pub(crate) attributes: Option<Value>,
    pub(crate) password_hash: Option<Option<String>>,
    /// Whether the one who reads the account's mail knows the password. A link that verifies an address and is opened without
    /// a session of the account leaves that open: somebody else may have registered the address, and wait. A login with the
    /// password from a browser in which a mailed link was opened confirms it, and a session that replaces it does not.
    pub(crate) password_is_confirmed: Option<bool>,
    pub(crate) is_active: Option<bool>,
    pub(crate) is_superuser: Option<bool>,
    pub(crate) is_verified: Option<bool>,
    pub(crate) must_change_password: Option<bool>,
    pub(crate) delete_at: Option<Option<OffsetDateTime>>,
    /// Another way to write the present address: it is the same one, and stays verified.
    pub(crate) spelling: Option<Email>,
}

impl Changes {
    /// A password that was chosen by the one who reads the account's mail, or for them.
    pub(crate) fn confirmed_password(hash: String) -> Self {
        Self { password_hash: Some(Some(hash)), password_is_confirmed: Some(true), ..Self::default() }
    }

    /// The names of the fields that change.
    pub(crate) fn fields(&self) -> Vec<&'static str> {
        [
            ("email", self.email.is_some() || self.spelling.is_some()),
            ("username", self.username.is_some()),
            ("display_name", self.display_name.is_some()),
            ("attributes", self.attributes.is_some()),
            ("password", self.password_hash.is_some()),
            ("is_active", self.is_active.is_some()),
            ("is_superuser", self.is_superuser.is_some()),
            ("is_verified", self.is_verified.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, changes)| changes.then_some(name))
        .collect()
    }

    /// When the account will be deleted, if that changes: a decision on whether it is active is one on that.
    pub(crate) fn deletion(&self) -> Option<Option<OffsetDateTime>> {
        self.delete_at.or(self.is_active.map(|_| None))
    }

    /// Forgets changes to what is so already.
    pub(crate) fn drop_unchanged(&mut self, user: &User) {
        let is_same_mailbox =
            |email: &Email| user.email.as_deref().and_then(Email::key_of).as_deref() == Some(email.key());
        if self.email.as_ref().and_then(Option::as_ref).is_some_and(is_same_mailbox) {
            let spelling = self.email.take().flatten();
            self.spelling = spelling.filter(|email| user.email.as_deref() != Some(email.as_str()));
        }
        // A new address is unverified unless the change says that it counts as verified.
        let verified = user.is_verified && self.email.is_none();
        // One that waits for its deletion can be locked, and then waits no more.
        self.is_active.take_if(|wanted| *wanted == user.is_active && user.delete_at.is_none());
        let flags = [(&mut self.is_superuser, user.is_superuser), (&mut self.is_verified, verified)];
        for (change, present) in flags {
            change.take_if(|wanted| *wanted == present);
        }
    }

    /// The account as it will be.
    pub(crate) fn apply_to(&self, user: &User) -> User {
        let mut user = user.clone();
        if let Some(email) = &self.email {
            user.email = email.as_ref().map(|email| email.as_str().to_owned());
            user.is_verified = false;
        }
        if let Some(spelling) = &self.spelling {
            user.email = Some(spelling.as_str().to_owned());
        }
        if let Some(username) = &self.username {
            user.username = username.as_ref().map(|name| name.as_str().to_owned());
        }
        if let Some(display_name) = &self.display_name {
            user.display_name.clone_from(display_name);
        }
        if let Some(attributes) = &self.attributes {
            user.attributes.clone_from(attributes);
        }
        user.is_active = self.is_active.unwrap_or(user.is_active);
        user.delete_at = self.deletion().unwrap_or(user.delete_at);
        user.is_superuser = self.is_superuser.unwrap_or(user.is_superuser);
        user.is_verified = self.is_verified.unwrap_or(user.is_verified);
        user.must_change_password = self.must_change_password.unwrap_or(user.must_change_password);
        user
    }
}
