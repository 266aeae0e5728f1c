//! What others are still to be told of the tenant's resources.

use chassis::{Result, db::TenantTx};
use uuid::Uuid;

use super::resource::Sight;

/// What is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Published,
    Changed,
    Withdrawn,
    RevisionReleased,
    RevisionWithdrawn,
}

impl What {
    const ALL: [What; 5] =
        [What::Published, What::Changed, What::Withdrawn, What::RevisionReleased, What::RevisionWithdrawn];

    /// As it is stored.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            What::Published => "published",
            What::Changed => "changed",
            What::Withdrawn => "withdrawn",
            What::RevisionReleased => "revision_released",
            What::RevisionWithdrawn => "revision_withdrawn",
        }
    }

    /// From what is stored.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.as_str() == name)
    }
}

/// Something to be told.
#[derive(Clone, Debug)]
pub(crate) struct Announcement {
    pub id: Uuid,
    pub what: String,
    pub resource_id: Uuid,
    pub revision_id: Option<Uuid>,
    /// The last firm that was told.
    pub after: Option<Uuid>,
}

/// Keeps that it is to be told to more.
pub(crate) async fn insert(tx: &mut TenantTx, one: &Announcement) -> Result<()> {
    let me = tx.firm();
    let saved = sqlx::query!(
        r#"insert into resources.announcement (owner, id, what, resource_id, revision_id, after)
           values ($1, $2, $3, $4, $5, $6)"#,
        me,
        one.id,
        one.what,
        one.resource_id,
        one.revision_id,
        one.after
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}

/// The next thing to be told.
pub(crate) async fn next(tx: &mut TenantTx) -> Result<Option<Announcement>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Announcement,
        r#"select id, what, resource_id, revision_id, after from resources.announcement
           where owner = $1 and not done order by id limit 1"#,
        me
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// How far it was told.
pub(crate) async fn told(tx: &mut TenantTx, id: Uuid, after: Option<Uuid>, done: bool) -> Result<()> {
    let me = tx.firm();
    let saved = sqlx::query!(
        r#"update resources.announcement set after = coalesce($3, after), done = $4 where owner = $1 and id = $2"#,
        me,
        id,
        after,
        done
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}

/// Whom to tell next, by firm, and how far the resource is in the sight of each.
pub(crate) async fn readers(
    tx: &mut TenantTx,
    resource: Uuid,
    gone: bool,
    after: Option<Uuid>,
    most: i64,
) -> Result<Vec<(Uuid, Sight)>> {
    let rows = sqlx::query!(
        r#"select firm as "firm!", sight as "sight!" from resources.readers($1, $2, $3, $4) order by firm"#,
        resource,
        gone,
        after,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.firm, Sight::from_name(&row.sight))).collect())
}

/// Firms with something to tell; without a tenant.
pub(crate) async fn owners(outside: &mut TenantTx, most: i32) -> Result<Vec<Uuid>> {
    let rows = sqlx::query_scalar!(r#"select firm as "firm!" from resources.owners_to_announce($1)"#, most)
        .fetch_all(outside.conn())
        .await?;
    Ok(rows)
}
