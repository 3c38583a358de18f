#![allow(dead_code)]
#[path = "../src/config.rs"] mod config;
#[path = "../src/handwritten.rs"] mod handwritten;
#[path = "../src/seed.rs"] mod seed;
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
use axum::body::Body;
use axum::http::Request;
use auth_core::session::Credential;
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, f) = s.rsplit_once(')').unwrap();
    f.split_whitespace().skip(11).take(2).map(|x| x.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
async fn time<F: std::future::Future<Output = ()>>(name: &str, n: usize, mut f: impl FnMut(usize) -> F) {
    if let Some(only) = std::env::args().nth(2) { if only != name { return; } for i in 0..std::env::args().nth(3).unwrap().parse().unwrap() { f(i).await; } return; }
    for i in 0..n / 10 { f(i).await; }
    let c = cpu(); let t = std::time::Instant::now();
    for i in 0..n { f(i).await; }
    println!("{name:40} cpu {:6.2} us  wall {:6.2} us", (cpu() - c) / n as f64 * 1e6, t.elapsed().as_secs_f64() / n as f64 * 1e6);
}
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let url = std::env::args().nth(1).unwrap();
    let db = config::connect(&url, false).await?;
    let auth = config::auth(db.clone())?;
    let file = "/tmp/micro.tokens".to_owned() + if url.starts_with("post") { ".pg" } else { "" };
    let (cookie, jwt): (Vec<String>, Vec<String>) = match std::fs::read(&file) {
        Ok(b) => serde_json::from_slice(&b)?,
        Err(_) => { let t = seed::seed(&auth, &db).await?; std::fs::write(&file, serde_json::to_vec(&(&t.cookie, &t.jwt))?)?; (t.cookie, t.jwt) }
    };
    let pool = handwritten::Pool::of(&db);
    let table = auth_axum::auth_http::Table::new(&auth);
    let me = table.endpoints().iter().find(|e| e.id == "account.get").unwrap().clone();
    let n = 40000;
    for _ in 0..2 {
    time("handwritten + to_vec", n, |i| { let c = format!("auth={}", cookie[i % cookie.len()]); let pool = &pool; async move {
        let me = pool.me(None, Some(&c)).await.unwrap().unwrap(); std::hint::black_box(serde_json::to_vec(&me).unwrap()); } }).await;
    time("authenticate db", n, |i| { let t = &cookie[i % cookie.len()]; let auth = &auth; async move {
        let b = &auth.backends()[0]; let p = auth.sessions().authenticate(&[Credential { backend: b, token: t }]).await.unwrap().unwrap(); std::hint::black_box(p); } }).await;
    time("authenticate jwt", n, |i| { let t = &jwt[i % jwt.len()]; let auth = &auth; async move {
        let b = &auth.backends()[1]; let p = auth.sessions().authenticate(&[Credential { backend: b, token: t }]).await.unwrap().unwrap(); std::hint::black_box(p); } }).await;
    time("access_claims", n, |i| { let t = &jwt[i % jwt.len()]; let auth = &auth; async move {
        let b = &auth.backends()[1]; let p = auth.sessions().access_claims(&[Credential { backend: b, token: t }]).unwrap(); std::hint::black_box(p); } }).await;
    time("table.call cookie", n, |i| { let r = Request::builder().uri("/users/me").header("cookie", format!("auth={}", cookie[i % cookie.len()])).header("host","localhost").header("user-agent","auth-bench").header("accept","*/*").body(Body::empty()).unwrap(); let (table, me) = (&table, &me); async move {
        let (p, b) = r.into_parts(); let r = table.call(me, p, b.into_data_stream(), None).await; assert_eq!(r.status(), 200); std::hint::black_box(r); } }).await;
    time("request only", n, |i| { let r = Request::builder().uri("/users/me").header("cookie", format!("auth={}", cookie[i % cookie.len()])).header("host","localhost").header("user-agent","auth-bench").header("accept","*/*").body(Body::empty()).unwrap(); async move { std::hint::black_box(r); } }).await;
    time("table.call jwt", n, |i| { let r = Request::builder().uri("/users/me").header("authorization", format!("Bearer {}", jwt[i % jwt.len()])).header("host","localhost").header("user-agent","auth-bench").header("accept","*/*").body(Body::empty()).unwrap(); let (table, me) = (&table, &me); async move {
        let (p, b) = r.into_parts(); let r = table.call(me, p, b.into_data_stream(), None).await; assert_eq!(r.status(), 200); std::hint::black_box(r); } }).await;
    println!();
    }
    Ok(())
}
