//! Scenarios of the outbox: a mail of a committed change leaves at least once, one of a change that was rolled back
//! never (I11, F-16).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use auth_core::OutboxState;
use auth_core::mail::{MailConfig, MailKind};
use auth_core::password::Password;
use auth_core::{ErrorCode as E, Registration};
use auth_testkit::{MailFault, MemoryMailer, Moment, Reaction};
use serde_json::json;
use tokio::sync::Notify;

use crate::mails::{
    ACCOUNT_RESET, CONFIRM_EMAIL, EMAIL_CHANGED, EMAIL_CHANGED_BY_ADMIN, PASSWORD_CHANGED, PASSWORD_SET,
    RESET_PASSWORD, VERIFY_EMAIL,
};
use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    what_is_rolled_back_mails_nothing,
    an_unavailable_server_costs_nothing_but_time: direct_only,
    a_refusal_for_good_is_a_dead_letter: direct_only,
    a_mail_that_comes_too_late_is_not_sent: direct_only,
    a_job_that_keeps_failing_is_given_up: direct_only,
    a_worker_that_dies_is_taken_over: direct_only,
    several_workers_send_each_mail_once: direct_only,
    a_mailer_that_panics_harms_nobody: direct_only,
    nothing_in_the_table_can_be_read_or_moved: direct_only,
    workers_send_by_themselves: direct_only,
    a_link_costs_three_statements: direct_only,
    an_app_without_a_mailer_says_so: direct_only,
    a_request_waits_a_random_part_of_a_second,
    a_mail_that_takes_its_time_holds_up_no_other: direct_only,
    the_language_is_the_readers,
    a_name_goes_to_no_unverified_address,
    a_mail_says_who_did_it_and_what_was_before,
];

async fn state(app: &App) -> OutboxState {
    app.auth().mail().state().await.expect("the outbox")
}

async fn forgot(app: &App, email: &str) {
    app.post("/auth/forgot-password").json(json!({ "email": email })).send().await.is(202);
}

async fn what_is_rolled_back_mails_nothing(cx: Cx) {
    let app = cx.app().await;
    app.hooks().react(Moment::Register, Reaction::Refuse("not today".to_owned()));
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    app.post("/auth/register").json(body.clone()).send().await.fails(E::RefusedByApp);
    assert!(app.mails_to("ada@example.org").await.is_empty());
    assert_eq!((app.waiting_mails().await, app.event_count().await), (0, 0));
    app.hooks().behave();
    app.post("/auth/register").json(body.clone()).send().await.is(201);
    assert_eq!(app.waiting_mails().await, 1, "it waits in the table");
    assert_eq!(app.kinds_to("ada@example.org").await, [VERIFY_EMAIL.name()]);
    assert_eq!(app.waiting_mails().await, 0, "and is gone once it left");
    app.post("/auth/register").json(body).send().await.fails(E::RegisterUserAlreadyExists);
    assert_eq!(app.kinds_to("ada@example.org").await, [VERIFY_EMAIL.name()]);
}

async fn an_unavailable_server_costs_nothing_but_time(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    app.deliver().await;
    app.mailer().fail(MailFault::Temporary);
    forgot(&app, &ada.email).await;
    // Each wait is longer than the one before, and no loop spins meanwhile.
    let before = app.mailer().attempts();
    for (attempt, seconds) in [5, 10, 20, 40].into_iter().enumerate() {
        app.deliver().await;
        assert_eq!(app.mailer().attempts(), before + attempt + 1);
        app.clock().advance(Duration::from_secs(seconds) - Duration::from_millis(1));
        app.deliver().await;
        assert_eq!(app.mailer().attempts(), before + attempt + 1, "not before {seconds} s");
        app.clock().advance(Duration::from_secs(seconds));
    }
    app.mailer().fail(None);
    app.mailer().forget();
    let body =
        json!({ "token": app.token_to(&ada.email, RESET_PASSWORD).await, "password": "kettle-Umbrella-42-river" });
    assert_eq!(app.mailer().sent().len(), 1);
    app.post("/auth/reset-password").json(body).send().await.is(200);
    app.deliver().await;
    assert_eq!(state(&app).await, OutboxState { waiting: 0, failed: 0 });
}

async fn a_refusal_for_good_is_a_dead_letter(cx: Cx) {
    let app = cx.app().await;
    app.mailer().fail(MailFault::Permanent);
    let ada = app.register("ada").await;
    app.deliver().await;
    assert_eq!(state(&app).await, OutboxState { waiting: 0, failed: 1 });
    let event = event!(app, MailFailed);
    assert!(!format!("{event:?}").contains("ada"), "{event:?}");
    app.clock().advance(Duration::from_secs(3600));
    app.deliver().await;
    assert_eq!(app.mailer().attempts(), 1);
    app.mailer().fail(None);
    assert_eq!(app.auth().mail().revive().await.expect("the outbox"), 1);
    assert_eq!(app.kinds_to(&ada.email).await, [VERIFY_EMAIL.name()]);
    // What nobody revives goes with the others that are of no use any more.
    app.mailer().fail(MailFault::Permanent);
    forgot(&app, &ada.email).await;
    app.deliver().await;
    app.clock().advance(Duration::from_secs(8 * 24 * 3600));
    assert_eq!(app.auth().mail().revive().await.expect("the outbox"), 0, "its link works no more");
    assert_eq!(app.auth().purge().run().await.expect("the tables").of("mail"), 1);
    assert_eq!(app.waiting_mails().await, 0);
}

async fn a_mail_that_comes_too_late_is_not_sent(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    app.deliver().await;
    app.mailer().forget();
    app.mailer().fail(MailFault::Temporary);
    forgot(&app, &ada.email).await;
    app.deliver().await;
    app.clock().advance(Duration::from_secs(30 * 60));
    app.mailer().fail(None);
    assert!(app.mails_to(&ada.email).await.is_empty());
    assert_eq!(state(&app).await, OutboxState { waiting: 0, failed: 1 });
}

/// Accepted, and killed before it could say so: the very same mail comes again, with the same token.
async fn a_job_that_keeps_failing_is_given_up(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    app.deliver().await;
    // Nobody can make the token that the order asks for.
    app.execute("ALTER TABLE authn_one_time_token RENAME TO elsewhere").await;
    forgot(&app, &ada.email).await;
    let tries = |app: &App| app.statements().take().iter().filter(|sql| sql.contains("INSERT INTO")).count();
    app.deliver().await;
    assert_eq!(state(&app).await, OutboxState { waiting: 1, failed: 0 });
    let _ = tries(&app);
    app.deliver().await;
    assert_eq!(tries(&app), 0, "not before it is due");
    // It is tried again, less and less often, and is carried out once that is possible.
    app.clock().advance(Duration::from_secs(60));
    app.deliver().await;
    assert_eq!(app.count("authn_mail WHERE attempts = 2").await, 1);
    app.execute("ALTER TABLE elsewhere RENAME TO authn_one_time_token").await;
    app.clock().advance(Duration::from_secs(60));
    assert!(app.was_mailed(&ada.email, RESET_PASSWORD).await);
    // After three days nobody waits for it any more.
    forgot(&app, &ada.email).await;
    app.clock().advance(Duration::from_secs(3 * 24 * 60 * 60));
    app.deliver().await;
    assert_eq!(state(&app).await, OutboxState { waiting: 0, failed: 1 });
    event!(app, MailFailed);
}

async fn a_worker_that_dies_is_taken_over(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    app.deliver().await;
    app.mailer().forget();
    forgot(&app, &ada.email).await;
    app.mailer().fail(MailFault::AcceptAndFail);
    app.deliver().await;
    app.clock().advance(Duration::from_secs(20));
    app.mailer().fail(None);
    let mails = app.mails_to(&ada.email).await;
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0], mails[1]);
    // A claim whose holder is gone runs out.
    forgot(&app, &ada.email).await;
    let far = app.clock().clone();
    app.execute("UPDATE authn_mail SET claim = (SELECT id FROM authn_user), due_at = due_at + 600000").await;
    app.deliver().await;
    assert_eq!(app.mails_to(&ada.email).await.len(), 2);
    far.advance(Duration::from_secs(600));
    assert_eq!(app.mails_to(&ada.email).await.len(), 3);
}

async fn several_workers_send_each_mail_once(cx: Cx) {
    const MAILS: usize = 40;
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    for n in 0..MAILS {
        app.register(&format!("user-{n}")).await;
    }
    race(8, |n| {
        let server = servers[n % 2].clone();
        async move { server.deliver().await }
    })
    .await;
    app.deliver().await;
    let mut ids: Vec<_> = app.mailer().sent().into_iter().map(|(mail, _)| mail.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), app.mailer().sent().len()), (MAILS, MAILS));
    assert_eq!(app.waiting_mails().await, 0);
}

async fn a_mailer_that_panics_harms_nobody(cx: Cx) {
    let app = cx.app().await;
    app.mailer().fail(MailFault::Panic);
    let ada = app.register("ada").await;
    app.deliver().await;
    assert_eq!(state(&app).await, OutboxState { waiting: 1, failed: 0 });
    app.mailer().fail(None);
    app.clock().advance(Duration::from_secs(60));
    assert_eq!(app.kinds_to(&ada.email).await, [VERIFY_EMAIL.name()]);
}

async fn nothing_in_the_table_can_be_read_or_moved(cx: Cx) {
    let app = cx.app().await;
    for name in ["ada", "eve"] {
        app.register(name).await;
    }
    let bodies: Vec<Vec<u8>> = app
        .rows("SELECT body FROM authn_mail ORDER BY id")
        .await
        .iter()
        .map(|row| row.try_get_by_index(0).expect("bytes"))
        .collect();
    for body in &bodies {
        let text = String::from_utf8_lossy(body);
        assert!(
            !["ada", "eve", "example", "vfy_", "http", "verify"].iter().any(|secret| text.contains(secret)),
            "{text}"
        );
    }
    assert_ne!(bodies[0], bodies[1]);
    // A row with the sealed text of another one is worth nothing.
    let sql = "SELECT id FROM authn_mail ORDER BY id";
    let ids: Vec<uuid::Uuid> = app.rows(sql).await.iter().map(|row| row.try_get_by_index(0).expect("an id")).collect();
    swap_bodies(&app, &ids, &bodies).await;
    for expected in [OutboxState { waiting: 2, failed: 0 }, OutboxState { waiting: 0, failed: 2 }] {
        app.deliver().await;
        assert_eq!(state(&app).await, expected, "it is given up when its time is over, as a newer version may know it");
        app.clock().advance(Duration::from_secs(24 * 3600));
    }
    assert!(app.mailer().sent().is_empty());
}

async fn swap_bodies(app: &App, ids: &[uuid::Uuid], bodies: &[Vec<u8>]) {
    use auth_core::sea_orm::{ConnectionTrait, Statement};
    let backend = app.db().get_database_backend();
    let sql = match backend {
        auth_core::sea_orm::DbBackend::Postgres => "UPDATE authn_mail SET body = $1 WHERE id = $2",
        _ => "UPDATE authn_mail SET body = ? WHERE id = ?",
    };
    for (id, body) in ids.iter().zip(bodies.iter().rev()) {
        let statement = Statement::from_sql_and_values(backend, sql, [body.clone().into(), (*id).into()]);
        app.db().execute_raw(statement).await.expect("an update");
    }
}

async fn workers_send_by_themselves(cx: Cx) {
    let app = cx.app().await;
    let workers = app.auth().spawn_workers();
    let mut sent = Vec::new();
    for n in 0..5 {
        let who = app.register(&format!("user-{n}")).await;
        while !app.mailer().sent().iter().any(|(mail, _)| mail.to.address() == who.email) {
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        sent.push(who.email);
    }
    workers.shutdown().await;
    app.register("late").await;
    assert_eq!(app.waiting_mails().await, 1, "nobody is there to send it");
    assert_eq!(app.mailer().sent().len(), sent.len());
}

async fn a_link_costs_three_statements(cx: Cx) {
    let app = cx.app().await;
    let ada = app.user("ada").await;
    let count = |app: &App| app.statements().take().len();
    let _ = count(&app);
    let change = |columns| app.patch("/users/me").by(&ada).json(columns).send();
    change(json!({ "display_name": "Ada" })).await.is(200);
    let without = count(&app);
    let new = json!({ "email": "sample@example.org", "password": PASSWORD });
    app.post("/auth/register").json(new).send().await.is(201);
    // What becomes of a reservation that is over; the insert of the account, its address, its token, after a look at the siblings of
    // the token, its event and its mail.
    assert_eq!(count(&app), 7);
    forgot(&app, &ada.email).await;
    assert_eq!(count(&app), 1);
    assert_eq!(without, 4, "the check of the session, the change, its event, and that servers learn of it");
}

async fn an_app_without_a_mailer_says_so(cx: Cx) {
    struct Nobody;
    #[async_trait::async_trait]
    impl auth_core::Mailer for Nobody {
        async fn send(
            &self,
            _: &auth_core::mail::Mail,
            _: &auth_core::mail::Content,
        ) -> Result<(), auth_core::mail::MailError> {
            std::future::pending().await
        }
    }
    let app = cx.app().await;
    // A mailer that never answers holds up nobody's request.
    let stuck = app.server_with(Setup::default().auth(|auth| auth.mail(Nobody))).await;
    let ada = stuck.user("ada").await;
    stuck.get("/users/me").by(&ada).send().await.is(200);
    forgot(&stuck, &ada.email).await;
    assert_eq!(state(&stuck).await.waiting, 2);
}

/// REG-02: the time of a client's next request does not tell whether there was anything to do, because nobody knows when the
/// worker looks.
async fn a_request_waits_a_random_part_of_a_second(cx: Cx) {
    const REQUESTS: usize = 40;
    let app = cx.app().await;
    let mailer = app.mailer().clone();
    let patient = Setup::default().auth(move |auth| auth.mail(MailConfig::new(mailer.clone())));
    let patient = app.server_with(patient).await;
    let ada = app.user("ada").await;
    app.deliver().await;
    app.mailer().forget();
    for _ in 0..REQUESTS / 2 {
        for email in [&ada.email, "nobody@example.org"] {
            patient.post("/auth/forgot-password").json(json!({ "email": email })).send().await.is(202);
        }
    }
    let waiting = || async { usize::try_from(state(&patient).await.waiting).expect("a small number") };
    let mut before = waiting().await;
    assert_eq!(before, REQUESTS);
    for _ in 0..4 {
        patient.deliver().await;
        patient.clock().advance(Duration::from_millis(250));
        let left = waiting().await;
        assert!(left <= before && before - left < REQUESTS / 2, "{left} of {before}");
        before = left;
    }
    patient.deliver().await;
    assert_eq!(waiting().await, 0);
    assert_eq!(app.mailer().sent().len(), REQUESTS / 2);
}

/// Ada's mail is in the hands of a mailer that never answers, and Grace's leaves nevertheless.
async fn a_mail_that_takes_its_time_holds_up_no_other(cx: Cx) {
    struct Slow(MemoryMailer, Arc<Notify>);
    #[async_trait::async_trait]
    impl auth_core::Mailer for Slow {
        async fn send(
            &self,
            mail: &auth_core::mail::Mail,
            content: &auth_core::mail::Content,
        ) -> Result<(), auth_core::mail::MailError> {
            if mail.to.address().starts_with("ada") {
                self.1.notify_one();
                std::future::pending::<()>().await;
            }
            self.0.send(mail, content).await
        }
    }
    let app = cx.app().await;
    let begun = Arc::new(Notify::new());
    let (mailer, notify) = (app.mailer().clone(), begun.clone());
    let slow = Setup::default().auth(move |auth| auth.mail(Slow(mailer.clone(), notify.clone())));
    let slow = app.server_with(slow).await;
    let _workers = slow.auth().spawn_workers();
    slow.register("ada").await;
    begun.notified().await;
    let grace = slow.register("grace").await;
    let is_sent = async {
        while !app.mailer().sent().iter().any(|(mail, _)| mail.to.address() == grace.email) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    // A mailer has half a minute.
    tokio::time::timeout(Duration::from_secs(15), is_sent).await.expect("Grace's mail");
    // Its row goes a moment later, and Ada's stays.
    while state(&slow).await.waiting > 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(state(&slow).await.waiting, 1);
}

async fn the_language_is_the_readers(cx: Cx) {
    let app = cx.app().await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    let german = "de-CH, de;q=0.9, en;q=0.5";
    app.post("/auth/register").header("accept-language", german).json(body).send().await.is(201);
    assert_eq!(app.mail_to("ada@example.org", VERIFY_EMAIL).await.language.as_str(), "de");
    for (header, language) in [("de", "de"), ("fr", "en"), ("en-GB", "en"), ("*", "en"), ("", "en"), ("x;;q=,,", "en")]
    {
        let body = json!({ "email": "ada@example.org" });
        app.post("/auth/forgot-password").header("accept-language", header).json(body).send().await.is(202);
        let mail = app.mail_to("ada@example.org", RESET_PASSWORD).await;
        assert_eq!(mail.language.as_str(), language, "{header:?}");
    }
    // A superuser's browser says nothing about the one who gets the mail.
    let (root, ada) = (app.superuser("root").await, app.login(&login(&app).await, "db").await);
    let request = app.post(&format!("{}/reset-password", ada.path())).by(&root).header("accept-language", "en");
    request.json(json!({ "new_password": "kettle-Umbrella-42-river" })).send().await.is(204);
    assert_eq!(app.mail_to("ada@example.org", ACCOUNT_RESET).await.language.as_str(), "de");
}

/// The account that registered above.
async fn login(app: &App) -> crate::Login {
    let body = json!({ "username": "ada@example.org", "password": PASSWORD });
    let token = app.post("/auth/db/login").json(body).send().await.is(200).json();
    let me = app.get("/users/me").bearer(token["access_token"].as_str().unwrap()).send().await.is(200).json();
    crate::Login::new(&me)
}

/// What somebody calls themselves would be text of their choice in a mail to anybody (ASVS 1.2.1). Whichever mail they
/// have sent, it greets by name only where the account's own address is verified.
async fn a_name_goes_to_no_unverified_address(cx: Cx) {
    const NAME: &str = "Ada, your card was charged 499 EUR. Call 0900 123456";
    const NEW: &str = "kettle-Umbrella-42-river";
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    let neutral = app.server_with(Setup::default().auth(|auth| auth.registration(Registration::Neutral))).await;
    let post = |who: Option<&Login>, path: &str, body| {
        let request = app.post(path).json(body);
        who.iter().fold(request, |request, who| request.by(who)).send()
    };
    let register = |email: &str| json!({ "email": email, "password": PASSWORD, "display_name": NAME });
    let root = app.superuser("root").await;
    let account = post(None, "/auth/register", register("ada@example.org")).await.is(201).json();
    let ada = app.login(&Login::new(&account), "db").await;
    let asked = json!({ "email": ada.email });
    for path in ["/auth/request-verify-token", "/auth/forgot-password", "/auth/magic-link"] {
        post(None, path, asked.clone()).await.is(202);
    }
    for email in ["ada@example.org", "stranger@example.org"] {
        neutral.post("/auth/register").json(register(email)).send().await.is(202);
    }
    post(Some(&ada), "/auth/change-email", json!({ "new_email": "victim@example.org" })).await.is(202);
    app.deliver().await;
    let reset = json!({ "new_password": NEW });
    post(Some(&root), &format!("{}/reset-password", ada.path()), reset).await.is(204);
    app.set(&ada, "must_change_password = FALSE").await;
    let ada = ada.with(&app.try_login(&ada.email, NEW, "db").await.is(200));
    let change = json!({ "email": "moved@example.org", "current_password": NEW });
    app.patch("/users/me").by(&ada).json(change).send().await.is(200);
    app.delete("/users/me").by(&ada).json(json!({ "password": NEW })).send().await.is(204);
    app.deliver().await;
    let sent = app.mailer().sent();
    let kinds: BTreeSet<&str> = sent.iter().map(|(mail, _)| mail.kind.as_str()).collect();
    for (mail, content) in &sent {
        assert!(!content.text.contains("0900") && !content.html.contains("0900"), "{}", mail.kind);
        assert_eq!(mail.to.display_name(), None, "{}", mail.kind);
    }
    assert!(kinds.len() >= 9, "{kinds:?}");
    // One who has verified the address is greeted there, and nowhere else.
    let account = post(None, "/auth/register", register("grace@example.org")).await.is(201).json();
    let grace = app.login(&Login::new(&account), "db").await;
    app.verify(&grace).await;
    post(Some(&grace), "/auth/change-email", json!({ "new_email": "other@example.org" })).await.is(202);
    assert_eq!(app.mail_to("other@example.org", CONFIRM_EMAIL).await.to.display_name(), None);
    let change = json!({ "old_password": PASSWORD, "new_password": NEW });
    post(Some(&grace), "/auth/change-password", change).await.is(200);
    assert_eq!(app.mail_to(&grace.email, PASSWORD_CHANGED).await.to.display_name(), Some(NAME));
}

/// An account without a password had none that others could know, and the operator of the app needs none.
async fn a_mail_says_who_did_it_and_what_was_before(cx: Cx) {
    const NEW: &str = "kettle-Umbrella-42-river";
    let app = cx.app().await;
    let root = app.superuser("root").await;
    let expect = async |who: &Login, kind: MailKind, words: &[&str], never: &[&str]| {
        app.mail_to(&who.email, kind).await;
        let sent = app.mailer().sent();
        let (_, content) = sent.iter().rfind(|(mail, _)| mail.is(kind)).expect("a mail");
        for word in words {
            assert!(content.text.contains(word), "{word}: {}", content.text);
        }
        for word in never {
            assert!(!content.text.contains(word), "{word}: {}", content.text);
        }
        assert!(!app.was_mailed(&who.email, PASSWORD_CHANGED).await);
        assert!(!app.was_mailed(&who.email, EMAIL_CHANGED).await);
    };
    let administrator = ["An administrator of ", "contact the people who run"];
    // The operator, and a superuser by each route.
    let ada = app.verified_user("ada").await;
    app.auth().admin().set_password(ada.id, Password::new(NEW)).await.expect("a password");
    expect(&ada, ACCOUNT_RESET, &administrator, &["your old password", "If that was"]).await;
    let grace = app.verified_user("grace").await;
    app.patch(&grace.path()).by(&root).json(json!({ "password": NEW })).send().await.is(200);
    expect(&grace, ACCOUNT_RESET, &administrator, &["your old password", "If that was"]).await;
    app.patch(&grace.path()).by(&root).json(json!({ "email": "moved@example.org" })).send().await.is(200);
    expect(&grace, EMAIL_CHANGED_BY_ADMIN, &administrator, &["If that was you"]).await;
    // A first password, by a link and by a session.
    let first = ["which had none", "If that was you"];
    let linus = app.verified_user("linus").await;
    app.remove_password(&linus).await;
    forgot(&app, &linus.email).await;
    let link = json!({ "token": app.token_to(&linus.email, RESET_PASSWORD).await, "password": NEW });
    app.post("/auth/reset-password").json(link).send().await.is(200);
    expect(&linus, PASSWORD_SET, &first, &["your old password"]).await;
    let mary = app.verified_user("mary").await;
    app.remove_password(&mary).await;
    app.patch("/users/me").by(&mary).json(json!({ "password": NEW })).send().await.is(200);
    expect(&mary, PASSWORD_SET, &first, &["your old password"]).await;
}
