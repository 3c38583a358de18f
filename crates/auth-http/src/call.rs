//! A request on its way to a handler.

use std::borrow::Cow;
use std::sync::Arc;

use auth_core::session::{Carried, Credential, Freshness, Session};
use auth_core::uuid::Uuid;
use auth_core::{Auth, BuiltBackend, Client, ErrorCode, Principal, RoleName, Transport};
use bytes::Bytes;
use http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::decode::{self, BodyType, Decode};
use crate::problem::Problem;
use crate::{cookie, credential};

/// What a handler needs to know of the route that it answers for.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// The path below the group's prefix, with parameters as `{name}`.
    pub(crate) template: Cow<'static, str>,
    /// What it takes as its body.
    pub(crate) body: BodyType,
    /// Only this backend's tokens count.
    pub(crate) backend: Option<String>,
}

/// A request on its way to a handler.
pub(crate) struct Call {
    pub(crate) auth: Auth,
    pub(crate) client: Client,
    pub(crate) route: Arc<Route>,
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
}

impl Call {
    /// The body, decoded.
    pub(crate) fn body<T: Decode>(&self) -> Result<T, Problem> {
        decode::body(&self.parts.headers, &self.body, self.route.body)
    }

    /// The query, decoded.
    pub(crate) fn query<T: Decode>(&self) -> Result<T, Problem> {
        decode::query(self.parts.uri.query())
    }

    /// The `{id}` of the path.
    pub(crate) fn id(&self) -> Result<Uuid, Problem> {
        // One spelling only: 36 characters with hyphens.
        let id = self.segment("{id}").filter(|text| text.len() == 36).and_then(|text| text.parse().ok());
        id.ok_or_else(|| ErrorCode::NotFound.into())
    }

    /// The `{role}` of the path. Many clients write `:` as `%3A` there.
    pub(crate) fn role(&self) -> Result<RoleName, Problem> {
        let segment = self.segment("{role}").unwrap_or_default();
        let text = percent_decode_str(segment).decode_utf8_lossy();
        RoleName::parse(&text).map_err(Problem::of_path)
    }

    /// What stands in the path for a parameter of the template. Read from the end, because frameworks differ in whether they
    /// leave the prefix of a mounted group in the path.
    fn segment(&self, parameter: &str) -> Option<&str> {
        let from_end = self.route.template.rsplit('/').position(|segment| segment == parameter)?;
        self.parts.uri.path().rsplit('/').nth(from_end)
    }

    /// The backend that a login is for.
    pub(crate) fn backend(&self) -> Result<&BuiltBackend, Problem> {
        match &self.route.backend {
            Some(name) => Ok(self.auth.sessions().backend(name)?),
            None => self.auth.backends().first().ok_or_else(|| ErrorCode::Internal.into()),
        }
    }

    /// Who a public request is from, if it carries a valid token. One of a session that is limited to scopes is not the
    /// user's own: it counts for nothing, as at the routes that would refuse it.
    pub(crate) async fn visitor(&self) -> Result<Option<Principal>, Problem> {
        let credentials = credential::find(&self.auth, &self.parts.headers, None);
        let visitor = self.auth.sessions().authenticate(&credentials, Freshness::Now).await?;
        Ok(visitor.map(|principal| *principal).filter(|principal| !principal.session.is_limited()))
    }

    /// Ends the session whose cookie a login is about to replace (ASVS 7.2.4): this browser could no longer end it. A
    /// bearer token is the client's own to keep or to forget.
    pub(crate) async fn end_former_session(&self, backend: &BuiltBackend) -> Result<(), Problem> {
        let sessions = self.auth.sessions();
        if let Some((_, token)) = self.cookie(&backend.transport)
            && let Some(former) = sessions.authenticate(&[Credential { backend, token }], Freshness::Now).await?
        {
            sessions.logout(&former, &self.client).await?;
        }
        // Its access token may have expired.
        if let Some((name, token)) = backend.refresh_transport().and_then(|transport| self.cookie(transport)) {
            self.auth.refresh_tokens().revoke(token, Carried::InCookie(name), &self.client).await?;
        }
        Ok(())
    }

    /// The name and the value of a cookie, if the token travels in one and the request has it.
    pub(crate) fn cookie<'c>(&'c self, transport: &'c Transport) -> Option<(&'c str, &'c str)> {
        let Transport::Cookie { name, .. } = transport else { return None };
        Some((name, cookie::get(&self.parts.headers, name)?))
    }

    /// The backend of a session.
    pub(crate) fn backend_of(&self, session: &Session) -> Result<&BuiltBackend, Problem> {
        Ok(self.auth.sessions().backend(&session.backend)?)
    }
}
