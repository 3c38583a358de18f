//! Scenarios of a table of the app's own that refers to the user, filled by a hook inside the registration.

use auth_core::sea_orm::sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, Table};
use auth_core::sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, Set, Statement,
};
use auth_core::{Action, ErrorCode as E, Hooks, User, Veto};
use auth_testkit::{Moment, Reaction};
use serde_json::json;

use crate::logs::Listener;
use crate::mails::{ACCOUNT_DELETED, CONFIRM_EMAIL};
use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_row_of_the_app_refers_to_the_new_user,
    raw_sql_refers_to_the_new_user_too,
    a_foreign_key_that_fails_leaves_no_account,
    the_log_says_that_it_was_the_hooks_statement,
    a_row_of_the_app_may_keep_its_account,
];

/// The app's own table, as an entity.
mod profile {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "profile")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) user_id: Uuid,
        pub(super) bio: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How the hook fills the table.
#[derive(Clone, Copy)]
enum Profiles {
    ByEntity,
    ByRawSql,
    /// For a user who does not exist.
    OfNobody,
}

#[async_trait::async_trait]
impl Hooks for Profiles {
    async fn before(&self, action: &Action<'_>, tx: &DatabaseTransaction) -> Result<(), Veto> {
        let Action::Register { user } = action else { return Ok(()) };
        let bio = user.display_name.clone().unwrap_or_default();
        match self {
            Self::ByEntity => {
                profile::ActiveModel { user_id: Set(user.id), bio: Set(bio) }.insert(tx).await?;
            }
            Self::ByRawSql => insert(tx, user, bio).await?,
            Self::OfNobody => {
                profile::ActiveModel { user_id: Set(uuid::Uuid::nil()), bio: Set(bio) }.insert(tx).await?;
            }
        }
        Ok(())
    }
}

async fn insert(tx: &DatabaseTransaction, user: &User, bio: String) -> Result<(), Veto> {
    let backend = tx.get_database_backend();
    let values = if backend == DbBackend::Postgres { "$1, $2" } else { "?, ?" };
    let sql = format!("INSERT INTO profile (user_id, bio) VALUES ({values})");
    tx.execute_raw(Statement::from_sql_and_values(backend, sql, [user.id.into(), bio.into()])).await?;
    Ok(())
}

impl Profiles {
    async fn app(self, cx: &Cx) -> App {
        let app = cx.app_with(Setup::default().tolerates_500().auth(move |auth| auth.hooks(self))).await;
        match self {
            Self::ByRawSql => create_in_raw_sql(&app).await,
            Self::ByEntity | Self::OfNobody => create_by_migration(&app).await,
        }
        app
    }
}

/// An account that a table of the app does not let go, such as one with orders.
async fn a_row_of_the_app_may_keep_its_account(cx: Cx) {
    let app = cx.app().await;
    let (root, ada) = (app.superuser("root").await, app.user("ada").await);
    create(&app, ForeignKeyAction::Restrict).await;
    profile::ActiveModel { user_id: Set(ada.id), bio: Set("an order".to_owned()) }
        .insert(app.db())
        .await
        .expect("a row");
    app.delete("/users/me").by(&ada).send().await.fails(E::AccountInUse);
    app.delete(&ada.path()).by(&root).send().await.fails(E::AccountInUse);
    app.get("/users/me").by(&ada).send().await.is(200);
    assert!(!app.was_mailed(&ada.email, ACCOUNT_DELETED).await);
    // Nor does the owner of the address get it.
    let grace = app.verified_user("grace").await;
    let body = json!({ "new_email": ada.email, "password": PASSWORD });
    app.post("/auth/change-email").by(&grace).json(body).send().await.is(202);
    let token = json!({ "token": app.token_to(&ada.email, CONFIRM_EMAIL).await });
    app.post("/auth/change-email/confirm").by(&grace).json(token).send().await.fails(E::UpdateUserEmailAlreadyExists);
    app.execute("DELETE FROM profile").await;
    app.delete("/users/me").by(&ada).send().await.is(204);
}

/// As a migration of sea-orm creates the table, on every database in the same words.
async fn create_by_migration(app: &App) {
    create(app, ForeignKeyAction::Cascade).await;
}

async fn create(app: &App, on_delete: ForeignKeyAction) {
    let mut key = ForeignKey::create();
    key.from("profile", "user_id").to("authn_user", "id").on_delete(on_delete);
    let table = Table::create()
        .table("profile")
        .col(ColumnDef::new("user_id").uuid().not_null().primary_key())
        .col(ColumnDef::new("bio").text().not_null())
        .foreign_key(&mut key)
        .take();
    app.db().execute(&table).await.expect("the table can be created");
}

/// With the column type that `docs/features/registration.md` names for each database.
async fn create_in_raw_sql(app: &App) {
    let id = match app.db().get_database_backend() {
        DbBackend::Postgres => "uuid",
        DbBackend::Sqlite => "BLOB",
        _ => "BINARY(16)",
    };
    let key = "FOREIGN KEY (user_id) REFERENCES authn_user (id) ON DELETE CASCADE";
    app.execute(&format!("CREATE TABLE profile (user_id {id} NOT NULL PRIMARY KEY, bio TEXT NOT NULL, {key})")).await;
}

/// The whole life of the row: it comes with the account, is found by its id, and goes with it.
async fn lives_and_dies_with_the_account(app: &App) {
    const JOINED: &str = "profile INNER JOIN authn_user ON authn_user.id = profile.user_id";
    let register = || {
        let body = json!({ "email": "ada@example.org", "password": PASSWORD, "display_name": "Ada" });
        app.post("/auth/register").json(body).send()
    };
    let ada = Login::new(&register().await.is(201).json());
    register().await.fails(E::RegisterUserAlreadyExists);
    app.post("/users")
        .by(&app.superuser("root").await)
        .json(json!({ "email": "grace@example.org" }))
        .send()
        .await
        .is(201);
    assert_eq!((app.count("profile").await, app.count(JOINED).await), (3, 3), "one for each account");
    let row = profile::Entity::find_by_id(ada.id).one(app.db()).await.expect("a query").expect("the row");
    assert_eq!(row, profile::Model { user_id: ada.id, bio: "Ada".to_owned() });
    let stray = profile::ActiveModel { user_id: Set(uuid::Uuid::nil()), bio: Set(String::new()) };
    stray.insert(app.db()).await.expect_err("the foreign key holds");
    let ada = app.login(&ada, "db").await;
    app.delete("/users/me").by(&ada).send().await.is(204);
    assert_eq!((app.count("profile").await, app.count(JOINED).await), (2, 2), "it goes with the account");
}

async fn a_row_of_the_app_refers_to_the_new_user(cx: Cx) {
    lives_and_dies_with_the_account(&Profiles::ByEntity.app(&cx).await).await;
}

async fn raw_sql_refers_to_the_new_user_too(cx: Cx) {
    lives_and_dies_with_the_account(&Profiles::ByRawSql.app(&cx).await).await;
}

async fn a_foreign_key_that_fails_leaves_no_account(cx: Cx) {
    let app = Profiles::OfNobody.app(&cx).await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    app.post("/auth/register").json(body).send().await.fails(E::Internal);
    assert_eq!((app.user_count().await, app.count("profile").await), (0, 0));
}

async fn the_log_says_that_it_was_the_hooks_statement(cx: Cx) {
    let log = Listener::new();
    let app = cx.app_with(Setup::default().tolerates_500()).await;
    // A name that no other run has, because all of them write into the same log.
    let table = format!("missing_{:?}_{:?}", cx.target(), cx.engine()).to_lowercase();
    for (reaction, line) in [
        (
            Reaction::Run(format!("INSERT INTO {table} VALUES (1)")),
            "the database refused a statement of a `before` hook",
        ),
        (Reaction::Fail(format!("cause {table}")), "a `before` hook failed"),
    ] {
        app.hooks().react(Moment::Register, reaction);
        let body = json!({ "email": "ada@example.org", "password": PASSWORD });
        app.post("/auth/register").json(body).send().await.fails(E::Internal);
        let text = log.text();
        let told = text.lines().any(|heard| heard.contains(line) && heard.contains(&table));
        assert!(told, "no line with `{line}` and {table}");
    }
}
