//! What is held about a user.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;

use crate::audit::AuditEvent;
use crate::error::{Error, Result};
use crate::principal::ListedSession;
use crate::user::User;

/// Everything that the library holds about a user, except digests of secrets. `Debug` shows whose it is, by the id.
#[derive(Clone)]
#[non_exhaustive]
pub struct Export {
    /// The account.
    pub user: User,
    /// Its live sessions.
    pub sessions: Vec<ListedSession>,
    /// What happened to it, newest first: the newest 1,000 events. The others can be read
    /// [page by page](crate::audit::Audit::list_own).
    pub activity: Vec<AuditEvent>,
    /// How many entries the audit log has about it, by the names of the events: of all events, not only of those above.
    pub activity_counts: BTreeMap<String, i64>,
    /// What other features hold, by their names.
    pub more: Map<String, Value>,
    /// Its place among the exports that a server holds at once.
    _place: Option<Arc<OwnedSemaphorePermit>>,
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export").field("user_id", &self.user.id).finish_non_exhaustive()
    }
}

impl Export {
    pub(crate) fn new(user: &User, place: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            user: user.clone(),
            sessions: Vec::new(),
            activity: Vec::new(),
            activity_counts: BTreeMap::new(),
            more: Map::new(),
            _place: place.map(Arc::new),
        }
    }

    /// Adds what a feature holds about the user, under the feature's name.
    ///
    /// # Errors
    /// Fails when it cannot be written as JSON.
    pub fn add(&mut self, feature: &str, held: impl Serialize) -> Result<()> {
        self.more.insert(feature.to_owned(), serde_json::to_value(held).map_err(Error::internal)?);
        Ok(())
    }
}
