//! Logging in with a password.

use auth_core::password::Password;
use auth_core::{Auth, BuiltBackend, ErrorCode};

use crate::answer::backend::of_each_backend;
use crate::answer::token::{declare_login, login_answer};
use crate::call::Call;
use crate::decode::{Checkbox, Decode, Fields, KnownPassword, PasswordGrant, Schema, Text, request};
use crate::endpoint::{Endpoint, Group};
use crate::problem::Problem;
use crate::reply::Reply;

/// The longest login name that is looked up, in characters.
const NAME: usize = 320;

request! {
    /// The body of a login: the OAuth 2 password form, or JSON.
    #[expect(dead_code, reason = "`grant_type` is checked by decoding it, and says nothing more")]
    LoginRequest {
        #[doc = "The user name or the email address. Exactly one of `username`, `name` and `email` is required."]
        username: Option<Text<NAME>>,
        #[doc = "The same as `username`."]
        name: Option<Text<NAME>>,
        #[doc = "The same as `username`."]
        email: Option<Text<NAME>>,
        #[doc = "The password."]
        password: KnownPassword,
        #[doc = "Accepted for OAuth 2 clients; `password`, or empty in a form, if sent."]
        grant_type: Option<PasswordGrant>,
        #[doc = "Whether the browser keeps the session when it is closed, until its absolute limit. Without it, a session ends for want of use as well."]
        remember: Option<Checkbox>,
    }
}

/// A login whose name came in one of its three fields.
struct NamedLogin {
    name: String,
    password: Password,
    remember: bool,
}

impl Decode for NamedLogin {
    fn decode(fields: &mut Fields) -> Option<Self> {
        fields.exactly_one(&["username", "name", "email"]);
        let LoginRequest { username, name, email, password, remember, .. } = LoginRequest::decode(fields)?;
        let Text(name) = username.or(name).or(email)?;
        Some(Self { name, password: password.0, remember: remember.is_some_and(|Checkbox(is_set)| is_set) })
    }

    fn schema() -> Schema {
        LoginRequest::schema()
    }
}

pub(super) fn endpoints(auth: &Auth) -> Vec<Endpoint> {
    of_each_backend(auth, of_backend)
}

fn of_backend(backend: &BuiltBackend) -> Vec<Endpoint> {
    use ErrorCode as E;
    let login = Endpoint::post("login.login", Group::Auth, "/login")
        .public(login)
        .summary("Logs in with a user name or an email address and a password.")
        .or_form()
        .errors(&[E::LoginBadCredentials, E::LoginUserNotVerified, E::RefusedByApp, E::RateLimited]);
    vec![declare_login(login, backend)]
}

async fn login(call: Call, NamedLogin { name, password, remember }: NamedLogin) -> Result<Reply, Problem> {
    let backend = call.backend()?;
    let login = call.auth.login().remembered(remember).login(&name, password, backend, &call.client).await?;
    call.end_former_session(backend).await?;
    login_answer(&call, backend, &login)
}
