//! Scenarios of the public keys.

use serde_json::json;

use crate::scenario::scenarios;
use crate::{Cx, Scenario};

pub(super) const SCENARIOS: &[Scenario] = scenarios![shared_secrets_are_not_published];

async fn shared_secrets_are_not_published(cx: Cx) {
    let app = cx.app().await;
    let answer = app.get("/auth/jwks.json").send().await.is(200);
    assert_eq!(answer.json(), json!({ "keys": [] }));
}
