//! Accounts of every kind, made of those that are there.

use auth_entity::user;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, DatabaseConnection, EntityTrait, QueryFilter};

use super::comparison::Kind;
use crate::{Result, seed};

/// Makes some inactive and some unverified.
pub(super) async fn distinguish(db: &DatabaseConnection) -> Result {
    set(db, false).await
}

/// Makes all equal again, for what is measured next.
pub(super) async fn restore(db: &DatabaseConnection) -> Result {
    set(db, true).await
}

async fn set(db: &DatabaseConnection, value: bool) -> Result {
    for (kind, column) in [(Kind::Inactive, user::Column::IsActive), (Kind::Unverified, user::Column::IsVerified)] {
        let update = user::Entity::update_many().col_expr(column, Expr::value(value)).filter(of(kind));
        let expected = kind.accounts().len();
        let changed = update.exec(db).await?.rows_affected;
        if changed != expected as u64 {
            return Err(format!("{changed} accounts were changed instead of {expected}").into());
        }
    }
    Ok(())
}

/// The accounts of a kind, whose numbers have equally many digits.
fn of(kind: Kind) -> Condition {
    let accounts = kind.accounts();
    let email = user::Column::Email;
    Condition::all().add(email.gte(seed::email(accounts.start))).add(email.lte(seed::email(accounts.end - 1)))
}
