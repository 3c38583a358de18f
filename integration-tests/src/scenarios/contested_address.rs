//! Scenarios of accounts whose address was changed to an unverified one: who gets which account (LNK-01, LNK-09,
//! MAG-04, CHG-04).

use std::time::Duration;

use auth_core::ErrorCode as E;
use serde_json::json;

use crate::mails::{
    CONFIRM_EMAIL, EMAIL_CHANGED, EMAIL_CHANGED_BY_ADMIN, MAGIC_LINK, RESET_PASSWORD, VERIFY_EMAIL, token_of,
};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Login, PASSWORD, Scenario, Setup, audit};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_strangers_mailbox_gets_an_account_of_its_own,
    a_thief_cannot_close_the_way_back,
    an_unverified_former_owner_cannot_revert,
    a_former_address_is_kept_for_its_owner,
    moving_to_and_fro_gives_nothing_away,
    a_restored_backup_gives_a_thief_nothing,
    a_superusers_repair_after_a_restore_is_the_last_word,
    a_proof_beats_a_squatter,
    a_deletion_waits_for_the_way_back,
    a_superusers_repair_is_the_last_word,
    an_account_that_is_locked_stays_where_it_is,
    a_repair_ends_a_deletion_that_waits,
    a_superuser_can_lock_an_account_that_waits_for_its_deletion,
    a_stranger_does_not_end_a_deletion,
    the_address_that_loses_the_account_is_told,
    an_address_that_was_never_verified_gets_no_link,
    no_session_survives_a_revocation_at_the_same_moment: direct_only,
    nobody_gets_an_account_that_moves_away_at_that_moment: direct_only,
    an_account_that_moves_away_is_not_in_the_way: direct_only,
];

/// How long a change can be reverted.
const WAY_BACK: Duration = Duration::from_secs(72 * 60 * 60);

const VICTIM: &str = "victim@example.org";
const NEW: &str = "kettle-Umbrella-42-river";

/// An app in which a new address counts at once.
async fn immediate(cx: &Cx) -> App {
    cx.app_with(Setup::default().immediate_email_change()).await
}

async fn move_to(app: &App, who: &Login, email: &str) {
    app.patch("/users/me").by(who).json(json!({ "email": email })).send().await.is(200);
}

async fn revert(app: &App, token: &str) -> Answer {
    app.post("/auth/change-email/revert").json(json!({ "token": token })).send().await
}

async fn magic(app: &App, email: &str) -> Answer {
    app.post("/auth/magic-link").json(json!({ "email": email })).send().await.is(202);
    let body = json!({ "token": app.token_to(email, MAGIC_LINK).await });
    app.post("/auth/db/magic-link/verify").json(body).send().await
}

async fn id_of(app: &App, answer: Answer) -> serde_json::Value {
    let token = answer.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    app.get("/users/me").bearer(&token).send().await.is(200).json()["id"].clone()
}

async fn a_strangers_mailbox_gets_an_account_of_its_own(cx: Cx) {
    let app = immediate(&cx).await;
    let attacker = app.verified_user("attacker").await;
    move_to(&app, &attacker, VICTIM).await;
    let way_back = app.token_to(&attacker.email, EMAIL_CHANGED).await;
    // The address alone gives no access to the account.
    app.post("/auth/forgot-password").json(json!({ "email": VICTIM })).send().await.is(202);
    assert!(!app.was_mailed(VICTIM, RESET_PASSWORD).await);
    let own = id_of(&app, magic(&app, VICTIM).await).await;
    assert_ne!(own, json!(attacker.id));
    // The attacker's account is where it came from, and has no say over the other one.
    assert!(app.has_user(&attacker.email).await);
    app.get("/users/me").by(&attacker).send().await.fails(E::Unauthorized);
    // Nor does the link, which changes nothing any more.
    assert_eq!(revert(&app, &way_back).await.is(200).json()["email"], json!(attacker.email));
    assert_eq!(id_of(&app, magic(&app, VICTIM).await).await, own);
    event!(app, EmailReverted);
    audit::tables(&app).await;
}

async fn a_thief_cannot_close_the_way_back(cx: Cx) {
    let app = immediate(&cx).await;
    for (name, by_link) in [("ada", false), ("grace", true)] {
        let owner = app.verified_user(name).await;
        let thief = format!("thief-of-{name}@example.org");
        move_to(&app, &owner, &thief).await;
        let way_back = app.token_to(&owner.email, EMAIL_CHANGED).await;
        if by_link {
            let token = json!({ "token": app.token_to(&thief, VERIFY_EMAIL).await });
            app.post("/auth/verify").json(token).send().await.is(200);
            revert(&app, &way_back).await.is(200);
        } else {
            assert_ne!(id_of(&app, magic(&app, &thief).await).await, json!(owner.id));
        }
        let reset = json!({ "token": app.token_to(&owner.email, RESET_PASSWORD).await, "password": NEW });
        app.post("/auth/reset-password").json(reset).send().await.is(200);
        assert_eq!(id_of(&app, app.try_login(&owner.email, NEW, "db").await).await, json!(owner.id));
    }
    audit::tables(&app).await;
}

/// RST-14: the first who verifies an address has the account, and nobody from before regains it.
async fn an_unverified_former_owner_cannot_revert(cx: Cx) {
    let app = immediate(&cx).await;
    let attacker = app.user("attacker").await;
    move_to(&app, &attacker, VICTIM).await;
    let way_back = app.token_to(&attacker.email, EMAIL_CHANGED).await;
    app.post("/auth/forgot-password").json(json!({ "email": VICTIM })).send().await.is(202);
    let reset = json!({ "token": app.token_to(VICTIM, RESET_PASSWORD).await, "password": NEW });
    app.post("/auth/reset-password").json(reset).send().await.is(200);
    revert(&app, &way_back).await.fails(E::ChangeEmailBadToken);
    app.try_login(VICTIM, NEW, "db").await.is(200);
}

/// Nobody can put an account in the way of the owner: an address that was verified is reserved as long as its link lives.
async fn a_former_address_is_kept_for_its_owner(cx: Cx) {
    let app = immediate(&cx).await;
    let older = app.verified_user("older").await;
    let owner = app.verified_user("ada").await;
    move_to(&app, &owner, "thief@example.org").await;
    let way_back = app.token_to(&owner.email, EMAIL_CHANGED).await;
    let register = || {
        let body = json!({ "email": "ADA@example.org", "password": NEW });
        app.post("/auth/register").json(body)
    };
    register().send().await.fails(E::RegisterUserAlreadyExists);
    let moved = app.patch("/users/me").by(&older).json(json!({ "email": owner.email })).send().await;
    moved.fails(E::UpdateUserEmailAlreadyExists);
    app.post("/auth/magic-link").json(json!({ "email": owner.email })).send().await.is(202);
    assert!(!app.was_mailed(&owner.email, MAGIC_LINK).await, "it would log in to nothing");
    let back = revert(&app, &way_back).await.is(200).json();
    assert_eq!((&back["id"], &back["email"]), (&json!(owner.id), &json!(owner.email)));
    audit::tables(&app).await;
    // Without a way back, an address is free again.
    let reset = json!({ "token": app.token_to(&owner.email, RESET_PASSWORD).await, "password": NEW });
    app.post("/auth/reset-password").json(reset).send().await.is(200);
    let owner = owner.with(&app.try_login(&owner.email, NEW, "db").await.is(200));
    move_to(&app, &owner, "elsewhere@example.org").await;
    app.clock().advance(WAY_BACK - Duration::from_secs(1));
    register().send().await.fails(E::RegisterUserAlreadyExists);
    app.clock().advance(Duration::from_secs(1));
    register().send().await.is(201);
    audit::tables(&app).await;
}

/// The reservation survives that the account has the address again for a while, now without having verified it.
async fn moving_to_and_fro_gives_nothing_away(cx: Cx) {
    let app = immediate(&cx).await;
    for (name, moves) in [("ada", 3), ("bea", 2)] {
        let owner = app.verified_user(name).await;
        for email in ["thief@example.org", &owner.email, "thief@example.org"].into_iter().take(moves) {
            move_to(&app, &owner, email).await;
            app.clock().advance(Duration::from_secs(1));
        }
        let squatter = json!({ "email": owner.email, "password": NEW });
        app.post("/auth/register").json(squatter).send().await.fails(E::RegisterUserAlreadyExists);
        let mails = app.mails_to(&owner.email).await;
        let first = mails.into_iter().find(|mail| mail.is(EMAIL_CHANGED)).expect("the first notice");
        assert_eq!(revert(&app, &token_of(&first)).await.is(200).json()["email"], json!(owner.email));
    }
    assert_eq!(app.count("authn_one_time_token WHERE kind = 'revert_email' AND used_at IS NULL").await, 0);
    audit::tables(&app).await;
}

/// An account that has verified nothing has no claim on an address against somebody who does.
/// The link back has ended with all others, and the address is reserved.
async fn a_restored_backup_gives_a_thief_nothing(cx: Cx) {
    let app = immediate(&cx).await;
    let body = json!({ "email": "Ada.Lee@example.org", "password": PASSWORD });
    let owner = Login::new(&app.post("/auth/register").json(body).send().await.is(201).json());
    app.verify(&owner).await;
    let owner = app.login(&owner, "db").await;
    move_to(&app, &owner, "thief@example.org").await;
    let way_back = app.token_to(&owner.email, EMAIL_CHANGED).await;
    app.auth().installation().after_restore().await.expect("a restore");
    app.clock().advance(Duration::from_millis(1));
    revert(&app, &way_back).await.fails(E::ChangeEmailBadToken);
    app.post("/auth/forgot-password").json(json!({ "email": "thief@example.org" })).send().await.is(202);
    assert!(!app.was_mailed("thief@example.org", RESET_PASSWORD).await);
    let own = id_of(&app, magic(&app, "thief@example.org").await).await;
    assert_ne!(own, json!(owner.id), "the address alone gives no access to the account");
    // That proof moved the account back to its owner, whose address is as it was written.
    assert_eq!(app.count("authn_user WHERE email = 'Ada.Lee@example.org'").await, 1);
    let reset = json!({ "token": app.token_to(&owner.email, RESET_PASSWORD).await, "password": NEW });
    app.post("/auth/reset-password").json(reset).send().await.is(200);
    assert_eq!(id_of(&app, app.try_login(&owner.email, NEW, "db").await).await, json!(owner.id));
    audit::tables(&app).await;
}

/// The links have ended, and what they led back to ends by the repair all the same.
async fn a_superusers_repair_after_a_restore_is_the_last_word(cx: Cx) {
    let app = immediate(&cx).await;
    let root = app.superuser("root").await;
    let (ada, grace) = (app.verified_user("ada").await, app.verified_user("grace").await);
    let eve = app.verified_user("eve").await;
    move_to(&app, &eve, "elsewhere@example.org").await;
    move_to(&app, &eve, &eve.email).await;
    for owner in [&ada, &grace] {
        move_to(&app, owner, &format!("thief-of-{}", owner.email)).await;
    }
    app.auth().installation().after_restore().await.expect("a restore");
    app.clock().advance(Duration::from_millis(1));
    let root = app.login(&root, "db").await;
    // To an address of their own, without the one that they left.
    app.patch(&ada.path()).by(&root).json(json!({ "email": "third@example.org" })).send().await.is(200);
    assert_eq!(id_of(&app, magic(&app, "third@example.org").await).await, json!(ada.id));
    // Who has moved away and back is where the way back leads.
    assert_eq!(id_of(&app, magic(&app, &eve.email).await).await, json!(eve.id));
    // To the one that they had.
    let repair = json!({ "email": grace.email, "password": NEW });
    app.patch(&grace.path()).by(&root).json(repair).send().await.is(200);
    app.mailer().forget();
    assert_eq!(id_of(&app, magic(&app, &grace.email).await).await, json!(grace.id));
    app.register("ada").await;
}

async fn a_proof_beats_a_squatter(cx: Cx) {
    let app = cx.app().await;
    for (name, before, username) in
        [("ada", true, None), ("bea", false, None), ("cid", true, Some("squatter")), ("dan", false, Some("other"))]
    {
        let owner = app.verified_user(name).await;
        let new = format!("{name}.new@example.org");
        let squat = || async {
            let mut body = json!({ "email": new, "password": NEW });
            if let Some(username) = username {
                body["username"] = json!(username);
            }
            app.post("/auth/register").json(body).send().await.is(201);
            owner.with(&app.try_login(&new, NEW, "db").await.is(200))
        };
        let ask = || async {
            move_to(&app, &owner, &new).await;
            app.token_to(&new, CONFIRM_EMAIL).await
        };
        let (squatter, token) = if before {
            let squatter = squat().await;
            (squatter, ask().await)
        } else {
            let token = ask().await;
            (squat().await, token)
        };
        let changed =
            app.post("/auth/change-email/confirm").json(json!({ "token": token })).send().await.is(200).json();
        assert_eq!((&changed["id"], &changed["email"]), (&json!(owner.id), &json!(new)), "{name}");
        // The squatter is out, and keeps nothing but a user name.
        app.get("/users/me").by(&squatter).send().await.fails(E::Unauthorized);
        app.try_login(&new, NEW, "db").await.fails(E::LoginBadCredentials);
        if let Some(username) = username {
            let left = owner.with(&app.try_login(username, NEW, "db").await.is(200));
            assert_eq!(app.get("/users/me").by(&left).send().await.is(200).json()["email"], json!(null));
            event!(app, EmailLost);
        }
    }
    // Against a proof of somebody else's, there is no claim.
    let (ada, eve) = (app.verified_user("ann").await, app.verified_user("eve").await);
    move_to(&app, &ada, "prize@example.org").await;
    let late = app.token_to("prize@example.org", CONFIRM_EMAIL).await;
    move_to(&app, &eve, "prize@example.org").await;
    let first = app.token_to("prize@example.org", CONFIRM_EMAIL).await;
    app.post("/auth/change-email/confirm").json(json!({ "token": first })).send().await.is(200);
    let refused = app.post("/auth/change-email/confirm").json(json!({ "token": late })).send().await;
    refused.fails(E::UpdateUserEmailAlreadyExists);
    audit::tables(&app).await;
}

/// Deleting the account would be a way to close the way back.
async fn a_deletion_waits_for_the_way_back(cx: Cx) {
    let app = immediate(&cx).await;
    let purge = || async { app.auth().purge().run().await.expect("the tables").of("account") };
    for (name, comes_back) in [("ada", true), ("bea", false)] {
        let owner = app.verified_user(name).await;
        let thief = format!("thief-of-{name}@example.org");
        move_to(&app, &owner, &thief).await;
        let way_back = app.token_to(&owner.email, EMAIL_CHANGED).await;
        app.delete("/users/me").by(&owner).json(json!({})).send().await.is(204);
        event!(app, DeletionScheduled);
        app.get("/users/me").by(&owner).send().await.fails(E::Unauthorized);
        app.try_login(&thief, PASSWORD, "db").await.fails(E::LoginBadCredentials);
        assert_eq!(purge().await, 0);
        if comes_back {
            let back = revert(&app, &way_back).await.is(200).json();
            assert_eq!((&back["id"], &back["is_active"]), (&json!(owner.id), &json!(true)));
        }
        app.clock().advance(WAY_BACK);
        assert_eq!(purge().await, u64::from(!comes_back) * 2, "the account and the reservation of its address");
        assert_eq!(app.has_user(&owner.email).await, comes_back);
        assert!(!app.has_user(&thief).await);
    }
    audit::tables(&app).await;
}

async fn a_superusers_repair_is_the_last_word(cx: Cx) {
    let app = immediate(&cx).await;
    let root = app.superuser("root").await;
    let owner = app.verified_user("ada").await;
    move_to(&app, &owner, "thief@example.org").await;
    let early = app.token_to(&owner.email, EMAIL_CHANGED).await;
    let repaired = json!({ "email": "ada-again@example.org", "is_verified": true });
    app.patch(&owner.path()).by(&root).json(repaired).send().await.is(200);
    let notice = app.mail_to("thief@example.org", EMAIL_CHANGED_BY_ADMIN).await;
    assert!(notice.link.is_none(), "the thief gets no link");
    revert(&app, &early).await.fails(E::ChangeEmailBadToken);
    assert_eq!(app.count("authn_one_time_token WHERE kind = 'revert_email'").await, 0);
    // Nor does anybody keep one over an account that has more rights now.
    let grace = app.verified_user("grace").await;
    move_to(&app, &grace, "elsewhere@example.org").await;
    let way_back = app.token_to(&grace.email, EMAIL_CHANGED).await;
    app.patch(&grace.path()).by(&root).json(json!({ "is_superuser": true })).send().await.is(200);
    revert(&app, &way_back).await.fails(E::ChangeEmailBadToken);
}

async fn an_account_that_is_locked_stays_where_it_is(cx: Cx) {
    let app = immediate(&cx).await;
    let ada = app.verified_user("ada").await;
    move_to(&app, &ada, "elsewhere@example.org").await;
    let way_back = app.token_to(&ada.email, EMAIL_CHANGED).await;
    let moved = Login { email: "elsewhere@example.org".to_owned(), ..ada.clone() };
    app.deactivate(&moved).await;
    revert(&app, &way_back).await.fails(E::ChangeEmailBadToken);
    app.activate(&moved).await;
    revert(&app, &way_back).await.is(200);
}

/// Neither against one that is verified now, nor against one that was: a stranger may read the mail there.
async fn an_address_that_was_never_verified_gets_no_link(cx: Cx) {
    let app = immediate(&cx).await;
    let attacker = app.verified_user("attacker").await;
    move_to(&app, &attacker, VICTIM).await;
    app.clock().advance(Duration::from_secs(1));
    move_to(&app, &attacker, "third@example.org").await;
    assert!(app.mail_to(VICTIM, EMAIL_CHANGED).await.link.is_none());
    assert_ne!(id_of(&app, magic(&app, VICTIM).await).await, json!(attacker.id));
    // Somebody mistyped the address, and verified the right one at once, or after the wrong one was replaced.
    let app = cx.app().await;
    let owner = app.user("typo").await;
    let body = json!({ "new_email": "right@example.org", "password": PASSWORD });
    app.post("/auth/change-email").by(&owner).json(body).send().await.is(202);
    let token = json!({ "token": app.token_to("right@example.org", CONFIRM_EMAIL).await });
    app.post("/auth/change-email/confirm").json(token).send().await.is(200);
    assert!(app.mail_to(&owner.email, EMAIL_CHANGED).await.link.is_none());
    let app = immediate(&cx).await;
    let owner = app.user("typo").await;
    move_to(&app, &owner, "right@example.org").await;
    let way_back = app.token_to(&owner.email, EMAIL_CHANGED).await;
    let token = json!({ "token": app.token_to("right@example.org", VERIFY_EMAIL).await });
    app.post("/auth/verify").by(&owner).json(token).send().await.is(200);
    revert(&app, &way_back).await.fails(E::ChangeEmailBadToken);
    move_to(&app, &owner, "third@example.org").await;
    revert(&app, &way_back).await.fails(E::ChangeEmailBadToken);
    audit::tables(&app).await;
}

/// I4: a link is worth nothing once everything was revoked, also when it is redeemed at that very moment elsewhere.
async fn no_session_survives_a_revocation_at_the_same_moment(cx: Cx) {
    let app = cx.app().await;
    let other = app.second_server().await;
    for round in 0..12 {
        let who = app.verified_user(&format!("user{round}")).await;
        app.post("/auth/magic-link").json(json!({ "email": who.email })).send().await.is(202);
        let link = json!({ "token": app.token_to(&who.email, MAGIC_LINK).await });
        let everywhere = app.post("/auth/logout-all").by(&who).json(json!({ "everywhere": true })).send();
        let redeemed = other.post("/auth/db/magic-link/verify").json(link).send();
        let (ended, redeemed) = tokio::join!(tokio::spawn(everywhere), tokio::spawn(redeemed));
        ended.expect("an answer").is(204);
        let redeemed = redeemed.expect("an answer");
        assert!(matches!(redeemed.status.as_u16(), 200 | 400), "{}", redeemed.text());
        if redeemed.status == 200 {
            app.get("/users/me").by(&who.with(&redeemed)).send().await.fails(E::Unauthorized);
        }
        let owner = format!("(SELECT id FROM authn_user WHERE email = '{}')", who.email);
        assert_eq!(app.count(&format!("authn_session WHERE user_id = {owner}")).await, 0);
    }
}

/// The owner moves the account to a new address, and asks for its deletion.
async fn leave(app: &App, who: &Login, to: &str) {
    let body = json!({ "new_email": to, "password": PASSWORD });
    app.post("/auth/change-email").by(who).json(body).send().await.is(202);
    let token = json!({ "token": app.token_to(to, CONFIRM_EMAIL).await });
    app.post("/auth/change-email/confirm").by(who).json(token).send().await.is(200);
    app.delete("/users/me").by(who).json(json!({ "password": PASSWORD })).send().await.is(204);
    assert!(app.has_user(to).await);
}

async fn purge_late(app: &App) {
    app.clock().advance(WAY_BACK * 2);
    app.auth().purge().run().await.expect("a purge");
}

async fn a_repair_ends_a_deletion_that_waits(cx: Cx) {
    let app = cx.app().await;
    let (root, other) = (app.superuser("root").await, app.superuser("grace").await);
    app.verify(&other).await;
    let ada = app.verified_user("ada").await;
    leave(&app, &ada, "thief@example.org").await;
    let repair = json!({ "email": ada.email, "password": NEW, "is_active": true, "is_verified": true });
    app.patch(&ada.path()).by(&root).json(repair).send().await.is(200);
    leave(&app, &other, "grace2@example.org").await;
    app.patch(&other.path()).by(&root).json(json!({ "is_active": true })).send().await.is(200);
    app.delete("/users/me").by(&root).json(json!({ "password": PASSWORD })).send().await.is(204);
    purge_late(&app).await;
    assert_eq!(id_of(&app, app.try_login(&ada.email, NEW, "db").await).await, json!(ada.id));
    assert_eq!(app.active_superusers().await, 1, "the last one stays");
    audit::tables(&app).await;
}

async fn a_superuser_can_lock_an_account_that_waits_for_its_deletion(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    let ada = app.verified_user("ada").await;
    leave(&app, &ada, "new@example.org").await;
    let way_back = app.token_to(&ada.email, EMAIL_CHANGED).await;
    let locked = json!({ "is_active": false });
    app.patch(&ada.path()).by(&root).json(locked).send().await.is(200);
    event!(app, ActivationChanged);
    revert(&app, &way_back).await.fails(E::ChangeEmailBadToken);
    purge_late(&app).await;
    assert!(app.has_user("new@example.org").await, "locked, and not deleted");
}

async fn a_stranger_does_not_end_a_deletion(cx: Cx) {
    let app = immediate(&cx).await;
    let ada = app.verified_user("ada").await;
    move_to(&app, &ada, VICTIM).await;
    app.delete("/users/me").by(&ada).json(json!({ "password": PASSWORD })).send().await.is(204);
    assert_ne!(id_of(&app, magic(&app, VICTIM).await).await, json!(ada.id));
    purge_late(&app).await;
    assert!(!app.has_user(&ada.email).await);
    audit::tables(&app).await;
}

async fn the_address_that_loses_the_account_is_told(cx: Cx) {
    let app = cx.app().await;
    let ada = app.verified_user("ada").await;
    let body = json!({ "new_email": "new@example.org", "password": PASSWORD });
    app.post("/auth/change-email").by(&ada).json(body).send().await.is(202);
    let token = json!({ "token": app.token_to("new@example.org", CONFIRM_EMAIL).await });
    app.post("/auth/change-email/confirm").by(&ada).json(token).send().await.is(200);
    revert(&app, &app.token_to(&ada.email, EMAIL_CHANGED).await).await.is(200);
    assert!(app.mail_to("new@example.org", EMAIL_CHANGED).await.link.is_none());
}

/// Two requests at once, the second of which begins so much later, at two servers.
async fn at_once<A: Future, B: Future>(number: u64, first: A, second: B) -> (A::Output, B::Output) {
    let later = async {
        tokio::time::sleep(Duration::from_micros(number % 20 * 400)).await;
        second.await
    };
    tokio::join!(first, later)
}

/// A link for an address opens no account that has left it while the link was redeemed, wherever it went.
async fn nobody_gets_an_account_that_moves_away_at_that_moment(cx: Cx) {
    let app = immediate(&cx).await;
    let other = app.second_server().await;
    for n in 0..20 {
        let (own, victim) = (format!("own{n}@example.org"), format!("victim{n}@example.org"));
        // There is no account yet, so that the link is for the account of that moment.
        app.post("/auth/magic-link").json(json!({ "email": own })).send().await.is(202);
        let link = json!({ "token": app.token_to(&own, MAGIC_LINK).await });
        let user = app.user(&format!("own{n}")).await;
        let moves = app.patch("/users/me").by(&user).json(json!({ "email": victim })).send();
        let opens = other.post("/auth/db/magic-link/verify").json(link).send();
        let (_, opened) = at_once(n, moves, opens).await;
        if opened.status == 200 {
            let token = opened.json()["access_token"].as_str().expect("a token").to_owned();
            let me = app.get("/users/me").bearer(&token).send().await;
            assert!(me.status == 401 || me.json()["email"] == json!(own), "{}", me.text());
        }
        let proved = app.count(&format!("authn_user WHERE email = '{victim}' AND is_verified")).await;
        assert_eq!(proved, 0, "nobody has opened a link there");
    }
    audit::tables(&app).await;
}

/// Who corrects a mistyped address loses nothing to its reader.
async fn an_account_that_moves_away_is_not_in_the_way(cx: Cx) {
    let app = immediate(&cx).await;
    let other = app.second_server().await;
    for n in 0..20 {
        let (typo, right) = (format!("typo{n}@example.org"), format!("right{n}@example.org"));
        let reader = app.verified_user(&format!("reader{n}")).await;
        let user = app.user(&format!("typo{n}")).await;
        let body = json!({ "new_email": typo, "password": PASSWORD });
        app.post("/auth/change-email").by(&reader).json(body).send().await.is(202);
        let link = json!({ "token": app.token_to(&typo, CONFIRM_EMAIL).await });
        let moves = app.patch("/users/me").by(&user).json(json!({ "email": right })).send();
        let opens = other.post("/auth/change-email/confirm").json(link).send();
        let (moved, _) = at_once(n, moves, opens).await;
        // The reader may have been first.
        if moved.status == 200 {
            assert_eq!(app.count(&format!("authn_user WHERE email = '{right}'")).await, 1);
        }
    }
}
