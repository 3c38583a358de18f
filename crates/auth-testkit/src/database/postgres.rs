//! PostgreSQL: databases made from a template.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use url::Url;

use super::{beside, connect, unique_name};

#[derive(Debug)]
pub(super) struct Template {
    server: Url,
    admin: DatabaseConnection,
    name: String,
}

impl Template {
    pub(super) async fn prepare(server: Url) -> Result<Self, DbErr> {
        let admin = connect(server.as_str(), 4).await?;
        let name = unique_name();
        admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
        let db = connect(&beside(&server, &name), 1).await?;
        auth_migration::migrate(&db).await?;
        // A template must not have connections.
        db.close().await?;
        Ok(Self { server, admin, name })
    }

    pub(super) async fn copy(&self, name: &str) -> Result<String, DbErr> {
        self.admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        self.admin.execute_unprepared(&format!("CREATE DATABASE {name} TEMPLATE {}", self.name)).await?;
        Ok(beside(&self.server, name))
    }

    pub(super) async fn remove(&self, name: &str) -> Result<(), DbErr> {
        self.admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.map(drop)
    }

    pub(super) async fn discard(self) -> Result<(), DbErr> {
        self.remove(&self.name).await?;
        self.admin.close().await
    }
}
