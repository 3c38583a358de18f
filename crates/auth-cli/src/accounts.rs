//! Commands about accounts.

use std::io::{BufRead, Write};

use auth_core::audit::AuditQuery;
use auth_core::identifier::Email;
use auth_core::password::Password;
use auth_core::{Auth, ErrorCode};

use crate::upkeep::insist_on_key;
use crate::{Result, explain, print};

/// Reads a password: the first line of the input, as it is.
fn password(input: &mut (dyn BufRead + Send), output: &mut (dyn Write + Send)) -> Result<Password> {
    print(output, "password: ")?;
    let mut line = String::new();
    input.read_line(&mut line).map_err(|cause| format!("the password could not be read: {cause}"))?;
    let text = line.strip_suffix('\n').map_or(line.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() {
        return Err("give the password on standard input, as one line".to_owned());
    }
    print(output, "\n")?;
    Ok(Password::new(text))
}

pub(crate) async fn create_superuser(
    auth: &Auth,
    email: &str,
    input: &mut (dyn BufRead + Send),
    output: &mut (dyn Write + Send),
) -> Result {
    insist_on_key(auth).await?;
    let email = Email::parse(email).map_err(|cause| cause.to_string())?;
    let password = password(input, output)?;
    match auth.admin().create_superuser(email, password).await {
        Ok(user) => print(output, &format!("created the superuser {}\n", user.id)),
        Err(error) if error.code() == ErrorCode::RegisterUserAlreadyExists => {
            Err("an account with this address exists, or may go back to it; nothing was changed".to_owned())
        }
        Err(error) => Err(explain(&error)),
    }
}

pub(crate) async fn set_password(
    auth: &Auth,
    name: &str,
    input: &mut (dyn BufRead + Send),
    output: &mut (dyn Write + Send),
) -> Result {
    insist_on_key(auth).await?;
    let user = auth.admin().find(name).await.map_err(|error| explain(&error))?;
    let password = password(input, output)?;
    auth.admin().set_password(user.id, password).await.map_err(|error| explain(&error))?;
    print(output, "the password is set, and every session of the account ended\n")
}

pub(crate) async fn sessions(auth: &Auth, name: &str, output: &mut (dyn Write + Send)) -> Result {
    let user = auth.admin().find(name).await.map_err(|error| explain(&error))?;
    let sessions = auth.sessions().list_all(&user).await.map_err(|error| explain(&error))?;
    for session in sessions.iter().map(|listed| &listed.session) {
        let ip = session.ip().map_or_else(|| "-".to_owned(), |ip| ip.to_string());
        let agent = session.user_agent.as_deref().unwrap_or("-");
        let line = format!("{}  {}  {}  {ip}  {agent}\n", session.id, session.backend, session.last_seen_at);
        print(output, &line)?;
    }
    print(output, &format!("{} sessions\n", sessions.len()))
}

pub(crate) async fn revoke(auth: &Auth, name: &str, session: &str, output: &mut (dyn Write + Send)) -> Result {
    let user = auth.admin().find(name).await.map_err(|error| explain(&error))?;
    let session = match session {
        "all" => None,
        id => Some(
            id.parse().map_err(|_| format!("`{id}` is not a session: use an id that `sessions` lists, or `all`"))?,
        ),
    };
    auth.admin().end_sessions(user.id, session).await.map_err(|error| explain(&error))?;
    print(output, "ended\n")
}

pub(crate) async fn activity(auth: &Auth, name: Option<&str>, output: &mut (dyn Write + Send)) -> Result {
    let subject_id = match name {
        Some(name) => Some(auth.admin().find(name).await.map_err(|error| explain(&error))?.id),
        None => None,
    };
    let query = AuditQuery { subject_id, limit: Some(100), ..AuditQuery::default() };
    let page = auth.audit().list(query).await.map_err(|error| explain(&error))?;
    for event in page.items {
        let about = |id: Option<auth_core::uuid::Uuid>| id.map_or_else(|| "-".to_owned(), |id| id.to_string());
        let ip = event.ip.as_deref().unwrap_or("-");
        let data = event.data.map(|data| data.to_string()).unwrap_or_default();
        print(output, &format!("{}  {}  {}  {ip}  {data}\n", event.at, event.name, about(event.subject_id)))?;
    }
    Ok(())
}
