//! The queries of single-use tokens.

use auth_entity::one_time_token::{ActiveModel, Column, Entity, Model};
use auth_entity::{Digest, Remembered, Timestamp, user};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::model::address_digest;
use super::seat::Seat;
use super::{Consumed, Issue, Purpose};
use crate::installation::epoch;
use crate::secret::digest;
use crate::{Error, Result};

/// What a new row consists of beside what it is issued for.
pub(super) struct NewRow {
    pub(super) id: Uuid,
    pub(super) token: [u8; 32],
    pub(super) seat: Option<Seat>,
    /// The network that it is one of few tokens of, and its number among them, for one without siblings.
    pub(super) turn: Option<([u8; 32], i32)>,
    pub(super) code: Option<[u8; 32]>,
}

/// How a caller who wants to redeem a row names it.
pub(super) enum By {
    Id(Uuid),
    Token([u8; 32]),
    /// One whose code has one of these digests.
    Code {
        family: [u8; 32],
        codes: Vec<[u8; 32]>,
    },
}

impl By {
    fn condition(self) -> Condition {
        match self {
            Self::Id(id) => Condition::all().add(Column::Id.eq(id)),
            Self::Token(hash) => Condition::all().add(Column::TokenHash.eq(hash.to_vec())),
            Self::Code { family, codes } => {
                let codes = codes.iter().map(|code| code.to_vec());
                Condition::all().add(Column::Family.eq(family.to_vec())).add(Column::CodeHash.is_in(codes))
            }
        }
    }
}

/// Inserts a token. When another one was given its seat at the same moment, the transaction has to be run again.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    row: &NewRow,
    issue: &Issue<'_>,
    now: OffsetDateTime,
) -> Result<()> {
    let end = now.checked_add(time::Duration::try_from(issue.lifetime).map_err(Error::internal)?);
    let end = end.ok_or_else(|| Error::internal("a token cannot live so long"))?;
    let seat = row.seat.as_ref();
    let (origin, turn) = match (seat, row.turn) {
        (Some(seat), _) => (Some(seat.origin.to_vec()), Some(seat.turn)),
        (None, turn) => (turn.map(|(origin, _)| origin.to_vec()), turn.map(|(_, turn)| turn)),
    };
    let row = ActiveModel {
        id: Set(row.id),
        kind: Set(issue.purpose.name().to_owned()),
        token_hash: Set(row.token.into()),
        user_id: Set(issue.user.map(|user| user.id)),
        sev: Set(issue.epoch()),
        family: Set(seat.map(|seat| seat.family.to_vec())),
        place: Set(seat.map(|seat| seat.place)),
        origin: Set(origin),
        turn: Set(turn),
        code_hash: Set(row.code.map(Digest::from)),
        attempts: Set(seat.map_or(0, |seat| seat.attempts)),
        binding_hash: Set(issue.binding.map(|binding| digest(binding).into())),
        address_hash: Set(issue.address.map(|key| address_digest(key, issue.doubt).into())),
        data: Set(issue.data.clone().map(Remembered)),
        created_at: Set(Timestamp(now)),
        expires_at: Set(Timestamp(end)),
        used_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The tokens of a family that are still there, whatever they are worth, locked in the same order by everybody.
pub(super) async fn siblings(db: &impl ConnectionTrait, family: &[u8]) -> Result<Vec<Model>> {
    let siblings = Entity::find().filter(Column::Family.eq(family.to_vec())).order_by_asc(Column::Place);
    Ok(siblings.lock_exclusive().all(db).await?)
}

/// Ends the tokens of a family, one of which was just redeemed.
pub(super) async fn end_siblings(db: &impl ConnectionTrait, family: Vec<u8>, now: OffsetDateTime) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(Timestamp(now)))
        .col_expr(Column::Data, Expr::value(None::<Remembered>))
        .filter(Column::Family.eq(family))
        .filter(Column::UsedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// What makes a token good at `now`.
fn redeemable(purpose: Purpose, by: By, binding_hash: Option<[u8; 32]>, now: OffsetDateTime) -> Condition {
    let epoch = Query::select()
        .column((user::Entity, user::Column::Sev))
        .from(user::Entity)
        .and_where(Expr::col((user::Entity, user::Column::Id)).equals((Entity, Column::UserId)))
        .take();
    let bound = match binding_hash {
        Some(hash) => Column::BindingHash.is_null().or(Column::BindingHash.eq(hash.to_vec())),
        None => Column::BindingHash.is_null(),
    };
    by.condition()
        .add(Column::Kind.eq(purpose.name()))
        .add(Column::UsedAt.is_null())
        .add(Column::ExpiresAt.gt(Timestamp(now)))
        .add(epoch::survives(Column::CreatedAt))
        .add(bound)
        .add(
            Condition::any()
                .add(Column::Sev.is_null())
                .add(Expr::col((Entity, Column::Sev)).eq(Expr::SubQuery(None, Box::new(epoch.into())))),
        )
}

/// The one statement that redeems: it changes a row for one caller only. What the token stood for goes with it.
pub(super) async fn mark_used(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    by: By,
    binding_hash: Option<[u8; 32]>,
    now: OffsetDateTime,
) -> Result<bool> {
    let nothing: Option<Remembered> = None;
    let result = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(Timestamp(now)))
        .col_expr(Column::Data, Expr::value(nothing))
        .filter(redeemable(purpose, by, binding_hash, now))
        .exec(db)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Counts an attempt at the codes of a family, if one is left.
pub(super) async fn count_attempt(
    db: &impl ConnectionTrait,
    family: [u8; 32],
    limit: i32,
    now: OffsetDateTime,
) -> Result<bool> {
    let result = Entity::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Family.eq(family.to_vec()))
        .filter(Column::CodeHash.is_not_null())
        .filter(Column::Attempts.lt(limit))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(Timestamp(now)))
        .filter(epoch::survives(Column::CreatedAt))
        .exec(db)
        .await?;
    Ok(result.rows_affected > 0)
}

/// The id of a token of any purpose, whatever it is worth.
pub(super) async fn find_id(db: &impl ConnectionTrait, token_hash: [u8; 32]) -> Result<Option<Uuid>> {
    let id = Entity::find().select_only().column(Column::Id).filter(Column::TokenHash.eq(token_hash.to_vec()));
    Ok(id.into_tuple().all(db).await?.pop())
}

pub(super) async fn find_valid(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    by: By,
    binding_hash: Option<[u8; 32]>,
    now: OffsetDateTime,
) -> Result<Option<Model>> {
    let condition = redeemable(purpose, by, binding_hash, now);
    let Some(row) = Entity::find().filter(condition).all(db).await?.pop() else { return Ok(None) };
    let (Some(user_id), None, Some(_)) = (row.user_id, row.sev, &row.address_hash) else { return Ok(Some(row)) };
    // Only here: a digest of the address cannot be compared by the database.
    let user = user::Entity::find().filter(user::Column::Id.eq(user_id)).all(db).await?.pop();
    let token = Consumed::from(row.clone());
    Ok(user.filter(|user| token.acts_on(user)).map(|_| row))
}

/// The account that a token was made for, whatever became of it.
pub(super) async fn find_owner(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    token_hash: [u8; 32],
) -> Result<Option<Uuid>> {
    let token =
        Entity::find().filter(Column::TokenHash.eq(token_hash.to_vec())).filter(Column::Kind.eq(purpose.name()));
    Ok(token.all(db).await?.pop().and_then(|row| row.user_id))
}

/// The tokens of a purpose that act on an account and were not redeemed in time. Those from before a restore are among them:
/// nobody can redeem them, and what they say still holds.
pub(crate) async fn unused(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    user_id: Uuid,
    now: OffsetDateTime,
) -> Result<Vec<Model>> {
    Ok(Entity::find()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Kind.eq(purpose.name()))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(Timestamp(now)))
        .all(db)
        .await?)
}

/// The tokens that a network has the turns of, whatever they are worth, locked in the same order by everybody.
pub(super) async fn of_origin(db: &impl ConnectionTrait, origin: [u8; 32]) -> Result<Vec<Model>> {
    let found = Entity::find().filter(Column::Origin.eq(origin.to_vec())).order_by_asc(Column::Turn);
    Ok(found.lock_exclusive().all(db).await?)
}

/// Gives a token that waits for an account that of a user, once.
pub(super) async fn assign(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    id: Uuid,
    (user_id, sev): (Uuid, i64),
    now: OffsetDateTime,
) -> Result<bool> {
    let assigned = Entity::update_many()
        .col_expr(Column::UserId, Expr::value(user_id))
        .col_expr(Column::Sev, Expr::value(sev))
        .filter(redeemable(purpose, By::Id(id), None, now))
        .filter(Column::UserId.is_null());
    Ok(assigned.exec(db).await?.rows_affected == 1)
}

/// Whether a token has an account.
pub(super) async fn is_assigned(db: &impl ConnectionTrait, purpose: Purpose, id: Uuid) -> Result<bool> {
    let row = Entity::find().select_only().column(Column::Id).filter(Column::Id.eq(id));
    let row = row.filter(Column::Kind.eq(purpose.name())).filter(Column::UserId.is_not_null());
    Ok(!row.into_tuple::<Uuid>().all(db).await?.is_empty())
}

/// Deletes a token that waits for an account.
pub(super) async fn withdraw(db: &impl ConnectionTrait, purpose: Purpose, id: Uuid) -> Result<bool> {
    let waiting = Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::Kind.eq(purpose.name()));
    Ok(waiting.filter(Column::UserId.is_null()).exec(db).await?.rows_affected == 1)
}

pub(crate) async fn delete(db: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<()> {
    Entity::delete_many().filter(Column::Id.is_in(ids)).exec(db).await?;
    Ok(())
}

/// Deletes the tokens that were mailed to one of these addresses, given by their keys.
pub(crate) async fn delete_mailed_to(db: &impl ConnectionTrait, keys: &[String]) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let hashes = keys.iter().map(|key| address_digest(key, None).to_vec());
    Entity::delete_many().filter(Column::AddressHash.is_in(hashes)).exec(db).await?;
    Ok(())
}

impl From<Model> for Consumed {
    fn from(row: Model) -> Self {
        let address = row.address_hash.map(|address| address.0);
        Self { user_id: row.user_id, security_epoch: row.sev, address, data: row.data.map(|data| data.0) }
    }
}
