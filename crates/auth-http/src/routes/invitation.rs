//! Invitations to accounts that superusers create.

use auth_core::password::Password;
use auth_core::{Auth, ErrorCode, Principal};

use crate::answer::user::PublicUser;
use crate::call::Call;
use crate::decode::{TOKEN, Text, request};
use crate::endpoint::{Endpoint, Group};
use crate::handler::Id;
use crate::problem::Problem;
use crate::reply::Reply;

request! {
    /// The body that accepts an invitation.
    AcceptRequest {
        #[doc = "The `token` of the mailed link."]
        token: Text<TOKEN>,
        #[doc = "The password to log in with."]
        password: Password,
    }
}

pub(super) fn endpoints(_: &Auth) -> Vec<Endpoint> {
    use ErrorCode as E;
    vec![
        Endpoint::post("invitation.send", Group::Users, "/{id}/invite")
            .superuser(send)
            .summary("Mails an invitation once more to an account that has no password and was never used.")
            .accepted("The mail is on its way.")
            .errors(&[E::AlreadyActive, E::Validation, E::RateLimited]),
        Endpoint::post("invitation.accept", Group::Auth, "/accept-invitation")
            .public(accept)
            .summary("Chooses the password of an account, given the token of a mailed invitation. Verifies the email address.")
            .answers::<PublicUser>(200, "The account, verified; log in with the password.")
            .errors(&[E::InvitationBadToken, E::ResetPasswordInvalidPassword, E::RefusedByApp, E::RateLimited]),
    ]
}

async fn send(call: Call, principal: Principal, Id(id): Id) -> Result<Reply, Problem> {
    call.auth.invitation().send(&principal, id, &call.client).await?;
    Reply::accepted()
}

async fn accept(call: Call, AcceptRequest { token, password }: AcceptRequest) -> Result<Reply, Problem> {
    let user = call.auth.invitation().accept(&token.0, password, &call.client).await?;
    Reply::ok(&PublicUser::from(&user))
}
