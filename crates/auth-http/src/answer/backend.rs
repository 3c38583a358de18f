//! Routes that each backend has of its own.

use auth_core::{Auth, BuiltBackend};

use crate::endpoint::Endpoint;

/// The routes of every backend, below its name. The default backend is served without its name as well.
pub(crate) fn of_each_backend(auth: &Auth, rows: impl Fn(&BuiltBackend) -> Vec<Endpoint>) -> Vec<Endpoint> {
    let of = |backend: &BuiltBackend, below_its_name: bool| {
        let rows = rows(backend).into_iter();
        rows.map(|row| row.of_backend(&backend.name, below_its_name)).collect::<Vec<_>>()
    };
    let default = auth.backends().first().map(|backend| of(backend, false)).unwrap_or_default();
    let named = auth.backends().iter().flat_map(|backend| of(backend, true));
    default.into_iter().chain(named).collect()
}
