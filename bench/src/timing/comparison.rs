//! What is asked, about which addresses.

use std::ops::Range;

use serde_json::json;

use crate::{routes, seed};

/// A route that must not tell whether there is an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    ForgotPassword,
    RequestVerify,
    MagicLink,
    WrongLogin,
}

/// A kind of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// That of an active account that has verified it.
    Known,
    /// That of an account that may not log in.
    Inactive,
    /// That of an active account that has yet to prove it.
    Unverified,
    /// That of nobody.
    Unknown,
}

/// Two kinds of address at one route.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comparison {
    pub(crate) route: Route,
    pub(crate) kinds: [Kind; 2],
}

impl Route {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::ForgotPassword => "/auth/forgot-password",
            Self::RequestVerify => "/auth/request-verify-token",
            Self::MagicLink => "/auth/magic-link",
            Self::WrongLogin => "/auth/db/login",
        }
    }

    /// Whether it is about a mail.
    pub(crate) fn mails(self) -> bool {
        self != Self::WrongLogin
    }

    /// The status of its answers.
    pub(super) fn status(self) -> &'static str {
        if self.mails() { "202" } else { "400" }
    }

    /// Whether an address of this kind gets a mail.
    pub(super) fn mails_to(self, kind: Kind) -> bool {
        match self {
            Self::ForgotPassword => matches!(kind, Kind::Known | Kind::Unverified),
            Self::RequestVerify => kind == Kind::Unverified,
            // An address without an account may register by it.
            Self::MagicLink => kind != Kind::Inactive,
            Self::WrongLogin => false,
        }
    }

    pub(super) fn request(self, email: &str) -> Vec<u8> {
        let body =
            if self.mails() { json!({ "email": email }) } else { json!({ "email": email, "password": seed::WRONG }) };
        routes::post(self.path(), &body)
    }
}

impl Kind {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Inactive => "inactive",
            Self::Unverified => "unverified",
            Self::Unknown => "unknown",
        }
    }

    /// The numbers of the accounts that are of this kind, if any are.
    pub(super) fn accounts(self) -> Range<usize> {
        match self {
            Self::Known => 0..4_000,
            Self::Inactive => 4_000..7_000,
            Self::Unverified => 7_000..seed::USERS,
            Self::Unknown => 0..0,
        }
    }

    /// An address of this kind: another one each time, for as long as there are some. All are equally long.
    pub(super) fn email(self, number: usize) -> String {
        let accounts = self.accounts();
        if accounts.is_empty() { nobody(number) } else { seed::email(accounts.start + number % accounts.len()) }
    }
}

impl Comparison {
    /// A known address against an unknown one at each route, and against those that get no mail otherwise. At the route
    /// that proves an address, only one that is not proved yet gets a mail.
    pub(crate) const ALL: [Self; 7] = [
        Self { route: Route::ForgotPassword, kinds: [Kind::Known, Kind::Unknown] },
        Self { route: Route::ForgotPassword, kinds: [Kind::Known, Kind::Inactive] },
        Self { route: Route::RequestVerify, kinds: [Kind::Unverified, Kind::Unknown] },
        Self { route: Route::RequestVerify, kinds: [Kind::Unverified, Kind::Known] },
        Self { route: Route::MagicLink, kinds: [Kind::Known, Kind::Unknown] },
        Self { route: Route::MagicLink, kinds: [Kind::Known, Kind::Inactive] },
        Self { route: Route::WrongLogin, kinds: [Kind::Known, Kind::Unknown] },
    ];

    pub(crate) fn title(self) -> String {
        let [one, other] = self.kinds.map(Kind::title);
        format!("{one} / {other}")
    }
}

/// The address of nobody, as long as those of the accounts.
pub(super) fn nobody(number: usize) -> String {
    format!("none{:05}@example.com", number % 100_000)
}
