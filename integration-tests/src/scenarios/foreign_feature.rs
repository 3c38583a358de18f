//! Scenarios of a feature that lives in a crate of its own: it does what the library's own features do, with nothing but
//! what `auth_core::feature` exports.

use std::time::Duration;

use auth_core::feature::{Configs, Effect, Export, Feature, JobHandler, Kernel, delete_in_batches};
use auth_core::{Auth, Client, Error, Result, RootSecret};
use futures_util::future::BoxFuture;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveModelTrait, Set};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::scenario::scenarios;
use crate::{App, Cx, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_foreign_job_is_carried_out_with_the_effect_that_queued_it,
    a_foreign_feature_takes_part_in_the_purge_and_the_export,
    a_foreign_setting_is_checked_when_the_app_is_built: direct_only,
];

/// The feature: notes to oneself, written by a worker and kept for some days.
mod reminder {
    use super::*;

    const JOB: &str = "write_reminder";

    const JOBS: &[JobHandler] = &[JobHandler::new(JOB, "none", write)];

    pub(super) fn feature(keep_days: u64) -> Feature {
        Feature::new("reminder", "Notes to oneself.")
            .setting(ReminderConfig { keep: Duration::from_secs(keep_days * 24 * 60 * 60) })
            .problems(problems)
            .purge(purge)
            .export(export)
            .jobs(JOBS)
    }

    struct ReminderConfig {
        keep: Duration,
    }

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "reminder")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) id: Uuid,
        pub(super) user_id: Uuid,
        pub(super) note: String,
        /// In milliseconds since 1970.
        pub(super) written_at: i64,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(Serialize, Deserialize)]
    struct WriteReminder {
        user_id: Uuid,
        note: String,
    }

    /// The service, as the library's own are made.
    pub(super) struct Reminders<'a> {
        pub(super) kernel: &'a Kernel,
    }

    impl Reminders<'_> {
        /// Has a note written, unless it is empty: then nothing of the effect remains.
        pub(super) async fn write_later(&self, user_id: Uuid, note: &str) -> Result<()> {
            self.kernel
                .effect(&Client::default(), |effect| async move {
                    effect.queue_job(JOB, WriteReminder { user_id, note: note.to_owned() })?;
                    if note.is_empty() { Err(Error::internal("an empty note")) } else { Ok(()) }
                })
                .await
        }
    }

    fn problems(configs: &Configs) -> Vec<String> {
        let kept = configs.get::<ReminderConfig>().is_some_and(|config| !config.keep.is_zero());
        (!kept).then(|| "keep reminders for a day at least".to_owned()).into_iter().collect()
    }

    fn write<'a>(effect: &'a Effect, body: &'a Value) -> BoxFuture<'a, Result<Option<auth_core::mail::Mail>>> {
        Box::pin(async move {
            let WriteReminder { user_id, note } = WriteReminder::deserialize(body).map_err(Error::internal)?;
            let now = effect.kernel().now();
            let row = ActiveModel {
                id: Set(effect.kernel().new_id(now)?),
                user_id: Set(user_id),
                note: Set(note),
                written_at: Set(milliseconds(now)),
            };
            row.insert(effect.tx()).await?;
            Ok(None)
        })
    }

    fn purge(kernel: &Kernel) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async {
            let config = kernel.configs().get::<ReminderConfig>().ok_or_else(|| Error::internal("no setting"))?;
            let old = Column::WrittenAt.lt(milliseconds(kernel.now() - config.keep));
            delete_in_batches::<Entity>(kernel.db(), &old.into()).await
        })
    }

    fn export<'a>(kernel: &'a Kernel, export: &'a mut Export) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            let rows = Entity::find().filter(Column::UserId.eq(export.user.id)).all(kernel.db()).await?;
            export.add("reminder", rows.into_iter().map(|row| row.note).collect::<Vec<_>>())
        })
    }

    fn milliseconds(at: time::OffsetDateTime) -> i64 {
        i64::try_from(at.unix_timestamp_nanos() / 1_000_000).expect("a time of this age")
    }
}

async fn app(cx: &Cx) -> App {
    let app = cx.app_with(Setup::default().auth(|auth| auth.feature(reminder::feature(7)))).await;
    let schema = sea_orm::Schema::new(app.db().get_database_backend());
    app.db().execute(&schema.create_table_from_entity(reminder::Entity)).await.expect("a table");
    app
}

fn reminders(app: &App) -> reminder::Reminders<'_> {
    reminder::Reminders { kernel: app.auth().kernel() }
}

async fn a_foreign_job_is_carried_out_with_the_effect_that_queued_it(cx: Cx) {
    let app = app(&cx).await;
    let ada = app.user("ada").await;
    app.deliver().await;
    reminders(&app).write_later(ada.id, "water the plants").await.expect("a queue");
    reminders(&app).write_later(ada.id, "").await.expect_err("an empty note");
    assert_eq!(app.count("reminder").await, 0, "not before a worker comes");
    assert_eq!(app.auth().mail().deliver_due().await.expect("the outbox"), 1, "what was rolled back was not queued");
    assert_eq!(app.count("reminder WHERE note = 'water the plants'").await, 1);
    assert_eq!(app.count("authn_mail").await, 0, "it is done");
}

async fn a_foreign_feature_takes_part_in_the_purge_and_the_export(cx: Cx) {
    let app = app(&cx).await;
    let (ada, grace) = (app.user("ada").await, app.user("grace").await);
    for (who, note) in [(&ada, "water the plants"), (&grace, "call Ada")] {
        reminders(&app).write_later(who.id, note).await.expect("a queue");
    }
    app.auth().mail().deliver_due().await.expect("the outbox");
    let exported = app.get("/users/me/export").by(&ada).send().await.is(200).json();
    assert_eq!(exported["reminder"], json!(["water the plants"]));
    assert!(exported["sessions"].is_array() && exported["user"]["email"] == "ada@example.org", "{exported}");
    let purged = || async { app.auth().purge().run().await.expect("the tables").of("reminder") };
    assert_eq!(purged().await, 0);
    app.clock().advance(8 * 24 * 60 * 60 * Duration::from_secs(1));
    assert_eq!((purged().await, app.count("reminder").await), (2, 0));
}

async fn a_foreign_setting_is_checked_when_the_app_is_built(cx: Cx) {
    let app = cx.app().await;
    let builder = Auth::builder(app.pool().clone())
        .public_url("https://notes.example.com")
        .secret(RootSecret::new(*b"0f8d1c62b7a94e35d2c1f0a9b8e7d6c5"))
        .backend(auth_core::Backend::bearer("api"));
    let errors = builder.feature(reminder::feature(0)).build().expect_err("a setting that is not good");
    assert_eq!(errors.0, ["keep reminders for a day at least"]);
}
