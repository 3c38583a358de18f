//! Deleting one's own account.

use super::Profiles;
use crate::account::Accounts;
use crate::client::Client;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::gate::PasswordGate;
use crate::password::Password;
use crate::principal::Principal;

impl Profiles<'_> {
    /// Deletes the account of the user who asks, with everything that refers to it.
    ///
    /// # Errors
    /// Fails with `REAUTHENTICATION_FAILED` for a wrong password, `RATE_LIMITED` after too many of them,
    /// `REAUTHENTICATION_REQUIRED` without one when the login is not recent, `LAST_SUPERUSER`, `ACCOUNT_IN_USE`, when a hook
    /// refuses, and when the database does.
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
                let checked = PasswordGate::new(self.kernel).check_own(principal, password, client).await?;
                if !checked.is_right() {
                    checked.failed(EventKind::ReauthenticationFailed { user_id: principal.user.id });
                    return Err(ErrorCode::ReauthenticationFailed.into());
                }
                checked.passed().await;
            }
        }
        accounts.remove(principal.user.id, &principal.user, client).await
    }
}
