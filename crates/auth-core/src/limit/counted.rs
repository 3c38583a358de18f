//! Whom limits count.

use std::fmt;

use uuid::Uuid;

use crate::client::Client;
use crate::identifier::Email;
use crate::user::User;

/// Those whom a limit can count: clients, addresses, accounts by their ids or by names, devices, tokens.
pub trait Counted: sealed::Sealed {
    /// What they are called in documents.
    #[doc(hidden)]
    const WHOM: &'static str;

    /// The names under which one of them is counted, the narrower first, and how much more a wider one may do. None for the
    /// app itself. Each name has one or several parts.
    #[doc(hidden)]
    fn counted_as(&self) -> Vec<(Vec<String>, u32)>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::client::Client {}
    impl Sealed for crate::identifier::Email {}
    impl Sealed for uuid::Uuid {}
    impl Sealed for super::Subject {}
    impl Sealed for super::Pair {}
    impl Sealed for super::Device {}
    impl Sealed for super::OneToken {}
}

impl Counted for Client {
    const WHOM: &'static str = "client";

    fn counted_as(&self) -> Vec<(Vec<String>, u32)> {
        self.networks().into_iter().map(|network| (vec![network.to_string()], network.factor)).collect()
    }
}

impl Counted for Email {
    const WHOM: &'static str = "address";

    fn counted_as(&self) -> Vec<(Vec<String>, u32)> {
        vec![(vec![self.key().to_owned()], 1)]
    }
}

impl Counted for Uuid {
    const WHOM: &'static str = "account";

    fn counted_as(&self) -> Vec<(Vec<String>, u32)> {
        vec![(vec![self.to_string()], 1)]
    }
}

/// An account, or a name that no account has: what is counted must not tell which.
#[derive(Clone, PartialEq, Eq)]
pub enum Subject {
    /// The account, by its id and the canonical form of its address, if it has one, whichever of its names was given.
    Account(Uuid, Option<String>),
    /// The canonical form of a name that no account has.
    Name(String),
}

impl fmt::Debug for Subject {
    /// Hides the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id, _) => f.debug_tuple("Account").field(id).finish_non_exhaustive(),
            Self::Name(_) => f.write_str("Name(***)"),
        }
    }
}

impl Subject {
    /// An account.
    pub(crate) fn of(user: &User) -> Self {
        Self::Account(user.id, user.email.as_deref().and_then(Email::key_of))
    }

    /// The id of the account, if there is one.
    pub(crate) fn user_id(&self) -> Option<Uuid> {
        match self {
            Self::Account(id, _) => Some(*id),
            Self::Name(_) => None,
        }
    }

    /// The same for an account as for its address: that it came to be, or that it is gone, changes nothing. A user name can be
    /// changed at will, and would be counted anew each time.
    fn parts(&self) -> Vec<String> {
        match self {
            Self::Account(_, Some(name)) | Self::Name(name) => vec!["name".to_owned(), name.clone()],
            Self::Account(id, None) => vec!["account".to_owned(), id.to_string()],
        }
    }
}

impl Counted for Subject {
    const WHOM: &'static str = "account";

    fn counted_as(&self) -> Vec<(Vec<String>, u32)> {
        vec![(self.parts(), 1)]
    }
}

/// An account from one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair(pub Subject, pub Client);

impl Counted for Pair {
    const WHOM: &'static str = "account and network";

    fn counted_as(&self) -> Vec<(Vec<String>, u32)> {
        let Self(subject, client) = self;
        let networks = client.counted_as().into_iter();
        networks.map(|(network, factor)| ([subject.parts(), network].concat(), factor)).collect()
    }
}

/// A device from which an account was used before, by the id of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device(pub Uuid);

impl Counted for Device {
    const WHOM: &'static str = "device";

    fn counted_as(&self) -> Vec<(Vec<String>, u32)> {
        vec![(vec![self.0.to_string()], 1)]
    }
}

/// A token that exists, by the id of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneToken(pub Uuid);

impl Counted for OneToken {
    const WHOM: &'static str = "token";

    fn counted_as(&self) -> Vec<(Vec<String>, u32)> {
        vec![(vec![self.0.to_string()], 1)]
    }
}
