//! Prints the rows with canaries in them, and looks for these (SEC-07).
//!
//! `cargo xtask tidy` finds the types and insists that they are here.

use std::fmt::Debug;

use sea_orm::IntoActiveModel;
use sea_orm::prelude::{Json, Uuid};

use crate::{Digest, PasswordHash, Remembered, Timestamp};
use crate::{
    address, device, event, limit, mail, meta, one_time_token, refresh_token, role, session, signing_key, user,
    user_role,
};

const SECRET: &str = "canary-Umbrella-42-Zebra-of-the-moon";

/// Looks for the text and for its bytes, in the row and in what is written of it.
fn check<M: IntoActiveModel<A> + Clone + Debug, A: sea_orm::ActiveModelTrait + Debug>(row: &M) {
    let bytes = format!("{:?}", SECRET.as_bytes());
    let bytes = bytes.trim_matches(['[', ']']);
    let text = format!("{row:?} {row:#?} {:?}", row.clone().into_active_model());
    let text = text.replace(",\n", ", ").replace("  ", "");
    assert!(!text.contains("canary") && !text.contains(bytes), "{text}");
}

fn moment() -> Timestamp {
    Timestamp(time::OffsetDateTime::UNIX_EPOCH)
}

fn digest() -> Digest {
    Digest(SECRET.as_bytes().to_vec())
}

#[test]
fn values_are_hidden() {
    let shown = format!("{:?} {:?} {:?}", digest(), PasswordHash(SECRET.to_owned()), Remembered(Json::from(SECRET)));
    assert_eq!(shown, "Digest(***) PasswordHash(***) Remembered(***)");
}

#[test]
fn rows_hide_what_is_secret() {
    check(&refresh_token::Model {
        session_id: Uuid::nil(),
        family_hash: digest(),
        token_hash: digest(),
        rotated_at: moment(),
        parent_hash: Some(digest()),
        client_hash: Some(digest()),
        answer: None,
    });
    check(&user::Model {
        id: Uuid::nil(),
        realm: String::new(),
        email: None,
        username: None,
        username_key: None,
        password_hash: Some(PasswordHash(SECRET.to_owned())),
        password_is_confirmed: true,
        is_active: true,
        is_superuser: false,
        is_verified: false,
        must_change_password: false,
        display_name: None,
        locale: None,
        attributes: Json::Null,
        sev: 0,
        created_at: moment(),
        updated_at: moment(),
        last_login_at: None,
        delete_at: None,
    });
    check(&session::Model {
        id: Uuid::nil(),
        user_id: Uuid::nil(),
        actor_id: None,
        backend: String::new(),
        token_hash: Some(digest()),
        sev: 0,
        token_sev: 0,
        auth_time: moment(),
        amr: String::new(),
        aal: 1,
        created_at: moment(),
        last_seen_at: moment(),
        expires_at: moment(),
        remembered: false,
        token_at: moment(),
        ip: None,
        user_agent: None,
        device_id: None,
        scope: None,
    });
    check(&one_time_token::Model {
        id: Uuid::nil(),
        kind: String::new(),
        token_hash: digest(),
        user_id: None,
        sev: None,
        family: None,
        place: None,
        origin: None,
        turn: None,
        code_hash: Some(digest()),
        attempts: 0,
        binding_hash: Some(digest()),
        address_hash: Some(digest()),
        data: Some(Remembered(Json::from(SECRET))),
        created_at: moment(),
        expires_at: moment(),
        used_at: None,
    });
    check(&device::Model {
        id: Uuid::nil(),
        user_id: Uuid::nil(),
        kind: String::new(),
        key_hash: digest(),
        opened_mail: false,
        user_agent: None,
        created_at: moment(),
        last_seen_at: moment(),
        expires_at: moment(),
    });
}

/// What they hold is public, sealed, or a digest under a key that the table does not have.
#[test]
fn rows_without_secrets_are_shown() {
    check(&address::Model {
        realm: String::new(),
        email_key: "ada@example.org".to_owned(),
        user_id: Uuid::nil(),
        is_current: false,
        reserved_until: None,
    });
    check(&event::Model {
        id: Uuid::nil(),
        at: moment(),
        name: "login_failure".to_owned(),
        subject_id: None,
        actor_id: None,
        session_id: None,
        ip: None,
        user_agent: None,
        data: None,
        count: 1,
        last_at: moment(),
        slot: None,
    });
    check(&mail::Model {
        id: Uuid::nil(),
        body: vec![2, 0, 1],
        attempts: 0,
        due_at: moment(),
        claim: None,
        created_at: moment(),
        expires_at: moment(),
        failed_at: None,
    });
    check(&role::Model { name: "editor".to_owned(), created_at: moment() });
    check(&user_role::Model {
        user_id: Uuid::nil(),
        role: "editor".to_owned(),
        granted_at: moment(),
        granted_by: None,
    });
    check(&signing_key::Model {
        id: Uuid::nil(),
        generation: 1,
        algorithm: "EdDSA".to_owned(),
        public_key: vec![1],
        private_key: Some(vec![2, 0, 1]),
        created_at: moment(),
        promoted_at: None,
        retired_at: None,
        expires_at: None,
    });
    check(&meta::Model { name: "key".to_owned(), number: 0, data: Some(vec![1, 2]), at: moment() });
    check(&limit::Model { id: Uuid::nil(), realm: String::new(), used: 1, next_at: moment(), ends_at: moment() });
}
