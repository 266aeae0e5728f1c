//! One function a command. The document is stored before its order is published and learns of it afterwards; a
//! repetition after any interruption goes on where it stopped, since both the document and the order are found
//! again by the request id.

pub(crate) mod answers;
pub(crate) mod changes;
mod sheet;

use chassis::{Error, Field, Reason, Result, caller::Caller, idempotency, service::Deps};
use proto::{
    interchange::{DocumentFormat, ImportDocumentRequest, ImportDocumentResponse},
    orders::{OrderReceipt, PublishOrderRequest, SupplierAddress},
};
use uuid::Uuid;

use crate::{
    db::{self, NewDocument},
    orders,
    ubl::{self, Imported},
};

/// Imports one document of the caller's firm.
#[tracing::instrument(skip_all, fields(document.bytes = request.content.len()))]
pub(crate) async fn import(
    deps: &Deps,
    caller: &Caller,
    request: ImportDocumentRequest,
) -> Result<ImportDocumentResponse> {
    check(&request)?;
    let content = request.content.clone();
    let source_system = request.source_system.clone();
    // Parsing takes up to a second of pure computation for the largest documents.
    let parsing = tokio::task::spawn_blocking(move || ubl::import(&content, &source_system));
    let imported = parsing.await.map_err(Error::internal)??;
    let supplier = address(&request, &imported)?;
    let mut response = ImportDocumentResponse {
        sha256: imported.sha256.to_vec().into(),
        order_number: imported.content.order_number.clone(),
        warnings: imported.warnings.clone(),
        ..ImportDocumentResponse::default()
    };
    if request.validate_only {
        return Ok(response);
    }
    let document = store(deps, caller, &request, &imported).await?;
    let publish = PublishOrderRequest {
        request_id: request.request_id,
        content: Some(imported.content),
        supplier: Some(supplier),
        stated_buyer: imported.stated_buyer,
        ..PublishOrderRequest::default()
    };
    let mut receipt = orders::publish(deps, caller, publish).await?;
    link(deps, caller, document, &receipt).await?;
    receipt.warnings.extend(imported.warnings);
    response.document_id = document.to_string();
    response.receipt = Some(receipt);
    Ok(response)
}

fn check(request: &ImportDocumentRequest) -> Result<()> {
    idempotency::check_id(&request.request_id)?;
    let mut wrong = Vec::new();
    if request.format != i32::from(DocumentFormat::UblOrder) {
        wrong.push(Field::new("format", "UNKNOWN", "must be DOCUMENT_FORMAT_UBL_ORDER"));
    }
    let system = &request.source_system;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if system.len() > 50 || !system.bytes().all(plain) {
        wrong.push(Field::new(
            "source_system",
            "FORMAT",
            "must be at most 50 letters, digits, `.`, `_` or `-`",
        ));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::invalid(wrong)) }
}

/// Whom the order goes to: as the request says, else as the document says.
fn address(request: &ImportDocumentRequest, imported: &Imported) -> Result<SupplierAddress> {
    let mut address = request.supplier.clone().unwrap_or_else(|| imported.supplier.clone());
    if request.invite_unknown && address.invite_as.is_empty() {
        if imported.seller_name.trim().is_empty() {
            let message = "the document does not name the seller; say in `supplier` whom to invite";
            return Err(Error::field("/Order/cac:SellerSupplierParty", "REQUIRED", message));
        }
        address.invite_as = imported.seller_name.trim().to_string();
    }
    if address == SupplierAddress::default() {
        let message =
            "the document gives no number of the seller; name it in `supplier`, or say invite_unknown";
        return Err(Error::field("/Order/cac:SellerSupplierParty", "REQUIRED", message));
    }
    Ok(address)
}

async fn store(
    deps: &Deps,
    caller: &Caller,
    request: &ImportDocumentRequest,
    imported: &Imported,
) -> Result<Uuid> {
    let extension = imported.extension.to_bytes().map_err(Error::internal)?;
    let mut tx = deps.pool.begin(caller.firm).await?;
    let new = NewDocument {
        id: deps.clock.id(),
        request_id: &request.request_id,
        format: DocumentFormat::UblOrder as i16,
        standard: &imported.standard,
        media_type: ubl::MEDIA_TYPE,
        sha256: &imported.sha256,
        content: &request.content,
        extension: &extension,
        received_at: deps.clock.now(),
    };
    let stored = db::store(&mut tx, &new).await?;
    tx.commit().await?;
    if stored.sha256 != imported.sha256 {
        return Err(Error::new(Reason::IDEMPOTENCY_KEY_REUSED));
    }
    Ok(stored.id)
}

async fn link(deps: &Deps, caller: &Caller, document: Uuid, receipt: &OrderReceipt) -> Result<()> {
    let id = |text: &str| Uuid::try_parse(text).map_err(Error::internal);
    let (order, supplier) = (id(&receipt.order_id)?, id(&receipt.supplier_id)?);
    let mut tx = deps.pool.begin(caller.firm).await?;
    db::set_order(&mut tx, document, order, supplier).await?;
    tx.commit().await?;
    tracing::info!(document.id = %document, order.id = %order, "document imported");
    Ok(())
}
