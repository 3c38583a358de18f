//! Scenarios of the health check.

use serde_json::json;

use crate::scenario::scenarios;
use crate::{Cx, Scenario};

pub(super) const SCENARIOS: &[Scenario] = scenarios![answers_without_the_database];

async fn answers_without_the_database(cx: Cx) {
    let app = cx.app().await;
    app.lose_database().await;
    let answer = app.get("/healthz").send().await.is(200);
    assert_eq!(answer.json(), json!({ "status": "ok" }));
}
