//! Scenarios of the migrations: several servers may start at once, any of them may be killed half way, and servers of two
//! versions may run beside each other (F-20, CON-07).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_core::sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use auth_migration::MigratorTrait;
use auth_testkit::Engine;

use crate::scenario::scenarios;
use crate::{App, Cx, Scenario, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    several_servers_start_on_an_empty_database: direct_only,
    a_server_killed_at_any_statement_is_taken_over: direct_only,
    an_older_server_runs_beside_a_newer_one: direct_only,
    a_table_of_another_program_is_left_as_it_is: direct_only,
    what_the_role_cannot_see_is_in_the_way_too: direct_only,
    a_schema_of_its_own_keeps_out_of_the_way: direct_only,
    a_database_of_another_encoding_is_refused: direct_only,
    the_defaults_of_the_server_do_not_count: direct_only,
    a_server_that_gets_no_lock_starts_if_nothing_is_left_to_do: direct_only,
];

/// Every table, those that refer to others first.
const TABLES: [&str; 15] = [
    "authn_change",
    "authn_signing_key",
    "authn_user_role",
    "authn_role",
    "authn_refresh_token",
    "authn_limit",
    "authn_event",
    "authn_mail",
    "authn_one_time_token",
    "authn_device",
    "authn_session",
    "authn_address",
    "authn_user",
    "authn_meta",
    "authn_migrations",
];

/// Statements of one whole run, at the most.
const MANY: usize = 200;

async fn drop_tables(app: &App) {
    for table in TABLES {
        app.execute(&format!("DROP TABLE IF EXISTS {table}")).await;
    }
}

/// The columns and the indexes of the tables, in words of the database, and the book of the migrations.
async fn schema(app: &App, engine: Engine) -> Vec<String> {
    let mut schema = tables(app, engine).await;
    for row in app.rows("SELECT version FROM authn_migrations").await {
        schema.push(row.try_get_by_index(0).expect("a text"));
    }
    schema.sort();
    schema
}

fn schema_of(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",
        Engine::Postgres => {
            "SELECT table_name || column_name || data_type || is_nullable FROM information_schema.columns \
             WHERE table_schema = 'public' UNION SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
        }
        Engine::Mariadb => {
            "SELECT CONCAT(table_name, column_name, column_type, is_nullable) FROM information_schema.columns \
             WHERE table_schema = DATABASE() UNION SELECT CONCAT(table_name, index_name, column_name, seq_in_index, non_unique) \
             FROM information_schema.statistics WHERE table_schema = DATABASE()"
        }
    }
}

async fn works(app: &App, engine: Engine, expected: &[String]) {
    assert_eq!(schema(app, engine).await, expected);
    let ada = app.user("ada").await;
    app.get("/users/me").by(&ada).send().await.is(200);
    audit::tables(app).await;
}

async fn several_servers_start_on_an_empty_database(cx: Cx) {
    let app = cx.app().await;
    let expected = schema(&app, cx.engine()).await;
    let mut servers = Vec::new();
    for _ in 0..6 {
        servers.push(app.second_server().await.pool().clone());
    }
    for _ in 0..3 {
        drop_tables(&app).await;
        let migrated = race(12, |n| {
            let pool = servers[n % 6].clone();
            async move { auth_migration::migrate(&pool).await }
        });
        for result in migrated.await {
            result.expect("somebody makes the tables, everybody finds them");
        }
        works(&app, cx.engine(), &expected).await;
    }
}

/// Runs the migrations up to a statement and then stops for ever, as a process that is killed; whether it came so far.
async fn killed_at(mut pool: DatabaseConnection, statement: usize) -> bool {
    let (sent, there) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Notify::new()));
    let (count, reached) = (Arc::clone(&sent), Arc::clone(&there));
    pool.set_metric_callback(move |_| {
        if count.fetch_add(1, Ordering::SeqCst) == statement {
            reached.notify_one();
        }
    });
    let killed = tokio::select! {
        biased;
        () = there.notified() => true,
        result = auth_migration::migrate(&pool) => {
            result.expect("nothing keeps it from its end");
            false
        }
    };
    // With the process go its connections.
    pool.close().await.expect("the pool can be closed");
    killed
}

async fn a_server_killed_at_any_statement_is_taken_over(cx: Cx) {
    let app = cx.app().await;
    let expected = schema(&app, cx.engine()).await;
    // PostgreSQL undoes what a migration began, so that most kills leave what the one before them did.
    let step = if cx.engine() == Engine::Postgres { 3 } else { 1 };
    let mut kills = 0;
    loop {
        assert!(kills < MANY, "it never came to its end");
        drop_tables(&app).await;
        let pool = app.database().connect(1).await.expect("a connection");
        if !killed_at(pool, kills).await {
            break;
        }
        auth_migration::migrate(app.pool()).await.expect("the next one takes over");
        works(&app, cx.engine(), &expected).await;
        kills += step;
    }
    assert!(kills > 10, "only {kills} statements");
}

async fn an_older_server_runs_beside_a_newer_one(cx: Cx) {
    let app = cx.app().await;
    // What a newer version might do.
    app.execute("ALTER TABLE authn_user ADD COLUMN of_a_newer_version INTEGER NULL").await;
    app.execute("INSERT INTO authn_migrations (version, applied_at) VALUES ('m20991231_000001_newer', 1)").await;
    let newer = schema(&app, cx.engine()).await;
    auth_migration::migrate(app.pool()).await.expect("there is nothing to do");
    assert_eq!(schema(&app, cx.engine()).await, newer);
    let restarted = app.second_server().await;
    for server in [&app, &restarted] {
        let name = format!("u{}", app.user_count().await);
        let who = server.user(&name).await;
        server.get("/users/me").by(&who).send().await.is(200);
        server.get("/users/me/export").by(&who).send().await.is(200);
    }
    // A version that has work to do beside what it does not know is a mistake that has to be told.
    app.execute("DELETE FROM authn_migrations WHERE version LIKE '%one_time_token'").await;
    auth_migration::migrate(app.pool()).await.expect_err("two histories");
}

/// Django has a table of users, too, and so have others. SQLite would even make an index over columns that do not exist.
async fn a_table_of_another_program_is_left_as_it_is(cx: Cx) {
    let app = cx.app().await;
    for table in TABLES {
        for rows in 0..3 {
            drop_tables(&app).await;
            app.execute(&format!(
                "CREATE TABLE {table} (id INTEGER PRIMARY KEY, username VARCHAR(150) NOT NULL UNIQUE)"
            ))
            .await;
            let insert = |row: usize| format!("INSERT INTO {table} (id, username) VALUES ({row}, 'user {row}')");
            for row in 0..rows {
                app.execute(&insert(row)).await;
            }
            let before = tables(&app, cx.engine()).await;
            let refused =
                auth_migration::migrate(app.pool()).await.expect_err("the table is another program's").to_string();
            says_what_is_in_the_way(&refused, table, cx.engine());
            assert_eq!(tables(&app, cx.engine()).await, before, "{table} with {rows} rows");
            app.execute(&insert(rows)).await;
            app.execute(&format!("DROP TABLE {table}")).await;
        }
    }
    auth_migration::migrate(app.pool()).await.expect("nothing is in the way any more");
    app.user("ada").await;
}

/// The refusal names the table and each way out.
fn says_what_is_in_the_way(refused: &str, table: &str, engine: Engine) {
    let ways: &[&str] = match engine {
        Engine::Postgres => &["`CREATE SCHEMA authn`", "`?options=-csearch_path%3Dauthn`", "`ALTER ROLE "],
        Engine::Sqlite | Engine::Mariadb => &[],
    };
    for part in [&format!("`{table}`"), "a database of its own", "`authn_` is fixed"].iter().chain(ways) {
        assert!(refused.contains(part), "{part}: {refused}");
    }
}

/// `information_schema` hides the tables of other roles, and does not know of everything that has a name. PostgreSQL would not
/// create the table then, without a word, because something of that name exists.
async fn what_the_role_cannot_see_is_in_the_way_too(cx: Cx) {
    const TABLE: (&str, &str) = ("CREATE TABLE {} (id INTEGER PRIMARY KEY, email TEXT)", "DROP TABLE {}");
    if cx.engine() != Engine::Postgres {
        return;
    }
    let app = cx.app().await;
    drop_tables(&app).await;
    let row = app.rows("SELECT 'role_of_' || current_database()").await.pop().expect("a row");
    let role: String = row.try_get_by_index(0).expect("a text");
    for statement in [
        "DROP TABLE IF EXISTS beside".to_owned(),
        "CREATE TABLE beside (id INTEGER)".to_owned(),
        format!("DROP ROLE IF EXISTS {role}"),
        format!("CREATE ROLE {role}"),
        format!("GRANT CREATE, USAGE ON SCHEMA public TO {role}"),
    ] {
        app.execute(&statement).await;
    }
    let pool = Database::connect(with_option(&app, &format!("role%3D{role}"))).await.expect("a connection");
    for table in ["authn_migrations", "authn_meta", "authn_limit"] {
        for (create, drop) in [
            TABLE,
            ("CREATE VIEW {} AS SELECT 1 AS id", "DROP VIEW {}"),
            ("CREATE MATERIALIZED VIEW {} AS SELECT 1 AS id", "DROP MATERIALIZED VIEW {}"),
            ("CREATE SEQUENCE {}", "DROP SEQUENCE {}"),
            ("CREATE INDEX {} ON beside (id)", "DROP INDEX {}"),
            ("CREATE TYPE {} AS (id INTEGER)", "DROP TYPE {}"),
            ("CREATE TYPE {} AS ENUM ('a')", "DROP TYPE {}"),
            ("CREATE DOMAIN {} AS INTEGER", "DROP DOMAIN {}"),
        ] {
            app.execute(&create.replace("{}", table)).await;
            let before = tables(&app, cx.engine()).await;
            let refused = auth_migration::migrate(&pool).await.expect_err(create).to_string();
            says_what_is_in_the_way(&refused, table, cx.engine());
            assert_eq!(tables(&app, cx.engine()).await, before, "{create}");
            app.execute(&drop.replace("{}", table)).await;
        }
    }
    // The way out that a pooler does not stop.
    app.execute(&TABLE.0.replace("{}", "authn_user")).await;
    app.execute(&format!("CREATE SCHEMA authn AUTHORIZATION {role}")).await;
    app.execute(&format!("ALTER ROLE {role} SET search_path = authn")).await;
    app.execute(&format!("ALTER ROLE {role} LOGIN PASSWORD '{role}'")).await;
    let mut url = url::Url::parse(app.database_url()).expect("a URL");
    url.set_username(&role).and_then(|()| url.set_password(Some(&role))).expect("a URL with a user");
    let own = Database::connect(String::from(url)).await.expect("a connection");
    auth_migration::migrate(&own).await.expect("no table is in the way there");
    assert_eq!(app.count("authn.authn_user").await, 0);
    for pool in [pool, own] {
        pool.close().await.expect("the pool can be closed");
    }
    app.execute(&format!("DROP OWNED BY {role}")).await;
    app.execute(&format!("DROP ROLE {role}")).await;
}

/// The URL of the database with a setting of PostgreSQL.
fn with_option(app: &App, setting: &str) -> String {
    let separator = if app.database_url().contains('?') { '&' } else { '?' };
    format!("{}{separator}options=-c{setting}", app.database_url())
}

/// Names have characters that only Unicode has, and lengths are counted in characters.
async fn a_database_of_another_encoding_is_refused(cx: Cx) {
    if cx.engine() != Engine::Postgres {
        return;
    }
    let app = cx.app().await;
    let row = app.rows("SELECT current_database()::text").await.pop().expect("a row");
    let name: String = row.try_get_by_index(0).expect("a text");
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let other = format!("{name}_{}", encoding.to_lowercase());
        app.execute(&format!("DROP DATABASE IF EXISTS {other}")).await;
        app.execute(&format!(
            "CREATE DATABASE {other} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        ))
        .await;
        let mut url = url::Url::parse(app.database_url()).expect("a URL");
        url.set_path(&other);
        let pool = Database::connect(String::from(url)).await.expect("a connection");
        let refused = auth_migration::migrate(&pool).await.map_err(|cause| cause.to_string());
        pool.close().await.expect("the pool can be closed");
        app.execute(&format!("DROP DATABASE {other}")).await;
        let refused = refused.expect_err("an encoding without most characters");
        for part in [encoding, "`CREATE DATABASE ", "ENCODING 'UTF8' TEMPLATE template0`"] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
    }
}

/// The columns and indexes of all tables.
async fn tables(app: &App, engine: Engine) -> Vec<String> {
    let mut tables: Vec<String> = Vec::new();
    for row in app.rows(schema_of(engine)).await {
        tables.push(row.try_get_by_index(0).expect("a text"));
    }
    tables.sort();
    tables
}

/// The way out on PostgreSQL.
async fn a_schema_of_its_own_keeps_out_of_the_way(cx: Cx) {
    if cx.engine() != Engine::Postgres {
        return;
    }
    let app = cx.app().await;
    drop_tables(&app).await;
    app.execute("CREATE TABLE authn_user (id INTEGER PRIMARY KEY)").await;
    app.execute("CREATE SCHEMA authn").await;
    for url in [
        ConnectOptions::new(app.database_url()).set_schema_search_path("authn").to_owned(),
        ConnectOptions::new(with_option(&app, "search_path%3Dauthn")),
    ] {
        let pool = Database::connect(url).await.expect("a connection");
        auth_migration::migrate(&pool).await.expect("no table is in the way there");
        assert_eq!(app.count("authn.authn_user").await, 0);
        pool.close().await.expect("the pool can be closed");
    }
    app.execute("DROP TABLE authn_user").await;
    app.execute("DROP SCHEMA authn CASCADE").await;
    auth_migration::migrate(app.pool()).await.expect("nothing is in the way here");
}

/// Old servers of MySQL and MariaDB, and those of some hosters, make tables without transactions and with short indexes.
async fn the_defaults_of_the_server_do_not_count(cx: Cx) {
    if cx.engine() != Engine::Mariadb {
        return;
    }
    let app = cx.app().await;
    drop_tables(&app).await;
    let options = ConnectOptions::new(app.database_url()).max_connections(1).to_owned();
    let pool = Database::connect(options).await.expect("a connection");
    for statement in [
        "ALTER DATABASE CHARACTER SET latin1",
        "SET SESSION default_storage_engine = MyISAM",
        "SET SESSION character_set_server = latin1",
    ] {
        pool.execute_unprepared(statement).await.expect("a setting");
    }
    auth_migration::migrate(&pool).await.expect("nothing is in the way");
    pool.close().await.expect("the pool can be closed");
    let odd = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() \
        AND table_name LIKE 'authn\\_%' AND table_name <> 'authn_migrations' AND NOT (engine = 'InnoDB' \
        AND table_collation = 'utf8mb4_bin' AND create_options LIKE '%row_format=DYNAMIC%')";
    let row = app.rows(odd).await.pop().expect("a row");
    assert_eq!(row.try_get_by_index::<i64>(0).expect("a number"), 0);
    let ada = app.user("ada").await;
    let body = serde_json::json!({ "display_name": "Zo\u{eb} \u{1f389}" });
    app.patch("/users/me").by(&ada).json(body).send().await.is(200);
}

/// Some clusters refuse the lock. Here a limit of the session ends the wait for it.
async fn a_server_that_gets_no_lock_starts_if_nothing_is_left_to_do(cx: Cx) {
    if cx.engine() != Engine::Mariadb {
        return;
    }
    let app = cx.app().await;
    let locked = app.rows("SELECT CAST(GET_LOCK(CONCAT('authn_mig:', MD5(DATABASE())), 5) AS SIGNED)").await;
    assert_eq!(locked[0].try_get_by_index::<i64>(0).expect("a number"), 1);
    let options = ConnectOptions::new(app.database_url()).max_connections(1).to_owned();
    let pool = Database::connect(options).await.expect("a connection");
    pool.execute_unprepared("SET SESSION max_statement_time = 0.3").await.expect("a setting");
    auth_migration::migrate(&pool).await.expect("nothing is left to do");
    app.execute("DELETE FROM authn_migrations WHERE version LIKE '%_create_limit'").await;
    let refused = auth_migration::migrate(&pool).await.expect_err("no lock").to_string();
    for part in ["`GET_LOCK`", "`pxc_strict_mode=PERMISSIVE`", "`Migrator::up(&db, None)`"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    auth_migration::Migrator::up(&pool, None).await.expect("the way out");
    auth_migration::migrate(&pool).await.expect("nothing is left to do");
    pool.close().await.expect("the pool can be closed");
}
