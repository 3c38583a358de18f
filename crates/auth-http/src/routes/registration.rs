//! Creating an account of one's own.

use auth_core::account::MAX_DISPLAY_NAME;
use auth_core::identifier::{Email, Username};
use auth_core::password::Password;
use auth_core::registration::{NewAccount, Registered};
use auth_core::{Auth, ErrorCode};
use http::StatusCode;

use crate::answer::user::PublicUser;
use crate::call::Call;
use crate::decode::{Attributes, ShownText, request};
use crate::endpoint::{Endpoint, Group};
use crate::problem::Problem;
use crate::reply::Reply;

request! {
    /// The body of a registration.
    RegisterRequest {
        #[doc = "The email address."]
        email: Email,
        #[doc = "The password."]
        password: Password,
        #[doc = "A user name to log in with."]
        username: Option<Username>,
        #[doc = "The display name."]
        display_name: Option<ShownText<MAX_DISPLAY_NAME>>,
        #[doc = "The app's own object about the user."]
        attributes: Option<Attributes>,
    }
}

pub(super) fn endpoints(_: &Auth) -> Vec<Endpoint> {
    use ErrorCode as E;
    vec![
        Endpoint::post("registration.register", Group::Auth, "/register")
            .public(register)
            .summary("Creates an account.")
            .answers::<PublicUser>(201, "The account.")
            .accepted(
                "The account is created once the email address is verified. Never reveals whether one existed already.",
            )
            .errors(&[
                E::RegisterUserAlreadyExists,
                E::RegisterInvalidPassword,
                E::UsernameAlreadyExists,
                E::RegistrationDisabled,
                E::RefusedByApp,
                E::RateLimited,
            ]),
    ]
}

async fn register(call: Call, request: RegisterRequest) -> Result<Reply, Problem> {
    let new = NewAccount {
        email: request.email,
        password: request.password,
        username: request.username,
        display_name: request.display_name.map(|name| name.0),
        attributes: request.attributes.unwrap_or_default().0,
    };
    match call.auth.registration().register(new, &call.client).await? {
        Registered::Created(user) => Reply::json(StatusCode::CREATED, &PublicUser::from(&user)),
        Registered::Pending => Reply::accepted(),
    }
}
