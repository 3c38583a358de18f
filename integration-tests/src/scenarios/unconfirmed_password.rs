//! Scenarios of passwords that somebody else may have chosen (LNK-01, MAG-04): an address may be registered by one person and
//! verified by another. A login by mail leaves nobody else in the account.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use auth_core::{ErrorCode as E, Registration};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use serde_json::{Value, json};

use crate::interleaving::{interleavings, play_each};
use crate::mails::{CONFIRM_EMAIL, MAGIC_LINK, PASSWORD_REMOVED, RESET_PASSWORD, VERIFY_EMAIL, token_of};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Jar, Login, PASSWORD, Scenario, Setup, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_login_by_mail_removes_it,
    one_of_a_registration_that_waited_goes_as_well,
    one_that_moved_in_goes_as_well,
    a_login_in_the_browser_of_the_link_confirms_it,
    a_link_opened_in_a_session_leaves_no_doubt,
    a_session_does_not_confirm_it,
    a_superuser_who_vouches_for_the_address_does_not_confirm_it,
    a_link_to_an_earlier_address_does_not_count,
    a_new_one_by_mail_is_confirmed,
    only_one_of_two_logins_at_once_removes_it: direct_only,
    a_squatter_cannot_end_the_links_of_the_owner,
    a_cookie_that_somebody_else_may_have_is_replaced,
    nobody_else_is_in_after_a_login_by_mail: direct_only,
    nobody_else_is_in_where_registration_is_neutral: direct_only,
    nobody_else_is_in_where_changes_act_at_once: direct_only,
];

const NEW: &str = "kettle-Umbrella-42-river";

/// Opens a link that verifies an address, in a browser.
async fn open(app: &App, path: &str, token: &str, browser: &Jar) -> Answer {
    app.post(path).json(json!({ "token": token })).jar(browser).send().await
}

async fn verify(app: &App, email: &str, browser: &Jar) -> Answer {
    open(app, "/auth/verify", &app.token_to(email, VERIFY_EMAIL).await, browser).await.is(200)
}

/// Logs in with a password in a browser, as a client with a bearer token.
async fn log_in(app: &App, email: &str, password: &str, browser: &Jar) -> Answer {
    app.post("/auth/db/login").json(json!({ "email": email, "password": password })).jar(browser).send().await
}

async fn log_in_by_mail(app: &App, email: &str) -> Answer {
    app.post("/auth/magic-link").json(json!({ "email": email })).send().await.is(202);
    let body = json!({ "token": app.token_to(email, MAGIC_LINK).await });
    app.post("/auth/db/magic-link/verify").json(body).send().await
}

/// The squatter's password and session are gone after a login by mail, and the owner knows why.
async fn is_removed(app: &App, squatter: &Login) {
    app.patch("/users/me").by(squatter).json(json!({ "display_name": "Mallory" })).send().await.is(200);
    app.hooks().forget();
    let owner = squatter.with(&log_in_by_mail(app, &squatter.email).await.is(200));
    event!(app, CredentialsWiped);
    app.get("/users/me").by(squatter).send().await.fails(E::Unauthorized);
    app.try_login(&squatter.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    assert_eq!(app.get("/users/me").by(&owner).send().await.is(200).json()["id"], json!(squatter.id));
    assert_eq!(app.count("authn_device").await, 1, "that of the owner");
    let mail = app.mail_to(&squatter.email, PASSWORD_REMOVED).await;
    assert_eq!(mail.to.display_name(), None, "a stranger chose it");
    let link = token_of(&mail);
    app.post("/auth/reset-password").json(json!({ "token": link, "password": NEW })).send().await.is(200);
    app.try_login(&squatter.email, NEW, "db").await.is(200);
    // The owner's own password stays.
    app.mailer().forget();
    log_in_by_mail(app, &squatter.email).await.is(200);
    app.try_login(&squatter.email, NEW, "db").await.is(200);
    assert!(!app.was_mailed(&squatter.email, PASSWORD_REMOVED).await);
    audit::tables(app).await;
}

async fn a_login_by_mail_removes_it(cx: Cx) {
    let app = cx.app().await;
    let squatter = app.user("ada").await;
    let reply = verify(&app, &squatter.email, &Jar::default()).await;
    assert!(reply.device_cookie().is_some() && reply.session_cookies().is_empty(), "{:?}", reply.set_cookies());
    app.get("/users/me").by(&squatter).send().await.fails(E::Unauthorized);
    // Nobody took the password so far.
    let squatter = app.login(&squatter, "db").await;
    is_removed(&app, &squatter).await;
}

async fn one_of_a_registration_that_waited_goes_as_well(cx: Cx) {
    let app = cx.app_with(Setup::default().auth(|auth| auth.registration(Registration::Neutral))).await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    app.post("/auth/register").json(body).send().await.is(202);
    let reply = verify(&app, "ada@example.org", &Jar::default()).await;
    assert!(reply.device_cookie().is_some());
    let squatter = app.login(&Login::new(&reply.json()), "db").await;
    is_removed(&app, &squatter).await;
}

async fn one_that_moved_in_goes_as_well(cx: Cx) {
    let app = cx.app().await;
    let squatter = app.verified_user("squatter").await;
    let body = json!({ "new_email": "ada@example.org", "password": PASSWORD });
    app.post("/auth/change-email").by(&squatter).json(body).send().await.is(202);
    let token = app.token_to("ada@example.org", CONFIRM_EMAIL).await;
    let reply = open(&app, "/auth/change-email/confirm", &token, &Jar::default()).await.is(200);
    assert!(reply.device_cookie().is_some());
    let squatter = Login { email: "ada@example.org".to_owned(), ..squatter };
    let squatter = app.login(&squatter, "db").await;
    is_removed(&app, &squatter).await;
}

/// Others who know the password cannot confirm it.
async fn a_login_in_the_browser_of_the_link_confirms_it(cx: Cx) {
    let app = cx.app().await;
    let unconfirmed = "authn_user WHERE NOT password_is_confirmed";
    let [own, foreign] = [Jar::default(), Jar::default()];
    let ada = app.register("ada").await;
    log_in(&app, &ada.email, PASSWORD, &foreign).await.is(200);
    verify(&app, &ada.email, &own).await;
    log_in(&app, &ada.email, PASSWORD, &foreign).await.is(200);
    let cookie = json!({ "email": ada.email, "password": PASSWORD });
    app.post("/auth/cookie/login").json(cookie).jar(&foreign).send().await.is(204);
    log_in(&app, &ada.email, "wrong-Tractor-Orbit-1", &own).await.fails(E::LoginBadCredentials);
    assert_eq!(app.count(unconfirmed).await, 1);
    log_in(&app, &ada.email, PASSWORD, &own).await.is(200);
    assert_eq!(app.count(unconfirmed).await, 0);
    log_in_by_mail(&app, &ada.email).await.is(200);
    app.try_login(&ada.email, PASSWORD, "db").await.is(200);
    assert!(!app.was_mailed(&ada.email, PASSWORD_REMOVED).await);
    audit::tables(&app).await;
}

async fn a_link_opened_in_a_session_leaves_no_doubt(cx: Cx) {
    let app = cx.app().await;
    let browser = Jar::default();
    let ada = app.register("ada").await;
    let body = json!({ "email": ada.email, "password": PASSWORD });
    app.post("/auth/cookie/login").json(body).jar(&browser).send().await.is(204);
    let reply = verify(&app, &ada.email, &browser).await;
    assert_eq!(reply.device_cookie(), None, "it is known since the login");
    log_in_by_mail(&app, &ada.email).await.is(200);
    app.get("/users/me").jar(&browser).send().await.is(200);
    app.try_login(&ada.email, PASSWORD, "db").await.is(200);
    // A session of somebody else proves nothing about this account.
    let eve = app.register("eve").await;
    verify(&app, &eve.email, &browser).await;
    log_in_by_mail(&app, &eve.email).await.is(200);
    app.try_login(&eve.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
}

async fn a_superuser_who_vouches_for_the_address_does_not_confirm_it(cx: Cx) {
    let app = cx.app().await;
    let (root, squatter) = (app.superuser("root").await, app.user("ada").await);
    app.patch(&squatter.path()).by(&root).json(json!({ "is_verified": true })).send().await.is(200);
    app.execute("DELETE FROM authn_device").await;
    let squatter = app.login(&squatter, "db").await;
    app.execute("DELETE FROM authn_device").await;
    is_removed(&app, &squatter).await;
    // Neither what a browser knew of another address confirms it, nor a session that was there before.
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    let (root, browser) = (app.superuser("root").await, Jar::default());
    let squatter = app.register("squatter").await;
    verify(&app, &squatter.email, &browser).await;
    let squatter = squatter.with(&log_in(&app, &squatter.email, PASSWORD, &browser).await.is(200));
    let change = json!({ "email": "ada@example.org" });
    app.patch("/users/me").by(&squatter).jar(&browser).json(change).send().await.is(200);
    app.patch(&squatter.path()).by(&root).json(json!({ "is_verified": true })).send().await.is(200);
    app.get("/users/me").by(&squatter).send().await.fails(E::Unauthorized);
    let squatter = squatter.with(&log_in(&app, "ada@example.org", PASSWORD, &browser).await.is(200));
    app.clock().advance(Duration::from_secs(73 * 60 * 60));
    log_in_by_mail(&app, "ada@example.org").await.is(200);
    app.get("/users/me").by(&squatter).send().await.fails(E::Unauthorized);
    log_in(&app, "ada@example.org", PASSWORD, &browser).await.fails(E::LoginBadCredentials);
    // Nor does it get any rights.
    let root = app.login(&root, "db").await;
    let eve = app.user("eve").await;
    verify(&app, &eve.email, &Jar::default()).await;
    for change in [json!({ "is_superuser": true }), json!({ "is_superuser": true, "is_verified": true })] {
        app.patch(&eve.path()).by(&root).json(change).send().await.rejects(&[("is_superuser", "value_error")]);
    }
    // Nor by one after the other.
    let mallory = app.user("mallory").await;
    app.patch(&mallory.path()).by(&root).json(json!({ "is_superuser": true })).send().await.is(200);
    let vouch = app.patch(&mallory.path()).by(&root).json(json!({ "is_verified": true }));
    vouch.send().await.rejects(&[("is_verified", "value_error")]);
    let change = json!({ "is_superuser": true, "password": NEW });
    app.patch(&eve.path()).by(&root).json(change).send().await.is(200);
    // Who sets the password vouches for it as well.
    let root = app.login(&root, "db").await;
    let grace = app.user("grace").await;
    let change = json!({ "is_verified": true, "password": NEW });
    app.patch(&grace.path()).by(&root).json(change).send().await.is(200);
    log_in_by_mail(&app, &grace.email).await.is(200);
    app.try_login(&grace.email, NEW, "db").await.is(200);
}

async fn a_session_does_not_confirm_it(cx: Cx) {
    let app = cx.app().await;
    for name in ["changed", "patched"] {
        let squatter = app.register(name).await;
        verify(&app, &squatter.email, &Jar::default()).await;
        let squatter = app.login(&squatter, "db").await;
        let answer = if name == "changed" {
            let body = json!({ "old_password": PASSWORD, "new_password": NEW });
            app.post("/auth/change-password").by(&squatter).json(body).send().await
        } else {
            let body = json!({ "password": NEW, "current_password": PASSWORD });
            app.patch("/users/me").by(&squatter).json(body).send().await
        };
        assert!(answer.status.is_success(), "{name}: {}", answer.text());
        app.try_login(&squatter.email, NEW, "db").await.is(200);
        log_in_by_mail(&app, &squatter.email).await.is(200);
        app.try_login(&squatter.email, NEW, "db").await.fails(E::LoginBadCredentials);
    }
}

/// Somebody who verified an address of their own, and then moved the account to another one.
async fn a_link_to_an_earlier_address_does_not_count(cx: Cx) {
    let app = cx.app().await;
    let browser = Jar::default();
    let squatter = app.register("squatter").await;
    verify(&app, &squatter.email, &browser).await;
    let session = squatter.with(&log_in(&app, &squatter.email, PASSWORD, &browser).await.is(200));
    let body = json!({ "new_email": "ada@example.org", "password": PASSWORD });
    app.post("/auth/change-email").by(&session).json(body).send().await.is(202);
    let token = app.token_to("ada@example.org", CONFIRM_EMAIL).await;
    open(&app, "/auth/change-email/confirm", &token, &Jar::default()).await.is(200);
    log_in(&app, "ada@example.org", PASSWORD, &browser).await.is(200);
    log_in_by_mail(&app, "ada@example.org").await.is(200);
    log_in(&app, "ada@example.org", PASSWORD, &browser).await.fails(E::LoginBadCredentials);
}

async fn a_new_one_by_mail_is_confirmed(cx: Cx) {
    let app = cx.app().await;
    let ada = app.register("ada").await;
    verify(&app, &ada.email, &Jar::default()).await;
    app.post("/auth/forgot-password").json(json!({ "email": ada.email })).send().await.is(202);
    let reset = json!({ "token": app.token_to(&ada.email, RESET_PASSWORD).await, "password": NEW });
    app.post("/auth/reset-password").json(reset).send().await.is(200);
    log_in_by_mail(&app, &ada.email).await.is(200);
    app.try_login(&ada.email, NEW, "db").await.is(200);
    // Nor is anything to be removed where there never was one.
    log_in_by_mail(&app, "nobody@example.org").await.is(200);
    log_in_by_mail(&app, "nobody@example.org").await.is(200);
    assert!(!app.was_mailed("nobody@example.org", PASSWORD_REMOVED).await);
}

async fn only_one_of_two_logins_at_once_removes_it(cx: Cx) {
    let app = cx.app().await;
    let servers = [app.clone(), app.second_server().await];
    let squatter = app.register("ada").await;
    verify(&app, &squatter.email, &Jar::default()).await;
    app.post("/auth/magic-link").json(json!({ "email": squatter.email })).send().await.is(202);
    let link = app.token_to(&squatter.email, MAGIC_LINK).await;
    let answers: Vec<Answer> = race(16, |n| {
        let body = json!({ "email": squatter.email, "password": PASSWORD });
        let request = match n % 2 {
            0 => servers[n / 2 % 2].post("/auth/db/magic-link/verify").json(json!({ "token": link })),
            _ => servers[n / 2 % 2].post("/auth/db/login").json(body),
        };
        async move { request.send().await }
    })
    .await;
    let by_mail = answers.iter().step_by(2).filter(|answer| answer.status == 200).collect::<Vec<_>>();
    assert_eq!(by_mail.len(), 1);
    // Whichever login came first, the squatter is not in.
    for answer in answers.iter().skip(1).step_by(2).filter(|answer| answer.status == 200) {
        app.get("/users/me").by(&squatter.with(answer)).send().await.fails(E::Unauthorized);
    }
    app.get("/users/me").by(&squatter.with(by_mail[0])).send().await.is(200);
    app.try_login(&squatter.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    audit::tables(&app).await;
}

/// Neither before the address is verified nor before the password is confirmed.
async fn a_squatter_cannot_end_the_links_of_the_owner(cx: Cx) {
    let app = cx.app().await;
    let squatter = app.register("ada").await;
    let move_epoch = async || {
        let session = app.login(&squatter, "db").await;
        app.post("/auth/logout-all").by(&session).json(json!({ "everywhere": true })).send().await.is(204);
    };
    let ask = async || {
        app.post("/auth/magic-link").json(json!({ "email": squatter.email })).send().await.is(202);
        json!({ "token": app.token_to(&squatter.email, MAGIC_LINK).await })
    };
    let link = app.token_to(&squatter.email, VERIFY_EMAIL).await;
    let early = ask().await;
    move_epoch().await;
    open(&app, "/auth/verify", &link, &Jar::default()).await.is(200);
    // The first proof ends what was mailed before it.
    app.post("/auth/db/magic-link/verify").json(early).send().await.fails(E::MagicLinkBadToken);
    let late = ask().await;
    move_epoch().await;
    app.post("/auth/db/magic-link/verify").json(late).send().await.is(200);
    app.try_login(&squatter.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    // At once, too.
    let squatter = app.register("grace").await;
    app.post("/auth/magic-link").json(json!({ "email": squatter.email })).send().await.is(202);
    let link = json!({ "token": app.token_to(&squatter.email, MAGIC_LINK).await });
    let session = app.login(&squatter, "db").await;
    app.post("/auth/logout-all").by(&session).json(json!({ "everywhere": true })).send().await.is(204);
    app.post("/auth/db/magic-link/verify").json(link).send().await.is(200);
}

/// Both have used the browser in which the link is opened.
async fn a_cookie_that_somebody_else_may_have_is_replaced(cx: Cx) {
    let app = cx.app().await;
    let squatter = app.register("ada").await;
    let own = app.register("mallory").await;
    let (shared, copy) = (Jar::default(), Jar::default());
    let body = json!({ "email": own.email, "password": PASSWORD });
    let answer = app.post("/auth/cookie/login").json(body).jar(&shared).send().await.is(204);
    copy.keep(&answer);
    assert!(verify(&app, &squatter.email, &shared).await.device_cookie().is_some(), "a new one");
    log_in(&app, &squatter.email, PASSWORD, &copy).await.is(200);
    log_in_by_mail(&app, &squatter.email).await.is(200);
    log_in(&app, &squatter.email, PASSWORD, &copy).await.fails(E::LoginBadCredentials);
    // The other account knows the browser by the new one.
    let list = app.get("/auth/devices").jar(&shared).send().await.is(200).json();
    assert_eq!(list["devices"][0]["current"], json!(true), "{list}");
}

/// Steps of the longest interleaving.
const STEPS: usize = 12;

/// What a squatter does who wants to share an account with the owner of an address, and what the owner does, without a
/// password of their own.
#[derive(Clone, Debug)]
enum Step {
    /// The squatter registers the owner's address.
    Register,
    /// The owner opens the link of it at once, and the squatter notices.
    Share {
        in_browser: bool,
    },
    /// The squatter's own account, which may have been verified, asks for the owner's address.
    MoveIn,
    /// In a browser, or not.
    LogIn {
        in_browser: bool,
    },
    ChangePassword,
    PatchPassword,
    /// Anybody asks for mails to the owner.
    Ask {
        path: &'static str,
    },
    /// The squatter opens what was mailed to the squatter.
    SquatterOpens,
    /// The owner opens the links that verify something.
    OwnerOpens,
    OwnerLogsIn,
    Wait {
        minutes: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Register),
        5 => any::<bool>().prop_map(|in_browser| Step::Share { in_browser }),
        2 => Just(Step::MoveIn),
        3 => any::<bool>().prop_map(|in_browser| Step::LogIn { in_browser }),
        1 => Just(Step::ChangePassword),
        1 => Just(Step::PatchPassword),
        1 => Just(Step::Ask { path: "request-verify-token" }),
        1 => Just(Step::Ask { path: "forgot-password" }),
        1 => Just(Step::Ask { path: "magic-link" }),
        1 => Just(Step::SquatterOpens),
        4 => Just(Step::OwnerOpens),
        2 => Just(Step::OwnerLogsIn),
        1 => any::<bool>().prop_map(|long| Step::Wait { minutes: if long { 5 * 60 } else { 11 } }),
    ]
}

async fn nobody_else_is_in_after_a_login_by_mail(cx: Cx) {
    every_interleaving_is_survived(&cx.app().await).await;
}

async fn nobody_else_is_in_where_registration_is_neutral(cx: Cx) {
    let neutral = Setup::default().auth(|auth| auth.registration(Registration::Neutral));
    every_interleaving_is_survived(&cx.app_with(neutral).await).await;
}

async fn nobody_else_is_in_where_changes_act_at_once(cx: Cx) {
    every_interleaving_is_survived(&cx.app_with(Setup::default().immediate_email_change()).await).await;
}

async fn every_interleaving_is_survived(app: &App) {
    let number = AtomicU32::new(0);
    play_each(interleavings(step(), STEPS), |steps| play(app, number.fetch_add(1, Ordering::Relaxed), steps)).await;
    audit::tables(app).await;
}

async fn play(app: &App, number: u32, steps: Vec<Step>) -> Result<bool, String> {
    app.mailer().forget();
    let mut world = World::new(app, number).await;
    for step in steps.into_iter().chain([Step::OwnerLogsIn]) {
        world.act(step).await?;
    }
    Ok(world.has_removed)
}

struct World<'a> {
    app: &'a App,
    owner: String,
    squatter: String,
    passwords: [String; 2],
    /// The squatter's tokens, and the account of each.
    sessions: Vec<(String, Value)>,
    squatters_browser: Jar,
    owners_browser: Jar,
    /// Whether the owner has logged in to an account in which the squatter was.
    has_removed: bool,
}

impl<'a> World<'a> {
    async fn new(app: &'a App, number: u32) -> Self {
        let mut world = Self {
            app,
            owner: format!("owner{number}@example.org"),
            squatter: format!("squatter{number}@example.org"),
            passwords: [format!("one-Kettle-{number}-river"), format!("two-Kettle-{number}-river")],
            sessions: Vec::new(),
            squatters_browser: Jar::default(),
            owners_browser: Jar::default(),
            has_removed: false,
        };
        world.register(&world.squatter.clone()).await;
        world
    }

    async fn act(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Register => self.register(&self.owner.clone()).await,
            Step::Share { in_browser } => {
                self.register(&self.owner.clone()).await;
                self.owner_opens().await;
                self.log_in(in_browser).await;
            }
            Step::MoveIn => {
                let body = json!({ "email": self.owner, "current_password": self.passwords[0] });
                self.with_sessions(|app| app.patch("/users/me").json(body.clone())).await;
            }
            Step::LogIn { in_browser } => self.log_in(in_browser).await,
            Step::ChangePassword => {
                let body = json!({ "old_password": self.passwords[0], "new_password": self.passwords[1] });
                self.with_sessions(|app| app.post("/auth/change-password").json(body.clone())).await;
            }
            Step::PatchPassword => {
                let body = json!({ "password": self.passwords[1], "current_password": self.passwords[0] });
                self.with_sessions(|app| app.patch("/users/me").json(body.clone())).await;
            }
            Step::Ask { path } => {
                self.app.post(&format!("/auth/{path}")).json(json!({ "email": self.owner })).send().await;
            }
            Step::SquatterOpens => {
                let (squatter, browser) = (self.squatter.clone(), self.squatters_browser.clone());
                self.open_links(&squatter, &browser).await;
            }
            Step::OwnerOpens => self.owner_opens().await,
            Step::OwnerLogsIn => return self.owner_logs_in().await,
            Step::Wait { minutes } => self.app.clock().advance(Duration::from_secs(minutes * 60)),
        }
        Ok(())
    }

    async fn register(&mut self, email: &str) {
        let body = json!({ "email": email, "password": self.passwords[0] });
        self.app.post("/auth/register").json(body).send().await;
        self.log_in(false).await;
    }

    /// Tries every password at every address.
    async fn log_in(&mut self, in_browser: bool) {
        let browser = if in_browser { self.squatters_browser.clone() } else { Jar::default() };
        for email in [&self.owner, &self.squatter] {
            for password in &self.passwords {
                let answer = log_in(self.app, email, password, &browser).await;
                if answer.status == 200 {
                    let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
                    let me = self.app.get("/users/me").bearer(&token).send().await.is(200).json();
                    self.sessions.push((token, me["id"].clone()));
                }
            }
        }
        if in_browser {
            let body = json!({ "email": self.owner, "password": self.passwords[0] });
            self.app.post("/auth/cookie/login").json(body).jar(&browser).send().await;
        }
    }

    /// Sends a request with each of the squatter's sessions.
    async fn with_sessions(&mut self, request: impl Fn(&App) -> crate::Request) {
        for (token, account) in self.sessions.clone() {
            let answer = request(self.app).bearer(&token).send().await;
            let renewed = answer.header("auth-token").map(str::to_owned);
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let renewed = renewed.or_else(|| body["access_token"].as_str().map(str::to_owned));
            self.sessions.extend(renewed.map(|token| (token, account)));
        }
    }

    async fn owner_opens(&mut self) {
        let (owner, browser) = (self.owner.clone(), self.owners_browser.clone());
        self.open_links(&owner, &browser).await;
    }

    async fn open_links(&mut self, email: &str, browser: &Jar) {
        for mail in self.app.mails_to(email).await {
            let path = match &mail.kind {
                kind if *kind == VERIFY_EMAIL.name() => "/auth/verify",
                kind if *kind == CONFIRM_EMAIL.name() => "/auth/change-email/confirm",
                _ => continue,
            };
            open(self.app, path, &token_of(&mail), browser).await;
        }
    }

    /// The owner logs in by mail, and then nobody else may be in that account.
    async fn owner_logs_in(&mut self) -> Result<(), String> {
        self.app.clock().advance(Duration::from_secs(60));
        let answer = log_in_by_mail(self.app, &self.owner).await;
        if answer.status != 200 {
            return Err(format!("the owner cannot log in by mail: {}", answer.text()));
        }
        let token = answer.json()["access_token"].as_str().unwrap_or_default().to_owned();
        let me = self.app.get("/users/me").bearer(&token).send().await.is(200).json();
        self.has_removed |= self.sessions.iter().any(|(_, account)| *account == me["id"]);
        self.log_in(true).await;
        self.log_in(false).await;
        for (token, _) in &self.sessions {
            let them = self.app.get("/users/me").bearer(token).send().await;
            if them.status == 200 && them.json()["id"] == me["id"] {
                return Err("somebody else is in the account of the owner".to_owned());
            }
        }
        Ok(())
    }
}
