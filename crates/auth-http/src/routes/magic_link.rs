//! Logins by mail.

use auth_core::identifier::Email;
use auth_core::magic_link::MagicLinkProof;
use auth_core::{Auth, ErrorCode, RedirectTarget, Transport};
use http::Method;

use super::session::{answer, of_each_backend, with_login_answer};
use super::verification::TOKEN;
use crate::Problem;
use crate::decode::{Decode, Fields, Schema, Text, request};
use crate::dispatch::Call;
use crate::endpoint::{Endpoint, Group, Handler};
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
        Endpoint::new(
            "magic_link.request",
            Group::Auth,
            Method::POST,
            "/magic-link",
            Handler::Public(|c| Box::pin(request(c))),
        )
        .summary("Mails a link and a code that log in. Never tells whether there is an account.")
        .json::<MagicLinkRequest>()
        .accepted("Whatever the address is.")
        .errors(&[ErrorCode::RateLimited]),
    ];
    endpoints.extend(of_each_backend(auth, of_backend));
    endpoints
}

/// The login by what was mailed, of one backend.
fn of_backend(prefix: &str, id: &dyn Fn(&str) -> String, name: &str, transport: &Transport) -> Vec<Endpoint> {
    use ErrorCode as E;
    let verify = Endpoint::new(
        id("magic_link.verify"),
        Group::Auth,
        Method::POST,
        format!("{prefix}/magic-link/verify"),
        Handler::Public(|c| Box::pin(verify(c))),
    )
    .summary("Logs in by the link or the code that was mailed.")
    .json::<ProvedLogin>()
    .errors(&[E::MagicLinkBadToken, E::RefusedByApp, E::RateLimited])
    .for_backend(name);
    vec![with_login_answer(verify, transport)]
}

async fn request(call: Call) -> Result<Reply, Problem> {
    let MagicLinkRequest { email, redirect_to } = call.body()?;
    let parse = |text: Text<2048>| RedirectTarget::parse(call.auth.settings(), &text.0);
    let redirect_to = redirect_to.map(parse).transpose()?;
    call.auth.magic_link().request(&email, redirect_to, &call.client).await?;
    Reply::accepted()
}

async fn verify(call: Call) -> Result<Reply, Problem> {
    let ProvedLogin(proof) = call.body()?;
    let backend = call.backend()?;
    let login = call.auth.magic_link().verify(&proof, backend, &call.client).await?;
    call.end_former_session(backend).await?;
    answer(&backend.transport, &login.token)
}
