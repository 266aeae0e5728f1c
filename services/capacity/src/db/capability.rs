//! Capability profiles, in their firm's tenant; and what others see of them, with what they are called.

use chassis::{Result, db::TenantTx};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// A profile. What only its firm knows is `None` for others.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub firm: Uuid,
    pub version: i64,
    pub content: Vec<u8>,
    pub changed_at: OffsetDateTime,
    pub visibility: Option<String>,
    pub cluster: Option<Uuid>,
}

/// What a firm is called.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub firm: Uuid,
    pub name: String,
    pub name_en: String,
}

/// The tenant's own profile.
pub(crate) async fn own(tx: &mut TenantTx) -> Result<Option<Head>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Head,
        r#"select firm, version, content, changed_at, visibility as "visibility?", cluster
           from capacity.capability_profile where firm = $1"#,
        me
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// The first version of the tenant's profile, or the next.
pub(crate) async fn save(tx: &mut TenantTx, head: &Head, process_keys: &[String]) -> Result<()> {
    let saved = sqlx::query!(
        r#"insert into capacity.capability_profile as p
               (firm, version, content, process_keys, visibility, cluster, changed_at)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict on constraint capability_profile_pkey do update
           set version = excluded.version, content = excluded.content, process_keys = excluded.process_keys,
               visibility = excluded.visibility, cluster = excluded.cluster, changed_at = excluded.changed_at
           where p.version = excluded.version - 1"#,
        head.firm,
        head.version,
        head.content,
        process_keys,
        head.visibility,
        head.cluster,
        head.changed_at
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}

/// Which profiles of others are asked for.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sight<'a> {
    pub firm: Option<Uuid>,
    pub process_key: Option<&'a str>,
    /// Only firms that offer nothing of the process from this Monday to that one.
    pub without_offer: Option<(Date, Date)>,
    pub after: Option<Uuid>,
}

/// Profiles of others that the tenant may see, by firm, each with what the firm is called.
pub(crate) async fn in_sight(tx: &mut TenantTx, which: Sight<'_>, limit: i64) -> Result<Vec<(Head, Name)>> {
    let rows = sqlx::query!(
        r#"select firm as "firm!", name as "name!", name_en as "name_en!", version as "version!",
                  content as "content!", changed_at as "changed_at!"
           from capacity.profiles_in_sight($1, $2, $3, $4, $5, $6)"#,
        which.firm,
        which.process_key,
        which.without_offer.map(|weeks| weeks.0),
        which.without_offer.map(|weeks| weeks.1),
        which.after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let seen = rows.into_iter().map(|row| {
        let head = Head {
            firm: row.firm,
            version: row.version,
            content: row.content,
            changed_at: row.changed_at,
            visibility: None,
            cluster: None,
        };
        (head, Name { firm: row.firm, name: row.name, name_en: row.name_en })
    });
    Ok(seen.collect())
}

/// What those of these firms are called of which the tenant sees something.
pub(crate) async fn names(tx: &mut TenantTx, firms: &[Uuid]) -> Result<Vec<Name>> {
    let rows = sqlx::query_as!(
        Name,
        r#"select firm as "firm!", name as "name!", name_en as "name_en!"
           from capacity.names_in_sight($1) order by firm"#,
        firms
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}
