//! Types that hold secrets cannot be printed, shown or serialised by accident (OWASP ASVS 14.2.4).

use std::fmt::{Debug, Display};

use auth_core::admin::AdminChanges;
use auth_core::identifier::{Email, Username};
use auth_core::jwt::JwtKey;
use auth_core::password::{Password, PasswordHasher, PolicyContext};
use auth_core::profile::AccountChanges;
use auth_core::registration::NewAccount;
use auth_core::secrecy::SecretString;
use auth_core::session::{Credential, IssuedToken};
use auth_core::{Auth, AuthBuilder, Backend, RootSecret};
use serde::Serialize;
use serde_json::Map;

/// Does not compile when the type has the trait: the name would be ambiguous.
macro_rules! assert_lacks {
    ($trait:path: $($type:ty),+ $(,)?) => {$(
        const _: fn() = || {
            struct Has;
            trait Ambiguous<Mark> {
                fn lacks() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + $trait> Ambiguous<Has> for T {}
            <$type as Ambiguous<_>>::lacks();
        };
    )+};
}

assert_lacks!(Serialize: Password, RootSecret, JwtKey, IssuedToken, SecretString, PasswordHasher, NewAccount, AccountChanges, AdminChanges);
assert_lacks!(Display: Password, RootSecret, JwtKey, IssuedToken, SecretString, Email, Username, NewAccount, AccountChanges, AdminChanges);
assert_lacks!(Debug: PasswordHasher, PolicyContext, Credential<'static>, AuthBuilder, Backend);

const SECRET: &str = "kettle-Umbrella-42-Zebra-of-the-moon";

#[test]
fn what_can_be_printed_hides_the_secret() {
    let (password, email) = (Password::new(SECRET), Email::parse("ada.lovelace@example.org").expect("an address"));
    let username = Username::parse("lovelace").expect("a name");
    let token = || IssuedToken::new(SecretString::from(SECRET), None);
    let texts = [
        format!("{:?}", RootSecret::new(SECRET)),
        format!("{password:?} {password:#?}"),
        format!("{:?} {:#?}", token(), token()),
        format!("{:?}", JwtKey::hs256("one", SECRET.as_bytes()).expect("a key")),
        format!(
            "{:?}",
            NewAccount {
                email: email.clone(),
                password: password.clone(),
                username: Some(username),
                display_name: None,
                attributes: Map::new(),
            }
        ),
        format!(
            "{:?}",
            AccountChanges {
                email: Some(email.clone()),
                password: Some(password.clone()),
                current_password: Some(password.clone()),
                ..AccountChanges::default()
            }
        ),
        format!("{:?}", AdminChanges { email: Some(email), password: Some(password), ..AdminChanges::default() }),
    ];
    for text in texts {
        for secret in [SECRET, "lovelace", "Umbrella", "example.org"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(!text.is_empty());
    }
}

#[tokio::test]
async fn a_handle_shows_where_it_is_and_nothing_else() {
    let db = auth_core::sea_orm::Database::connect("sqlite::memory:").await.expect("a connection");
    let auth: Auth = Auth::builder(db)
        .public_url("https://notes.example.com")
        .secret(RootSecret::new(SECRET))
        .passwords(auth_core::password::HasherConfig::insecure_for_tests())
        .backend(Backend::bearer("db"))
        .build()
        .expect("a good configuration");
    assert_eq!(format!("{auth:?}"), r#"Auth { public_url: "https://notes.example.com/", .. }"#);
}
