//! Scenarios of hooks that do work of their own: what they may use, what they cannot hold up, and what they are shown.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use auth_core::password::HasherConfig;
use auth_core::sea_orm::{ConnectionTrait, DatabaseTransaction};
use auth_core::session::Proof;
use auth_core::{Action, Auth, Client, ErrorCode as E, Event, EventKind, Hooks, Veto};
use auth_testkit::Cut;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup, audit, until};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_hook_writes_with_the_only_connection,
    a_hook_calls_back_when_all_is_done,
    a_slow_hook_after_the_answer_holds_nothing: direct_only,
    a_slow_hook_before_the_commit_hashes_nothing: direct_only,
    what_is_not_committed_is_told_to_nobody: direct_only servers_only,
    hooks_are_shown_no_secret,
];

/// Hooks of an app that does something with what it hears. Clones are the same.
#[derive(Clone)]
struct Worker(Arc<Inner>);

struct Inner {
    job: Job,
    auth: OnceLock<Auth>,
    /// How many hooks are at work now.
    inside: AtomicUsize,
    gate: Semaphore,
    shown: Mutex<Vec<String>>,
    told: Mutex<Vec<Event>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Job {
    /// Writes a row of the app's own before each commit, and refuses who is called `refused`.
    Write,
    /// Logs everybody in who registers.
    CallBack,
    /// Waits at the gate before a login is committed.
    WaitBefore,
    /// Waits at the gate after anything was committed.
    WaitAfter,
    /// Writes down what it is shown.
    Look,
}

/// Counts a hook that is at work, until it ends or is given up.
struct Inside<'a>(&'a AtomicUsize);

impl<'a> Inside<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Worker {
    fn new(job: Job) -> Self {
        let (shown, told) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner {
            job,
            auth: OnceLock::new(),
            inside: AtomicUsize::new(0),
            gate: Semaphore::new(0),
            shown,
            told,
        }))
    }

    /// An app with these hooks.
    async fn app(&self, cx: &Cx, setup: Setup) -> App {
        let hooks = self.clone();
        let app = cx.app_with(setup.auth(move |auth| auth.hooks(hooks.clone()))).await;
        assert!(self.0.auth.set(app.auth().clone()).is_ok(), "one app");
        app
    }

    fn inside(&self) -> usize {
        self.0.inside.load(Ordering::SeqCst)
    }

    fn open(&self) {
        self.0.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    async fn wait(&self) {
        let _inside = Inside::new(&self.0.inside);
        let _permit = self.0.gate.acquire().await;
    }

    fn told(&self) -> Vec<Event> {
        self.0.told.lock().expect("no holder panics").clone()
    }

    fn shown(&self) -> Vec<String> {
        self.0.shown.lock().expect("no holder panics").clone()
    }

    fn look(&self, text: [String; 2]) {
        self.0.shown.lock().expect("no holder panics").extend(text);
    }

    async fn log_in(&self, event: &Event) {
        let EventKind::Registered { user_id } = event.kind else { return };
        let auth = self.0.auth.get().expect("the app is there before its requests");
        let user = auth.admin().get(user_id).await.expect("the account is committed");
        let backend = auth.sessions().backend("db").expect("a backend");
        let login = auth.sessions().establish(&user, Proof::password(), backend, &Client::default()).await;
        login.expect("there is a connection for it");
    }
}

#[async_trait::async_trait]
impl Hooks for Worker {
    async fn before(&self, action: &Action<'_>, tx: &DatabaseTransaction) -> Result<(), Veto> {
        match self.0.job {
            Job::Write => {
                tx.execute_unprepared("INSERT INTO note (n) VALUES (1)").await?;
                match action {
                    Action::UpdateUser { after, .. } if after.display_name.as_deref() == Some("refused") => {
                        Err(Veto::refuse("not this name"))
                    }
                    _ => Ok(()),
                }
            }
            Job::WaitBefore if matches!(action, Action::Login { .. }) => {
                self.wait().await;
                Ok(())
            }
            Job::Look => {
                self.look([format!("{action:?}"), format!("{action:#?}")]);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn after(&self, event: &Event) {
        self.0.told.lock().expect("no holder panics").push(event.clone());
        match self.0.job {
            Job::CallBack => self.log_in(event).await,
            Job::WaitAfter => self.wait().await,
            Job::Look => self.look([format!("{event:?}"), format!("{event:#?}")]),
            _ => {}
        }
    }
}

fn idle(app: &App) -> bool {
    (app.auth().hasher().running(), app.auth().hasher().waiting()) == (0, 0)
}

/// HOK-05, CON-02.
async fn a_hook_writes_with_the_only_connection(cx: Cx) {
    let app = Worker::new(Job::Write).app(&cx, Setup::default().connections(1)).await;
    app.execute("CREATE TABLE note (n INTEGER NOT NULL)").await;
    let ada = app.user("ada").await;
    app.patch("/users/me").by(&ada).json(json!({ "display_name": "Ada" })).send().await.is(200);
    assert_eq!(app.count("note").await, 3, "one for each commit");
    let refused = app.patch("/users/me").by(&ada).json(json!({ "display_name": "refused" })).send().await;
    refused.fails(E::RefusedByApp);
    assert_eq!(app.count("note").await, 3, "what the hook wrote goes with what it refused");
    app.delete("/users/me").by(&ada).send().await.is(204);
    assert_eq!(app.count("note").await, 4);
}

/// HOK-05.
async fn a_hook_calls_back_when_all_is_done(cx: Cx) {
    const PEOPLE: usize = 4;
    let worker = Worker::new(Job::CallBack);
    let app = worker.app(&cx, Setup::default().connections(1)).await;
    let register = |n| {
        let app = app.clone();
        async move { app.register(&format!("u{n}")).await }
    };
    crate::race(PEOPLE, register).await;
    let logged_in = |event: &Event| matches!(event.kind, EventKind::LoginSucceeded { .. });
    until("everybody is logged in", || worker.told().iter().filter(|event| logged_in(event)).count() == PEOPLE).await;
    assert_eq!(app.session_count().await, i64::try_from(PEOPLE).expect("a few"));
    audit::tables(&app).await;
}

/// HOK-01, HOK-06: the hooks of all these requests are still at work when the last of them is answered, although there
/// is one connection and one thread that hashes.
async fn a_slow_hook_after_the_answer_holds_nothing(cx: Cx) {
    let worker = Worker::new(Job::WaitAfter);
    let one = HasherConfig { memory_kib: 1024, memory_budget_mib: 1, ..HasherConfig::insecure_for_tests() };
    let app = worker.app(&cx, Setup::default().connections(1).auth(move |auth| auth.passwords(one.clone()))).await;
    assert_eq!(app.auth().hasher().permits(), 1);
    let ada = app.register("ada").await;
    for _ in 0..3 {
        app.try_login(&ada.email, PASSWORD, "db").await.is(200);
        app.try_login(&ada.email, "wrong-Password-1", "db").await.fails(E::LoginBadCredentials);
    }
    until("all of their hooks are at work", || worker.inside() == 7).await;
    assert!(idle(&app));
    let again = app.login(&ada, "db").await;
    app.get("/users/me").by(&again).send().await.is(200);
    worker.open();
    until("all of them are done", || worker.inside() == 0).await;
    assert_eq!(worker.told().len(), 8);
}

/// HOK-06: the transaction has to wait, the thread that hashes has not.
async fn a_slow_hook_before_the_commit_hashes_nothing(cx: Cx) {
    let worker = Worker::new(Job::WaitBefore);
    let one = HasherConfig { memory_kib: 1024, memory_budget_mib: 1, queue: 0, ..HasherConfig::insecure_for_tests() };
    let app = worker.app(&cx, Setup::default().auth(move |auth| auth.passwords(one.clone()))).await;
    let ada = app.register("ada").await;
    let login = tokio::spawn({
        let (app, ada) = (app.clone(), ada.clone());
        async move { app.login(&ada, "db").await }
    });
    until("its hook is at work", || worker.inside() == 1).await;
    assert!(idle(&app));
    for _ in 0..3 {
        app.try_login(&ada.email, "wrong-Password-1", "db").await.fails(E::LoginBadCredentials);
    }
    assert_eq!((worker.inside(), app.session_count().await), (1, 0), "all the while");
    worker.open();
    let login = login.await.expect("no panic");
    app.get("/users/me").by(&login).send().await.is(200);
}

/// HOK-03: whatever packet the connection breaks at, the commit's among them.
async fn what_is_not_committed_is_told_to_nobody(cx: Cx) {
    const MANY: usize = 60;
    let app = cx.app().await;
    let proxy = app.proxy().await;
    let shaky = app.server_with(Setup::default().connections(1).proxy(&proxy)).await;
    let mut acknowledged = BTreeSet::new();
    let mut packets = 0;
    loop {
        assert!(packets < MANY, "it never got through");
        proxy.cut_after(packets, Cut::BeforeAnswer);
        let body = json!({ "email": format!("u{packets}@example.org"), "password": PASSWORD });
        let answer = shaky.post("/auth/register").json(body).send().await;
        let came = !proxy.is_waiting();
        proxy.open();
        if answer.status == 201 {
            acknowledged.insert(Login::new(&answer.json()).id);
        }
        if !came {
            break;
        }
        packets += 1;
        // The connection that broke is found out, and replaced.
        shaky.get("/users/me").bearer(&"A".repeat(43)).send().await;
    }
    let mut told = BTreeSet::new();
    for _ in 0..acknowledged.len() {
        let event = event!(app, Registered);
        let EventKind::Registered { user_id } = event.kind else { panic!("{event:?}") };
        assert!(told.insert(user_id), "an event for each, once");
    }
    assert_eq!(told, acknowledged);
    assert!(packets > 3 && !acknowledged.is_empty());
    assert!(app.hooks().events().is_empty(), "{:?}", app.hooks().events());
}

/// HOK-04: every action and every event, through success and failure.
async fn hooks_are_shown_no_secret(cx: Cx) {
    const NEW: &str = "violet-Harbour-57-lamp";
    const WRONG: &str = "wrong-Kettle-4713";
    let worker = Worker::new(Job::Look);
    let app = worker.app(&cx, Setup::default()).await;
    let (ada, grace, root) = (app.register("ada").await, app.user("grace").await, app.superuser("root").await);
    let duplicate = json!({ "email": ada.email, "password": PASSWORD });
    app.post("/auth/register").json(duplicate).send().await.fails(E::RegisterUserAlreadyExists);
    let mut tokens = vec![grace.token.clone(), root.token.clone()];
    let mut logins = Vec::new();
    for backend in ["cookie", "jwt", "db", "db", "db"] {
        logins.push(app.login(&ada, backend).await);
    }
    tokens.extend(logins.iter().map(|login| login.token.clone()));
    app.try_login(&ada.email, WRONG, "db").await.fails(E::LoginBadCredentials);
    app.try_login("nobody", WRONG, "db").await.fails(E::LoginBadCredentials);
    let mut secrets: Vec<String> = [PASSWORD, NEW, WRONG].map(str::to_owned).to_vec();
    for row in app.rows("SELECT password_hash FROM authn_user").await {
        let hash: String = row.try_get_by_index(0).expect("a hash");
        secrets.extend(["argon2".to_owned(), hash.rsplit('$').next().unwrap_or_default().to_owned()]);
    }
    for row in app.rows("SELECT token_hash FROM authn_session WHERE token_hash IS NOT NULL").await {
        let digest: Vec<u8> = row.try_get_by_index(0).expect("a digest");
        let hex = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        secrets.extend([format!("{digest:?}").trim_matches(['[', ']']).to_owned(), hex]);
    }
    app.post("/auth/db/logout").by(&logins[4]).send().await.is(204);
    let sessions = app.get("/auth/sessions").by(&logins[2]).send().await.is(200).json();
    let other = sessions["sessions"].as_array().expect("a list").iter().find(|session| session["backend"] == "jwt");
    let other = other.and_then(|session| session["id"].as_str()).expect("another session").to_owned();
    app.delete(&format!("/auth/sessions/{other}")).by(&logins[2]).send().await.is(204);
    let change = |current: &str| json!({ "password": NEW, "current_password": current, "display_name": "Ada" });
    app.patch("/users/me").by(&logins[2]).json(change(WRONG)).send().await.fails(E::UpdateUserBadCurrentPassword);
    let answer = app.patch("/users/me").by(&logins[0]).json(change(PASSWORD)).send().await.is(200);
    let ada = ada.with(&answer);
    tokens.push(ada.token.clone());
    app.patch(&ada.path()).by(&root).json(json!({ "password": PASSWORD })).send().await.is(200);
    let ada = app.login(&ada, "db").await;
    app.post("/auth/logout-all").by(&ada).json(json!({ "everywhere": true })).send().await.is(204);
    app.delete("/users/me").by(&grace).send().await.is(204);
    app.delete(&ada.path()).by(&root).send().await.is(204);

    let kinds = kinds![
        Registered,
        RegisterDuplicate,
        LoginSucceeded,
        LoginFailed,
        LoggedOut,
        SessionRevoked,
        SessionsRevoked,
        UserUpdated,
        PasswordChanged,
        PasswordChangeFailed,
        UserDeleted,
    ];
    let is_told = |is: &fn(&EventKind) -> bool| worker.told().iter().any(|event| is(&event.kind));
    until("every event is told", || kinds.iter().all(is_told)).await;
    let texts = worker.shown().join("\n");
    for action in ["Register {", "Login {", "UpdateUser {", "DeleteUser {"] {
        assert!(texts.contains(action), "{action}");
    }
    // A web token is a secret by its signature; what it says is said elsewhere too.
    secrets.extend(tokens.iter().map(|token| token.rsplit('.').next().unwrap_or_default().to_owned()));
    for secret in secrets {
        assert!(secret.len() > 5 && !texts.contains(&secret), "{secret:?} is shown");
    }
    for event in worker.told() {
        assert!(!format!("{event:?}").contains("example.org"), "an address in {event:?}");
    }
}
