//! Looks for what is wrong with a deployment, and says what to do about it.

use std::io::Write;
use std::time::Duration;

use auth_core::installation::{KeyState, ProxySign};
use auth_core::signing_key::SigningKeyState;
use auth_core::{Auth, BuiltBackend};
use auth_migration::{Migrator, MigratorTrait};

use crate::{Result, explain, print};

/// How far the clocks of the app and of its database may be apart.
const SKEW: Duration = Duration::from_secs(5);

/// How long a mail may be overdue before nobody seems to send it.
const OVERDUE: Duration = Duration::from_secs(5 * 60);

/// A finding: `Ok` with what is fine, or what to do.
type Finding = std::result::Result<String, String>;

pub(crate) async fn examine(auth: &Auth, output: &mut (dyn Write + Send)) -> Result {
    let mut wrong = 0;
    let database = reach(auth).await;
    let reached = database.is_ok();
    report(output, "database", database, &mut wrong)?;
    if reached {
        let schema = schema(auth).await;
        let current = schema.is_ok();
        report(output, "tables", schema, &mut wrong)?;
        report(output, "clock", clock(auth).await, &mut wrong)?;
        if current {
            report(output, "superusers", superusers(auth).await, &mut wrong)?;
            report(output, "secret", secret(auth).await, &mut wrong)?;
            if auth.signing_keys().are_managed() {
                report(output, "signing keys", signing_keys(auth).await, &mut wrong)?;
            }
            report(output, "restore", restore(auth).await, &mut wrong)?;
            proxies(auth, output, &mut wrong).await?;
            passwords(auth, output).await?;
            report(output, "workers", workers(auth).await, &mut wrong)?;
            report(output, "audit log", log(auth).await, &mut wrong)?;
        }
    }
    for backend in auth.backends().iter().filter(|backend| backend.has_store()) {
        report(output, &format!("backend {}", backend.name), store(backend).await, &mut wrong)?;
    }
    report(output, "public url", public_url(auth), &mut wrong)?;
    report(output, "mail", mail(auth).await, &mut wrong)?;
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} of these need attention")) }
}

fn report(output: &mut (dyn Write + Send), name: &str, finding: Finding, wrong: &mut usize) -> Result {
    match finding {
        Ok(fine) => print(output, &format!("ok     {name}: {fine}\n")),
        Err(todo) => {
            *wrong += 1;
            print(output, &format!("WRONG  {name}: {todo}\n"))
        }
    }
}

/// What an operator should know, and can do nothing about at once.
fn notice(output: &mut (dyn Write + Send), name: &str, text: &str) -> Result {
    print(output, &format!("note   {name}: {text}\n"))
}

async fn reach(auth: &Auth) -> Finding {
    let ping = auth.database().ping().await;
    ping.map(|()| "it answers".to_owned()).map_err(|cause| format!("it does not answer; is it running? {cause}"))
}

async fn schema(auth: &Auth) -> Finding {
    const TODO: &str = "run `migrate`";
    let book = Migrator::get_pending_migrations_read_only(auth.database()).await;
    let pending = book.map_err(|cause| format!("the list of migrations is missing: {TODO} ({cause})"))?;
    if !pending.is_empty() {
        return Err(format!("{} migrations are pending: {TODO}", pending.len()));
    }
    let queries = [
        auth.admin().count_superusers().await.map(drop),
        auth.mail().state().await.map(drop),
        auth.audit().list(Default::default()).await.map(drop),
    ];
    match queries.into_iter().find_map(|query| query.err()) {
        None => Ok("up to date".to_owned()),
        Some(error) => Err(format!("a table is not what it should be, restore it from a backup: {}", explain(&error))),
    }
}

async fn clock(auth: &Auth) -> Finding {
    let theirs = auth.installation().database_time().await.map_err(|error| explain(&error))?.unix_timestamp();
    let apart = auth.now().unix_timestamp().abs_diff(theirs);
    if apart <= SKEW.as_secs() {
        return Ok(format!("{apart} s from the database's"));
    }
    Err(format!("it is {apart} s from the database's: run a time service such as chrony on both machines"))
}

async fn superusers(auth: &Auth) -> Finding {
    match auth.admin().count_superusers().await.map_err(|error| explain(&error))? {
        0 => Err("no account is an active superuser: create one with `create-superuser`".to_owned()),
        count => Ok(format!("{count} active")),
    }
}

/// What servers have seen of proxies that the configuration does not name. The command serves nothing, and cannot look itself.
async fn proxies(auth: &Auth, output: &mut (dyn Write + Send), wrong: &mut usize) -> Result {
    const NAME: &str = "proxies";
    let signs = auth.installation().proxy_signs().await.map_err(|error| explain(&error))?;
    if signs.is_empty() {
        let trusted = auth.settings().trusted_proxies.len() + usize::from(auth.settings().trusts_unix_socket);
        let fine = format!("{trusted} trusted, and no server has seen a sign of another one this week");
        return report(output, NAME, Ok(fine), wrong);
    }
    for (sign, at) in signs {
        let text = format!("seen at {at}: {}", sign.advice());
        match sign {
            // Any client can cause it.
            ProxySign::ForwardedPublicly => notice(output, NAME, &text)?,
            _ => report(output, NAME, Err(text), wrong)?,
        }
    }
    Ok(())
}

/// Weak and costly password hashes, which came with an import.
async fn passwords(auth: &Auth, output: &mut (dyn Write + Send)) -> Result {
    let found = auth.accounts().examine_hashes().await.map_err(|error| explain(&error))?;
    let more = if found.has_more { ", and there are more that were not examined" } else { "" };
    if found.concerns.is_empty() {
        return print(output, &format!("ok     passwords: every hash has a good cost{more}\n"));
    }
    for (concern, accounts) in found.concerns {
        notice(
            output,
            "passwords",
            &format!("{accounts} accounts{more}: {concern}; a login replaces the hash, and so does a reset"),
        )?;
    }
    Ok(())
}

async fn secret(auth: &Auth) -> Finding {
    let key = auth.installation().key_id();
    let state = auth.installation().keys().await.map_err(|error| explain(&error))?;
    let foreign = auth.mail().unreadable().await.map_err(|error| explain(&error))?;
    let counts: Vec<String> = foreign.iter().map(|(key, count)| format!("{count} with the key {key}")).collect();
    match state {
        KeyState::Unknown(unknown) => Err(unknown.to_string()),
        KeyState::New => {
            Err("the database has no key: let the server call `auth.installation().check_keys()` at its start"
                .to_owned())
        }
        _ if !foreign.is_empty() => Err(format!(
            "mails wait that cannot be opened here: {}; give the secrets of these keys to `former_secret`",
            counts.join(", ")
        )),
        KeyState::Replaced => Ok(format!("its key, {key}, replaces a former one at the next start of a server")),
        _ => Ok(format!("the database was used with its key, {key}, and it opens each mail that waits")),
    }
}

async fn signing_keys(auth: &Auth) -> Finding {
    if let Some(sealed) = auth.signing_keys().sealed().await.map_err(|error| explain(&error))? {
        return Err(sealed.to_string());
    }
    let keys = auth.signing_keys().list().await.map_err(|error| explain(&error))?;
    let Some(current) = keys.iter().find(|key| key.state == SigningKeyState::Current) else {
        return Err("no key signs: let the server call `auth.installation().check_keys()` at its start".to_owned());
    };
    let present = auth.installation().key_id();
    let former = keys.iter().filter(|key| key.sealed_with.as_ref().is_some_and(|key| *key != present)).count();
    Ok(match former {
        0 => format!("{}, which the secret opens, signs", current.id),
        _ => format!(
            "{former} are sealed with a former secret: keep `former_secret` until the workers have sealed them anew"
        ),
    })
}

async fn restore(auth: &Auth) -> Finding {
    Ok(match auth.installation().last_restore().await.map_err(|error| explain(&error))? {
        Some(at) => format!("`after-restore` ran at {at}; run it each time that a backup was restored"),
        None => "run `after-restore` each time that a backup was restored; it never ran here".to_owned(),
    })
}

async fn workers(auth: &Auth) -> Finding {
    match auth.mail().overdue(OVERDUE).await.map_err(|error| explain(&error))? {
        0 => Ok("no mail is overdue".to_owned()),
        count => Err(format!("{count} mails are overdue: does the server keep what `Auth::spawn_workers` returns?")),
    }
}

/// The table that grows most.
async fn log(auth: &Auth) -> Finding {
    let days = auth.settings().configs.audit.retention.as_secs() / (24 * 60 * 60);
    let rows = auth.audit().size().await.map_err(|error| explain(&error))?;
    Ok(format!("{rows} rows, kept for {days} days (`AuthBuilder::audit`)"))
}

/// Where the tokens of a backend are, beside the database.
async fn store(backend: &BuiltBackend) -> Finding {
    let notes = backend.examine().await;
    let notes = notes.map_err(|error| format!("its store does not answer; is it running? {}", explain(&error)))?;
    if notes.is_empty() { Ok("the store of its tokens answers".to_owned()) } else { Err(notes.join("; ")) }
}

fn public_url(auth: &Auth) -> Finding {
    let settings = auth.settings();
    match settings.public_url.scheme() {
        "https" => Ok(settings.public_url.to_string()),
        _ => Ok(format!("{}: plain http, for this machine only", settings.public_url)),
    }
}

async fn mail(auth: &Auth) -> Finding {
    match auth.mail().check().await {
        Ok(()) => Ok("the mailer is ready".to_owned()),
        Err(cause) => Err(format!("the mailer cannot deliver, check its server and its account: {cause}")),
    }
}
