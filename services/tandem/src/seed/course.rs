//! What happens to an order of the story: it is published, answered, changed, held, cancelled, closed.

use anyhow::Context as _;
use chassis::value::wire_decimal as decimal;
use proto::orders::{
    CancelOrderRequest, ChangeOrderRequest, CloseShortRequest, CreateOrderLinkRequest, GetOrderRequest,
    HoldOrderRequest, LineCancellation, LineClosing, OrderReceipt, RespondToChangeRequest,
};

use super::{
    Credentials, as_firm, content, refused,
    story::{Act, Order, Story},
};
use crate::cli::client::Connection;

/// Line number of the first line of every order.
const FIRST: &str = "10";

/// Tells one order from its publication on.
pub(super) async fn tell(
    connection: &Connection,
    story: &Story,
    order: &Order,
    credentials: &Credentials,
) -> anyhow::Result<()> {
    let buyer = as_firm(connection, credentials, &order.buyer)?;
    let documents = story.documents(order)?;
    let (first, later) = documents.split_first().context("an order has a document")?;
    let publish = content::publish(story, first)?;
    let order_id = buyer.orders().publish_order(publish).await.map_err(refused)?.into_inner().order_id;
    let supplier = match credentials.firms.contains_key(&order.supplier) {
        true => as_firm(connection, credentials, &order.supplier)?,
        false => link(&buyer, order, &order_id).await?,
    };
    let published =
        supplier.orders().get_order(GetOrderRequest { order_id: order_id.clone() }).await.map_err(refused)?;
    if let Some(answer) = content::respond(first, &published.into_inner()) {
        supplier.orders().respond_to_order(answer).await.map_err(refused)?;
    }
    for (place, document) in later.iter().enumerate() {
        let change = ChangeOrderRequest {
            request_id: format!("sandbox-change-{}-{place}", order.number),
            order_id: order_id.clone(),
            content: Some(content::content(story, document, story.anchor(&order.buyer)?)?),
            ..ChangeOrderRequest::default()
        };
        let receipt = buyer.changes().change_order(change).await.map_err(refused)?.into_inner();
        consent(&supplier, &receipt).await?;
    }
    for act in &order.acts {
        let receipt = carry_out(&buyer, order, &order_id, *act).await?;
        consent(&supplier, &receipt).await?;
    }
    Ok(())
}

/// The supplier agrees to what is frozen.
async fn consent(supplier: &Connection, receipt: &OrderReceipt) -> anyhow::Result<()> {
    if receipt.pending_change_id.is_empty() {
        return Ok(());
    }
    let request = RespondToChangeRequest {
        request_id: format!("sandbox-consent-{}", receipt.pending_change_id),
        order_id: receipt.order_id.clone(),
        change_id: receipt.pending_change_id.clone(),
        accept: true,
        note: String::new(),
    };
    supplier.changes().respond_to_change(request).await.map_err(refused)?;
    Ok(())
}

async fn carry_out(
    buyer: &Connection,
    order: &Order,
    order_id: &str,
    act: Act,
) -> anyhow::Result<OrderReceipt> {
    let (request_id, order_id) =
        (|what: &str| format!("sandbox-{what}-{}", order.number), order_id.to_owned());
    let mut changes = buyer.changes();
    let answered = match act {
        Act::Hold(reason) => {
            let request = HoldOrderRequest {
                request_id: request_id("hold"),
                order_id,
                reason: reason.into(),
                note: String::new(),
            };
            changes.hold_order(request).await
        }
        Act::Cancel(quantity, reason) => {
            let line = |quantity| LineCancellation {
                line_number: FIRST.to_owned(),
                quantity: Some(decimal(quantity)),
                ..LineCancellation::default()
            };
            let request = CancelOrderRequest {
                request_id: request_id("cancel"),
                order_id,
                lines: quantity.map(line).into_iter().collect(),
                reason: reason.into(),
                ..CancelOrderRequest::default()
            };
            changes.cancel_order(request).await
        }
        Act::Close(delivered) => {
            let line = LineClosing {
                line_number: FIRST.to_owned(),
                delivered_quantity: Some(decimal(delivered)),
                ..LineClosing::default()
            };
            let request = CloseShortRequest {
                request_id: request_id("close"),
                order_id,
                lines: vec![line],
                ..CloseShortRequest::default()
            };
            changes.close_short(request).await
        }
    };
    Ok(answered.map_err(refused)?.into_inner())
}

/// A supplier without an account acts through a document link.
async fn link(buyer: &Connection, order: &Order, order_id: &str) -> anyhow::Result<Connection> {
    let mut links = buyer.order_links();
    let mut request = CreateOrderLinkRequest {
        request_id: format!("sandbox-document-link-{}", order.number),
        order_id: order_id.to_owned(),
        ..CreateOrderLinkRequest::default()
    };
    let mut token = links.create_order_link(request.clone()).await.map_err(refused)?.into_inner().token;
    if token.is_empty() {
        // An interrupted start made it, and a token is shown once.
        request.request_id = format!("{}-{}", request.request_id, chassis::clock::system().id());
        token = links.create_order_link(request).await.map_err(refused)?.into_inner().token;
    }
    Ok(buyer.with_key(Some(&token))?)
}
