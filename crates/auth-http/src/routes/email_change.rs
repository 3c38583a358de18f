//! New addresses for old ones.

use auth_core::identifier::Email;
use auth_core::{ErrorCode, Principal};
use http::Method;

use super::account::PublicUser;
use super::updated;
use super::verification::TokenRequest;
use crate::Problem;
use crate::decode::{KnownPassword, request};
use crate::dispatch::Call;
use crate::endpoint::{Endpoint, Group, Handler};
use crate::reply::Reply;

request! {
    /// The wish for a new address.
    ChangeEmailRequest {
        #[doc = "The new e-mail address."]
        new_email: Email,
        #[doc = "The password, when the last login is not recent."]
        password: Option<KnownPassword>,
    }
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    use ErrorCode as E;
    vec![
        Endpoint::new(
            "email_change.request",
            Group::Auth,
            Method::POST,
            "/change-email",
            Handler::Active(|c, p| Box::pin(request(c, p))),
        )
        .summary("Mails a link to a new address, and word to the old one. Never tells whether the new one is taken.")
        .json::<ChangeEmailRequest>()
        .accepted("Nothing changes before the link is opened.")
        .errors(&[E::ReauthenticationRequired, E::ReauthenticationFailed, E::RateLimited]),
        Endpoint::new(
            "email_change.confirm",
            Group::Auth,
            Method::POST,
            "/change-email/confirm",
            Handler::Public(|c| Box::pin(confirm(c))),
        )
        .summary("Makes a new address count, by the link that was mailed to it.")
        .json::<TokenRequest>()
        .answers::<PublicUser>(200, "The account with its new address.")
        .errors(&[E::ChangeEmailBadToken, E::UpdateUserEmailAlreadyExists, E::RefusedByApp, E::RateLimited]),
        Endpoint::new(
            "email_change.revert",
            Group::Auth,
            Method::POST,
            "/change-email/revert",
            Handler::Public(|c| Box::pin(revert(c))),
        )
        .summary("Takes a change of address back, by the link that was mailed to the old one. The password goes, too.")
        .json::<TokenRequest>()
        .answers::<PublicUser>(200, "The account with its old address; a link to a new password is on its way.")
        .errors(&[E::ChangeEmailBadToken, E::UpdateUserEmailAlreadyExists, E::RefusedByApp, E::RateLimited]),
    ]
}

async fn request(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let ChangeEmailRequest { new_email, password } = call.body()?;
    let password = password.map(|password| password.0);
    call.auth.email_change().request(&principal, &new_email, password, &call.client).await?;
    Reply::accepted()
}

async fn confirm(call: Call) -> Result<Reply, Problem> {
    let TokenRequest { token } = call.body()?;
    let current = call.visitor().await?;
    let confirmed = call.auth.email_change().confirm(&token.0, current.as_ref(), &call.client).await?;
    updated(&call, current.as_ref(), &confirmed)
}

async fn revert(call: Call) -> Result<Reply, Problem> {
    let TokenRequest { token } = call.body()?;
    let user = call.auth.email_change().revert(&token.0, &call.client).await?;
    Reply::ok(&PublicUser::from(&user))
}
