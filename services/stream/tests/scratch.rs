extern crate self as harness;
use std::sync::Arc;
use sqlx::{PgPool, AssertSqlSafe, Connection, PgConnection};
#[path = "../../../tests/e2e/sequencer.rs"]
mod sequencer;

#[derive(Default)]
pub struct Options { pub sequencer_by_hand: bool, pub x: () }
pub struct World { owner: PgPool, app: PgPool, stream: PgPool, db: String }
pub async fn admin(sql: String) {
    let mut c = PgConnection::connect("postgres://postgres@127.0.0.1:54329/postgres").await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut c).await.unwrap();
}
impl World {
    pub async fn with(_: Options) -> World {
        let db = format!("scratch_stream_{}", chassis::clock::system().id().simple());
        admin(format!("create database {db} template template0 encoding 'UTF8' locale 'C.UTF-8' owner tandem_owner")).await;
        let url = |r: &str| format!("postgres://{r}@127.0.0.1:54329/{db}");
        let mut c = PgConnection::connect(&url("tandem_owner")).await.unwrap();
        sqlx::raw_sql("create schema event; create schema partners").execute(&mut c).await.unwrap();
        sqlx::raw_sql(include_str!("../../chassis/migrations/0001_event.sql")).execute(&mut c).await.unwrap();
        sqlx::raw_sql("grant usage on schema partners to tandem_app; create table partners.gone(kind text, id text);
          create function partners.ended_credentials(kinds text[], ids text[]) returns table (kind text, id text) language sql security definer as
          $$ select g.kind, g.id from partners.gone g where g.id = any(ids) $$; grant execute on function partners.ended_credentials to tandem_app").execute(&mut c).await.unwrap();
        let p = |r: &'static str| { let u = url(r); async move { chassis::db::connect(u.parse().unwrap(), 8).await.unwrap() } };
        World { owner: p("tandem_owner").await, app: p("tandem_app").await, stream: p("tandem_stream").await, db }
    }
    pub async fn owner_pool(&self) -> &PgPool { &self.owner }
    pub async fn app_pool(&self) -> &PgPool { &self.app }
    pub async fn stream_pool(&self) -> &PgPool { &self.stream }
    pub async fn finish(self) {
        self.owner.close().await; self.app.close().await; self.stream.close().await;
        admin(format!("drop database {} with (force)", self.db)).await;
    }
}
#[allow(dead_code)]
fn _x(_: Arc<()>) {}
