//! New passwords for forgotten ones.

use auth_core::ErrorCode;
use auth_core::password::Password;
use http::Method;

use super::verification::{EmailRequest, TOKEN};
use crate::Problem;
use crate::decode::{Text, request};
use crate::dispatch::Call;
use crate::endpoint::{Endpoint, Group, Handler};
use crate::reply::Reply;

request! {
    /// A new password, and what the link carried.
    ResetRequest {
        #[doc = "The `token` of the link that was mailed."]
        token: Text<TOKEN>,
        #[doc = "The new password."]
        password: Password,
    }
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    use ErrorCode as E;
    vec![
        Endpoint::new(
            "password_reset.request",
            Group::Auth,
            Method::POST,
            "/forgot-password",
            Handler::Public(|c| Box::pin(request(c))),
        )
        .summary("Mails a link to a new password, if there is an account. Never tells whether there is.")
        .json::<EmailRequest>()
        .accepted("Whatever the address is.")
        .errors(&[E::RateLimited]),
        Endpoint::new(
            "password_reset.reset",
            Group::Auth,
            Method::POST,
            "/reset-password",
            Handler::Public(|c| Box::pin(reset(c))),
        )
        .summary("Sets a new password by a mailed link. Every session of the account ends.")
        .json::<ResetRequest>()
        .done("The password is set; log in with it.")
        .errors(&[E::ResetPasswordBadToken, E::ResetPasswordInvalidPassword, E::RefusedByApp, E::RateLimited]),
    ]
}

async fn request(call: Call) -> Result<Reply, Problem> {
    let EmailRequest { email } = call.body()?;
    call.auth.password_reset().request(&email, &call.client).await?;
    Reply::accepted()
}

async fn reset(call: Call) -> Result<Reply, Problem> {
    let ResetRequest { token, password } = call.body()?;
    call.auth.password_reset().reset(&token.0, password, &call.client).await?;
    Reply::ok(&())
}
