//! Backends as they are used, and what is wrong with them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use url::{Host, Url};

use crate::backend::{
    Backend, BuiltBackend, Carrier, CookieOptions, Refresh, RefreshOptions, SameSite, StrategyChoice, Transport,
};
use crate::clock::MAX_LIFETIME;
use crate::hasura::{self, BuiltPairs, HasuraConfig};
use crate::jwt::{DEFAULT_LIFETIME, JwtCodec, JwtCodecConfig, JwtKey, Terms};
use crate::secret::RootSecret;
use crate::settings::Settings;
use crate::signing_key::Ring;
use crate::token::{DatabaseStrategy, JwtKeys, JwtOptions, JwtStrategy, StrategyKeys, TokenStrategy};

/// The longest lifetime of the tokens of backends with managed keys; `None` when there is no such backend.
pub(super) fn managed_lifetime(backends: &[Backend], hasura: &HasuraConfig) -> Option<Duration> {
    let lifetime = |backend: &Backend| match &backend.strategy {
        StrategyChoice::Jwt(options) if matches!(options.keys, JwtKeys::Managed) => {
            Some(options.lifetime.unwrap_or(DEFAULT_LIFETIME))
        }
        _ => None,
    };
    let pairs = hasura.options.as_ref().filter(|options| matches!(options.keys, JwtKeys::Managed));
    backends.iter().filter_map(lifetime).chain(pairs.map(|options| options.lifetime)).max()
}

/// The backends as they are used, as far as they can be built.
pub(super) fn built(
    backends: &[Backend],
    secret: Option<&RootSecret>,
    url: Option<&Url>,
    ring: Option<&Ring>,
    problems: &mut Vec<String>,
) -> Vec<BuiltBackend> {
    let secret = match secret {
        Some(secret) => {
            problems.extend(secret.problem());
            Some(secret)
        }
        None => {
            problems.push("set `secret`: at least 32 random bytes, kept outside the code".to_owned());
            None
        }
    };
    if backends.is_empty() {
        problems.push("add a backend, such as `Backend::cookie(\"cookie\", CookieOptions::default())`".to_owned());
    }
    let (mut names, mut cookies, mut signers) = (HashSet::new(), HashSet::new(), Vec::new());
    let mut built_backends = Vec::new();
    for backend in backends {
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
        let refresh = backend.refresh.as_ref().map(|options| refresh(backend, options, &transport, url, problems));
        if let Some(Transport::Cookie { name, .. }) = refresh.as_ref().and_then(|refresh| refresh.transport.as_ref())
            && !cookies.insert(name.clone())
        {
            problems.push(format!(
                "backend {:?} has its refresh tokens in the cookie {name:?}, which is taken: set `cookie_name`",
                backend.name
            ));
        }
        if let Some(strategy) = strategy(backend, url, secret, ring, &mut signers, problems) {
            built_backends.push(BuiltBackend { name: backend.name.clone(), transport, strategy, refresh });
        }
    }
    problems.extend(conflicts(&signers));
    built_backends
}

/// The backend behind the routes of token pairs, if the app has them and they can be built.
pub(super) fn pairs(
    settings: Option<&Settings>,
    secret: Option<&RootSecret>,
    ring: Option<&Ring>,
    others: &[BuiltBackend],
    problems: &mut Vec<String>,
) -> Option<BuiltPairs> {
    let (settings, secret) = (settings?, secret?);
    let (url, options) = (&settings.public_url, settings.configs.hasura.options.as_ref()?);
    let cookie = CookieOptions {
        name: Some(options.refresh.cookie_name.clone().unwrap_or_else(|| default_name(url, hasura::NAME))),
        max_age: Some(options.refresh.idle),
        same_site: SameSite::Strict,
        ..CookieOptions::default()
    };
    let cookie = transport(&Backend::cookie(hasura::NAME, cookie), url, problems);
    if others.iter().any(|backend| backend.name == hasura::NAME) {
        problems.push(format!("rename the backend {:?}: the routes of token pairs have this name", hasura::NAME));
    }
    if others.iter().flat_map(BuiltBackend::transports).any(|other| {
        matches!((other, &cookie), (Transport::Cookie { name, .. }, Transport::Cookie { name: ours, .. }) if name == ours)
    }) {
        problems.push("`hasura.refresh` has the cookie of a backend: set another `cookie_name`".to_owned());
    }
    match keys(&options.tokens(), hasura::NAME, url, secret, ring) {
        Ok(keys) => Some(BuiltPairs::new(options, keys, cookie)),
        Err(found) => {
            problems.extend(found.into_iter().map(|problem| format!("`hasura`: {problem}")));
            None
        }
    }
}

/// Backends of which one would take the other's tokens for its own.
fn conflicts(signers: &[(&str, StrategyKeys)]) -> Vec<String> {
    let pairs =
        signers.iter().enumerate().flat_map(|(index, one)| signers.iter().skip(index + 1).map(move |two| (one, two)));
    let conflict = |((one, first), (two, second)): (&(&str, StrategyKeys), &(&str, StrategyKeys))| {
        first.conflict_with(second).map(|why| format!("backends {one:?} and {two:?}: {why}"))
    };
    pairs.filter_map(conflict).collect()
}

/// How a backend refreshes its tokens. The cookie of its refresh tokens, if there is one, is in the same jar as its own.
fn refresh(
    backend: &Backend,
    options: &RefreshOptions,
    own: &Transport,
    url: &Url,
    problems: &mut Vec<String>,
) -> Refresh {
    problems.extend(options.problems().into_iter().map(|problem| format!("backend {:?}: {problem}", backend.name)));
    let (third_party, partitioned) = match own {
        Transport::Cookie { same_site, partitioned, .. } => (*same_site == SameSite::None, *partitioned),
        Transport::Bearer => (false, false),
    };
    let transport = if options.in_cookie || *own != Transport::Bearer {
        let options = CookieOptions {
            name: Some(options.cookie_name.clone().unwrap_or_else(|| default_name(url, "refresh"))),
            same_site: if third_party { SameSite::None } else { SameSite::Strict },
            partitioned,
            ..CookieOptions::default()
        };
        transport(&Backend { carrier: Carrier::Cookie(options), ..backend.clone() }, url, problems)
    } else {
        Transport::Bearer
    };
    Refresh::new(options, Some(transport))
}

fn check_name(name: &str, problems: &mut Vec<String>) {
    let well_formed = name.bytes().next().is_some_and(|c| c.is_ascii_lowercase())
        && name.len() <= 32
        && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
    if !well_formed {
        problems.push(format!("the backend name {name:?} must be lower-case letters, digits and hyphens, at most 32"));
    }
}

fn transport(backend: &Backend, url: &Url, problems: &mut Vec<String>) -> Transport {
    let Carrier::Cookie(options) = &backend.carrier else { return Transport::Bearer };
    let CookieOptions { name, max_age, path, domain, same_site, partitioned } = options.clone();
    let secure = url.scheme() == "https";
    let path = path.unwrap_or_else(|| "/".to_owned());
    // As browsers read it (RFC 6265bis, section 5.5).
    let domain = domain.map(|domain| domain.strip_prefix('.').unwrap_or(&domain).to_ascii_lowercase());
    let name = name.unwrap_or_else(|| default_name(url, "auth"));
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
    if partitioned && !secure {
        problems.push(format!("the cookie {name:?} of backend {label:?} is partitioned, which needs https"));
    }
    if max_age.is_some_and(|age| age > MAX_LIFETIME) {
        problems.push(format!(
            "the cookie {name:?} of backend {label:?} must not live longer than the 400 days that browsers allow"
        ));
    }
    let clean = |text: &str| text.bytes().all(|c| (0x21..0x7f).contains(&c) && c != b';' && c != b',');
    if !path.starts_with('/') || !clean(&path) || !domain.as_deref().is_none_or(clean) {
        problems.push(format!("the cookie {name:?} of backend {label:?} has a malformed path or domain"));
    }
    if let Some(domain) = domain.as_deref().filter(|domain| !takes_cookies_of(url, domain)) {
        problems.push(format!(
            "the cookie {name:?} of backend {label:?} has the domain {domain:?}, for which browsers take no cookie from {url}: \
             name its host or one above it, or leave the domain out"
        ));
    }
    Transport::Cookie { name, max_age, path, domain, secure, same_site, partitioned }
}

/// Whether browsers take a cookie for a domain from the server at `url`: its host, or a parent of it that has a dot.
fn takes_cookies_of(url: &Url, domain: &str) -> bool {
    let Some(Host::Domain(host)) = url.host() else { return false };
    domain.contains('.') && host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Cookies of one host have no ports: on plain http, the name tells servers on one machine apart.
fn default_name(url: &Url, name: &str) -> String {
    match url.port_or_known_default() {
        Some(port) if url.scheme() != "https" => format!("{name}_{port}"),
        _ => format!("__Host-{name}"),
    }
}

fn strategy<'b>(
    backend: &'b Backend,
    url: &Url,
    secret: &RootSecret,
    ring: Option<&Ring>,
    signers: &mut Vec<(&'b str, StrategyKeys)>,
    problems: &mut Vec<String>,
) -> Option<Arc<dyn TokenStrategy>> {
    match &backend.strategy {
        StrategyChoice::Database => Some(Arc::new(DatabaseStrategy)),
        StrategyChoice::Custom(strategy) => Some(strategy.clone()),
        StrategyChoice::Jwt(options) => match keys(options, &backend.name, url, secret, ring) {
            Ok(keys) => {
                signers.push((&backend.name, keys.clone()));
                Some(Arc::new(JwtStrategy { keys, claims: options.claims.clone(), roles: options.roles }))
            }
            Err(found) => {
                problems.extend(found.into_iter().map(|problem| format!("backend {:?}: {problem}", backend.name)));
                None
            }
        },
    }
}

fn keys(
    options: &JwtOptions,
    name: &str,
    url: &Url,
    secret: &RootSecret,
    ring: Option<&Ring>,
) -> Result<StrategyKeys, Vec<String>> {
    let own = url.origin().ascii_serialization();
    let issuer = options.issuer.clone().unwrap_or_else(|| own.clone());
    let audience = options.audience.clone().unwrap_or(own);
    let (signing, verification) = match &options.keys {
        JwtKeys::Given { signing, verification } => (signing.clone(), verification.clone()),
        JwtKeys::Derived => {
            // The name is part of the label, so that a token of one backend is worthless at another.
            let key = secret.derive(&format!("jwt-hs256:{name}"));
            let key = JwtKey::hs256(&format!("{name}-1"), key.as_ref()).map_err(|cause| vec![cause.to_string()])?;
            (key, Vec::new())
        }
        JwtKeys::Managed => {
            let terms = Terms::new(issuer, audience, options.lifetime)?;
            let ring = ring.ok_or_else(|| vec!["its keys are managed, but nothing manages them".to_owned()])?;
            return Ok(StrategyKeys::Managed(terms, ring.clone()));
        }
    };
    let mut config = JwtCodecConfig::new(issuer, audience, signing);
    config.verification = verification;
    config.lifetime = options.lifetime.unwrap_or(config.lifetime);
    let codec = JwtCodec::new(config)?;
    if codec.uses_secret(secret.bytes()) {
        return Err(vec!["its key is the root secret: give it one of its own, or `JwtKeys::Derived`".to_owned()]);
    }
    Ok(StrategyKeys::Fixed(codec))
}
