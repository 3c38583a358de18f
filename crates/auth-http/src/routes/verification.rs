//! Proof of mailboxes.

use auth_core::ErrorCode;
use auth_core::identifier::Email;
use http::Method;

use super::account::PublicUser;
use super::updated;
use crate::Problem;
use crate::decode::{Text, request};
use crate::dispatch::Call;
use crate::endpoint::{Endpoint, Group, Handler};
use crate::reply::Reply;

/// More than any token of ours has, in characters.
pub(super) const TOKEN: usize = 200;

request! {
    /// An address that mail is wanted for.
    EmailRequest {
        #[doc = "The e-mail address."]
        email: Email,
    }
}

request! {
    /// What a link carried.
    TokenRequest {
        #[doc = "The `token` of the link that was mailed."]
        token: Text<TOKEN>,
    }
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    use ErrorCode as E;
    vec![
        Endpoint::new(
            "verification.request",
            Group::Auth,
            Method::POST,
            "/request-verify-token",
            Handler::Public(|c| Box::pin(request(c))),
        )
        .summary("Mails a link that proves the mailbox, if there is one to prove. Never tells whether there is.")
        .json::<EmailRequest>()
        .accepted("Whatever the address is.")
        .errors(&[E::RateLimited]),
        Endpoint::new(
            "verification.verify",
            Group::Auth,
            Method::POST,
            "/verify",
            Handler::Public(|c| Box::pin(verify(c))),
        )
        .summary("Proves a mailbox by a mailed link. Earlier sessions of the account end, but for the one that asks.")
        .json::<TokenRequest>()
        .answers::<PublicUser>(200, "The account, verified.")
        .errors(&[E::VerifyUserBadToken, E::VerifyUserAlreadyVerified, E::RefusedByApp, E::RateLimited]),
    ]
}

async fn request(call: Call) -> Result<Reply, Problem> {
    let EmailRequest { email } = call.body()?;
    call.auth.verification().request(&email, &call.client).await?;
    Reply::accepted()
}

async fn verify(call: Call) -> Result<Reply, Problem> {
    let TokenRequest { token } = call.body()?;
    let current = call.visitor().await?;
    let verified = call.auth.verification().verify(&token.0, current.as_ref(), &call.client).await?;
    updated(&call, current.as_ref(), &verified)
}
