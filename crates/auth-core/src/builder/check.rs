//! The rules of a configuration.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use url::{Host, Origin, Url};

use super::AuthBuilder;
use crate::backend::{Backend, BuiltBackend, Carrier, CookieOptions, SameSite, StrategyChoice, Transport};
use crate::config::Settings;
use crate::jwt::{JwtCodec, JwtCodecConfig, JwtKey};
use crate::limit::Rate;
use crate::token::{DatabaseStrategy, JwtKeys, JwtOptions, JwtStrategy};
use crate::{RootSecret, TokenStrategy};

/// Browsers keep no cookie longer (RFC 6265bis).
const MAX_COOKIE_AGE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Longer sessions are a mistake in the unit; far longer ones would not even have a date of expiry.
const MAX_SESSION: Duration = MAX_COOKIE_AGE;

/// First path segments that routes of the library have, or will have, for themselves.
const RESERVED_BACKENDS: [&str; 20] = [
    "login",
    "logout",
    "register",
    "verify",
    "me",
    "activity",
    "magic-link",
    "change-email",
    "change-password",
    "users",
    "sessions",
    "token",
    "oauth",
    "passkeys",
    "2fa",
    "callback",
    "start",
    "docs",
    "developer-tokens",
    "account",
];

/// Whether a URL points at this machine.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

pub(super) fn settings(builder: &AuthBuilder, problems: &mut Vec<String>) -> Option<Settings> {
    let mut url = |name: &str, url: Result<Url, String>| match url {
        Ok(url) => {
            check_url(name, &url, problems);
            Some(url)
        }
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    let public_url = url("public_url", builder.parsed_url());
    let frontend_url = builder.frontend_url.as_ref().map(|text| url("frontend_url", parse_url("frontend_url", text)));
    let limits = builder.sessions;
    if limits.idle.is_zero() || limits.absolute.is_zero() || limits.per_user == 0 {
        problems.push("session limits must be above zero".to_owned());
    }
    if limits.per_user > u32::MAX.into() {
        problems
            .push("the limit of sessions per user must be at most 4294967295: no database counts further".to_owned());
    }
    if [limits.idle, limits.absolute, limits.recent].iter().any(|limit| *limit > MAX_SESSION) {
        problems.push("session limits must not exceed 400 days".to_owned());
    }
    if builder.limits.rates().iter().any(|rate| *rate != Rate::UNLIMITED && rate.per.is_zero()) {
        problems.push(
            "a rate limit needs a window longer than zero: use `Rate::per_hour`, or `Rate::UNLIMITED` for no limit"
                .to_owned(),
        );
    }
    let allowed_origins = builder.allowed_origins.iter().filter_map(|origin| match parse_origin(origin) {
        Ok(origin) => Some(origin),
        Err(problem) => {
            problems.push(problem);
            None
        }
    });
    let mut allowed_origins: Vec<Origin> = allowed_origins.collect();
    let public_url = public_url?;
    let frontend_url = match frontend_url {
        Some(url) => url?,
        None => public_url.clone(),
    };
    if frontend_url.origin() != public_url.origin() && !allowed_origins.contains(&frontend_url.origin()) {
        allowed_origins.push(frontend_url.origin());
    }
    let service_name = builder.service_name.clone();
    Some(Settings {
        service_name: service_name.unwrap_or_else(|| public_url.host_str().unwrap_or_default().to_owned()),
        public_url,
        allowed_origins,
        frontend_url,
        trusted_proxies: builder.trusted_proxies.clone(),
        registration: builder.registration,
        require_verified: builder.require_verified,
        email_change: builder.email_change,
        sessions: limits,
        limits: builder.limits.clone(),
        audit_retention: builder.audit_retention,
    })
}

/// A URL from the configuration, or what is wrong with it.
pub(super) fn parse_url(name: &str, text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|cause| {
        format!("`{name}` must be a URL such as https://app.example.com: {text:?} is not one ({cause})")
    })
}

fn check_url(name: &str, url: &Url, problems: &mut Vec<String>) {
    match url.scheme() {
        "https" => {}
        "http" if is_local(url) => {}
        "http" => problems.push(format!("`{name}` {url} is plain http: use https (http is for localhost only)")),
        other => problems.push(format!("`{name}` has the scheme {other:?}: use https")),
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        problems.push(format!("`{name}` {url} must have no user, query or fragment"));
    }
}

fn parse_origin(text: &str) -> Result<Origin, String> {
    let wrong = || format!("the allowed origin {text:?} must look like https://app.example.com, without a path");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let origin = url.origin();
    if text.contains('*') || !origin.is_tuple() || origin.ascii_serialization() != text.trim_end_matches('/') {
        return Err(wrong());
    }
    if url.scheme() != "https" && !(url.scheme() == "http" && is_local(&url)) {
        return Err(format!("the allowed origin {text:?} is plain http: use https (http is for localhost only)"));
    }
    Ok(origin)
}

pub(super) fn backends(builder: &AuthBuilder, url: Option<&Url>, problems: &mut Vec<String>) -> Vec<BuiltBackend> {
    let secret = match &builder.secret {
        Some(secret) => {
            problems.extend(secret.problem());
            Some(secret)
        }
        None => {
            problems.push("set `secret`: at least 32 random bytes, kept outside the code".to_owned());
            None
        }
    };
    if builder.backends.is_empty() {
        problems.push("add a backend, such as `Backend::cookie(\"cookie\", CookieOptions::default())`".to_owned());
    }
    let (mut names, mut cookies, mut codecs) = (HashSet::new(), HashSet::new(), Vec::new());
    let mut built = Vec::new();
    for backend in &builder.backends {
        check_name(&backend.name, problems);
        if !names.insert(backend.name.as_str()) {
            problems.push(format!("two backends are called {:?}: give each a name of its own", backend.name));
        }
        let (Some(url), Some(secret)) = (url, secret) else { continue };
        let transport = transport(backend, url, problems);
        if let Transport::Cookie { name, .. } = &transport
            && !cookies.insert(name.clone())
        {
            problems.push(format!("two backends use the cookie {name:?}: give each a cookie of its own"));
        }
        if let Some(strategy) = strategy(builder, backend, url, secret, &mut codecs, problems) {
            built.push(BuiltBackend { name: backend.name.clone(), transport, strategy });
        }
    }
    problems.extend(conflicts(&codecs));
    built
}

/// Backends of which one would take the other's tokens for its own.
fn conflicts(codecs: &[(&str, JwtCodec)]) -> Vec<String> {
    let pairs =
        codecs.iter().enumerate().flat_map(|(index, one)| codecs.iter().skip(index + 1).map(move |two| (one, two)));
    let conflict = |((one, first), (two, second)): (&(&str, JwtCodec), &(&str, JwtCodec))| {
        first.conflict_with(second).map(|why| format!("backends {one:?} and {two:?}: {why}"))
    };
    pairs.filter_map(conflict).collect()
}

fn check_name(name: &str, problems: &mut Vec<String>) {
    let well_formed = name.bytes().next().is_some_and(|c| c.is_ascii_lowercase())
        && name.len() <= 32
        && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
    if !well_formed {
        problems.push(format!("the backend name {name:?} must be lower-case letters, digits and hyphens, at most 32"));
    }
    if RESERVED_BACKENDS.contains(&name) {
        problems.push(format!(
            "the backend name {name:?} is also the first segment of a route of the library: choose another"
        ));
    }
}

fn transport(backend: &Backend, url: &Url, problems: &mut Vec<String>) -> Transport {
    let Carrier::Cookie(options) = &backend.carrier else { return Transport::Bearer };
    let CookieOptions { name, max_age, path, domain, same_site } = options.clone();
    let secure = url.scheme() == "https";
    let path = path.unwrap_or_else(|| "/".to_owned());
    let name = name.unwrap_or_else(|| (if secure { "__Host-auth" } else { "auth" }).to_owned());
    let label = &backend.name;
    let is_token = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c);
    if name.is_empty() || !name.bytes().all(is_token) {
        problems.push(format!("the cookie name {name:?} of backend {label:?} has characters that are not allowed"));
    }
    if name.starts_with("__Host-") && (!secure || path != "/" || domain.is_some()) {
        problems.push(format!(
            "the cookie {name:?} of backend {label:?} needs https, the path / and no domain: set them, or choose a \
             `name` without `__Host-`"
        ));
    }
    if name.starts_with("__Secure-") && !secure {
        problems.push(format!("the cookie {name:?} of backend {label:?} needs https"));
    }
    if same_site == SameSite::None && !secure {
        problems.push(format!("the cookie {name:?} of backend {label:?} is SameSite=None, which needs https"));
    }
    if max_age.is_some_and(|age| age > MAX_COOKIE_AGE) {
        problems.push(format!(
            "the cookie {name:?} of backend {label:?} must not live longer than the 400 days that browsers allow"
        ));
    }
    let clean = |text: &str| text.bytes().all(|c| (0x21..0x7f).contains(&c) && c != b';' && c != b',');
    if !path.starts_with('/') || !clean(&path) || !domain.as_deref().is_none_or(clean) {
        problems.push(format!("the cookie {name:?} of backend {label:?} has a malformed path or domain"));
    }
    Transport::Cookie { name, max_age, path, domain, secure, same_site }
}

fn strategy<'b>(
    builder: &AuthBuilder,
    backend: &'b Backend,
    url: &Url,
    secret: &RootSecret,
    codecs: &mut Vec<(&'b str, JwtCodec)>,
    problems: &mut Vec<String>,
) -> Option<Arc<dyn TokenStrategy>> {
    let random = builder.random.clone();
    match &backend.strategy {
        StrategyChoice::Database => Some(Arc::new(DatabaseStrategy { random })),
        StrategyChoice::Custom(strategy) => Some(strategy.clone()),
        StrategyChoice::Jwt(options) => match codec(options, &backend.name, url, secret) {
            Ok(codec) => {
                codecs.push((&backend.name, codec.clone()));
                Some(Arc::new(JwtStrategy { codec, claims: options.claims.clone(), random }))
            }
            Err(found) => {
                problems.extend(found.into_iter().map(|problem| format!("backend {:?}: {problem}", backend.name)));
                None
            }
        },
    }
}

fn codec(options: &JwtOptions, name: &str, url: &Url, secret: &RootSecret) -> Result<JwtCodec, Vec<String>> {
    let own = url.origin().ascii_serialization();
    let issuer = options.issuer.clone().unwrap_or_else(|| own.clone());
    let (signing, verification) = match &options.keys {
        JwtKeys::Given { signing, verification } => (signing.clone(), verification.clone()),
        JwtKeys::Derived => {
            // The name is part of the label, so that a token of one backend is worthless at another.
            let key = secret.derive(&format!("jwt-hs256:{name}"));
            let key = JwtKey::hs256(&format!("{name}-1"), key.as_ref()).map_err(|cause| vec![cause.to_string()])?;
            (key, Vec::new())
        }
    };
    let mut config = JwtCodecConfig::new(issuer, options.audience.clone().unwrap_or(own), signing);
    config.verification = verification;
    config.lifetime = options.lifetime.unwrap_or(config.lifetime);
    let codec = JwtCodec::new(config)?;
    if codec.uses_secret(secret.bytes()) {
        return Err(vec!["its key is the root secret: give it one of its own, or `JwtKeys::Derived`".to_owned()]);
    }
    Ok(codec)
}
