//! What the service stands on.

use std::fmt;
use std::sync::Arc;

use super::config::{HasuraOptions, NAME};
use super::token::PairStrategy;
use crate::backend::{BuiltBackend, Refresh, RefreshOptions, Transport};
use crate::token::StrategyKeys;

/// The backend behind the routes, how to read what it gives out, and the cookie of its refresh tokens.
pub(crate) struct BuiltPairs {
    pub(crate) backend: BuiltBackend,
    pub(super) keys: StrategyKeys,
    /// The cookie of the refresh tokens that travel in one.
    pub(super) cookie: Transport,
}

impl BuiltPairs {
    pub(crate) fn new(options: &HasuraOptions, keys: StrategyKeys, cookie: Transport) -> Self {
        let HasuraOptions { namespace, lifetime, claims, refresh, .. } = options;
        let strategy = PairStrategy { keys: keys.clone(), namespace: namespace.clone(), claims: claims.clone() };
        let refresh = RefreshOptions { access_lifetime: *lifetime, ..refresh.clone() };
        let backend = BuiltBackend {
            name: NAME.to_owned(),
            transport: Transport::Bearer,
            strategy: Arc::new(strategy),
            refresh: Some(Refresh::new(&refresh, None)),
        };
        Self { backend, keys, cookie }
    }
}

impl fmt::Debug for BuiltPairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuiltPairs").finish_non_exhaustive()
    }
}
