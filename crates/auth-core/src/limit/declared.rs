//! A limit, as the feature that it protects declares it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use super::{Counted, Pace, Rate};

/// A limit: its name, how often something may be done by default, and for whom it is counted. Declared once, as a constant
/// of the feature that it protects, and listed in the [row](crate::feature::Feature::limits) of the feature.
///
/// `T` says for whom: a [`Client`](crate::Client), an [`Email`](crate::identifier::Email), or an account by its id.
///
/// ```
/// use auth_core::limit::{Limit, Rate};
/// use auth_core::{Client, Limits};
///
/// const TEAMS: Limit<Client> = Limit::new("teams", &[Rate::per_day(20)]);
///
/// let limits = Limits::default().set(TEAMS, [Rate::per_day(5)]);
/// # let _ = limits;
/// ```
pub struct Limit<T> {
    declared: DeclaredLimit,
    counted: PhantomData<fn(&T)>,
}

/// A limit without the type of whom it counts, to be listed among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeclaredLimit {
    pub(super) name: &'static str,
    pub(super) rates: &'static [Rate],
    pub(super) pace: Pace,
    whom: &'static str,
}

impl<T: Counted> Limit<T> {
    /// A limit, by its stable name in events (snake case), and by its rates. Something must be within all of them.
    #[must_use]
    pub const fn new(name: &'static str, rates: &'static [Rate]) -> Self {
        Self { declared: DeclaredLimit { name, rates, pace: Pace::Window, whom: T::WHOM }, counted: PhantomData }
    }

    /// The same limit, whose room comes back at this pace.
    #[must_use]
    pub const fn paced(self, pace: Pace) -> Self {
        Self { declared: DeclaredLimit { pace, ..self.declared }, counted: PhantomData }
    }

    /// The limit, to be listed among others.
    #[must_use]
    pub const fn declared(self) -> DeclaredLimit {
        self.declared
    }
}

impl DeclaredLimit {
    /// The name in events.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How often something may be done by default.
    #[must_use]
    pub const fn rates(&self) -> &'static [Rate] {
        self.rates
    }

    /// How its room comes back.
    #[must_use]
    pub const fn pace(&self) -> Pace {
        self.pace
    }

    /// For whom it is counted, such as `client`, `address` or `account`.
    #[must_use]
    pub const fn whom(&self) -> &'static str {
        self.whom
    }
}

impl<T> Clone for Limit<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Limit<T> {}

impl<T> fmt::Debug for Limit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.declared.fmt(f)
    }
}

impl<T> From<Limit<T>> for Cow<'static, str> {
    fn from(limit: Limit<T>) -> Self {
        Cow::Borrowed(limit.declared.name)
    }
}
