//! To whom an account belongs whose address changes (invariant 25): random interleavings of what an owner, a thief who has
//! a session and the password of the owner, and two strangers can do. Whatever they do, the link that the owner was mailed
//! first brings the account back, and nobody else is in it then.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use auth_core::Registration;
use auth_core::mail::Mail;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::interleaving::{interleavings, play_each};
use crate::mails::{CONFIRM_EMAIL, EMAIL_CHANGED, MAGIC_LINK, RESET_PASSWORD, VERIFY_EMAIL, token_of};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Login, PASSWORD, Request, Scenario, Setup, audit};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    the_owner_comes_back_where_changes_act_at_once: direct_only,
    the_owner_comes_back_where_changes_wait: direct_only,
    the_owner_comes_back_where_registration_is_neutral: direct_only,
];

/// Steps of the longest one. Even if each waited its longest, no link would be three days old.
const STEPS: usize = 14;

/// Who may do something.
const PEOPLE: [&str; 3] = ["thief", "xavier", "yves"];

/// Whose addresses there are, the owner's first.
const PLACES: [&str; 4] = ["owner", "thief", "xavier", "yves"];

/// What happens, by the number of somebody in [`PEOPLE`], and of an address in [`PLACES`].
#[derive(Clone, Debug)]
enum Step {
    Patch {
        who: usize,
        to: usize,
    },
    /// Somebody who reads the mail there helps.
    Move {
        who: usize,
        to: usize,
    },
    ChangeEmail {
        who: usize,
        to: usize,
    },
    ChangePassword {
        who: usize,
    },
    Register {
        who: usize,
        at: usize,
    },
    LogIn {
        who: usize,
        at: usize,
    },
    AskForLogin {
        at: usize,
    },
    AskForPassword {
        at: usize,
    },
    AskForVerification {
        at: usize,
    },
    OpenMails {
        who: usize,
    },
    LogOutEverywhere {
        who: usize,
    },
    Delete {
        who: usize,
    },
    OwnerReverts,
    Wait {
        minutes: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..PEOPLE.len();
    let place = || 0..PLACES.len();
    prop_oneof![
        3 => (who(), place()).prop_map(|(who, to)| Step::Patch { who, to }),
        4 => (Just(0), 1..PLACES.len()).prop_map(|(who, to)| Step::Move { who, to }),
        2 => (who(), place()).prop_map(|(who, to)| Step::ChangeEmail { who, to }),
        1 => who().prop_map(|who| Step::ChangePassword { who }),
        2 => (who(), place()).prop_map(|(who, at)| Step::Register { who, at }),
        2 => (who(), place()).prop_map(|(who, at)| Step::LogIn { who, at }),
        3 => place().prop_map(|at| Step::AskForLogin { at }),
        1 => place().prop_map(|at| Step::AskForPassword { at }),
        1 => place().prop_map(|at| Step::AskForVerification { at }),
        6 => who().prop_map(|who| Step::OpenMails { who }),
        1 => who().prop_map(|who| Step::LogOutEverywhere { who }),
        1 => who().prop_map(|who| Step::Delete { who }),
        1 => Just(Step::OwnerReverts),
        2 => any::<bool>().prop_map(|long| Step::Wait { minutes: if long { 5 * 60 } else { 11 } }),
    ]
}

async fn the_owner_comes_back_where_changes_act_at_once(cx: Cx) {
    let app = cx.app_with(Setup::default().immediate_email_change()).await;
    every_interleaving_is_survived(&app, &app).await;
}

async fn the_owner_comes_back_where_changes_wait(cx: Cx) {
    let app = cx.app().await;
    every_interleaving_is_survived(&app, &app).await;
}

async fn the_owner_comes_back_where_registration_is_neutral(cx: Cx) {
    let neutral = Setup::default().auth(|auth| auth.registration(Registration::Neutral));
    let app = cx.app().await;
    every_interleaving_is_survived(&app, &app.server_with(neutral).await).await;
}

/// The owner registers at one server, and everything else happens at another one.
async fn every_interleaving_is_survived(home: &App, app: &App) {
    let number = AtomicU32::new(0);
    play_each(interleavings(step(), STEPS), |steps| play(home, app, number.fetch_add(1, Ordering::Relaxed), steps))
        .await;
    audit::tables(app).await;
}

/// Plays an interleaving among people of its own. Says whether the account was taken away, or what went wrong.
async fn play(home: &App, app: &App, number: u32, steps: Vec<Step>) -> Result<bool, String> {
    app.mailer().forget();
    let mut world = World::new(home, app, number).await;
    for step in &steps {
        world.act(step).await;
    }
    world.judge().await
}

/// Somebody who is not the owner, with every token and password that came their way.
struct Person {
    sessions: Vec<String>,
    passwords: Vec<String>,
    opened: HashSet<Uuid>,
}

struct World<'a> {
    app: &'a App,
    number: u32,
    owner: Login,
    people: Vec<Person>,
    /// The owner's mails up to the last one that was used are worth nothing any more.
    reverted: HashSet<Uuid>,
    /// Whether the account was deleted where it always was, for which a session and the password are enough.
    gone: bool,
    /// What went wrong on the way.
    wrong: Option<String>,
}

impl<'a> World<'a> {
    async fn new(home: &App, app: &'a App, number: u32) -> Self {
        let owner = home.verified_user(&format!("owner{number}")).await;
        let mut people: Vec<Person> = PEOPLE
            .iter()
            .map(|name| Person {
                sessions: Vec::new(),
                passwords: vec![format!("{name}-Kettle-{number}-river")],
                opened: HashSet::new(),
            })
            .collect();
        people[0].sessions.push(owner.token.clone());
        people[0].passwords.push(PASSWORD.to_owned());
        Self { app, number, owner, people, reverted: HashSet::new(), gone: false, wrong: None }
    }

    fn address(&self, place: usize) -> String {
        format!("{}{}@example.org", PLACES[place], self.number)
    }

    async fn act(&mut self, step: &Step) {
        match *step {
            Step::Patch { who, to } => self.patch(who, to).await,
            Step::Move { who, to } => {
                self.patch(who, to).await;
                self.open_mails(to - 1).await;
            }
            Step::ChangeEmail { who, to } => {
                let body = json!({ "new_email": self.address(to), "password": self.password(who) });
                self.with_session(who, |app| app.post("/auth/change-email").json(body.clone())).await;
            }
            Step::ChangePassword { who } => {
                let body = json!({ "old_password": self.password(who), "new_password": self.people[who].passwords[0] });
                self.with_session(who, |app| app.post("/auth/change-password").json(body.clone())).await;
            }
            Step::Register { who, at } => {
                let body = json!({ "email": self.address(at), "password": self.people[who].passwords[0] });
                self.app.post("/auth/register").json(body).send().await;
                self.log_in(who, at).await;
            }
            Step::LogIn { who, at } => self.log_in(who, at).await,
            Step::AskForLogin { at } => self.ask("magic-link", at).await,
            Step::AskForPassword { at } => self.ask("forgot-password", at).await,
            Step::AskForVerification { at } => self.ask("request-verify-token", at).await,
            Step::OpenMails { who } => self.open_mails(who).await,
            Step::LogOutEverywhere { who } => {
                let body = json!({ "everywhere": true });
                self.with_session(who, |app| app.post("/auth/logout-all").json(body.clone())).await;
            }
            Step::Delete { who } => {
                let body = json!({ "password": self.password(who) });
                self.with_session(who, |app| app.delete("/users/me").json(body.clone())).await;
                self.gone |= self.ways_back().await.is_empty() && !self.app.has_user(&self.owner.email).await;
            }
            Step::OwnerReverts => {
                if let Some(way_back) = self.ways_back().await.first().filter(|_| !self.gone) {
                    self.wrong = self.wrong.take().or(self.revert(&token_of(way_back)).await.err());
                }
            }
            Step::Wait { minutes } => self.app.clock().advance(Duration::from_secs(minutes * 60)),
        }
    }

    async fn patch(&mut self, who: usize, to: usize) {
        let body = json!({ "email": self.address(to), "current_password": self.password(who) });
        self.with_session(who, |app| app.patch("/users/me").json(body.clone())).await;
    }

    /// The password that somebody would try: the thief that of the owner.
    fn password(&self, who: usize) -> String {
        self.people[who].passwords.last().cloned().unwrap_or_default()
    }

    /// Sends a request with each session of somebody, and keeps the tokens that come back.
    async fn with_session(&mut self, who: usize, request: impl Fn(&App) -> Request) {
        for token in self.people[who].sessions.clone() {
            let answer = request(self.app).bearer(&token).send().await;
            self.keep(who, &answer);
        }
    }

    fn keep(&mut self, who: usize, answer: &Answer) {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        self.people[who].sessions.extend(body["access_token"].as_str().map(str::to_owned));
    }

    async fn log_in(&mut self, who: usize, at: usize) {
        for password in self.people[who].passwords.clone() {
            let answer = self.app.try_login(&self.address(at), &password, "db").await;
            self.keep(who, &answer);
        }
    }

    async fn ask(&self, path: &str, at: usize) {
        self.app.post(&format!("/auth/{path}")).json(json!({ "email": self.address(at) })).send().await;
    }

    /// Opens every link that was mailed to somebody since the last time.
    async fn open_mails(&mut self, who: usize) {
        for mail in self.app.mails_to(&self.address(who + 1)).await {
            if mail.link.is_none() || !self.people[who].opened.insert(mail.id) {
                continue;
            }
            let token = json!({ "token": token_of(&mail) });
            let with_password = json!({ "token": token["token"], "password": self.people[who].passwords[0] });
            let is = |kind: auth_core::mail::MailKind| mail.kind == kind.name();
            let request = if is(MAGIC_LINK) {
                self.app.post("/auth/db/magic-link/verify").json(token)
            } else if is(VERIFY_EMAIL) {
                self.app.post("/auth/verify").json(token)
            } else if is(CONFIRM_EMAIL) {
                self.app.post("/auth/change-email/confirm").json(token)
            } else if is(EMAIL_CHANGED) {
                self.app.post("/auth/change-email/revert").json(token)
            } else {
                self.app.post("/auth/reset-password").json(with_password)
            };
            let answer = request.send().await;
            self.keep(who, &answer);
        }
        for at in 0..PLACES.len() {
            self.log_in(who, at).await;
        }
    }

    /// The mails to the owner whose links should work, the oldest first.
    async fn ways_back(&self) -> Vec<Mail> {
        let mails = self.app.mails_to(&self.owner.email).await.into_iter();
        mails
            .filter(|mail| mail.kind == EMAIL_CHANGED.name() && mail.link.is_some())
            .filter(|mail| !self.reverted.contains(&mail.id))
            .collect()
    }

    async fn revert(&mut self, token: &str) -> Result<(), String> {
        let answer = self.app.post("/auth/change-email/revert").json(json!({ "token": token })).send().await;
        // It ends those of later changes as well.
        let ended: Vec<Uuid> = self.ways_back().await.iter().map(|mail| mail.id).collect();
        self.reverted.extend(ended);
        if answer.status != 200 {
            return Err(format!("the link of the owner answers {} {}", answer.status, answer.text()));
        }
        let back = answer.json();
        if back["id"] == json!(self.owner.id) && back["email"] == json!(self.owner.email) {
            Ok(())
        } else {
            Err(format!("the link of the owner leads to {back}"))
        }
    }

    async fn judge(mut self) -> Result<bool, String> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let way_back = self.ways_back().await.first().filter(|_| !self.gone).map(token_of);
        let Some(way_back) = way_back else { return Ok(false) };
        self.revert(&way_back).await?;
        // The others try everything they have, and everything that they were mailed.
        for (who, name) in PEOPLE.iter().enumerate() {
            self.open_mails(who).await;
            for token in &self.people[who].sessions {
                let me = self.app.get("/users/me").bearer(token).send().await;
                if me.status == 200 && me.json()["id"] == json!(self.owner.id) {
                    return Err(format!("{name} is in the account of the owner"));
                }
            }
        }
        // And the owner, who was mailed a link to a new password, is.
        const NEW: &str = "owner-Lantern-42-river";
        let reset = self.app.token_to(&self.owner.email, RESET_PASSWORD).await;
        let reset = json!({ "token": reset, "password": NEW });
        self.app.post("/auth/reset-password").json(reset).send().await;
        let login = self.app.try_login(&self.owner.email, NEW, "db").await;
        if login.status != 200 {
            return Err(format!("the owner cannot log in: {}", login.text()));
        }
        let me = self.app.get("/users/me").by(&self.owner.with(&login)).send().await.json();
        if me["id"] != json!(self.owner.id) {
            return Err(format!("the owner is in another account: {me}"));
        }
        Ok(true)
    }
}
