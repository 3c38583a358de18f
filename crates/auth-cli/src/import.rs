//! Importing the accounts of another system.

use std::io::{BufRead, Write};

use auth_core::Auth;
use auth_core::registration::ImportedAccount;
use auth_core::time::OffsetDateTime;
use auth_core::time::format_description::well_known::Rfc3339;
use auth_core::uuid::Uuid;
use serde_json::{Map, Value};

use crate::{Result, explain, print};

/// What no hash tells.
const PEPPER: &str = "\
if the other system hashed passwords together with a secret key (a pepper), none of them will be right:
import such accounts without hashes, and ask their owners to reset their passwords
";

/// Imports the accounts in the input, one JSON object a line; only says what it would do when it is `dry`.
pub(crate) async fn import(
    auth: &Auth,
    dry: bool,
    input: &mut (dyn BufRead + Send),
    output: &mut (dyn Write + Send),
) -> Result {
    let (mut lines, mut accounts) = (Vec::new(), Vec::new());
    for (number, line) in (1_usize..).zip(input.lines()) {
        let line = line.map_err(|cause| format!("line {number} could not be read: {cause}; nothing was imported"))?;
        if line.trim().is_empty() {
            continue;
        }
        let account = account(&line).map_err(|message| format!("line {number}: {message}; nothing was imported"))?;
        lines.push(number);
        accounts.push(account);
    }
    let has_hashes = accounts.iter().any(|account| account.password_hash.is_some());
    let registration = auth.registration();
    let report = if dry { registration.rehearse_import(accounts).await } else { registration.import(accounts).await };
    let report =
        report.map_err(|error| format!("{}; run the import again, which skips what is there", explain(&error)))?;
    let (was, were) = if dry { ("would be", "would be") } else { ("was", "were") };
    let losses = report.losses.iter().map(|(row, loss)| (*row, format!("{was} imported {loss}")));
    let skipped = report.skipped.iter().map(|(row, reason)| (*row, format!("{was} skipped: {reason}")));
    let concerns = report.concerns.iter().map(|(row, concern)| (*row, format!("{was} imported, but {concern}")));
    let mut remarks: Vec<_> = losses.chain(skipped).chain(concerns).collect();
    remarks.sort();
    for (row, remark) in remarks {
        print(output, &format!("line {}: {remark}\n", lines.get(row).unwrap_or(&0)))?;
    }
    let (imported, skipped) = (report.imported.len(), report.skipped.len());
    print(output, &format!("{imported} accounts {were} imported, and {skipped} skipped\n"))?;
    if has_hashes {
        print(output, PEPPER)?;
    }
    Ok(())
}

/// One account. The messages repeat no value.
fn account(line: &str) -> Result<ImportedAccount> {
    let fields = serde_json::from_str::<Map<String, Value>>(line);
    let mut fields = fields.map_err(|cause| format!("column {}: this is not a JSON object", cause.column()))?;
    let email = text(&mut fields, "email")?.ok_or("`email` is missing")?;
    let id = text(&mut fields, "id")?.map(|id| id.parse::<Uuid>().map_err(|_| "`id` must be a UUID")).transpose()?;
    let created_at = text(&mut fields, "created_at")?;
    let created_at = created_at.map(|at| OffsetDateTime::parse(&at, &Rfc3339)).transpose();
    let new = ImportedAccount::new(email);
    let account = ImportedAccount {
        id,
        username: text(&mut fields, "username")?,
        password_hash: text(&mut fields, "password_hash")?.map(Into::into),
        is_verified: flag(&mut fields, "is_verified")?.unwrap_or(new.is_verified),
        is_active: flag(&mut fields, "is_active")?.unwrap_or(new.is_active),
        display_name: text(&mut fields, "display_name")?,
        attributes: match value(&mut fields, "attributes") {
            None => Map::new(),
            Some(Value::Object(attributes)) => attributes,
            Some(_) => return Err("`attributes` must be an object".to_owned()),
        },
        created_at: created_at.map_err(|_| "`created_at` must be a time such as 2026-11-28T12:00:00Z")?,
        ..new
    };
    match fields.keys().next() {
        Some(name) => Err(format!("unknown key `{name}`")),
        None => Ok(account),
    }
}

fn value(fields: &mut Map<String, Value>, name: &str) -> Option<Value> {
    fields.remove(name).filter(|value| !value.is_null())
}

fn text(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>> {
    match value(fields, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{name}` must be a string")),
    }
}

fn flag(fields: &mut Map<String, Value>, name: &str) -> Result<Option<bool>> {
    match value(fields, name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(flag)),
        Some(_) => Err(format!("`{name}` must be true or false")),
    }
}
