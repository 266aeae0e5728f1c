//! What customers are shown of groups: written by the supplier, read by the customer.

use chassis::{Result, db::TenantTx};
use prost::Message;
use proto::capacity::DisclosedGroup;
use time::OffsetDateTime;
use uuid::Uuid;

/// What one customer is shown of one group.
pub(crate) struct Shown {
    pub customer: Uuid,
    pub group_id: Uuid,
    pub version: i64,
    /// `None`: nothing.
    pub content: Option<DisclosedGroup>,
    /// Sites of the customer that it concerns.
    pub locations: Vec<String>,
}

pub(crate) async fn save(tx: &mut TenantTx, shown: &Shown, at: OffsetDateTime) -> Result<()> {
    let me = tx.firm();
    let content = shown.content.as_ref().map(Message::encode_to_vec).unwrap_or_default();
    sqlx::query!(
        r#"insert into capacity.disclosed_group
               (customer, supplier, group_id, version, content, shown, changed_at, customer_locations)
           values ($1, $2, $3, $4, $5, $6, $7, $8)
           on conflict on constraint disclosed_group_pkey do update
           set version = excluded.version, content = excluded.content, shown = excluded.shown,
               changed_at = excluded.changed_at, customer_locations = excluded.customer_locations"#,
        shown.customer,
        me,
        shown.group_id,
        shown.version,
        content,
        shown.content.is_some(),
        at,
        &shown.locations
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What the tenant is shown as customer that concerns these sites, with all of these words in the name of group or supplier;
/// by supplier and group, all of it where there is none.
pub(crate) async fn list(
    tx: &mut TenantTx,
    supplier: Option<Uuid>,
    sites: &[String],
    words: &[String],
    after: Option<(Uuid, Uuid)>,
    limit: i64,
) -> Result<Vec<((Uuid, Uuid), DisclosedGroup)>> {
    let me = tx.firm();
    let (after_supplier, after_group) = after.unzip();
    let rows = sqlx::query!(
        r#"select supplier, group_id, content from capacity.disclosed_group
           where customer = $1 and shown and ($2::uuid is null or supplier = $2)
               and ($3::uuid is null or (supplier, group_id) > ($3, $4::uuid))
               and capacity.covers($6, customer_locations)
               and ($7::text[] = '{}' or (
                   select not exists (
                       select from unnest(array(
                           select distinct lower(normalize(w.word, nfkc)) from unnest($7) w (word))) w (word)
                       where strpos(t.said, w.word) = 0)
                   -- the name is the fifth field of tandem.capacity.v1.DisclosedGroup
                   from (select lower(normalize(concat_ws(' ', capacity.texts_of(content, '{5}'),
                             (select f.name || ' ' || f.name_en from partners.firm_name f where f.id = supplier)), nfkc))
                             as said offset 0) t))
           order by supplier, group_id limit $5"#,
        me,
        supplier,
        after_supplier,
        after_group,
        limit,
        sites,
        words
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let group = DisclosedGroup::decode(row.content.as_slice()).map_err(chassis::Error::internal)?;
            Ok(((row.supplier, row.group_id), group))
        })
        .collect()
}
