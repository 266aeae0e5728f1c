//! The statements of this crate that are not migrations.

use sqlx::PgConnection;

/// Goes on as tandem_owner, whatever login the connection began with.
pub(super) async fn become_owner(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql("set role tandem_owner").execute(connection).await?;
    Ok(())
}
