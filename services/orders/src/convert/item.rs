//! Items of a stream of orders, and their answers.

use chassis::{Error, Field, Result};
use proto::orders::{
    ItemRefusal, ItemViolation, OrderReceipt, PublishOrderRequest, PublishOrdersRequest,
    PublishOrdersResponse, PublishOutcome,
};

use crate::publish::NewOrder;

/// The longest name of an item, in bytes.
const ITEM_BYTES: usize = 100;

/// A document that may be published, or what is wrong with the item.
pub(crate) fn order(item: PublishOrdersRequest, buyer_name: &str) -> Result<NewOrder> {
    if item.item_id.len() > ITEM_BYTES {
        let message = format!("must have at most {ITEM_BYTES} bytes");
        return Err(Error::invalid(vec![Field::new("item_id", "TOO_LONG", message)]));
    }
    let PublishOrdersRequest { content, supplier, stated_buyer, .. } = item;
    let request = PublishOrderRequest { content, supplier, stated_buyer, ..PublishOrderRequest::default() };
    super::new_order(request, buyer_name)
}

/// The answer to an item that was taken.
pub(crate) fn answered(item_id: String, receipt: OrderReceipt) -> PublishOrdersResponse {
    PublishOrdersResponse { item_id, outcome: receipt.outcome, receipt: Some(receipt), refusal: None }
}

/// The answer to an item that was refused: what a status would say.
pub(crate) fn refused(item_id: String, error: Error) -> PublishOrdersResponse {
    if let Some(source) = &error.source {
        tracing::error!(reason = error.reason.as_str(), source = format!("{source:#}"), "item failed");
    }
    let violation = |field: &Field| ItemViolation {
        field: field.path.clone(),
        reason: field.reason.into(),
        description: field.message.clone(),
    };
    let refusal = ItemRefusal {
        code: error.reason.code() as i32,
        reason: error.reason.as_str().into(),
        message: error.to_string(),
        message_zh: error.reason.zh().into(),
        violations: error.fields.iter().map(violation).collect(),
        metadata: error.metadata.iter().map(|(key, value)| ((*key).into(), value.clone())).collect(),
    };
    let outcome = PublishOutcome::Refused.into();
    PublishOrdersResponse { item_id, outcome, receipt: None, refusal: Some(refusal) }
}
