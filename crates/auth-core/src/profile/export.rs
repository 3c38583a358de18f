//! Exporting what is held about a user.

use super::Profiles;
use crate::error::Result;
use crate::feature::Export;
use crate::user::User;

impl Profiles<'_> {
    /// Gathers everything that the features hold about a user (GDPR, article 15).
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(
        name = "profile.export", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %user.id)
    )]
    pub async fn export(&self, user: &User) -> Result<Export> {
        let mut export = Export::new(user);
        for feature in self.features {
            if let Some(add) = feature.export {
                add(self.kernel, &mut export).await?;
            }
        }
        Ok(export)
    }
}
