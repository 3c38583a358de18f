//! Passwordless login by mail.

use auth_core::identifier::Email;
use auth_core::magic_link::MagicLinkProof;
use auth_core::{Auth, BuiltBackend, ErrorCode, RedirectTarget};

use crate::answer::backend::of_each_backend;
use crate::answer::token::{declare_login, login_answer};
use crate::call::Call;
use crate::decode::{Decode, Fields, Schema, TOKEN, Text, request};
use crate::endpoint::{Endpoint, Group};
use crate::problem::Problem;
use crate::reply::Reply;

request! {
    /// The body of a request for a login by mail.
    MagicLinkRequest {
        #[doc = "The email address."]
        email: Email,
        #[doc = "Where the browser goes after the login: a path of the app, or a URL of an allowed origin."]
        redirect_to: Option<Text<2048>>,
    }
}

request! {
    /// What was mailed: the token of the link, or the code with the email address.
    MagicLinkLogin {
        #[doc = "The `token` of the link. Exactly one of `token` and `code` is required."]
        token: Option<Text<TOKEN>>,
        #[doc = "The code; required together with `email`."]
        code: Option<Text<32>>,
        #[doc = "The email address that the code was mailed to."]
        email: Option<Email>,
    }
}

/// A login whose proof came in one of two forms.
struct ProvedLogin(MagicLinkProof);

impl Decode for ProvedLogin {
    fn decode(fields: &mut Fields) -> Option<Self> {
        fields.exactly_one(&["token", "code"]);
        let MagicLinkLogin { token, code, email } = MagicLinkLogin::decode(fields)?;
        match (token, code, email) {
            (Some(token), _, _) => Some(Self(MagicLinkProof::Token(token.0.into()))),
            (None, Some(code), Some(email)) => Some(Self(MagicLinkProof::Code { email, code: code.0.into() })),
            (None, Some(_), None) => {
                fields.fail("missing", "email", "Field required");
                None
            }
            (None, None, _) => None,
        }
    }

    fn schema() -> Schema {
        MagicLinkLogin::schema()
    }
}

pub(super) fn endpoints(auth: &Auth) -> Vec<Endpoint> {
    let mut endpoints = vec![
        Endpoint::post("magic_link.request", Group::Auth, "/magic-link")
            .public(request)
            .summary("Mails a link and a code to log in with. Never reveals whether the account exists.")
            .accepted("Always, whether or not an account exists.")
            .costs(1)
            .errors(&[ErrorCode::RateLimited]),
    ];
    endpoints.extend(of_each_backend(auth, of_backend));
    endpoints
}

/// The login by what was mailed, of one backend.
fn of_backend(backend: &BuiltBackend) -> Vec<Endpoint> {
    use ErrorCode as E;
    let verify = Endpoint::post("magic_link.verify", Group::Auth, "/magic-link/verify")
        .public(verify)
        .summary("Logs in with a mailed link or code.")
        .errors(&[E::MagicLinkBadToken, E::RefusedByApp, E::RateLimited]);
    vec![declare_login(verify, backend)]
}

async fn request(call: Call, request: MagicLinkRequest) -> Result<Reply, Problem> {
    let MagicLinkRequest { email, redirect_to } = request;
    let parse = |text: Text<2048>| RedirectTarget::parse(call.auth.settings(), &text.0);
    let redirect_to = redirect_to.map(parse).transpose()?;
    call.auth.magic_link().request(&email, redirect_to, &call.client).await?;
    Reply::accepted()
}

async fn verify(call: Call, ProvedLogin(proof): ProvedLogin) -> Result<Reply, Problem> {
    let backend = call.backend()?;
    let login = call.auth.magic_link().verify(&proof, backend, &call.client).await?;
    call.end_former_session(backend).await?;
    login_answer(&call, backend, &login)
}
