//! Exporting what is held about a user.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::Profiles;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::event::EventKind;
use crate::feature::Export;
use crate::limit::{Limit, Rate};
use crate::user::User;

/// Exports of an account: one at a time, because a request takes less than a minute.
pub const EXPORTS: Limit<Uuid> = Limit::new("exports", &[Rate { times: 1, per: Duration::from_secs(60) }]);

/// How many exports a server holds at once: each may have a thousand events.
pub(crate) const EXPORTS_AT_ONCE: usize = 2;

impl Profiles<'_> {
    /// Gathers what the features hold about a user (GDPR, article 15): of the audit log the newest events, and how many there
    /// are. A server holds two exports at once; others wait until one of those is dropped.
    ///
    /// # Errors
    /// Fails with `RATE_LIMITED` within a minute of another export of the account, and when the database does.
    #[tracing::instrument(
        name = "profile.export", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %user.id)
    )]
    pub async fn export(&self, user: &User, client: &Client) -> Result<Export> {
        self.kernel.limiter().take(&EXPORTS.of(&user.id), client).await?;
        // Before anything is handed out.
        let client = &client.clone().acting_as(user.id);
        self.kernel
            .effect(client, |effect| async move {
                effect.emit(EventKind::Exported { user_id: user.id });
                Ok(())
            })
            .await?;
        let place = Arc::clone(&self.kernel.parts().exports).acquire_owned().await.map_err(Error::internal)?;
        let mut export = Export::new(user, Some(place));
        for feature in self.features {
            if let Some(add) = feature.export {
                add(self.kernel, &mut export).await?;
            }
        }
        Ok(export)
    }
}
