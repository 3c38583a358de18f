//! Token pairs in the layout of hasura-backend-plus 2.7.

use auth_core::hasura::Hasura;
use auth_core::identifier::Email;
use auth_core::password::Password;
use auth_core::registration::{NewAccount, Registered};
use auth_core::session::{Login, Proof};
use auth_core::uuid::Uuid;
use auth_core::{Auth, ErrorCode, User};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::json;

use crate::answer::keys::declare_keys;
use crate::call::Call;
use crate::decode::{KnownPassword, TOKEN, Text, TokenRequest, request};
use crate::endpoint::{DeclaredHeader, Endpoint, Group};
use crate::handler::Query;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::{cookie, credential};

request! {
    /// The body of a registration. Without a password, a link is mailed that logs in.
    HasuraRegisterRequest {
        #[doc = "The email address."]
        email: Email,
        #[doc = "The password."]
        password: Option<Password>,
        #[doc = "Whether the refresh token travels in a cookie; true by default."]
        cookie: Option<bool>,
    }
}

request! {
    /// The body of a login.
    HasuraLoginRequest {
        #[doc = "The email address, or the user name."]
        email: Text<320>,
        #[doc = "The password."]
        password: KnownPassword,
        #[doc = "Whether the refresh token travels in a cookie; true by default."]
        cookie: Option<bool>,
    }
}

request! {
    /// Where a refresh token may be, besides the cookie.
    RefreshTokenQuery {
        #[doc = "The refresh token, unless the cookie carries it, which counts where both are there."]
        refresh_token: Option<Text<TOKEN>>,
    }
}

request! {
    /// The body of a logout.
    HasuraLogoutRequest {
        #[doc = "Whether to end all sessions of the user."]
        all: Option<bool>,
    }
}

request! {
    /// The body of a change of the password.
    HasuraPasswordRequest {
        #[doc = "The old password."]
        old_password: KnownPassword,
        #[doc = "The new password."]
        new_password: Password,
    }
}

/// A pair of tokens. Both are missing for an account that may not log in yet.
#[derive(Serialize, utoipa::ToSchema)]
struct Pair<'a> {
    /// The JSON Web Token, for `Authorization: Bearer`.
    #[schema(required)]
    jwt_token: Option<&'a str>,
    /// How long it is good for, in milliseconds.
    #[schema(required)]
    jwt_expires_in: Option<u64>,
    /// Whose it is.
    user: PairUser<'a>,
    /// What the next pair is exchanged for, unless the cookie carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<&'a str>,
}

/// The user of a pair.
#[derive(Serialize, utoipa::ToSchema)]
struct PairUser<'a> {
    /// UUID version 7; null where the answer must not tell whether there is an account.
    #[schema(required)]
    id: Option<Uuid>,
    /// The display name.
    #[schema(required)]
    display_name: Option<&'a str>,
    /// The email address.
    #[schema(required)]
    email: Option<&'a str>,
}

impl<'a> From<&'a User> for PairUser<'a> {
    fn from(user: &'a User) -> Self {
        Self { id: Some(user.id), display_name: user.display_name.as_deref(), email: user.email.as_deref() }
    }
}

/// A link was mailed, whether or not there is an account.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct MagicLinkSent {
    /// Always true.
    magic_link: bool,
}

/// What a registration answers.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes the two answers, which are made where it is known which one it is")]
enum PairOrLink<'a> {
    Pair(Pair<'a>),
    Link(MagicLinkSent),
}

const COOKIE: [DeclaredHeader; 1] = [DeclaredHeader {
    name: "Set-Cookie",
    about: "The cookie with the refresh token, where the client wants one; the cookie by which the browser is known.",
    always: false,
}];

const REMOVED: [DeclaredHeader; 1] =
    [DeclaredHeader { name: "Set-Cookie", about: "The cookie, emptied, where it carried the token.", always: false }];

pub(super) fn endpoints(auth: &Auth) -> Vec<Endpoint> {
    use ErrorCode as E;
    let Some(hasura) = auth.hasura() else { return Vec::new() };
    let pair = |endpoint: Endpoint| endpoint.answers::<Pair>(200, "The pair.").headers(&COOKIE);
    let refresh = Endpoint::get("hasura.refresh", Group::Hasura, "/auth/token/refresh")
        .public(refresh)
        .acts_on_get()
        .summary("Exchanges a refresh token for the next pair. Each is good once.")
        .costs(7)
        .errors(&[E::RefreshTokenInvalid, E::PasswordChangeRequired]);
    let login = Endpoint::post("hasura.login", Group::Hasura, "/auth/login")
        .public(login)
        .summary("Logs in with an email address and a password.")
        .errors(&[
            E::LoginBadCredentials,
            E::LoginUserNotVerified,
            E::PasswordChangeRequired,
            E::RefusedByApp,
            E::RateLimited,
        ]);
    let keys = Endpoint::get("hasura.keys", Group::Hasura, "/auth/jwks")
        .public(keys)
        .summary("Returns the public keys that verify the JSON Web Tokens of these routes (RFC 7517).")
        .costs(0)
        .errors(&[E::NoPublicKeys]);
    vec![
        register_row().waits(hasura.magic_link_wait().unwrap_or_default()),
        pair(login),
        pair(refresh),
        Endpoint::post("hasura.logout", Group::Hasura, "/auth/logout")
            .public(logout)
            .summary("Ends the session of a refresh token, or all sessions of its user. Never reveals whether there was one.")
            .empty("Always.")
            .headers(&REMOVED)
            .errors(&[E::RefreshTokenInvalid]),
        Endpoint::post("hasura.revoke", Group::Hasura, "/auth/token/revoke")
            .public(revoke)
            .summary("Ends all sessions of the user whose JSON Web Token it is.")
            .empty("They ended.")
            .errors(&[E::Unauthorized]),
        Endpoint::post("hasura.change_password", Group::Hasura, "/auth/change-password")
            .public(change_password)
            .summary("Changes the password of the user whose JSON Web Token it is, and ends all sessions.")
            .empty("It changed.")
            .errors(&[
                E::Unauthorized,
                E::ChangePasswordBadPassword,
                E::ChangePasswordInvalidPassword,
                E::RefusedByApp,
                E::RateLimited,
            ]),
        Endpoint::post("hasura.confirm", Group::Hasura, "/auth/magic-link/confirm")
            .public(confirm)
            .summary("Lets the device in that waits for a mailed link.")
            .empty("It is let in; this client gets nothing.")
            .errors(&[E::MagicLinkBadToken, E::RefusedByApp, E::RateLimited]),
        declare_keys(keys, "The key set."),
    ]
}

fn register_row() -> Endpoint {
    use ErrorCode as E;
    Endpoint::post("hasura.register", Group::Hasura, "/auth/register")
        .public(register)
        .summary("Creates an account and logs in; without a password, mails a link to log in with.")
        .answers::<PairOrLink>(
            200,
            "The pair, without tokens where the email address must be verified first; or that a link was mailed.",
        )
        .headers(&COOKIE)
        .errors(&[
            E::RegisterUserAlreadyExists,
            E::RegisterInvalidPassword,
            E::RegistrationDisabled,
            E::RefusedByApp,
            E::RateLimited,
        ])
}

async fn register(call: Call, request: HasuraRegisterRequest) -> Result<Reply, Problem> {
    let HasuraRegisterRequest { email, password, cookie } = request;
    let hasura = hasura(&call)?;
    let Some(password) = password else { return by_mail(&call, hasura, &email, cookie).await };
    let new = NewAccount {
        email: email.clone(),
        password,
        username: None,
        display_name: None,
        attributes: serde_json::Map::new(),
    };
    let user = match call.auth.registration().register(new, &call.client).await? {
        Registered::Created(user) => user,
        Registered::Pending => {
            return pending(PairUser { id: None, display_name: None, email: Some(email.as_str()) });
        }
    };
    if !user.is_verified && call.auth.settings().configs.login.require_verified {
        return pending(PairUser::from(&user));
    }
    let sessions = call.auth.sessions();
    let login = sessions.establish(&user, Proof::password(), hasura.backend(), &call.client).await?;
    begun(&call, hasura, &login, cookie).await
}

/// The answer to a registration without a password: a pair, if the app waits for the link and it is confirmed.
async fn by_mail(call: &Call, hasura: Hasura<'_>, email: &Email, cookie: Option<bool>) -> Result<Reply, Problem> {
    let links = call.auth.magic_link();
    let login = match hasura.magic_link_wait() {
        Some(wait) => links.wait(email, wait, hasura.backend(), &call.client).await?,
        None => links.request(email, None, &call.client).await.map(|()| None)?,
    };
    match login {
        Some(login) => begun(call, hasura, &login, cookie).await,
        None => Reply::ok(&MagicLinkSent { magic_link: true }),
    }
}

async fn confirm(call: Call, TokenRequest { token: Text(token) }: TokenRequest) -> Result<Reply, Problem> {
    call.auth.magic_link().confirm(&token, &call.client).await?;
    Ok(Reply::no_content())
}

async fn login(call: Call, request: HasuraLoginRequest) -> Result<Reply, Problem> {
    let HasuraLoginRequest { email: Text(name), password: KnownPassword(password), cookie } = request;
    let hasura = hasura(&call)?;
    let login = call.auth.login().login(&name, password, hasura.backend(), &call.client).await?;
    begun(&call, hasura, &login, cookie).await
}

async fn refresh(call: Call, Query(query): Query<RefreshTokenQuery>) -> Result<Reply, Problem> {
    let hasura = hasura(&call)?;
    let Some((token, in_cookie)) = presented(&call, hasura, &query) else {
        return Err(ErrorCode::RefreshTokenInvalid.into());
    };
    let login = hasura.refresh(token, &call.client).await?;
    pair(&call, hasura, &login, in_cookie)
}

async fn logout(
    call: Call,
    Query(query): Query<RefreshTokenQuery>,
    HasuraLogoutRequest { all }: HasuraLogoutRequest,
) -> Result<Reply, Problem> {
    let hasura = hasura(&call)?;
    let Some((token, in_cookie)) = presented(&call, hasura, &query) else {
        return Err(ErrorCode::RefreshTokenInvalid.into());
    };
    hasura.logout(token, all.unwrap_or_default(), &call.client).await?;
    let emptied = in_cookie.then(|| cookie::clear(hasura.refresh_cookie())).flatten();
    Ok(Reply::no_content().cookie(emptied))
}

async fn revoke(call: Call) -> Result<Reply, Problem> {
    let hasura = hasura(&call)?;
    hasura.revoke(&asking(&call, hasura).await?, &call.client).await?;
    Ok(Reply::no_content())
}

async fn change_password(call: Call, request: HasuraPasswordRequest) -> Result<Reply, Problem> {
    let HasuraPasswordRequest { old_password: KnownPassword(old), new_password } = request;
    let hasura = hasura(&call)?;
    let user = asking(&call, hasura).await?;
    hasura.change_password(&user, old, new_password, &call.client).await?;
    Ok(Reply::no_content())
}

async fn keys(call: Call) -> Result<Reply, Problem> {
    let keys = hasura(&call)?.public_keys().await?;
    if keys.is_empty() {
        return Err(ErrorCode::NoPublicKeys.into());
    }
    Reply::public(&call.parts.headers, &json!({ "keys": keys }))
}

/// The service, which there is where these routes are.
fn hasura(call: &Call) -> Result<Hasura<'_>, Problem> {
    call.auth.hasura().ok_or_else(|| ErrorCode::Internal.into())
}

/// The user whose JSON Web Token the request carries.
async fn asking(call: &Call, hasura: Hasura<'_>) -> Result<User, Problem> {
    let Some(token) = credential::bearer(&call.parts.headers) else { return Err(ErrorCode::Unauthorized.into()) };
    hasura.authenticate(token).await?.ok_or_else(|| ErrorCode::Unauthorized.into())
}

/// The refresh token of a request, and whether it came in the cookie.
fn presented<'c>(call: &'c Call, hasura: Hasura<'c>, query: &'c RefreshTokenQuery) -> Option<(&'c str, bool)> {
    let in_cookie = call.cookie(hasura.refresh_cookie()).map(|(_, token)| (token, true));
    in_cookie.or_else(|| query.refresh_token.as_ref().map(|Text(token)| (token.as_str(), false)))
}

/// The answer of a login, which ends the session whose cookie it replaces.
async fn begun(call: &Call, hasura: Hasura<'_>, login: &Login, in_cookie: Option<bool>) -> Result<Reply, Problem> {
    let in_cookie = in_cookie.unwrap_or(true);
    let former = call.cookie(hasura.refresh_cookie());
    if let Some((_, former)) = former {
        hasura.logout(former, false, &call.client).await?;
    }
    let emptied = former.filter(|_| !in_cookie).and_then(|_| cookie::clear(hasura.refresh_cookie()));
    let device = cookie::device(call.auth.settings(), login.device.as_ref());
    Ok(pair(call, hasura, login, in_cookie)?.cookie(emptied).cookie(device))
}

fn pair(call: &Call, hasura: Hasura<'_>, login: &Login, in_cookie: bool) -> Result<Reply, Problem> {
    let (token, session) = (&login.token, &login.principal.session);
    let refresh = token.refresh_token.as_ref().map(ExposeSecret::expose_secret);
    let milliseconds = |life: std::time::Duration| u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
    let reply = Reply::ok(&Pair {
        jwt_token: Some(token.access_token.expose_secret()),
        jwt_expires_in: token.expires_in.map(milliseconds),
        user: PairUser::from(&login.principal.user),
        refresh_token: refresh.filter(|_| !in_cookie),
    })?;
    let in_cookie = refresh.filter(|_| in_cookie);
    Ok(reply.cookie(in_cookie.and_then(|token| cookie::set(hasura.refresh_cookie(), session, token, call.auth.now()))))
}

fn pending(user: PairUser<'_>) -> Result<Reply, Problem> {
    Reply::ok(&Pair { jwt_token: None, jwt_expires_in: None, user, refresh_token: None })
}
