//! Deleting one's own account.

use super::Profiles;
use crate::account::Accounts;
use crate::client::Client;
use crate::error::{ErrorCode, Result};
use crate::password::Password;
use crate::principal::Principal;

impl Profiles<'_> {
    /// Deletes the account of the user who asks, with everything that refers to it.
    ///
    /// # Errors
    /// `REAUTHENTICATION_FAILED` for a wrong password, `REAUTHENTICATION_REQUIRED` without one when the login is not
    /// recent, `LAST_SUPERUSER`, a hook's veto; fails when the database does.
    #[tracing::instrument(
        name = "profile.delete", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %principal.user.id)
    )]
    pub async fn delete(&self, principal: &Principal, password: Option<Password>, client: &Client) -> Result<()> {
        let client = &client.clone().acting_as(principal.user.id);
        let accounts = Accounts::new(self.kernel);
        match password {
            None => accounts.require_recent(principal)?,
            Some(password) => {
                if !accounts.is_current_password(&principal.user, password, client).await? {
                    return Err(ErrorCode::ReauthenticationFailed.into());
                }
            }
        }
        accounts.remove(principal.user.id, &principal.user, client).await
    }
}
