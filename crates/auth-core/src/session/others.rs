//! The logout of all other devices.

use super::establish::{BearerToken, renew};
use super::issue::IssuedToken;
use super::revoke::{Revocation, revoke};
use super::{Sessions, store};
use crate::account::store as account;
use crate::client::Client;
use crate::device::{DeviceKeys, forget_others};
use crate::effect::Effect;
use crate::error::{ErrorCode, Result};
use crate::event::EventKind;
use crate::principal::Principal;
use crate::user::User;

impl Sessions<'_> {
    /// Ends every session of the user but the one of the principal, with all its tokens. The account forgets the other devices
    /// too: its owner is told by mail of the next login there.
    ///
    /// Returns the new token of the session, where the token comes in a cookie, unless another request of the session has just
    /// got one. A bearer token stays good, and so does its refresh token.
    ///
    /// # Errors
    /// Fails with `Unauthorized` when the session has ended in the meantime, and when the database does.
    #[tracing::instrument(
        name = "session.logout_others", target = "auth::service", level = "debug",
        skip_all, fields(user_id = %principal.user.id)
    )]
    pub async fn logout_others(&self, principal: &Principal, client: &Client) -> Result<Option<IssuedToken>> {
        let client = &client.clone().acting_as(principal.user.id);
        self.kernel.effect(client, |effect| async move { end_others(&effect, principal).await }).await
    }
}

/// Ends the other sessions of a principal, whose epoch may have moved since it was found. Others that move it at the same moment wait.
async fn end_others(effect: &Effect, Principal { user, session, .. }: &Principal) -> Result<Option<IssuedToken>> {
    let kernel = effect.kernel();
    let row = account::find_for_update(effect.tx(), user.id).await?.ok_or(ErrorCode::Unauthorized)?;
    let (now, seen) = (User::from(row), user.security_epoch);
    revoke(effect, Revocation::Others { user_id: now.id, seen: now.security_epoch, keep: session.id }).await?;
    let keys = DeviceKeys::of(kernel, kernel.backend(&session.backend)?, effect.client());
    forget_others(effect.tx(), now.id, keys.all()).await?;
    effect.emit(EventKind::SessionsRevoked { user_id: now.id });
    let is_first = now.security_epoch == seen;
    let user = User { security_epoch: now.security_epoch + 1, ..now };
    if is_first {
        return renew(effect, &user, session, BearerToken::Kept).await;
    }
    // What moved it has ended the session, or given it a new token: a browser must not get two in an unknown order.
    match store::renew(effect.tx(), session.id, None, user.security_epoch, kernel.now()).await? {
        true => Ok(None),
        false => Err(ErrorCode::Unauthorized.into()),
    }
}
