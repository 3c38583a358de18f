//! Devices from which accounts were used before.

use auth_core::device::Device;
use auth_core::time::OffsetDateTime;
use auth_core::uuid::Uuid;
use auth_core::{Auth, ErrorCode, Principal};
use serde::Serialize;

use crate::call::Call;
use crate::cookie;
use crate::decode::{TOKEN, Text, request};
use crate::endpoint::{DeclaredHeader, Endpoint, Group};
use crate::handler::Id;
use crate::problem::Problem;
use crate::reply::Reply;

request! {
    /// The body of the answer to the mail that asks "was it you".
    ConfirmDevice {
        #[doc = "The `token` of the mailed link."]
        token: Text<TOKEN>,
    }
}

const DEVICE_COOKIE: [DeclaredHeader; 1] = [DeclaredHeader {
    name: "Set-Cookie",
    about: "The cookie by which the browser is known from now on.",
    always: false,
}];

/// The devices that an account knows.
#[derive(Serialize, utoipa::ToSchema)]
struct DeviceList<'a> {
    /// The one that was used last first.
    devices: Vec<DeviceView<'a>>,
}

/// A known device in the user's list.
#[derive(Serialize, utoipa::ToSchema)]
struct DeviceView<'a> {
    /// The public id.
    id: Uuid,
    /// `cookie` for a browser, and `network` for the clients without cookies of a network.
    kind: &'a str,
    /// What it is called, such as `Firefox on Windows`: at most 64 characters of fixed words.
    name: String,
    /// The `User-Agent` of the login that made it known.
    #[schema(required)]
    user_agent: Option<&'a str>,
    /// When it became known.
    #[serde(with = "auth_core::time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it was last used to log in, to the day.
    #[serde(with = "auth_core::time::serde::rfc3339")]
    last_seen_at: OffsetDateTime,
    /// When it is forgotten unless it is used again.
    #[serde(with = "auth_core::time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    /// Whether it is the device of the request.
    current: bool,
}

impl<'a> From<&'a Device> for DeviceView<'a> {
    fn from(device: &'a Device) -> Self {
        Self {
            id: device.id,
            kind: &device.kind,
            name: device.name().to_string(),
            user_agent: device.user_agent.as_deref(),
            created_at: device.created_at,
            last_seen_at: device.last_seen_at,
            expires_at: device.expires_at,
            current: device.is_current,
        }
    }
}

pub(super) fn endpoints(_: &Auth) -> Vec<Endpoint> {
    vec![
        Endpoint::post("device.confirm", Group::Auth, "/device/confirm")
            .public(confirm)
            .summary("Makes the browser known to the account, so that its owner can log in while others try passwords.")
            .empty("The browser is known. It is not logged in.")
            .headers(&DEVICE_COOKIE)
            .errors(&[ErrorCode::DeviceBadToken, ErrorCode::RateLimited]),
        Endpoint::get("device.list", Group::Auth, "/devices")
            .user(list)
            .summary("Lists the devices that the user's account knows.")
            .answers::<DeviceList>(200, "The devices, the one that was used last first.")
            .costs(2),
        Endpoint::delete("device.forget", Group::Auth, "/devices/{id}")
            .user(forget)
            .summary("Forgets a device: nobody who uses it has attempts at the password of its own any more. Its sessions go on.")
            .empty("It is forgotten.")
            .costs(3),
    ]
}

async fn list(call: Call, principal: Principal) -> Result<Reply, Problem> {
    let cookie = cookie::get(&call.parts.headers, &cookie::device_name(call.auth.settings()));
    let client = call.client.clone().with_device(cookie);
    let devices = call.auth.devices().list(&principal, &client).await?;
    Reply::ok(&DeviceList { devices: devices.iter().map(DeviceView::from).collect() })
}

async fn forget(call: Call, principal: Principal, Id(id): Id) -> Result<Reply, Problem> {
    call.auth.devices().forget(&principal, id, &call.client).await?;
    Ok(Reply::no_content())
}

async fn confirm(call: Call, ConfirmDevice { token }: ConfirmDevice) -> Result<Reply, Problem> {
    let device = call.auth.devices().confirm(&token.0, &call.client).await?;
    Ok(Reply::no_content().cookie(cookie::device(call.auth.settings(), device.as_ref())))
}
