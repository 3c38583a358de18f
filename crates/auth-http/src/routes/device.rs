//! Devices from which accounts were used before.

use auth_core::{Auth, ErrorCode};

use crate::call::Call;
use crate::cookie;
use crate::decode::{TOKEN, Text, request};
use crate::endpoint::{DeclaredHeader, Endpoint, Group};
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
    about: "The cookie by which the browser is known from now on, unless it has one.",
    always: false,
}];

pub(super) fn endpoints(_: &Auth) -> Vec<Endpoint> {
    vec![
        Endpoint::post("device.confirm", Group::Auth, "/device/confirm")
            .public(confirm)
            .summary("Makes the browser known to the account, so that its owner can log in while others try passwords.")
            .empty("The browser is known. It is not logged in.")
            .headers(&DEVICE_COOKIE)
            .errors(&[ErrorCode::DeviceBadToken, ErrorCode::RateLimited]),
    ]
}

async fn confirm(call: Call, ConfirmDevice { token }: ConfirmDevice) -> Result<Reply, Problem> {
    let device = call.auth.devices().confirm(&token.0, &call.client).await?;
    Ok(Reply::no_content().cookie(cookie::device(call.auth.settings(), device.as_ref())))
}
