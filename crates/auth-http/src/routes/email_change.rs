//! Changes of email addresses.

use auth_core::identifier::Email;
use auth_core::{Auth, ErrorCode, Principal};

use crate::answer::user::{PublicUser, VERIFIED, updated};
use crate::call::Call;
use crate::decode::{KnownPassword, TokenRequest, request};
use crate::endpoint::{Endpoint, Group};
use crate::problem::Problem;
use crate::reply::Reply;

request! {
    /// The body of a request for a new email address.
    ChangeEmailRequest {
        #[doc = "The new email address."]
        new_email: Email,
        #[doc = "The password; required when the last login is not recent."]
        password: Option<KnownPassword>,
    }
}

pub(super) fn endpoints(_: &Auth) -> Vec<Endpoint> {
    use ErrorCode as E;
    vec![
        Endpoint::post("email_change.request", Group::Auth, "/change-email")
            .user(request)
            .summary(
                "Mails a link to the new address and a notice to the old one. Never reveals whether the new one is taken.",
            )
            .accepted("The address changes once the link is opened.")
            .errors(&[E::ReauthenticationRequired, E::ReauthenticationFailed, E::RateLimited]),
        Endpoint::post("email_change.confirm", Group::Auth, "/change-email/confirm")
            .public(confirm)
            .summary("Changes the address, given the token that was mailed to the new one.")
            .answers::<PublicUser>(200, "The account with its new email address.")
            .headers(&VERIFIED)
            .errors(&[E::ChangeEmailBadToken, E::UpdateUserEmailAlreadyExists, E::RefusedByApp, E::RateLimited]),
        Endpoint::post("email_change.revert", Group::Auth, "/change-email/revert")
            .public(revert)
            .summary(
                "Reverts a change of address, given the token that was mailed to the old one. Removes the password, too.",
            )
            .answers::<PublicUser>(200, "The account with its old email address; a link to set a new password is mailed.")
            .errors(&[E::ChangeEmailBadToken, E::UpdateUserEmailAlreadyExists, E::RefusedByApp, E::RateLimited]),
    ]
}

async fn request(call: Call, principal: Principal, request: ChangeEmailRequest) -> Result<Reply, Problem> {
    let ChangeEmailRequest { new_email, password } = request;
    let password = password.map(|password| password.0);
    call.auth.email_change().request(&principal, &new_email, password, &call.client).await?;
    Reply::accepted()
}

async fn confirm(call: Call, TokenRequest { token }: TokenRequest) -> Result<Reply, Problem> {
    let current = call.visitor().await?;
    let confirmed = call.auth.email_change().confirm(&token.0, current.as_ref(), &call.client).await?;
    updated(&call, current.as_ref(), &confirmed)
}

async fn revert(call: Call, TokenRequest { token }: TokenRequest) -> Result<Reply, Problem> {
    let user = call.auth.email_change().revert(&token.0, &call.client).await?;
    Reply::ok(&PublicUser::from(&user))
}
