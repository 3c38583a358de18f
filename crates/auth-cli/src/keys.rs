//! Commands about signing keys.

use std::io::Write;

use auth_core::Auth;
use auth_core::installation::KeyState;
use auth_core::signing_key::{KEY_SET_MAX_AGE, MAX_AGE, Promotion, SigningKey, SigningKeyState};

use crate::upkeep::insist_on_key;
use crate::{Result, explain, print};

pub(crate) async fn list(auth: &Auth, output: &mut (dyn Write + Send)) -> Result {
    insist_on_managed(auth)?;
    let keys = auth.signing_keys().list().await.map_err(|error| explain(&error))?;
    for key in &keys {
        print(output, &format!("{}  {}  {}\n", key.id, key.algorithm, state(key)))?;
    }
    print(output, &format!("{} keys\n", keys.len()))
}

fn state(key: &SigningKey) -> String {
    let at = match key.state {
        SigningKeyState::Next => format!("may sign at {}", key.may_sign_at()),
        SigningKeyState::Retired => key.expires_at.map_or_else(String::new, |at| format!("accepted until {at}")),
        _ => key.promoted_at.map_or_else(String::new, |at| format!("since {at}")),
    };
    format!("{}  {at}", key.state)
}

pub(crate) async fn prepare(auth: &Auth, output: &mut (dyn Write + Send)) -> Result {
    insist_on_managed(auth)?;
    insist_on_key(auth).await?;
    let key = auth.signing_keys().prepare().await.map_err(|error| explain(&error))?;
    print(output, &format!("the next key is {}; run `keys promote` at {} or later\n", key.id, key.may_sign_at()))
}

pub(crate) async fn promote(auth: &Auth, output: &mut (dyn Write + Send)) -> Result {
    insist_on_managed(auth)?;
    insist_on_key(auth).await?;
    match auth.signing_keys().promote().await.map_err(|error| explain(&error))? {
        Promotion::Promoted(key) => {
            let seconds = MAX_AGE.as_secs();
            print(output, &format!("the key {} signs from now on, on every server within {seconds} s\n", key.id))
        }
        Promotion::TooEarly(key) => Err(format!(
            "the key {} may sign at {}, when nobody has a list of keys without it any more: run this command then",
            key.id,
            key.may_sign_at()
        )),
        _ => Err("there is no next key: run `keys prepare`".to_owned()),
    }
}

pub(crate) async fn remove(auth: &Auth, id: &str, output: &mut (dyn Write + Send)) -> Result {
    insist_on_managed(auth)?;
    // Not more: a key that cannot be opened is to be removed, too. What takes its place must be one that servers can open.
    if let KeyState::Unknown(unknown) = auth.installation().keys().await.map_err(|error| explain(&error))? {
        return Err(unknown.to_string());
    }
    let unknown = || format!("`{id}` is not a signing key: use an id that `keys` lists");
    let parsed = id.parse().map_err(|_| unknown())?;
    let current = auth.signing_keys().drop(parsed).await.map_err(|error| explain(&error))?.ok_or_else(unknown)?;
    let (here, elsewhere) = (MAX_AGE.as_secs(), (MAX_AGE + KEY_SET_MAX_AGE).as_secs());
    print(
        output,
        &format!(
            "removed: every server refuses its tokens within {here} s, and services that cache the published keys within {elsewhere} s; \
             the key {} signs\n",
            current.id
        ),
    )
}

fn insist_on_managed(auth: &Auth) -> Result {
    if auth.signing_keys().are_managed() {
        return Ok(());
    }
    Err("the library keeps no signing keys here: set the `keys` of a JWT backend to `JwtKeys::Managed`".to_owned())
}
