//! Prints each public type that can be printed, with canaries in it, and looks for them (OWASP ASVS 16.2.5, SEC-07,
//! CVE-2026-134316).
//!
//! `cargo xtask tidy` finds the types and insists that they are here.

use std::fmt::Debug;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use url::Url;
use uuid::Uuid;

use crate::admin::{AdminChanges, NewUser, PageRequest};
use crate::audit::{AuditEvent, AuditQuery};
use crate::device::{Device, DeviceConfig};
use crate::feature::{Export, Feature, Kernel};
use crate::hasura::{HasuraConfig, HasuraOptions};
use crate::identifier::{Email, LoginName, Username};
use crate::installation::{KeyError, KeyState, Restored, UnknownKey};
use crate::json::JsonError;
use crate::jwt::{AccessClaims, JwtCodecConfig, JwtError, JwtKey, NewClaims};
use crate::limit::{Bucket, Limit, Pair, Subject};
use crate::magic_link::{MagicLinkConfig, MagicLinkProof, Preview, WaitingDevice};
use crate::mail::{
    Content, Language, LinkConfig, Mail, MailCode, MailConfig, MailKind, MailLink, Message, Recipient, Service,
    TemplateErrors, Templates, TemplatesBuilder,
};
use crate::one_time::{Consumed, Family, Issue, Purpose};
use crate::password::{FirebaseSignerKey, HashConcern, HasherConfig, HasherError, Password, PasswordConfig, Refusal};
use crate::principal::Source;
use crate::profile::AccountChanges;
use crate::registration::{ImportLoss, ImportReport, ImportedAccount, NewAccount, SkipReason};
use crate::role::{RoleConfig, RoleName, UserRoles};
use crate::session::{Carried, IssuedToken, Login, Proof};
use crate::signing_key::{Promotion, SealedKey, SigningKey, SigningKeyConfig};
use crate::token::{NewToken, TokenRef, TokenSubject};
use crate::{
    Action, Auth, Backend, Client, ConfigErrors, CookieOptions, Details, Error, ErrorCode, Limits, Principal,
    RedirectTarget, RefreshOptions, RootSecret, Session, Settings, Transport, User,
};

fn signing_key_row() -> auth_entity::signing_key::Model {
    auth_entity::signing_key::Model {
        id: Uuid::nil(),
        generation: 1,
        algorithm: "EdDSA".to_owned(),
        public_key: SECRET.into(),
        private_key: Some(SECRET.into()),
        created_at: auth_entity::Timestamp(OffsetDateTime::UNIX_EPOCH),
        promoted_at: None,
        retired_at: None,
        expires_at: None,
    }
}

const SECRET: &str = "canary-Umbrella-42-Zebra-of-the-moon";
const CODE: &str = "428915";
const ADDRESS: &str = "canary.lovelace@example.org";

/// What must not be read in any text, in whatever spelling.
fn canaries() -> Vec<String> {
    let bytes = |text: &str| text.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>();
    let hex = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let plain = [SECRET, CODE, ADDRESS, "canary.lovelace"].map(str::to_owned);
    let lists = [SECRET, CODE, ADDRESS].map(|text| bytes(text).join(", "));
    [&plain[..], &lists[..], &[hex]].concat()
}

/// Prints a value in each way that there is.
fn print(value: &dyn Debug) -> String {
    format!("{value:?}\n{value:#?}").replace(",\n", ", ").replace("  ", "")
}

fn check(texts: &[(&str, String)]) {
    for (name, text) in texts {
        for canary in canaries() {
            assert!(!text.contains(&canary), "{name} shows {canary}: {text}");
        }
        assert!(!text.trim().is_empty(), "{name}");
    }
}

macro_rules! printed {
    ($($value:expr),+ $(,)?) => { [$((stringify!($value), print(&$value))),+] };
}

fn secret() -> SecretString {
    SecretString::from(SECRET)
}

fn email() -> Email {
    Email::parse(ADDRESS).unwrap()
}

fn user() -> User {
    User {
        id: Uuid::nil(),
        email: Some(ADDRESS.to_owned()),
        username: Some("canary.lovelace".to_owned()),
        is_active: true,
        is_superuser: false,
        is_verified: true,
        must_change_password: false,
        display_name: Some(ADDRESS.to_owned()),
        attributes: json!({ "token": SECRET }),
        security_epoch: 0,
        created_at: OffsetDateTime::UNIX_EPOCH,
        updated_at: OffsetDateTime::UNIX_EPOCH,
        last_login_at: None,
        delete_at: None,
    }
}

fn session() -> Session {
    Session {
        id: Uuid::nil(),
        user_id: Uuid::nil(),
        backend: "db".to_owned(),
        auth_time: OffsetDateTime::UNIX_EPOCH,
        amr: "pwd".to_owned(),
        aal: 1,
        created_at: OffsetDateTime::UNIX_EPOCH,
        last_seen_at: OffsetDateTime::UNIX_EPOCH,
        expires_at: OffsetDateTime::UNIX_EPOCH,
        remembered: false,
        token_at: OffsetDateTime::UNIX_EPOCH,
        ip: Some("192.0.2.1".to_owned()),
        user_agent: Some("curl".to_owned()),
        scope: None,
    }
}

fn principal() -> Principal {
    Principal { user: user(), session: session(), source: Source::unique(), is_remembered: false }
}

fn export() -> Export {
    let mut export = Export::new(&user(), None);
    export.more = attributes();
    export
}

fn attributes() -> Map<String, Value> {
    Map::from_iter([("token".to_owned(), json!(SECRET))])
}

#[test]
fn what_is_there_is_found() {
    for text in [print(&SECRET), print(&SECRET.as_bytes()), print(&Some(ADDRESS)), print(&CODE.as_bytes())] {
        assert!(canaries().iter().any(|canary| text.contains(canary)), "{text}");
    }
}

#[test]
fn names_of_roles_are_public() {
    let role = RoleName::parse("editor").unwrap();
    let roles = UserRoles { roles: vec![role.clone()], default_role: role.clone() };
    check(&printed![role, roles, RoleConfig::default().declare("editor")]);
}

#[test]
fn people_and_their_accounts() {
    let password = || Some(Password::new(SECRET));
    let username = || Username::parse("canary.lovelace").unwrap();
    check(&printed![
        user(),
        session(),
        principal(),
        Action::UpdateUser { before: &user(), after: &user() },
        export(),
        email(),
        username(),
        LoginName::Email(ADDRESS.to_owned()),
        LoginName::Username("canary.lovelace".to_owned()),
        Client::new(None, Some("curl")).with_accept_language(Some("en")),
        PageRequest { prefix: Some(ADDRESS.to_owned()), ..PageRequest::default() },
        Preview { email: ADDRESS.to_owned(), redirect_to: None },
        WaitingDevice {
            email: ADDRESS.to_owned(),
            browser: "Firefox".to_owned(),
            system: None,
            address: Some(ADDRESS.to_owned()),
            time: "2026-01-15 12:00 UTC".to_owned(),
        },
        MagicLinkConfig::default(),
        HasuraConfig::from(HasuraOptions::default()),
        HasuraOptions::default(),
        AdminChanges {
            email: Some(email()),
            password: password(),
            username: Some(Some(username())),
            display_name: Some(Some(ADDRESS.to_owned())),
            attributes: Some(attributes()),
            ..AdminChanges::default()
        },
        NewUser {
            email: Some(email()),
            username: Some(username()),
            password: password(),
            display_name: Some(ADDRESS.to_owned()),
            attributes: attributes(),
            is_active: true,
            is_superuser: false,
            is_verified: false,
        },
        AccountChanges {
            email: Some(email()),
            password: password(),
            current_password: password(),
            username: Some(Some(username())),
            display_name: Some(Some(ADDRESS.to_owned())),
            attributes: Some(attributes()),
        },
        NewAccount {
            email: email(),
            password: Password::new(SECRET),
            username: Some(username()),
            display_name: Some(ADDRESS.to_owned()),
            attributes: attributes(),
        },
        ImportedAccount {
            username: Some("canary.lovelace".to_owned()),
            password_hash: Some(secret()),
            display_name: Some(ADDRESS.to_owned()),
            attributes: attributes(),
            ..ImportedAccount::new(ADDRESS)
        },
        SkipReason::Attributes("unknown field `plan`".to_owned()),
        ImportLoss::Username(Username::parse("canary.lovelace!").unwrap_err()),
        ImportReport {
            losses: vec![(0, ImportLoss::Username(Username::parse("canary.lovelace!").unwrap_err()))],
            skipped: vec![(1, SkipReason::Email(Email::parse("canary.lovelace").unwrap_err()))],
            ..ImportReport::default()
        },
        Password::new(&format!("{SECRET}o\u{308}")),
        AuditQuery { name: Some("login_failure".to_owned()), ..AuditQuery::default() },
        AuditEvent {
            id: Uuid::nil(),
            at: OffsetDateTime::UNIX_EPOCH,
            name: "login_failure".to_owned(),
            subject_id: None,
            actor_id: None,
            session_id: None,
            ip: None,
            user_agent: None,
            data: Some(json!({ "reason": "wrong_password" })),
            count: 1,
            last_at: OffsetDateTime::UNIX_EPOCH,
        },
        Device {
            id: Uuid::nil(),
            kind: "cookie".to_owned(),
            user_agent: Some("curl".to_owned()),
            created_at: OffsetDateTime::UNIX_EPOCH,
            last_seen_at: OffsetDateTime::UNIX_EPOCH,
            expires_at: OffsetDateTime::UNIX_EPOCH,
            is_current: true,
        },
    ]);
}

#[test]
fn tokens_codes_and_keys() {
    const PURPOSE: Purpose = Purpose::new("canary", "can_");
    let key = || JwtKey::hs256("one", SECRET.as_bytes()).unwrap();
    let token = || IssuedToken { refresh_token: Some(secret()), ..IssuedToken::new(secret(), None) };
    let claims = NewClaims {
        sub: Uuid::nil(),
        sid: Uuid::nil(),
        jti: Uuid::nil(),
        security_epoch: 0,
        scope: None,
        auth_time: 0,
        amr: vec!["pwd".to_owned()],
        aal: 1,
        custom: attributes(),
    };
    let verified = AccessClaims {
        iss: "https://notes.example.com".to_owned(),
        aud: "notes".to_owned(),
        sub: Uuid::nil(),
        sid: Uuid::nil(),
        jti: Uuid::nil(),
        security_epoch: 0,
        iat: 0,
        nbf: 0,
        exp: 0,
        auth_time: 0,
        aal: 1,
        amr: vec!["pwd".to_owned()],
        scope: None,
        custom: attributes(),
    };
    check(&printed![
        token(),
        Login { principal: principal(), token: token(), device: Some(secret()) },
        NewToken { token: secret(), digest: None, expires_in: None },
        TokenRef::Digest(crate::secret::digest(SECRET)),
        Carried::InCookie("refresh"),
        RefreshOptions::default(),
        Proof::password().scopes(["notes:read"]),
        Issue {
            user: Some(&user()),
            family: Some(Family::new(ADDRESS, &Client::default())),
            code: Some(CODE),
            binding: Some(SECRET),
            address: Some(ADDRESS),
            data: Some(json!({ "password_hash": SECRET, "email": ADDRESS })),
            ..Issue::new(PURPOSE, Duration::from_secs(60))
        },
        Consumed {
            user_id: None,
            security_epoch: None,
            address: None,
            data: Some(json!({ "password_hash": SECRET, "email": ADDRESS })),
        },
        MagicLinkProof::Token(secret()),
        MagicLinkProof::Code { email: email(), code: SecretString::from(CODE) },
        Password::new(SECRET),
        RootSecret::new(SECRET),
        FirebaseSignerKey::from_base64("Y2FuYXJ5LVVtYnJlbGxhLTQyLVplYnJhLW9mLXRoZS1tb29u").unwrap(),
        HasherConfig {
            firebase_signer_key: FirebaseSignerKey::from_base64("Y2FuYXJ5LVVtYnJlbGxhLTQyLVplYnJhLW9mLXRoZS1tb29u")
                .ok(),
            ..HasherConfig::default()
        },
        PasswordConfig::default(),
        Refusal::new("Choose a longer password."),
        HashConcern::Costly { found: "bcrypt with a cost of 16".to_owned() },
        HasherError::Internal("no thread to hash on".to_owned()),
        key(),
        JwtCodecConfig {
            verification: vec![key()],
            ..JwtCodecConfig::new("https://notes.example.com", "notes", key())
        },
        claims,
        verified,
        JwtError::Signing("the key cannot sign".to_owned()),
        JsonError::Syntax { line: 1, column: 1, message: "expected value".to_owned() },
        CookieOptions::default(),
        Transport::Bearer,
    ]);
}

#[test]
fn mails() {
    const KIND: MailKind = MailKind::new("canary", &[("en", "")]).uses(&[("team", "Analytical Engines")]);
    let link =
        || MailLink::new(Url::parse(&format!("https://notes.example.com/?token={SECRET}")).unwrap(), Duration::ZERO);
    let code = || MailCode::try_from(CODE.to_owned()).unwrap();
    let message = || -> Message { KIND.message().link(link()).code(code()).value("team", ADDRESS) };
    let to = || Recipient::of(&user()).unwrap();
    let url = Url::parse("https://notes.example.com").unwrap();
    check(&printed![
        link(),
        code(),
        KIND,
        message(),
        to(),
        Mail::new(Uuid::nil(), to(), message(), Language::english(), OffsetDateTime::UNIX_EPOCH),
        Content { subject: "Hello".to_owned(), text: SECRET.to_owned(), html: SECRET.to_owned() },
        Language::english(),
        LinkConfig::new("verify", Duration::from_secs(60)),
        DeviceConfig { account_page: Some("account".to_owned()), ..DeviceConfig::default() },
        MailConfig::default(),
        Service { name: "Notes", url: &url },
        TemplateErrors(vec!["en/canary: no subject".to_owned()]),
        Templates::builder(),
    ]);
    let _: fn(TemplatesBuilder) = drop;
    #[cfg(feature = "smtp")]
    check(&printed![
        crate::mail::SmtpMailer::new(&format!("smtps://canary.lovelace:{SECRET}@mail.example.com"), ADDRESS).unwrap()
    ]);
}

#[tokio::test]
async fn handles_settings_and_errors() {
    const LIMIT: Limit<Email> = Limit::new("canary", &[]);
    let db = sea_orm::Database::connect("sqlite::memory:").await.unwrap();
    let auth: Auth = Auth::builder(db)
        .public_url("https://notes.example.com")
        .secret(RootSecret::new(SECRET))
        .former_secret(RootSecret::new(format!("{SECRET}-before")))
        .passwords(HasherConfig::insecure_for_tests())
        .backend(Backend::bearer("db"))
        .build()
        .unwrap();
    let kernel: &Kernel = auth.kernel();
    let settings: &Settings = auth.settings();
    let bucket: Bucket = LIMIT.of(&email());
    let nobody = Client::default();
    let effect = kernel.effect(&nobody, |effect| async move {
        effect.queue_mail(Some(effect.mail(Recipient::unverified(ADDRESS), MailKind::new("canary", &[]))?));
        let (user, session, now) = (&user(), &session(), OffsetDateTime::UNIX_EPOCH);
        let (random, tx) = (&crate::OsRandom, effect.tx());
        let subject = TokenSubject { user, session, roles: None, now, expires_at: now, random, tx };
        Err::<(), _>(Error::internal(print(&*effect) + &print(&subject)))
    });
    let unknown = || UnknownKey { given: auth.installation().key_id(), known: vec!["0badc0de".to_owned()] };
    let signing_key = || SigningKey::from(&signing_key_row());
    let sealed = || SealedKey { id: Uuid::nil(), sealed_with: "0badc0de".to_owned() };
    let target = RedirectTarget::parse(settings, "/notes").unwrap();
    check(&[("Effect and TokenSubject", effect.await.unwrap_err().to_string())]);
    check(&printed![
        auth,
        kernel,
        settings,
        target,
        bucket,
        LIMIT,
        Subject::Name(ADDRESS.to_owned()),
        Subject::of(&user()),
        Pair(Subject::Name(ADDRESS.to_owned()), Client::new(None, None).with_device(Some(SECRET))),
        Limits::default().set(LIMIT, []),
        auth.installation(),
        KeyState::Unknown(unknown()),
        KeyError::Unknown(unknown()),
        KeyError::Sealed(sealed()),
        sealed(),
        auth.signing_keys(),
        SigningKeyConfig::default(),
        Promotion::Promoted(signing_key()),
        signing_key(),
        Restored { sessions: 1, tokens: 2, mails: 3 },
        Feature::new("canary", "Canaries."),
        ConfigErrors(vec![RootSecret::new("short").problem().unwrap()]),
        Error::from(ErrorCode::RateLimited),
        Details { reason: Some("Choose a longer password.".to_owned()), ..Details::default() },
    ]);
}
