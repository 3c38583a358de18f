//! Fills the outbox through the library, because nobody else can: what is in there is sealed.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use auth_core::identifier::Email;
use auth_core::session::{Credential, Freshness};
use auth_core::uuid::Uuid;
use auth_core::{Auth, Client, Principal};
use auth_entity::{mail, user};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
};
use tokio::task::JoinSet;

use crate::database::Bench;
use crate::{Result, config, seed};

/// Mails that are put there beside each other.
const TASKS: usize = 8;

/// What waits in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Forgotten passwords: the worker makes the token and the mail.
    Order,
    /// Accounts that were deleted: the mail is made already.
    Mail,
}

impl Kind {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Order => "`reset_password`, an order",
            Self::Mail => "`account_deleted`, made already",
        }
    }
}

/// Puts `count` mails there, for every user in turn. Answers how many that were in a second.
pub(super) async fn fill(bench: &Bench, kind: Kind, count: usize) -> Result<f64> {
    let auth = config::auth(bench.db.clone(), None)?;
    let errands = match kind {
        Kind::Order => Errands::Forget,
        Kind::Mail => Errands::delete(bench, &auth).await?,
    };
    let errands = Arc::new(errands);
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (auth, errands) = (auth.clone(), errands.clone());
        tasks.spawn(async move {
            let client = Client::new(Some(IpAddr::from([203, 0, 113, 7])), Some("auth-bench"));
            for number in (task..count).step_by(TASKS) {
                errands.run(&auth, number, &client).await?;
            }
            Result::Ok(())
        });
    }
    while let Some(finished) = tasks.join_next().await {
        finished??;
    }
    let seconds = begin.elapsed().as_secs_f64();
    vacuum(&bench.db).await?;
    Ok(count as f64 / seconds)
}

/// What causes the mails.
enum Errands {
    Forget,
    Delete { superuser: Box<Principal>, users: Vec<Uuid> },
}

impl Errands {
    /// Deletions by the owner of the first session, who becomes a superuser.
    async fn delete(bench: &Bench, auth: &Auth) -> Result<Self> {
        let token = bench.tokens.cookie.first().ok_or("there is no session")?;
        let backend = auth.sessions().backend("cookie")?;
        let principal = auth.sessions().authenticate(&[Credential { backend, token }], Freshness::Now).await?;
        let mut superuser = principal.ok_or("the session is not there any more")?;
        let own = user::Column::Id.eq(superuser.user.id);
        let promote = user::Entity::update_many().col_expr(user::Column::IsSuperuser, Expr::value(true));
        promote.filter(own.clone()).exec(&bench.db).await?;
        superuser.user.is_superuser = true;
        let others = user::Entity::find().select_only().column(user::Column::Id).filter(own.not());
        Ok(Self::Delete { superuser, users: others.into_tuple().all(&bench.db).await? })
    }

    async fn run(&self, auth: &Auth, number: usize, client: &Client) -> Result {
        match self {
            Self::Forget => {
                let email = Email::parse(&seed::email(number % seed::USERS))?;
                auth.password_reset().request(&email, client).await?;
            }
            Self::Delete { superuser, users } => {
                let user = users.get(number).ok_or("there are too few users")?;
                auth.admin().delete(superuser, *user, client).await?;
            }
        }
        Ok(())
    }
}

/// Throws away what is there. The workers must have ended.
pub(crate) async fn clear(db: &DatabaseConnection) -> Result {
    mail::Entity::delete_many().exec(db).await?;
    vacuum(db).await
}

/// What autovacuum would do: the throwaway server has none.
async fn vacuum(db: &DatabaseConnection) -> Result {
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared("VACUUM ANALYZE").await?;
    }
    Ok(())
}
