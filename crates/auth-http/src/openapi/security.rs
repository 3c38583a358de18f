//! How a caller proves who it is.

use auth_core::BuiltBackend;
use auth_core::{Auth, Transport};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes, SecurityRequirement,
    SecurityScheme,
};

use super::describe;
use crate::endpoint::{Endpoint, Group};

/// The ways of every backend, by name. A bearer backend has two: its token alone, and the form of OAuth 2 (RFC 6749,
/// section 4.3) by which tools that show this document can log in.
pub(super) fn schemes(auth: &Auth) -> Vec<(String, SecurityScheme)> {
    auth.backends().iter().flat_map(|backend| of_backend(auth, backend)).collect()
}

/// The ways that count at a route; any one of them will do.
pub(super) fn requirements(auth: &Auth, endpoint: &Endpoint) -> Vec<SecurityRequirement> {
    if endpoint.requirement().is_none() {
        return Vec::new();
    }
    let counts = |backend: &&BuiltBackend| endpoint.backend().is_none_or(|name| name == backend.name);
    let schemes = auth.backends().iter().filter(counts).flat_map(|backend| of_backend(auth, backend));
    schemes.map(|(name, _)| SecurityRequirement::new(name, [""; 0])).collect()
}

fn of_backend(auth: &Auth, backend: &BuiltBackend) -> Vec<(String, SecurityScheme)> {
    let name = &backend.name;
    match &backend.transport {
        Transport::Cookie { name: cookie, .. } => {
            let about = format!("The cookie that a login at `{name}` sets.");
            let key = ApiKey::Cookie(ApiKeyValue::with_description(cookie.as_str(), about.as_str()));
            vec![(name.clone(), SecurityScheme::ApiKey(key))]
        }
        Transport::Bearer => {
            let about = format!("The `access_token` that a login at `{name}` answers.");
            let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(about)).build();
            let url = format!("{}{}/{name}/login", describe::base_url(auth), Group::Auth.prefix());
            let flow = Flow::Password(Password::new(url, Scopes::new()));
            let about = format!("Logs in at `{name}` with a user name or an email address and a password.");
            let form = OAuth2::with_description([flow], about);
            // Names of backends have no dots, so that this one is nobody else's.
            vec![
                (name.clone(), SecurityScheme::Http(token)),
                (format!("{name}.password"), SecurityScheme::OAuth2(form)),
            ]
        }
    }
}
