//! Logins by mail.

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
    /// The wish for a login by mail.
    MagicLinkRequest {
        #[doc = "The e-mail address."]
        email: Email,
        #[doc = "Where the browser goes after the login: a path of the app, or a URL of an origin that it allows."]
        redirect_to: Option<Text<2048>>,
    }
}

request! {
    /// What came by mail: the token of the link, or the address with the code.
    MagicLinkLogin {
        #[doc = "The `token` of the link. Exactly one of `token` and `code` is given."]
        token: Option<Text<TOKEN>>,
        #[doc = "The code, with the address that it was mailed to."]
        code: Option<Text<32>>,
        #[doc = "The e-mail address that the code was mailed to."]
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
            (Some(token), _, _) => Some(Self(MagicLinkProof::Token(token.0))),
            (None, Some(code), Some(email)) => Some(Self(MagicLinkProof::Code { email, code: code.0 })),
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
            .summary("Mails a link and a code that log in. Never tells whether there is an account.")
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
        .summary("Logs in by the link or the code that was mailed.")
        .errors(&[E::MagicLinkBadToken, E::RefusedByApp, E::RateLimited]);
    vec![declare_login(verify, &backend.transport)]
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
    login_answer(&backend.transport, &login.token)
}
