//! Values that arrive in fields, in headers and in imported tables.

use std::sync::LazyLock;

use auth_core::RedirectTarget;
use auth_core::RoleName;
use auth_core::identifier::{Email, LoginName, Username, has_forbidden_characters};
use auth_core::jwt::{JwtCodec, JwtCodecConfig, JwtKey, NewClaims};
use auth_core::mail::{Language, Languages};
use auth_core::password::{FirebaseSignerKey, HasherConfig, PasswordHasher};
use auth_core::time::OffsetDateTime;
use auth_core::uuid::Uuid;
use url::Url;

use super::shared::{AUTH, LISTED, OWN};

/// Email addresses, user names and names of roles: one canonical form, which stays itself.
pub(super) fn identifier(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(email) = Email::parse(text) {
        let again = Email::parse(email.as_str()).expect("the canonical form is an address");
        assert_eq!((again.as_str(), again.key()), (email.as_str(), email.key()));
        assert_eq!(Email::key_of(text).as_deref(), Some(email.key()));
        assert_eq!(Email::key_of(email.key()).as_deref(), Some(email.key()));
        assert!(email.as_str().len() <= 254 && email.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
    }
    if let Ok(name) = Username::parse(text) {
        let again = Username::parse(name.as_str()).expect("the canonical form is a name");
        assert_eq!((again.as_str(), again.key()), (name.as_str(), name.key()));
        assert!(name.as_str().len() <= 32 && !has_forbidden_characters(name.as_str()));
        // A name that looks like an address would be looked up as one.
        assert!(Email::parse(text).is_err());
    }
    if let Some(name) = LoginName::parse(text) {
        assert_eq!(LoginName::parse(name.key()), Some(name));
    }
    if let Ok(role) = RoleName::parse(text) {
        assert!(RoleName::is_canonical(role.as_str()) && role.as_str().eq_ignore_ascii_case(text));
    }
}

static CODEC: LazyLock<JwtCodec> = LazyLock::new(|| {
    // Bytes that pass for a secret: a key that looks like none is refused.
    const SECRET: [u8; 32] = *b"\x4e\x91\x0b\xd7\x3a\xc8\x65\x1f\xee\x72\x29\xb4\x5d\x80\x13\xfa\
        \xc6\x37\x9e\x04\xab\x58\xe1\x7c\x20\xd3\x8f\x46\xb9\x6a\x15\xf2";
    let key = JwtKey::hs256("fuzz", &SECRET).expect("a key");
    JwtCodec::new(JwtCodecConfig::new(OWN, "app", key)).expect("a codec")
});

/// A token that the key signed, in its three parts.
static SIGNED: LazyLock<[String; 3]> = LazyLock::new(|| {
    let [sub, sid, jti] = [1, 2, 3].map(Uuid::from_u128);
    let (amr, custom) = (vec!["pwd".to_owned()], serde_json::Map::new());
    let claims = NewClaims { sub, sid, jti, security_epoch: 1, scope: None, auth_time: 0, amr, aal: 1, custom };
    let (token, _) = CODEC.sign(&claims, OffsetDateTime::UNIX_EPOCH).expect("a token");
    let parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    parts.try_into().expect("three parts")
});

/// The JWT codec: no text that the key did not sign is a token, and a token has one spelling.
pub(super) fn jwt(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let [header, claims, signature] = &*SIGNED;
    let signed = format!("{header}.{claims}.{signature}");
    for token in [
        text.to_owned(),
        format!("{text}.{claims}.{signature}"),
        format!("{header}.{text}.{signature}"),
        format!("{header}.{claims}.{text}"),
    ] {
        assert_eq!(CODEC.verify(&token, OffsetDateTime::UNIX_EPOCH).is_ok(), token == signed, "{token}");
    }
}

static LANGUAGES: LazyLock<Languages> = LazyLock::new(|| {
    let others = ["de", "pt-BR", "zh-Hant"].map(|tag| tag.parse::<Language>().expect("a language"));
    Languages::new(Language::english(), others)
});

/// `Accept-Language`: whatever it says, one of the languages is chosen, and a tag has one spelling.
pub(super) fn language(bytes: &[u8]) {
    let Ok(header) = std::str::from_utf8(bytes) else { return };
    let chosen = LANGUAGES.choose(header);
    assert!(LANGUAGES.iter().any(|language| language == chosen));
    // A client that asks for the chosen one gets it.
    assert_eq!(LANGUAGES.choose(chosen.as_str()), chosen);
    if let Ok(language) = header.parse::<Language>() {
        assert_eq!(language.as_str().parse().as_ref(), Ok(&language));
        assert!(language.as_str().eq_ignore_ascii_case(header));
    }
}

/// Redirect targets: each leads to a listed origin of the web, and where a browser would go.
pub(super) fn redirect(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let settings = AUTH.settings();
    let Ok(target) = RedirectTarget::parse(settings, text) else { return };
    let url = target.url();
    let origin = url.origin().ascii_serialization();
    assert!(origin == OWN || LISTED.contains(&origin.as_str()), "{url}");
    assert!(url.scheme() == "https" && url.username().is_empty() && url.password().is_none(), "{url}");
    assert!(url.as_str().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'), "{url}");
    // A browser reads the text as a link on a page of the app (WHATWG URL).
    assert_eq!(settings.frontend_url.join(text).as_ref(), Ok(url));
    assert_eq!(Url::parse(url.as_str()).as_ref(), Ok(url));
    if url.as_str().len() <= 2048 {
        assert_eq!(RedirectTarget::parse(settings, url.as_str()).ok().as_ref(), Some(&target));
    }
}

static HASHER: LazyLock<PasswordHasher> = LazyLock::new(|| {
    let key = FirebaseSignerKey::from_base64(FIREBASE_KEY).expect("a signer key");
    let config = HasherConfig { firebase_signer_key: Some(key), ..HasherConfig::insecure_for_tests() };
    PasswordHasher::new(config).expect("a hasher")
});

/// The key that Firebase's documentation shows.
const FIREBASE_KEY: &str = "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==";

/// Stored password hashes: what is adopted fits its column, is adopted as it is, and what is known of its cost stays.
pub(super) fn hash(bytes: &[u8]) {
    let Ok(exported) = std::str::from_utf8(bytes) else { return };
    let concern = HASHER.concern(exported);
    let Ok(stored) = HASHER.adopt(exported) else { return };
    assert!(stored.len() <= 512 && stored.bytes().all(|byte| byte.is_ascii_graphic()), "{stored:?}");
    assert_eq!(HASHER.adopt(&stored).as_ref(), Ok(&stored));
    if let Some(concern) = concern {
        assert_eq!(HASHER.concern(&stored), Some(concern));
    }
    // One that is adopted would look like a hash of the library's own otherwise.
    assert!(!stored.starts_with("$argon2"));
}
