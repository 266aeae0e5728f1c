//! Reads: a document as it came in, and an order as a document.

pub(crate) mod listed;
pub(crate) mod sheet;
pub(crate) mod table;

use chassis::{Error, Result, calendar::day_of, caller::Caller, db::TenantTx, service::Deps, value};
use proto::{
    interchange::{
        Document, DocumentFormat, ExportDocumentRequest, ExportDocumentResponse, GetDocumentRequest,
    },
    orders::{Identifier, Order, Party},
};
use uuid::Uuid;

use crate::{
    db, orders,
    ubl::{self, Extension, Parties},
};

/// A document of either side, as it came in.
pub(crate) async fn document(deps: &Deps, caller: &Caller, request: &GetDocumentRequest) -> Result<Document> {
    let id = value::id(&request.document_id)?;
    let of_anyone = !deps.checks_ownership();
    let mut tx = deps.pool.begin(caller.firm).await?;
    let mut found = db::document(&mut tx, id, of_anyone).await?;
    if found.is_none() {
        db::take_over_claimed(&mut tx).await?;
        found = db::document(&mut tx, id, of_anyone).await?;
    }
    tx.commit().await?;
    let found = found.ok_or_else(Error::not_found)?;
    within_scope(deps, caller, found.order_id).await?;
    Ok(Document {
        id: found.id.to_string(),
        format: found.format.into(),
        content: found.content.into(),
        sha256: found.sha256.into(),
        media_type: found.media_type,
        standard: found.standard,
        order_id: found.order_id.map(|order| order.to_string()).unwrap_or_default(),
        received_at: Some(value::timestamp(found.received_at)),
    })
}

/// Who is narrowed to some sites or purchasing groups sees the documents of orders that it sees, and no others.
async fn within_scope(deps: &Deps, caller: &Caller, order: Option<Uuid>) -> Result<()> {
    if caller.sites.is_empty() && caller.purchasing_groups.is_empty() {
        return Ok(());
    }
    let order = order.ok_or_else(Error::not_found)?;
    orders::get(deps, caller, order.to_string()).await.map(drop)
}

/// An order as a document. What the order says comes from the order; what it does not say comes from the extension
/// map of the document that it came with, if any.
pub(crate) async fn export(
    deps: &Deps,
    caller: &Caller,
    request: ExportDocumentRequest,
) -> Result<ExportDocumentResponse> {
    if request.format != i32::from(DocumentFormat::UblOrder) {
        return Err(Error::field("format", "UNKNOWN", "must be DOCUMENT_FORMAT_UBL_ORDER"));
    }
    let id = value::id(&request.order_id)?;
    let order = orders::get(deps, caller, request.order_id).await?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let stored = extension(&mut tx, id).await?;
    tx.commit().await?;
    let extension = stored.map(|bytes| Extension::from_bytes(&bytes)).transpose().map_err(Error::internal)?;
    let otherwise = otherwise(&order);
    let file_name = file_name(&order);
    let content = order.content.unwrap_or_default();
    let rendering =
        tokio::task::spawn_blocking(move || ubl::export(&content, extension.as_ref(), &otherwise));
    let content = rendering.await.map_err(Error::internal)??;
    Ok(ExportDocumentResponse { content: content.into(), media_type: ubl::MEDIA_TYPE.to_string(), file_name })
}

/// The extension map of the order's document. The supplier may have claimed the placeholder that received it.
async fn extension(tx: &mut TenantTx, order: Uuid) -> Result<Option<Vec<u8>>> {
    if let Some(found) = db::extension(tx, order).await? {
        return Ok(Some(found));
    }
    db::take_over_claimed(tx).await?;
    db::extension(tx, order).await
}

/// What stands in where the order itself does not say who trades, or when it was issued.
fn otherwise(order: &Order) -> Parties {
    let named = |name: &str| Party { name: name.to_string(), ..Party::default() };
    let mut seller = named(&order.supplier_name);
    if !order.vendor_number.is_empty() {
        seller.ids.push(Identifier { scheme: ubl::BY_BUYER.to_string(), value: order.vendor_number.clone() });
    }
    let published = order.published_at.as_ref().and_then(value::time);
    let issue_date = published.map(|at| day_of(at).to_string()).unwrap_or_default();
    Parties { buyer: named(&order.buyer_name), seller, issue_date }
}

/// The order's number as a file name: no separators, no leading dot, nothing that a shell or header would read.
fn file_name(order: &Order) -> String {
    let number = order.content.as_ref().map(|content| content.order_number.as_str()).unwrap_or_default();
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let name: String = number.chars().take(60).map(plain).collect();
    format!("order-{name}.xml")
}
