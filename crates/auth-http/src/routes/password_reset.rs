//! New passwords for users who forgot theirs.

use auth_core::password::Password;
use auth_core::{Auth, ErrorCode};

use crate::call::Call;
use crate::decode::{EmailRequest, TOKEN, Text, request};
use crate::endpoint::{Endpoint, Group};
use crate::problem::Problem;
use crate::reply::Reply;

request! {
    /// The body of a password reset by link.
    ResetRequest {
        #[doc = "The `token` of the mailed link."]
        token: Text<TOKEN>,
        #[doc = "The new password."]
        password: Password,
    }
}

pub(super) fn endpoints(_: &Auth) -> Vec<Endpoint> {
    use ErrorCode as E;
    vec![
        Endpoint::post("password_reset.request", Group::Auth, "/forgot-password")
            .public(request)
            .summary("Mails a link to set a new password, if the account exists. Never reveals whether it does.")
            .accepted("Always, whether or not an account exists.")
            .costs(1)
            .errors(&[E::RateLimited]),
        Endpoint::post("password_reset.reset", Group::Auth, "/reset-password")
            .public(reset)
            .summary("Sets a new password, given the token of a mailed link. Ends every session of the account.")
            .done("The password is set; log in with it.")
            .errors(&[E::ResetPasswordBadToken, E::ResetPasswordInvalidPassword, E::RefusedByApp, E::RateLimited]),
    ]
}

async fn request(call: Call, EmailRequest { email }: EmailRequest) -> Result<Reply, Problem> {
    call.auth.password_reset().request(&email, &call.client).await?;
    Reply::accepted()
}

async fn reset(call: Call, ResetRequest { token, password }: ResetRequest) -> Result<Reply, Problem> {
    call.auth.password_reset().reset(&token.0, password, &call.client).await?;
    Reply::ok(&())
}
