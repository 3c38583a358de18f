//! Scenarios of mails that leave the machine: `SmtpMailer` and a server, which may be away, slow or unwilling (F-16).

use std::time::Duration;

use auth_core::ErrorCode as E;
use auth_core::OutboxState;
use auth_core::mail::{MailConfig, Mailer, SmtpMailer};
use serde_json::json;

use crate::logs::Listener;
use crate::scenario::scenarios;
use crate::sink::{Message, Options, Sink};
use crate::{App, Cx, PASSWORD, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    the_link_in_the_message_works: by_mail direct_only,
    starttls_is_used_when_offered: by_mail direct_only sqlite_only,
    starttls_can_be_insisted_on: by_mail direct_only sqlite_only,
    implicit_tls_checks_the_certificate: by_mail direct_only sqlite_only,
    logs_in: by_mail direct_only sqlite_only,
    a_wrong_password_loses_no_mail: by_mail direct_only sqlite_only,
    an_unavailable_server_loses_no_mail: by_mail direct_only,
    a_server_that_takes_its_time_holds_up_nobody: by_mail direct_only sqlite_only,
    a_server_that_refuses_for_now_is_asked_again: by_mail direct_only,
    a_server_that_refuses_for_good_is_not: by_mail direct_only,
    a_lost_answer_repeats_the_same_message: by_mail direct_only,
    a_message_is_for_one_reader: by_mail direct_only sqlite_only,
    german_arrives_as_it_was_written: by_mail direct_only sqlite_only,
    names_cannot_become_headers: by_mail direct_only sqlite_only,
    a_connection_is_used_again: by_mail direct_only sqlite_only,
];

const FROM: &str = "Notes <no-reply@notes.example>";

fn mailer(sink: &Sink, url: &str, trusts: bool) -> SmtpMailer {
    let url = url.replace("{}", &format!("127.0.0.1:{}", sink.port()));
    let mailer = SmtpMailer::new(&url, FROM).expect("a good URL");
    if trusts { mailer.root_certificate(sink.certificate().as_bytes()).expect("a certificate") } else { mailer }
}

/// An app that mails through a server, and lets no request wait.
fn mails_by(url: String) -> Setup {
    Setup::default().auth(move |auth| {
        let mailer = SmtpMailer::new(&url, FROM).expect("a good URL");
        auth.mail(MailConfig::new(mailer).with_job_delay(Duration::ZERO))
    })
}

/// The same, through a port of this machine.
fn mails_through(port: u16) -> Setup {
    mails_by(format!("smtp://127.0.0.1:{port}"))
}

async fn app_and_sink(cx: &Cx) -> (App, Sink) {
    let sink = cx.sink(Options::default()).await;
    (cx.app_with(mails_through(sink.port())).await, sink)
}

async fn state(app: &App) -> (u64, u64) {
    let OutboxState { waiting, failed } = app.auth().mail().state().await.expect("the outbox");
    (waiting, failed)
}

async fn verify(app: &App, message: &Message) {
    app.post("/auth/verify").json(json!({ "token": message.token() })).send().await.is(200);
}

async fn the_link_in_the_message_works(cx: Cx) {
    let (app, sink) = app_and_sink(&cx).await;
    let ada = app.register("ada").await;
    app.deliver().await;
    let message = sink.message_to(&ada.email).await;
    verify(&app, &message).await;
    let ada = app.login(&ada, "db").await;
    assert_eq!(app.get("/users/me").by(&ada).send().await.is(200).json()["is_verified"], true);
    assert_eq!(state(&app).await, (0, 0));
}

/// Delivers one mail through such a server, and returns it.
async fn through(cx: &Cx, options: Options, url: &str, trusts: bool) -> Message {
    let sink = cx.sink(options).await;
    let app = cx.app().await;
    let ada = app.register("ada").await;
    app.deliver().await;
    let (mail, content) = app.mailer().sent().pop().expect("a mail");
    let mailer = mailer(&sink, url, trusts);
    mailer.check().await.expect("a server that would take mails");
    assert!(sink.messages().await.is_empty(), "a check sends nothing");
    mailer.send(&mail, &content).await.expect("an accepted mail");
    sink.message_to(&ada.email).await
}

/// What a server is refused for, which is nothing that is wrong with the mail.
async fn refused(mailer: &SmtpMailer) -> String {
    let failure = mailer.check().await.expect_err("no connection");
    assert!(!failure.is_permanent(), "{failure}");
    failure.to_string()
}

async fn starttls_is_used_when_offered(cx: Cx) {
    let message = through(&cx, Options { tls: Some("starttls"), ..Options::default() }, "smtp://{}", false).await;
    assert!(message.encrypted);
    assert!(!through(&cx, Options::default(), "smtp://{}", false).await.encrypted);
}

async fn starttls_can_be_insisted_on(cx: Cx) {
    let offered = Options { tls: Some("starttls"), ..Options::default() };
    assert!(through(&cx, offered, "smtp://{}?tls=required", true).await.encrypted);
    let sink = cx.sink(offered).await;
    let failure = refused(&mailer(&sink, "smtp://{}?tls=required", false)).await;
    assert!(failure.contains("certificate"), "{failure}");
    let sink = cx.sink(Options::default()).await;
    let failure = refused(&mailer(&sink, "smtp://{}?tls=required", false)).await;
    assert!(failure.contains("STARTTLS"), "{failure}");
    assert!(sink.messages().await.is_empty());
}

async fn implicit_tls_checks_the_certificate(cx: Cx) {
    let implicit = Options { tls: Some("implicit"), ..Options::default() };
    assert!(through(&cx, implicit, "smtps://{}", true).await.encrypted);
    let sink = cx.sink(implicit).await;
    let failure = refused(&mailer(&sink, "smtps://{}", false)).await;
    assert!(failure.contains("certificate"), "{failure}");
}

async fn logs_in(cx: Cx) {
    let login = Some(("notes@example.com", "p:a/s s+ä"));
    let url = "//notes%40example.com:p%3Aa%2Fs%20s+%C3%A4@{}";
    for (tls, scheme) in [(None, "smtp:"), (Some("starttls"), "smtp:"), (Some("implicit"), "smtps:")] {
        let trusts = tls.is_some();
        let message =
            through(&cx, Options { tls, login, ..Options::default() }, &format!("{scheme}{url}"), trusts).await;
        assert!(message.authenticated, "{tls:?}");
        assert_eq!(message.encrypted, tls.is_some());
    }
}

/// A password that was changed at the server is put right, and then everything that waited leaves.
async fn a_wrong_password_loses_no_mail(cx: Cx) {
    let sink = cx.sink(Options { login: Some(("notes", "right")), ..Options::default() }).await;
    let failure = refused(&mailer(&sink, "smtp://notes:hunter2@{}", false)).await;
    assert!(failure.contains("535") && !failure.contains("hunter2"), "{failure}");
    let port = sink.port();
    let with = |password: &str| mails_by(format!("smtp://notes:{password}@127.0.0.1:{port}"));
    let app = cx.app_with(with("hunter2")).await;
    let ada = app.register("ada").await;
    app.deliver().await;
    assert_eq!(state(&app).await, (1, 0));
    // Neither does a password that was forgotten altogether.
    let without = app.server_with(mails_through(port)).await;
    app.clock().advance(Duration::from_secs(10));
    without.deliver().await;
    assert_eq!(state(&app).await, (1, 0));
    let app = app.server_with(with("right")).await;
    app.clock().advance(Duration::from_secs(20));
    app.deliver().await;
    verify(&app, &sink.message_to(&ada.email).await).await;
}

/// What people see, and what the database is asked, does not depend on the mail server.
async fn an_unavailable_server_loses_no_mail(cx: Cx) {
    let sink = cx.sink(Options::default()).await;
    let port = sink.port();
    let app = cx.app_with(mails_through(port)).await;
    let statements = |app: &App| app.statements().take().len();
    let ask = |name: &'static str| {
        let app = app.clone();
        async move {
            let _ = statements(&app);
            let new = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
            app.post("/auth/register").json(new).send().await.is(201);
            let after_registration = statements(&app);
            let forgot = json!({ "email": format!("{name}@example.org") });
            app.post("/auth/forgot-password").json(forgot).send().await.is(202);
            (after_registration, statements(&app))
        }
    };
    let usual = ask("ada").await;
    app.deliver().await;
    assert_eq!(sink.messages().await.len(), 2);
    drop(sink);
    assert_eq!(ask("grace").await, usual);
    app.deliver().await;
    assert_eq!(state(&app).await, (2, 0));
    let sink = cx.sink(Options { port, ..Options::default() }).await;
    app.deliver().await;
    assert!(sink.messages().await.is_empty(), "it is not yet time");
    app.clock().advance(Duration::from_secs(10));
    app.deliver().await;
    let messages = sink.messages().await;
    assert_eq!((messages.len(), state(&app).await), (2, (0, 0)));
    let link = messages.iter().find(|message| message.part("text/plain").contains("/verify")).expect("a link");
    verify(&app, link).await;
}

async fn a_server_that_takes_its_time_holds_up_nobody(cx: Cx) {
    let (app, sink) = app_and_sink(&cx).await;
    let ada = app.user("ada").await;
    sink.mode(json!({ "hold": true })).await;
    let delivery = tokio::spawn({
        let app = app.clone();
        async move { app.deliver().await }
    });
    sink.is_holding().await;
    app.get("/users/me").by(&ada).send().await.is(200);
    app.register("grace").await;
    assert!(!delivery.is_finished());
    assert_eq!(state(&app).await, (2, 0), "a mail is not gone before the server said so");
    sink.mode(json!({ "hold": false })).await;
    delivery.await.expect("the delivery");
    app.deliver().await;
    assert_eq!((sink.messages().await.len(), state(&app).await), (2, (0, 0)));
}

async fn a_server_that_refuses_for_now_is_asked_again(cx: Cx) {
    let (app, sink) = app_and_sink(&cx).await;
    sink.mode(json!({ "refuse": ["451", "421"] })).await;
    let log = Listener::new();
    let ada = app.register("ada").await;
    for seconds in [10, 20] {
        app.deliver().await;
        assert_eq!((sink.messages().await.len(), state(&app).await), (0, (1, 0)));
        app.clock().advance(Duration::from_secs(seconds));
    }
    app.deliver().await;
    verify(&app, &sink.message_to(&ada.email).await).await;
    assert_eq!(state(&app).await, (0, 0));
    assert!(log.text().contains("the mail server answered 451"), "{}", log.text());
}

async fn a_server_that_refuses_for_good_is_not(cx: Cx) {
    let (app, sink) = app_and_sink(&cx).await;
    sink.mode(json!({ "refuse": ["550"] })).await;
    let log = Listener::new();
    app.register("unwelcome-550").await;
    app.deliver().await;
    assert_eq!((sink.messages().await.len(), state(&app).await), (0, (0, 1)));
    let event = event!(app, MailFailed);
    let told = format!("{}{event:?}", log.text());
    assert!(told.contains("the mail server answered 550"), "{told}");
    assert!(
        !told.contains("unwelcome-550@") && !told.contains("is not welcome"),
        "the server's words have the address"
    );
    app.clock().advance(Duration::from_secs(3600));
    app.deliver().await;
    assert!(sink.messages().await.is_empty(), "nobody asks again");
    assert_eq!(app.auth().mail().revive().await.expect("the outbox"), 1);
    app.deliver().await;
    assert_eq!((sink.messages().await.len(), state(&app).await), (1, (0, 0)));
}

/// It took the message, and the line was cut before it could say so.
async fn a_lost_answer_repeats_the_same_message(cx: Cx) {
    let (app, sink) = app_and_sink(&cx).await;
    sink.mode(json!({ "drop": 1 })).await;
    let ada = app.register("ada").await;
    app.deliver().await;
    assert_eq!((sink.messages().await.len(), state(&app).await), (1, (1, 0)));
    app.clock().advance(Duration::from_secs(10));
    app.deliver().await;
    let messages = sink.messages().await;
    assert_eq!((messages.len(), state(&app).await), (2, (0, 0)));
    assert_eq!(messages[0].raw, messages[1].raw);
    assert_eq!(messages[0].header("message-id").len(), 1);
    assert_eq!(messages[0].to, [ada.email.as_str()]);
    verify(&app, &messages[0]).await;
    let again = json!({ "token": messages[1].token() });
    app.post("/auth/verify").json(again).send().await.fails(E::VerifyUserAlreadyVerified);
}

async fn a_message_is_for_one_reader(cx: Cx) {
    let (app, sink) = app_and_sink(&cx).await;
    let ada = app.register("ada").await;
    app.register("grace").await;
    app.deliver().await;
    assert_eq!(sink.messages().await.len(), 2);
    let message = sink.message_to(&ada.email).await;
    assert_eq!(message.to, [ada.email.as_str()]);
    assert_eq!(message.from, "no-reply@notes.example");
    assert_eq!(message.header("to"), [ada.email.as_str()]);
    assert_eq!(message.header("from"), [FROM]);
    assert_eq!(message.header("auto-submitted"), ["auto-generated"]);
    assert!(message.header("cc").is_empty() && message.header("bcc").is_empty());
    assert!(message.header("message-id")[0].ends_with("@notes.example>"));
    assert_eq!(message.r#type, "multipart/alternative");
    let types: Vec<_> = message.parts.iter().map(|(media_type, _)| media_type.as_str()).collect();
    assert_eq!(types, ["text/plain", "text/html"], "the last one is what programs prefer (RFC 2046, section 5.1.4)");
    assert!(message.part("text/html").contains(&message.token()));
}

async fn german_arrives_as_it_was_written(cx: Cx) {
    let sink = cx.sink(Options::default()).await;
    let setup = mails_through(sink.port()).auth(|auth| auth.service_name("Müllers Käseblatt & Söhne"));
    let app = cx.app_with(setup).await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD, "display_name": "Zoë Größer" });
    app.post("/auth/register").header("accept-language", "de").json(body).send().await.is(201);
    app.deliver().await;
    let message = sink.message_to("ada@example.org").await;
    let subject = "Bestätigen Sie Ihre E-Mail-Adresse für Müllers Käseblatt & Söhne";
    assert_eq!(message.header("subject"), [subject]);
    assert!(message.part("text/plain").starts_with("Guten Tag,"), "nobody knows yet whose name it is: {message:?}");
    assert!(!message.raw.contains("Zo"), "{message:?}");
    assert!(message.part("text/html").contains("<html lang=\"de\">"));
    assert!(message.part("text/html").contains("Müllers Käseblatt &amp; Söhne"));
    assert!(message.raw.is_ascii(), "no server has to know more than RFC 5321");
    verify(&app, &message).await;
}

async fn names_cannot_become_headers(cx: Cx) {
    let sink = cx.sink(Options::default()).await;
    let setup = mails_through(sink.port())
        .auth(|auth| auth.service_name("Notes\r\nBcc: eve@example.com\r\n\r\n<script>alert(1)</script>"));
    let app = cx.app_with(setup).await;
    for name in ["Ada\r\nBcc: eve@example.com", "Ada\u{2028}Bcc: eve@example.com", "<b onclick=x>Ada</b>"] {
        let body = json!({ "email": "ada@example.org", "password": PASSWORD, "display_name": name });
        // Whether such a name is refused is another scenario's business.
        let _ = app.post("/auth/register").json(body).send().await;
    }
    app.register("grace").await;
    app.deliver().await;
    let messages = sink.messages().await;
    assert!(!messages.is_empty());
    for message in messages {
        assert_eq!(message.to.len(), 1);
        assert!(message.header("bcc").is_empty() && !message.to[0].starts_with("eve"), "{message:?}");
        assert_eq!(message.header("subject").len(), 1);
        assert_eq!(message.r#type, "multipart/alternative");
        let html = message.part("text/html");
        assert!(!html.contains("<script") && !html.contains("<b onclick"), "{html}");
    }
}

async fn a_connection_is_used_again(cx: Cx) {
    let (app, sink) = app_and_sink(&cx).await;
    for name in ["ada", "grace", "mary"] {
        app.register(name).await;
        app.deliver().await;
    }
    assert_eq!((sink.messages().await.len(), sink.connections().await), (3, 1));
}
