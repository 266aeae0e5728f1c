//! Channels. Addresses are sealed before they come here and opened after they leave.

use chassis::{
    Error, Reason, Result,
    caller::{Grants, Role},
    db::{TenantTx, is_constraint},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{kinds, unknown};
use crate::channel::{Channel, Medium, Quiet, Scope};

struct Row {
    id: Uuid,
    member: Option<Uuid>,
    medium: String,
    name: String,
    masked: String,
    kinds: Vec<i32>,
    sites: Vec<String>,
    purchasing_groups: Vec<String>,
    locale: String,
    digest_s: i32,
    quiet_from: Option<i16>,
    quiet_until: Option<i16>,
    paused_until: Option<OffsetDateTime>,
    signs_in: bool,
    version: i64,
    created_at: OffsetDateTime,
}

fn channel(row: Row) -> Result<Channel> {
    Ok(Channel {
        id: row.id,
        member: row.member,
        medium: Medium::parse(&row.medium).ok_or_else(|| unknown("notices.channel", &row.medium))?,
        name: row.name,
        masked: row.masked,
        kinds: kinds(&row.kinds),
        scope: Scope { sites: row.sites, purchasing_groups: row.purchasing_groups },
        locale: row.locale,
        digest_s: row.digest_s,
        quiet: row.quiet_from.zip(row.quiet_until).map(|(from, until)| Quiet { from, until }),
        paused_until: row.paused_until,
        signs_in: row.signs_in,
        version: row.version,
        created_at: row.created_at,
    })
}

/// Makes changes of a firm's channels wait for each other; how many it has.
pub(crate) async fn lock(tx: &mut TenantTx) -> Result<i64> {
    let firm = tx.firm();
    sqlx::query!(
        r#"select pg_advisory_xact_lock(hashtextextended('notices.channel ' || $1::uuid::text, 0))"#,
        firm
    )
    .execute(tx.conn())
    .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from notices.channel where firm = $1 and deleted_at is null"#,
        firm
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(count)
}

/// What is kept of an address.
pub(crate) struct Sealed<'a> {
    pub address: &'a [u8],
    /// Empty where the robot has none.
    pub secret: &'a [u8],
    pub fingerprint: &'a [u8],
}

/// A new channel; ALREADY_EXISTS where the firm has one with the address. `most`: what its member may do and see at most to be
/// signed in by it; `None` bounds nothing.
pub(crate) async fn insert(
    tx: &mut TenantTx,
    channel: &Channel,
    sealed: &Sealed<'_>,
    most: Option<&Grants>,
) -> Result<()> {
    let firm = tx.firm();
    let roles = most.map(|most| most.roles.iter().map(|role| i32::from(*role)).collect::<Vec<_>>());
    let kinds: Vec<i32> = channel.kinds.iter().map(|kind| i32::from(*kind)).collect();
    sqlx::query!(
        r#"insert into notices.channel
               (firm, id, member, medium, name, address, secret, masked, fingerprint, kinds, sites,
                purchasing_groups, locale, digest_s, quiet_from, quiet_until, signs_in, created_at, sign_in_roles,
                sign_in_sites, sign_in_purchasing_groups)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)"#,
        firm,
        channel.id,
        channel.member,
        channel.medium.as_str(),
        channel.name,
        sealed.address,
        sealed.secret,
        channel.masked,
        sealed.fingerprint,
        &kinds,
        &channel.scope.sites,
        &channel.scope.purchasing_groups,
        channel.locale,
        channel.digest_s,
        channel.quiet.map(|quiet| quiet.from),
        channel.quiet.map(|quiet| quiet.until),
        channel.signs_in,
        channel.created_at,
        roles.as_deref(),
        most.map(|most| most.sites.as_slice()),
        most.map(|most| most.purchasing_groups.as_slice())
    )
    .execute(tx.conn())
    .await
    .map_err(|error| match is_constraint(&error, "channel_fingerprint_key") {
        true => Error::new(Reason::ALREADY_EXISTS).message("the firm has a channel with this address"),
        false => Error::from(error),
    })?;
    Ok(())
}

/// Begins to follow the firm's feed where it is not followed yet.
pub(crate) async fn follow_from(tx: &mut TenantTx, seq: i64) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"insert into notices.follower (firm, seq) values ($1, $2) on conflict do nothing"#,
        firm,
        seq
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a member of the firm may do and see, who is still here.
pub(crate) async fn member_grants(tx: &mut TenantTx, member: Uuid) -> Result<Option<Grants>> {
    let firm = tx.firm();
    let row = sqlx::query!(
        r#"select roles as "roles!", sites as "sites!", purchasing_groups as "purchasing_groups!"
           from partners.member_scope where firm = $1 and id = $2 and active"#,
        firm,
        member
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Grants {
        roles: row.roles.iter().filter_map(|role| Role::try_from(*role).ok()).collect(),
        sites: row.sites,
        purchasing_groups: row.purchasing_groups,
    }))
}

/// A channel that was not deleted; `own` is the firm whose it must be, `None` in tests of the second wall.
pub(crate) async fn get(tx: &mut TenantTx, own: Option<Uuid>, id: Uuid) -> Result<Option<Channel>> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, member, medium, name, masked, kinds, sites, purchasing_groups, locale, digest_s, quiet_from,
                  quiet_until, paused_until, signs_in, version, created_at
           from notices.channel
           where id = $1 and ($2::uuid is null or firm = $2) and deleted_at is null"#,
        id,
        own
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(channel).transpose()
}

/// Channels in the order in which they were set up, after one.
pub(crate) async fn list(tx: &mut TenantTx, after: Option<Uuid>, limit: i64) -> Result<Vec<Channel>> {
    let firm = tx.firm();
    let rows = sqlx::query_as!(
        Row,
        r#"select id, member, medium, name, masked, kinds, sites, purchasing_groups, locale, digest_s, quiet_from,
                  quiet_until, paused_until, signs_in, version, created_at
           from notices.channel
           where firm = $1 and deleted_at is null and ($2::uuid is null or id > $2)
           order by id limit $3"#,
        firm,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(channel).collect()
}

/// Writes a change onto the version that it was made on; whether that was still there.
pub(crate) async fn update(tx: &mut TenantTx, channel: &Channel) -> Result<bool> {
    let firm = tx.firm();
    let kinds: Vec<i32> = channel.kinds.iter().map(|kind| i32::from(*kind)).collect();
    let done = sqlx::query!(
        r#"update notices.channel
           set name = $4, kinds = $5, sites = $6, purchasing_groups = $7, locale = $8, digest_s = $9,
               quiet_from = $10, quiet_until = $11, version = version + 1
           where firm = $1 and id = $2 and version = $3 and deleted_at is null"#,
        firm,
        channel.id,
        channel.version,
        channel.name,
        &kinds,
        &channel.scope.sites,
        &channel.scope.purchasing_groups,
        channel.locale,
        channel.digest_s,
        channel.quiet.map(|quiet| quiet.from),
        channel.quiet.map(|quiet| quiet.until)
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets a channel's address and gives up what waits for it; whether it was there.
pub(crate) async fn delete(tx: &mut TenantTx, id: Uuid, at: OffsetDateTime) -> Result<bool> {
    let firm = tx.firm();
    let done = sqlx::query!(
        r#"update notices.channel
           set deleted_at = $3, address = '', secret = '', fingerprint = null, version = version + 1
           where firm = $1 and id = $2 and deleted_at is null"#,
        firm,
        id,
        at
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        r#"update notices.delivery set state = 'failed', failure = 'CHANNEL_DELETED'
           where firm = $1 and channel = $2 and state in ('waiting', 'link')"#,
        firm,
        id
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Leaves a channel alone until a moment, with everything that waits for it.
pub(crate) async fn pause(tx: &mut TenantTx, id: Uuid, until: OffsetDateTime) -> Result<()> {
    let firm = tx.firm();
    sqlx::query!(
        r#"update notices.channel set paused_until = greatest(paused_until, $3) where firm = $1 and id = $2"#,
        firm,
        id,
        until
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        r#"update notices.delivery set due_at = greatest(due_at, $3)
           where firm = $1 and channel = $2 and state in ('waiting', 'link')"#,
        firm,
        id,
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The sealed address and secret of a channel.
pub(crate) async fn sealed(tx: &mut TenantTx, id: Uuid) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
    let firm = tx.firm();
    let row = sqlx::query!(
        r#"select address, secret from notices.channel where firm = $1 and id = $2 and deleted_at is null"#,
        firm,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.address, row.secret)))
}

/// A member's own narrowing, for channels of members: (member, whether still here, scope).
pub(crate) async fn member_scopes(tx: &mut TenantTx, members: &[Uuid]) -> Result<Vec<(Uuid, bool, Scope)>> {
    let firm = tx.firm();
    let rows = sqlx::query!(
        r#"select id as "id!", active as "active!", sites as "sites!", purchasing_groups as "purchasing_groups!"
           from partners.member_scope where firm = $1 and id = any ($2)"#,
        firm,
        members
    )
    .fetch_all(tx.conn())
    .await?;
    let scope = |sites, purchasing_groups| Scope { sites, purchasing_groups };
    Ok(rows.into_iter().map(|row| (row.id, row.active, scope(row.sites, row.purchasing_groups))).collect())
}
