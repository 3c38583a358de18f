//! Verification of email addresses.

use auth_core::{Auth, ErrorCode};

use crate::answer::user::{PublicUser, VERIFIED, updated};
use crate::call::Call;
use crate::decode::{EmailRequest, TokenRequest};
use crate::endpoint::{Endpoint, Group};
use crate::problem::Problem;
use crate::reply::Reply;

pub(super) fn endpoints(_: &Auth) -> Vec<Endpoint> {
    use ErrorCode as E;
    vec![
        Endpoint::post("verification.request", Group::Auth, "/request-verify-token")
            .public(request)
            .summary("Mails a link that verifies the email address, if an unverified account has it. Never reveals whether one does.")
            .accepted("Always, whether or not an account exists.")
            .costs(1)
            .errors(&[E::RateLimited]),
        Endpoint::post("verification.verify", Group::Auth, "/verify")
            .public(verify)
            .summary(
                "Verifies the email address, given the token of a mailed link. Ends earlier sessions, except the caller's.",
            )
            .answers::<PublicUser>(200, "The account, verified.")
            .headers(&VERIFIED)
            .errors(&[E::VerifyUserBadToken, E::VerifyUserAlreadyVerified, E::RefusedByApp, E::RateLimited]),
    ]
}

async fn request(call: Call, EmailRequest { email }: EmailRequest) -> Result<Reply, Problem> {
    call.auth.verification().request(&email, &call.client).await?;
    Reply::accepted()
}

async fn verify(call: Call, TokenRequest { token }: TokenRequest) -> Result<Reply, Problem> {
    let current = call.visitor().await?;
    let verified = call.auth.verification().verify(&token.0, current.as_ref(), &call.client).await?;
    updated(&call, current.as_ref(), &verified)
}
