//! Scenarios of accounts whose address was changed to an unverified one: who gets which account (LNK-01, LNK-09,
//! MAG-04, CHG-04).

use auth_core::ErrorCode as E;
use serde_json::json;

use crate::mails::{EMAIL_CHANGED, MAGIC_LINK, RESET_PASSWORD, VERIFY_EMAIL};
use crate::scenario::scenarios;
use crate::{Answer, App, Cx, Login, Scenario, audit};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_strangers_mailbox_gets_an_account_of_its_own,
    a_thief_cannot_close_the_way_back,
    an_unverified_former_owner_cannot_revert,
    a_squatter_makes_room_for_the_owner,
    a_superusers_repair_is_the_last_word,
    an_account_that_is_locked_stays_where_it_is,
    a_contested_address_gets_no_reset_link,
    no_session_survives_a_revocation_at_the_same_moment: direct_only,
];

const VICTIM: &str = "victim@example.org";
const NEW: &str = "kettle-Umbrella-42-river";

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
    let app = cx.app().await;
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
    revert(&app, &way_back).await.fails(E::ChangeEmailBadToken);
    assert_eq!(id_of(&app, magic(&app, VICTIM).await).await, own);
    event!(app, EmailReverted);
    audit::tables(&app).await;
}

async fn a_thief_cannot_close_the_way_back(cx: Cx) {
    let app = cx.app().await;
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
    let app = cx.app().await;
    let attacker = app.user("attacker").await;
    move_to(&app, &attacker, VICTIM).await;
    let way_back = app.token_to(&attacker.email, EMAIL_CHANGED).await;
    app.post("/auth/forgot-password").json(json!({ "email": VICTIM })).send().await.is(202);
    let reset = json!({ "token": app.token_to(VICTIM, RESET_PASSWORD).await, "password": NEW });
    app.post("/auth/reset-password").json(reset).send().await.is(200);
    revert(&app, &way_back).await.fails(E::ChangeEmailBadToken);
    app.try_login(VICTIM, NEW, "db").await.is(200);
}

async fn a_squatter_makes_room_for_the_owner(cx: Cx) {
    let app = cx.app().await;
    for (name, registers) in [("ada", true), ("grace", false)] {
        let owner = app.verified_user(name).await;
        let second = app.verified_user(&format!("second-of-{name}")).await;
        move_to(&app, &owner, &format!("thief-of-{name}@example.org")).await;
        let way_back = app.token_to(&owner.email, EMAIL_CHANGED).await;
        if registers {
            app.register(name).await;
        } else {
            move_to(&app, &second, &owner.email).await;
        }
        let back = revert(&app, &way_back).await.is(200).json();
        assert_eq!((&back["id"], &back["email"]), (&json!(owner.id), &json!(owner.email)), "{name}");
        // An account with a place to go to goes there.
        assert!(app.has_user(&second.email).await);
    }
    audit::tables(&app).await;
}

async fn a_superusers_repair_is_the_last_word(cx: Cx) {
    let app = cx.app().await;
    let root = app.superuser("root").await;
    let owner = app.verified_user("ada").await;
    move_to(&app, &owner, "thief@example.org").await;
    let early = app.token_to(&owner.email, EMAIL_CHANGED).await;
    let repaired = json!({ "email": "ada-again@example.org", "is_verified": true });
    app.patch(&owner.path()).by(&root).json(repaired).send().await.is(200);
    let notice = app.mail_to("thief@example.org", EMAIL_CHANGED).await;
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
    let app = cx.app().await;
    let ada = app.verified_user("ada").await;
    move_to(&app, &ada, "elsewhere@example.org").await;
    let way_back = app.token_to(&ada.email, EMAIL_CHANGED).await;
    let moved = Login { email: "elsewhere@example.org".to_owned(), ..ada.clone() };
    app.deactivate(&moved).await;
    revert(&app, &way_back).await.fails(E::ChangeEmailBadToken);
    app.activate(&moved).await;
    revert(&app, &way_back).await.is(200);
}

/// A way back that a stranger was mailed gets the account to the stranger, but not for good.
async fn a_contested_address_gets_no_reset_link(cx: Cx) {
    let app = cx.app().await;
    let attacker = app.verified_user("attacker").await;
    move_to(&app, &attacker, VICTIM).await;
    app.clock().advance(std::time::Duration::from_secs(1));
    move_to(&app, &attacker, "third@example.org").await;
    revert(&app, &app.token_to(VICTIM, EMAIL_CHANGED).await).await.is(200);
    assert!(!app.was_mailed(VICTIM, RESET_PASSWORD).await);
    assert_ne!(id_of(&app, magic(&app, VICTIM).await).await, json!(attacker.id));
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
