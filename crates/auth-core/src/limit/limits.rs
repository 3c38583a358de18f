//! The limits of an app.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{DeclaredLimit, Rate};

/// The limits of an app: those that the features declare, with rates of the app's own where it sets any. A client is an
/// IPv4 address or an IPv6 network of 64 bits, and a network of 48 bits may do eight times as much; clients whose address is
/// unknown are one.
///
/// Attempts at one mailed code, and at one second factor, are few whatever is set here.
///
/// ```
/// use auth_core::registration::REGISTRATIONS;
/// use auth_core::{Limits, Rate};
///
/// let limits = Limits::default().set(REGISTRATIONS, [Rate::per_hour(50)]).set("token_tries", [Rate::per_hour(100)]);
/// # let _ = limits;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    off: bool,
    set: BTreeMap<Cow<'static, str>, Vec<Rate>>,
}

impl Limits {
    /// No limits but those that are set: for load tests, and for apps that have their own.
    #[must_use]
    pub fn off() -> Self {
        Self { off: true, set: BTreeMap::new() }
    }

    /// Whether only the limits that are set count.
    pub(crate) fn is_off(&self) -> bool {
        self.off
    }

    /// Sets the rates of a limit, given as its constant or by its name. None, or [`Rate::UNLIMITED`], switches it off.
    #[must_use]
    pub fn set(mut self, limit: impl Into<Cow<'static, str>>, rates: impl IntoIterator<Item = Rate>) -> Self {
        self.set.insert(limit.into(), rates.into_iter().collect());
        self
    }

    /// The rates that count.
    pub(super) fn rates(&self, limit: &DeclaredLimit) -> &[Rate] {
        match self.set.get(limit.name) {
            Some(rates) => rates,
            None if self.off => &[],
            None => limit.rates,
        }
    }

    /// What is wrong with them, given all limits that there are.
    pub(crate) fn problems(&self, declared: &[DeclaredLimit]) -> Vec<String> {
        let known = |name: &str| declared.iter().any(|limit| limit.name == name);
        let unknown = self.set.keys().filter(|name| !known(name)).map(|name| {
            let names: Vec<&str> = declared.iter().map(|limit| limit.name).collect();
            format!("there is no limit `{name}`: set one of {}", names.join(", "))
        });
        let rates = self.set.values().flatten().chain(declared.iter().flat_map(|limit| limit.rates));
        let timeless = rates.filter(|rate| **rate != Rate::UNLIMITED && rate.per.is_zero()).take(1);
        let timeless = timeless.map(|_| {
            "give each rate limit a window longer than zero: use `Rate::per_hour`, or `Rate::UNLIMITED` for none"
                .to_owned()
        });
        unknown.chain(timeless).collect()
    }
}
