//! The tables behind the app's back: how people are arranged, and what has remained of them.

use auth_core::sea_orm::{ConnectionTrait, QueryResult, Statement};

use crate::{App, Login};

impl App {
    /// Runs a statement that all databases understand, beside the app.
    pub async fn execute(&self, sql: &str) {
        self.db().execute_unprepared(sql).await.unwrap_or_else(|cause| panic!("{sql}: {cause}"));
    }

    /// The rows of a query that all databases understand.
    pub async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.db().get_database_backend(), sql);
        self.db().query_all_raw(statement).await.unwrap_or_else(|cause| panic!("{sql}: {cause}"))
    }

    /// How many rows there are: `authn_session WHERE …`.
    pub async fn count(&self, table: &str) -> i64 {
        let rows = self.rows(&format!("SELECT COUNT(*) FROM {table}")).await;
        rows[0].try_get_by_index(0).expect("a number")
    }

    /// How many accounts there are.
    pub async fn user_count(&self) -> i64 {
        self.count("authn_user").await
    }

    /// How many sessions there are.
    pub async fn session_count(&self) -> i64 {
        self.count("authn_session").await
    }

    /// How many mails wait to be sent.
    pub async fn waiting_mails(&self) -> i64 {
        self.count("authn_mail").await
    }

    /// How many events the audit log has.
    pub async fn event_count(&self) -> i64 {
        self.count("authn_event").await
    }

    /// Whether an account has this address, in this spelling.
    pub async fn has_user(&self, email: &str) -> bool {
        self.count(&format!("authn_user WHERE email = '{email}'")).await == 1
    }

    /// Whether anybody ever logged in.
    pub async fn anybody_logged_in(&self) -> bool {
        self.count("authn_user WHERE last_login_at IS NOT NULL").await > 0
    }

    /// How many superusers could act.
    pub async fn active_superusers(&self) -> i64 {
        self.count("authn_user WHERE is_superuser AND is_active").await
    }

    /// Changes the row of an account: `display_name = 'x'`.
    pub async fn set(&self, who: &Login, columns: &str) {
        self.execute(&format!("UPDATE authn_user SET {columns} WHERE email = '{}'", who.email)).await;
    }

    /// Lets the address count as verified.
    pub async fn verify(&self, who: &Login) {
        self.set(who, "is_verified = TRUE").await;
    }

    /// Lets the address count as not verified.
    pub async fn unverify(&self, who: &Login) {
        self.set(who, "is_verified = FALSE").await;
    }

    /// Makes the account active again.
    pub async fn activate(&self, who: &Login) {
        self.set(who, "is_active = TRUE").await;
    }

    /// Makes the account inactive, and leaves its sessions alone.
    pub async fn deactivate(&self, who: &Login) {
        self.set(who, "is_active = FALSE").await;
    }

    /// Gives the rights of a superuser.
    pub async fn promote(&self, who: &Login) {
        self.set(who, "is_superuser = TRUE").await;
    }

    /// Takes the rights of a superuser.
    pub async fn demote(&self, who: &Login) {
        self.set(who, "is_superuser = FALSE").await;
    }

    /// Demands a new password before anything else.
    pub async fn expire_password(&self, who: &Login) {
        self.set(who, "must_change_password = TRUE").await;
    }

    /// The hash of the password of an account that has one.
    pub async fn password_hash(&self, who: &Login) -> String {
        let rows = self.rows(&format!("SELECT password_hash FROM authn_user WHERE email = '{}'", who.email)).await;
        rows[0].try_get_by_index(0).expect("a hash")
    }

    /// Replaces the hash of the password.
    pub async fn set_password_hash(&self, who: &Login, hash: &str) {
        self.set(who, &format!("password_hash = '{hash}'")).await;
    }

    /// Leaves the account without a password.
    pub async fn remove_password(&self, who: &Login) {
        self.set(who, "password_hash = NULL").await;
    }

    /// Registers somebody whose address counts as verified, without logging in.
    pub async fn verified(&self, name: &str) -> Login {
        let who = self.register(name).await;
        self.verify(&who).await;
        who
    }

    /// The same, logged in.
    pub async fn verified_user(&self, name: &str) -> Login {
        let who = self.user(name).await;
        self.verify(&who).await;
        who
    }
}
