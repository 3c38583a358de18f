//! Events, named by their types.

use auth_core::{Event, EventKind};

use crate::App;

/// Waits for an event of a kind and takes it out of the record: `event!(app, LoginSucceeded)`.
macro_rules! event {
    ($app:expr, $kind:ident) => {
        $app.told(stringify!($kind), |kind| matches!(kind, auth_core::EventKind::$kind { .. })).await
    };
}

/// Whether an event is of each of some kinds.
macro_rules! kinds {
    ($($kind:ident),+ $(,)?) => {{
        let kinds: [fn(&auth_core::EventKind) -> bool; _] =
            [$(|kind| matches!(kind, auth_core::EventKind::$kind { .. })),+];
        kinds
    }};
}

impl App {
    /// See [`event!`].
    pub(crate) async fn told(&self, name: &str, wanted: impl Fn(&EventKind) -> bool) -> Event {
        self.hooks().event(wanted).await.unwrap_or_else(|| panic!("no event {name}: {:?}", self.hooks().events()))
    }
}
