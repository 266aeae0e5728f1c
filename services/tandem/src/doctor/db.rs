//! What the doctor asks the database.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// The server and the database.
pub(super) struct Facts {
    /// Such as 150018 for 15.18.
    pub(super) version: i32,
    pub(super) name: String,
    pub(super) encoding: String,
    pub(super) ctype: String,
    pub(super) now: OffsetDateTime,
}

/// A login of Tandem as the cluster has it.
pub(super) struct Login {
    pub(super) name: String,
    pub(super) can_login: bool,
    pub(super) superuser: bool,
    pub(super) bypasses: bool,
    /// Objects that it owns, in any database of the cluster.
    pub(super) owned: i64,
    /// Whether it may act as the owner of the tables.
    pub(super) acts_as_owner: bool,
}

pub(super) async fn facts(conn: &mut PgConnection) -> sqlx::Result<Facts> {
    sqlx::query_as!(
        Facts,
        r#"select current_setting('server_version_num')::int as "version!", datname::text as "name!",
                  pg_encoding_to_char(encoding)::text as "encoding!", datctype::text as "ctype!",
                  clock_timestamp() as "now!"
           from pg_database where datname = current_database()"#
    )
    .fetch_one(conn)
    .await
}

pub(super) async fn logins(conn: &mut PgConnection) -> sqlx::Result<Vec<Login>> {
    sqlx::query_as!(
        Login,
        r#"select r.rolname::text as "name!", r.rolcanlogin as "can_login!", r.rolsuper as "superuser!",
                  r.rolbypassrls as "bypasses!",
                  (select count(*) from pg_shdepend d
                   where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid and d.deptype = 'o') as "owned!",
                  coalesce(pg_has_role(r.oid, o.oid, 'member'), false) as "acts_as_owner!"
           from pg_roles r left join pg_roles o on o.rolname = 'tandem_owner'
           where r.rolname in ('tandem_owner', 'tandem_app', 'tandem_stream')
           order by r.rolname"#
    )
    .fetch_all(conn)
    .await
}
