//! What a bulk invitation looks up and writes.

use chassis::{Result, db::TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::invitation::{Contact, Known};

/// Partners of the tenant that one of the numbers or codes may mean; ended relationships do not count.
pub(crate) async fn known(tx: &mut TenantTx, numbers: &[String], usccs: &[String]) -> Result<Vec<Known>> {
    let buyer = tx.firm();
    let rows = sqlx::query!(
        r#"select r.id, r.vendor_number, r.accepted_at is null as "pending!",
                  array_remove(array_append(array_agg(k.value), f.uscc), null) as "usccs!"
           from partners.trading_relationship r
           join partners.firm f on f.id = r.supplier
           left join partners.known_as k on k.buyer = r.buyer and k.supplier = r.supplier and k.scheme = 'USCC'
           where r.buyer = $1 and r.ended_at is null
               and (r.vendor_number = any ($2) or f.uscc = any ($3) or k.value = any ($3))
           group by r.id, f.uscc"#,
        buyer,
        numbers,
        usccs
    )
    .fetch_all(tx.conn())
    .await?;
    let known = rows.into_iter().map(|row| Known {
        relationship: row.id,
        vendor_number: row.vendor_number,
        usccs: row.usccs,
        pending: row.pending,
    });
    Ok(known.collect())
}

/// Writes whom to reach at suppliers.
pub(crate) async fn set_contacts(
    tx: &mut TenantTx,
    contacts: &[(Uuid, &Contact)],
    at: OffsetDateTime,
) -> Result<()> {
    let buyer = tx.firm();
    let ids: Vec<Uuid> = contacts.iter().map(|(id, _)| *id).collect();
    let column = |of: fn(&Contact) -> &String| -> Vec<String> {
        contacts.iter().map(|(_, contact)| of(contact).clone()).collect()
    };
    sqlx::query!(
        r#"insert into partners.supplier_contact (buyer, relationship, name, phone, mail, locale, changed_at)
           select $1, relationship, name, phone, mail, locale, $2
           from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])
               as t (relationship, name, phone, mail, locale)
           on conflict (buyer, relationship)
               do update set name = excluded.name, phone = excluded.phone, mail = excluded.mail,
                             locale = excluded.locale, changed_at = excluded.changed_at"#,
        buyer,
        at,
        &ids,
        &column(|contact| &contact.name),
        &column(|contact| &contact.phone),
        &column(|contact| &contact.mail),
        &column(|contact| &contact.locale)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Contacts by relationship, after one.
pub(crate) async fn contacts(
    tx: &mut TenantTx,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<(Uuid, Contact)>> {
    let buyer = tx.firm();
    let rows = sqlx::query!(
        r#"select relationship, name, phone, mail, locale from partners.supplier_contact
           where buyer = $1 and ($2::uuid is null or relationship > $2)
           order by relationship limit $3"#,
        buyer,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let contact = |row: (Uuid, String, String, String, String)| {
        (row.0, Contact { name: row.1, phone: row.2, mail: row.3, locale: row.4 })
    };
    Ok(rows
        .into_iter()
        .map(|row| contact((row.relationship, row.name, row.phone, row.mail, row.locale)))
        .collect())
}
