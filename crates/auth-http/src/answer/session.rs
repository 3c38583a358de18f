//! Sessions, and the end of one.

use std::net::IpAddr;

use auth_core::BuiltBackend;
use auth_core::session::{ListedSession, Session};
use auth_core::time::OffsetDateTime;
use auth_core::uuid::Uuid;
use http::header::HeaderName;
use serde::Serialize;

use crate::call::Call;
use crate::cookie;
use crate::endpoint::DeclaredHeader;
use crate::problem::Problem;
use crate::reply::Reply;

/// Makes a browser drop cached pages of the session that ended.
const CLEAR_SITE_DATA: (HeaderName, &str) = (HeaderName::from_static("clear-site-data"), "\"cache\"");

const EMPTIED: DeclaredHeader = DeclaredHeader {
    name: "Set-Cookie",
    about: "The cookie of the backend, emptied, where the token came in one.",
    always: false,
};

/// The headers of [`ended`].
pub(crate) const ENDED: [DeclaredHeader; 2] = [EMPTIED, clears(true)];

/// The same where the session may be another than the one that asks.
pub(crate) const ENDED_IF_CURRENT: [DeclaredHeader; 2] = [EMPTIED, clears(false)];

const fn clears(always: bool) -> DeclaredHeader {
    let about = "Makes a browser drop cached pages of the session that asked, now that it ended.";
    DeclaredHeader { name: "Clear-Site-Data", about, always }
}

/// A session in the user's list.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SessionView<'a> {
    /// The public id.
    id: Uuid,
    /// The backend that issued its token.
    backend: &'a str,
    /// When it began.
    #[serde(with = "auth_core::time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it was last used, to the minute.
    #[serde(with = "auth_core::time::serde::rfc3339")]
    last_seen_at: OffsetDateTime,
    /// The client's address at login.
    #[schema(required, value_type = Option<String>)]
    ip: Option<IpAddr>,
    /// The client's `User-Agent` at login.
    #[schema(required)]
    user_agent: Option<&'a str>,
    /// The known device on which it was begun; null when that was forgotten, or cannot be told from others.
    #[schema(required)]
    device_id: Option<Uuid>,
    /// What the device is called, such as `Firefox on Windows`: at most 64 characters of fixed words.
    device_name: String,
    /// Whether this is the session of the request.
    current: bool,
}

impl<'a> SessionView<'a> {
    pub(crate) fn new(ListedSession { session, device_id, .. }: &'a ListedSession, current: Uuid) -> Self {
        Self {
            id: session.id,
            backend: &session.backend,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            ip: session.ip(),
            user_agent: session.user_agent.as_deref(),
            device_id: *device_id,
            device_name: session.device_name().to_string(),
            current: session.id == current,
        }
    }
}

/// 204 that removes the token from the client.
pub(crate) fn ended(call: &Call, session: &Session) -> Result<Reply, Problem> {
    Ok(gone(call.backend_of(session)?).header(CLEAR_SITE_DATA.0, CLEAR_SITE_DATA.1))
}

/// 204 that removes what a browser keeps of a backend.
pub(crate) fn gone(backend: &BuiltBackend) -> Reply {
    backend.transports().fold(Reply::no_content(), |reply, transport| reply.cookie(cookie::clear(transport)))
}
