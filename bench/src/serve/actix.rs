//! actix-web.

use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, HeaderName};
use actix_web::web::{Data, Json, get};
use actix_web::{App as ActixApp, HttpRequest, HttpResponse, HttpServer};
use auth_actix::AccessClaims;

use super::{App, Extras};
use crate::handwritten::Me;
use crate::{Result, statements};

pub(super) fn serve(database: &str, extras: Extras<'_>) -> Result {
    actix_web::rt::System::new().block_on(run(database, extras))
}

async fn run(database: &str, extras: Extras<'_>) -> Result {
    let app = Data::new(App::new(database, extras).await?);
    let listener = super::bind()?;
    let address = listener.local_addr()?;
    let routes = auth_actix::configure(&app.auth)?;
    let mut server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(app.clone())
            .route("/bare", get().to(bare))
            .route("/handwritten", get().to(handwritten))
            .route("/claims", get().to(claims))
            .route("/statements", get().to(async || statements::count().to_string()))
            .configure(routes.clone())
    });
    if extras.single {
        server = server.workers(1);
    }
    let server = server.listen(listener)?.run();
    super::announce(address)?;
    Ok(server.await?)
}

async fn bare(app: Data<App>) -> Json<Me> {
    Json(Me::clone(&app.example))
}

async fn claims(_: AccessClaims, app: Data<App>) -> Json<Me> {
    Json(Me::clone(&app.example))
}

async fn handwritten(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    match app.pool.me(text(AUTHORIZATION), text(COOKIE)).await {
        Ok(Some(me)) => HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(me),
        Ok(None) => HttpResponse::Unauthorized().finish(),
        Err(_) => HttpResponse::ServiceUnavailable().finish(),
    }
}
