//! Scenarios of what superusers are told about each other, so that a stolen session of one of them is noticed.

use auth_core::mail::MailKind;
use http::Method;
use serde_json::{Value, json};

use crate::mails::{
    RESET_PASSWORD, SUPERUSER_ADDED as ADDED, SUPERUSER_CHANGED as CHANGED, SUPERUSER_REMOVED as REMOVED,
};
use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    superusers_are_told_what_happens_to_one_of_them,
    superusers_are_told_what_one_of_them_does_to_their_own_account,
    nothing_else_is_told,
    each_reads_it_in_their_own_language,
];

const NEW: &str = "kettle-Umbrella-42-river";

/// Reads the mails of superusers as they come.
struct Postbox {
    app: App,
    seen: usize,
}

impl Postbox {
    fn new(app: &App) -> Self {
        Self { app: app.clone(), seen: 0 }
    }

    /// The new mails about superusers name this account and are of one kind, one each to these addresses.
    async fn got(&mut self, kind: MailKind, account: &str, addresses: &[&str]) {
        let (got, about) = self.news().await;
        let mut expected: Vec<(String, String)> =
            addresses.iter().map(|address| ((*address).to_owned(), kind.name().to_owned())).collect();
        expected.sort();
        assert_eq!(got, expected, "{account}");
        assert!(about.iter().all(|text| text.contains(account)), "{account}: {about:?}");
    }

    async fn got_nothing(&mut self, why: &str) {
        let (got, _) = self.news().await;
        assert!(got.is_empty(), "{why}: {got:?}");
    }

    async fn news(&mut self) -> (Vec<(String, String)>, Vec<String>) {
        self.app.deliver().await;
        let sent = self.app.mailer().sent();
        let new = sent[self.seen..].iter().filter(|(mail, _)| mail.kind.starts_with("superuser_"));
        let (mut got, mut about) = (Vec::new(), Vec::new());
        for (mail, content) in new {
            got.push((mail.to.address().to_owned(), mail.kind.clone()));
            about.push(content.text.clone());
        }
        got.sort();
        self.seen = sent.len();
        (got, about)
    }
}

/// A superuser with a verified address, who is logged in.
async fn superuser(app: &App, name: &str) -> Login {
    let who = app.superuser(name).await;
    app.verify(&who).await;
    who
}

async fn superusers_are_told_what_happens_to_one_of_them(cx: Cx) {
    let app = cx.app().await;
    let (root, grace, ada) = (superuser(&app, "root").await, superuser(&app, "grace").await, app.register("ada").await);
    app.verify(&ada).await;
    let mut post = Postbox::new(&app);
    let (r, g, a) = (root.email.as_str(), grace.email.as_str(), ada.email.as_str());
    let request = async |method: Method, path: &str, body: Value| {
        let answer = app.request(method, path).by(&root).json(body).send().await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        answer
    };
    let patch = async |change: Value| request(Method::PATCH, &ada.path(), change).await;
    let eve = json!({ "email": "eve@example.org", "is_superuser": true, "is_verified": true });
    let eve = Login::new(&request(Method::POST, "/users", eve).await.json());
    post.got(ADDED, &eve.email, &[r, g, &eve.email]).await;
    patch(json!({ "is_superuser": true })).await;
    post.got(ADDED, a, &[r, g, a, &eve.email]).await;
    app.delete(&eve.path()).by(&root).send().await.is(204);
    // The owner of a deleted account is told by a mail of its own.
    post.got(REMOVED, &eve.email, &[r, g, a]).await;
    patch(json!({ "is_active": false })).await;
    post.got(REMOVED, a, &[r, g, a]).await;
    patch(json!({ "is_active": true })).await;
    post.got(ADDED, a, &[r, g, a]).await;
    patch(json!({ "username": "ada" })).await;
    post.got(CHANGED, a, &[r, g, a]).await;
    // So is the owner of a new password or address.
    patch(json!({ "password": NEW })).await;
    post.got(CHANGED, a, &[r, g]).await;
    request(Method::POST, &format!("{}/reset-password", ada.path()), json!({ "new_password": PASSWORD })).await;
    post.got(CHANGED, a, &[r, g]).await;
    app.post("/auth/forgot-password").json(json!({ "email": a })).send().await.is(202);
    let reset = json!({ "token": app.token_to(a, RESET_PASSWORD).await, "password": NEW });
    app.post("/auth/reset-password").json(reset).send().await.is(200);
    post.got(CHANGED, a, &[r, g]).await;
    patch(json!({ "email": "countess@example.org", "is_verified": true, "password": PASSWORD })).await;
    post.got(CHANGED, a, &[r, g]).await;
    patch(json!({ "is_superuser": false, "is_active": false })).await;
    post.got(REMOVED, "countess@example.org", &[r, g, "countess@example.org"]).await;
}

async fn superusers_are_told_what_one_of_them_does_to_their_own_account(cx: Cx) {
    let app = cx.app().await;
    let (root, grace) = (superuser(&app, "root").await, superuser(&app, "grace").await);
    let mut post = Postbox::new(&app);
    let (r, g) = (root.email.as_str(), grace.email.as_str());
    let change = json!({ "old_password": PASSWORD, "new_password": NEW });
    let grace = grace.with(&app.post("/auth/change-password").by(&grace).json(change).send().await.is(200));
    post.got(CHANGED, g, &[r]).await;
    app.patch("/users/me").by(&grace).json(json!({ "username": "grace" })).send().await.is(200);
    post.got(CHANGED, g, &[r, g]).await;
    app.patch(&grace.path()).by(&grace).json(json!({ "is_superuser": false })).send().await.is(200);
    post.got(REMOVED, g, &[r, g]).await;
    let eve = superuser(&app, "eve").await;
    app.delete("/users/me").by(&eve).json(json!({ "password": PASSWORD })).send().await.is(204);
    post.got(REMOVED, &eve.email, &[r]).await;
}

async fn nothing_else_is_told(cx: Cx) {
    let app = cx.app().await;
    let (root, grace, ada) = (superuser(&app, "root").await, superuser(&app, "grace").await, app.user("ada").await);
    let mut post = Postbox::new(&app);
    post.got_nothing("registrations and logins").await;
    let same = json!({ "is_superuser": true, "is_active": true, "display_name": "Grace", "attributes": { "a": 1 } });
    app.patch(&grace.path()).by(&root).json(same).send().await.is(200);
    post.got_nothing("neither the rights nor the login of a superuser changed").await;
    for change in [json!({ "username": "ada" }), json!({ "password": NEW }), json!({ "is_active": false })] {
        app.patch(&ada.path()).by(&root).json(change).send().await.is(200);
    }
    app.delete(&ada.path()).by(&root).send().await.is(204);
    post.got_nothing("the account was never a superuser's").await;
    app.patch(&grace.path()).by(&root).json(json!({ "is_active": false })).send().await.is(200);
    post.got(REMOVED, &grace.email, &[&root.email, &grace.email]).await;
    app.patch(&grace.path()).by(&root).json(json!({ "username": "grace" })).send().await.is(200);
    post.got_nothing("an inactive superuser has no rights").await;
}

async fn each_reads_it_in_their_own_language(cx: Cx) {
    let app = cx.app().await;
    let (root, grace, ada) = (superuser(&app, "root").await, superuser(&app, "grace").await, app.register("ada").await);
    app.verify(&ada).await;
    app.set(&grace, "locale = 'de'").await;
    let promote = json!({ "is_superuser": true });
    app.patch(&ada.path()).by(&root).header("accept-language", "de").json(promote).send().await.is(200);
    for (who, language) in [(&root, "en"), (&grace, "de"), (&ada, "en")] {
        assert_eq!(app.mail_to(&who.email, ADDED).await.language.as_str(), language, "{}", who.email);
    }
}
