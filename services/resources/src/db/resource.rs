//! Resources: the tenant's own, and all as they are in its sight.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

/// What is kept of a resource, about to be saved.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub id: Uuid,
    pub version: i64,
    pub resource_number: Option<String>,
    pub content: Vec<u8>,
    pub name: String,
    pub category: i16,
    pub classification: i16,
    pub acknowledge: bool,
    pub seats: i32,
    pub visibility: String,
    pub cluster: Option<Uuid>,
    pub open: bool,
    pub search_text: String,
    pub search_keys: Vec<String>,
    pub published_at: OffsetDateTime,
    pub changed_at: OffsetDateTime,
}

/// A resource of the tenant, locked: what commands decide by.
#[derive(Clone, Debug)]
pub(crate) struct Locked {
    pub id: Uuid,
    pub version: i64,
    pub name: String,
    pub category: i16,
    pub classification: i16,
    pub seats: i32,
    pub withdrawn: bool,
    pub published_at: OffsetDateTime,
}

/// The resource of the tenant.
pub(crate) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Option<Locked>> {
    let me = tx.firm();
    let row = sqlx::query_as!(
        Locked,
        r#"select id, version, name, category, classification, seats, withdrawn, published_at
           from resources.resource where owner = $1 and id = $2 for no key update"#,
        me,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// The tenant's resource with a number.
pub(crate) async fn by_number(tx: &mut TenantTx, number: &str) -> Result<Option<Uuid>> {
    let me = tx.firm();
    let found = sqlx::query_scalar!(
        r#"select id from resources.resource where owner = $1 and resource_number = $2"#,
        me,
        number
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found)
}

/// A new resource, or the new state of one that is locked.
pub(crate) async fn save(tx: &mut TenantTx, head: &Head) -> Result<()> {
    let me = tx.firm();
    let saved = sqlx::query!(
        r#"insert into resources.resource as r
               (owner, id, version, resource_number, content, name, category, classification, acknowledge, seats,
                visibility, cluster, open, search_text, search_keys, published_at, changed_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
           on conflict on constraint resource_pkey do update
           set version = excluded.version, resource_number = excluded.resource_number, content = excluded.content,
               name = excluded.name, category = excluded.category, classification = excluded.classification,
               acknowledge = excluded.acknowledge, seats = excluded.seats, visibility = excluded.visibility,
               cluster = excluded.cluster, open = excluded.open, search_text = excluded.search_text,
               search_keys = excluded.search_keys, changed_at = excluded.changed_at
           where r.version = excluded.version - 1"#,
        me,
        head.id,
        head.version,
        head.resource_number,
        head.content,
        head.name,
        head.category,
        head.classification,
        head.acknowledge,
        head.seats,
        head.visibility,
        head.cluster,
        head.open,
        head.search_text,
        &head.search_keys,
        head.published_at,
        head.changed_at
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}

/// Withdraws a resource that is locked.
pub(crate) async fn withdraw(tx: &mut TenantTx, id: Uuid, version: i64, at: OffsetDateTime) -> Result<()> {
    let me = tx.firm();
    let saved = sqlx::query!(
        r#"update resources.resource set withdrawn = true, version = $3, changed_at = $4
           where owner = $1 and id = $2 and version = $3::bigint - 1"#,
        me,
        id,
        version,
        at
    )
    .execute(tx.conn())
    .await;
    super::one_row(saved)
}

/// Which items of the tenant's a resource belongs to from now on.
pub(crate) async fn save_items(tx: &mut TenantTx, id: Uuid, items: &[String]) -> Result<()> {
    let me = tx.firm();
    if !items.is_empty() {
        // Orders of these items are heard of from now on.
        super::binding::follow(tx).await?;
    }
    sqlx::query!(
        r#"update resources.resource_item set removed = true
           where owner = $1 and resource_id = $2 and not removed and buyer_item_id <> all($3)"#,
        me,
        id,
        items
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        r#"insert into resources.resource_item (owner, resource_id, buyer_item_id)
           select $1, $2, * from unnest($3::text[])
           on conflict on constraint resource_item_pkey do update set removed = false"#,
        me,
        id,
        items
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How far a resource is in somebody's sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    Own,
    /// May use it.
    Use,
    /// May find it, and ask for it.
    Find,
}

impl Sight {
    /// As the database says it.
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "own" => Sight::Own,
            "use" => Sight::Use,
            _ => Sight::Find,
        }
    }
}

/// The released revision of a resource.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    pub id: Uuid,
    pub label: String,
    pub released_at: OffsetDateTime,
}

/// A resource in somebody's sight. What is not for that sight is in it all the same; `convert` leaves it out.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub owner: Uuid,
    pub owner_name: String,
    pub id: Uuid,
    pub version: i64,
    pub resource_number: Option<String>,
    pub content: Vec<u8>,
    pub category: i16,
    pub visibility: String,
    pub cluster: Option<Uuid>,
    pub open: bool,
    pub withdrawn: bool,
    pub published_at: OffsetDateTime,
    pub changed_at: OffsetDateTime,
    pub sight: Sight,
    pub current: Option<Current>,
    pub to_acknowledge: bool,
    pub items: Vec<String>,
    pub seats_taken: i64,
}

/// Those of these resources that are in the tenant's sight, and its own with this number; the newest first.
pub(crate) async fn seen(tx: &mut TenantTx, ids: &[Uuid], own_number: Option<&str>) -> Result<Vec<Seen>> {
    let rows = sqlx::query!(
        r#"select owner as "owner!", owner_name as "owner_name!", id as "id!", version as "version!", resource_number,
                  content as "content!", category as "category!", visibility as "visibility!", cluster, open as "open!",
                  withdrawn as "withdrawn!", published_at as "published_at!", changed_at as "changed_at!",
                  sight as "sight!", revision_id, label, released_at, to_acknowledge as "to_acknowledge!",
                  items as "items!", seats_taken as "seats_taken!"
           from resources.seen($1, $2) order by id desc"#,
        ids,
        own_number
    )
    .fetch_all(tx.conn())
    .await?;
    let seen = rows.into_iter().map(|row| Seen {
        owner: row.owner,
        owner_name: row.owner_name,
        id: row.id,
        version: row.version,
        resource_number: row.resource_number,
        content: row.content,
        category: row.category,
        visibility: row.visibility,
        cluster: row.cluster,
        open: row.open,
        withdrawn: row.withdrawn,
        published_at: row.published_at,
        changed_at: row.changed_at,
        sight: Sight::from_name(&row.sight),
        current: row
            .revision_id
            .zip(row.label)
            .zip(row.released_at)
            .map(|((id, label), released_at)| Current { id, label, released_at }),
        to_acknowledge: row.to_acknowledge,
        items: row.items,
        seats_taken: row.seats_taken,
    });
    Ok(seen.collect())
}

/// One resource in the tenant's sight.
pub(crate) async fn one(tx: &mut TenantTx, id: Uuid) -> Result<Option<Seen>> {
    Ok(seen(tx, &[id], None).await?.pop())
}

/// What a list is narrowed to. `None`: no condition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    pub own: bool,
    pub keys: Option<Vec<String>>,
    pub words: Vec<String>,
    pub categories: Option<Vec<i16>>,
    pub owner: Option<Uuid>,
    pub item: Option<String>,
    pub usable: bool,
    pub to_acknowledge: bool,
    pub before: Option<Uuid>,
}

/// Ids of resources in the tenant's sight, the newest first.
pub(crate) async fn search(tx: &mut TenantTx, search: &Search, limit: i64) -> Result<Vec<Uuid>> {
    let rows = sqlx::query_scalar!(
        r#"select id as "id!" from resources.search($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) order by id desc"#,
        search.own,
        search.keys.as_deref(),
        &search.words,
        search.categories.as_deref(),
        search.owner,
        search.item,
        search.usable,
        search.to_acknowledge,
        search.before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}
