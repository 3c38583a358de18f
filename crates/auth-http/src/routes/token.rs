//! Tokens: the next access token, and the public keys that verify them.

use auth_core::session::Carried;
use auth_core::{Auth, ErrorCode, Transport, key_set};

use crate::answer::keys::declare_keys;
use crate::answer::session::gone;
use crate::answer::token::{TOKEN_COOKIE, TokenAnswer, token_answer};
use crate::call::Call;
use crate::decode::{RefreshGrant, TOKEN, Text, request};
use crate::endpoint::{DeclaredHeader, Endpoint, Group};
use crate::problem::{FieldProblem, Problem};
use crate::reply::Reply;

request! {
    /// The body of an exchange of tokens (RFC 6749, section 6).
    #[expect(dead_code, reason = "`grant_type` is checked by decoding it, and says nothing more")]
    RefreshRequest {
        #[doc = "The refresh token, unless a cookie carries it."]
        refresh_token: Option<Text<TOKEN>>,
        #[doc = "Accepted for OAuth 2 clients; `refresh_token`, or empty in a form, if sent."]
        grant_type: Option<RefreshGrant>,
    }
}

request! {
    /// The body of the end of a refresh token (RFC 7009).
    RevokeRequest {
        #[doc = "The refresh token, unless a cookie carries it."]
        refresh_token: Option<Text<TOKEN>>,
    }
}

const CARRIED: [DeclaredHeader; 1] = [DeclaredHeader {
    name: "Set-Cookie",
    about: "The cookie with the refresh token, where one carries it.",
    always: false,
}];

const REMOVED: [DeclaredHeader; 1] = [DeclaredHeader {
    name: "Set-Cookie",
    about: "The cookies of the backend, emptied, where one carried the token.",
    always: false,
}];

pub(super) fn endpoints(auth: &Auth) -> Vec<Endpoint> {
    let mut endpoints = refreshing(auth);
    let keys = Endpoint::get("token.keys", Group::Auth, "/jwks.json")
        .public(keys)
        .summary("Returns the public keys that verify this server's JSON Web Tokens (RFC 7517).")
        .costs(0);
    endpoints.push(declare_keys(keys, "The key set; empty if every key is a shared secret."));
    endpoints
}

/// The routes of backends that refresh their tokens, if there are any.
fn refreshing(auth: &Auth) -> Vec<Endpoint> {
    if auth.backends().iter().all(|backend| backend.refresh_transport().is_none()) {
        return Vec::new();
    }
    let exchange = Endpoint::post("token.refresh", Group::Auth, "/token/refresh")
        .public(refresh)
        .summary("Exchanges a refresh token for the next one and an access token. Each is good once.")
        .or_form()
        .answers::<TokenAnswer>(200, "The tokens of a bearer backend.")
        .headers(&CARRIED)
        .empty("The cookies of a cookie backend carry the tokens.")
        .headers(&TOKEN_COOKIE)
        .costs(6)
        .errors(&[ErrorCode::RefreshTokenInvalid]);
    let revoke = Endpoint::post("token.revoke", Group::Auth, "/token/revoke")
        .public(revoke)
        .summary("Ends the session of a refresh token. Never reveals whether there was one.")
        .or_form()
        .empty("Always.")
        .headers(&REMOVED);
    vec![exchange, revoke]
}

async fn refresh(call: Call, RefreshRequest { refresh_token, .. }: RefreshRequest) -> Result<Reply, Problem> {
    let Some((token, carried)) = presented(&call, refresh_token.as_ref()) else {
        return Err(Problem::validation(vec![FieldProblem::new("missing", "body", "refresh_token", "Field required")]));
    };
    let login = call.auth.refresh_tokens().exchange(token, carried, &call.client).await?;
    let session = &login.principal.session;
    token_answer(&call, call.backend_of(session)?, session, &login.token)
}

async fn revoke(call: Call, RevokeRequest { refresh_token }: RevokeRequest) -> Result<Reply, Problem> {
    let Some((token, carried)) = presented(&call, refresh_token.as_ref()) else { return Ok(Reply::no_content()) };
    call.auth.refresh_tokens().revoke(token, carried, &call.client).await?;
    let is_carrier = |transport: &Transport| match (transport, carried) {
        (Transport::Cookie { name, .. }, Carried::InCookie(carrier)) => name == carrier,
        _ => false,
    };
    let backend = call.auth.backends().iter().find(|backend| backend.refresh_transport().is_some_and(is_carrier));
    Ok(backend.map_or_else(Reply::no_content, gone))
}

/// The refresh token of a request: that of its body, or of its first cookie for one.
fn presented<'c>(call: &'c Call, in_body: Option<&'c Text<TOKEN>>) -> Option<(&'c str, Carried<'c>)> {
    if let Some(Text(token)) = in_body {
        return Some((token, Carried::InBody));
    }
    let cookies = call.auth.backends().iter().filter_map(|backend| call.cookie(backend.refresh_transport()?));
    cookies.map(|(name, token)| (token, Carried::InCookie(name))).next()
}

async fn keys(call: Call) -> Result<Reply, Problem> {
    Reply::public(&call.parts.headers, &key_set(call.auth.backends(), call.auth.now()).await?)
}
