//! Rows of methods that change published orders.

use proto::orders::{
    CancelOrderRequest, CancelReason, ChangeOrderRequest, CloseShortRequest, HoldOrderRequest, HoldReason,
    LineClosing, OrderContent, PublishOrdersRequest, ReleaseOrderRequest, RespondToChangeRequest,
    WithdrawChangeRequest, WithdrawProposalRequest,
};

use super::{Cast, Object, Row, Side, named, object, order, own, plain, request_id};

/// An order of the buyer that nobody touched, the one that strangers try, or none.
async fn target(cast: &Cast, caller: Side, object: Object) -> String {
    match (object, caller) {
        (Object::Nothing, _) => request_id(),
        (Object::Real, Side::Buyer) => cast.published().await,
        (Object::Real, _) => cast.order.0.clone(),
    }
}

fn note() -> String {
    "说明".into()
}

pub(super) fn changes(method: &str) -> Option<Row> {
    Some(match method {
        "ChangeOrder" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let order_id = target(cast, caller, object).await;
                let content = OrderContent {
                    order_number: String::new(),
                    customer_reference: cast.number(),
                    ..order("").content
                };
                let content = Some(content);
                let request_id = request_id();
                named(
                    &order_id.clone(),
                    ChangeOrderRequest { request_id, order_id, content, ..Default::default() },
                )
            }),
        ),
        "CancelOrder" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let order_id = target(cast, caller, object).await;
                let (request_id, reason) = (request_id(), CancelReason::Demand.into());
                named(
                    &order_id.clone(),
                    CancelOrderRequest { request_id, order_id, reason, ..Default::default() },
                )
            }),
        ),
        "CloseShort" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let order_id = target(cast, caller, object).await;
                let delivered_quantity = Some(harness::decimal("0"));
                let line = LineClosing { line_number: "10".into(), delivered_quantity, ..Default::default() };
                let (request_id, lines) = (request_id(), vec![line]);
                named(
                    &order_id.clone(),
                    CloseShortRequest { request_id, order_id, lines, ..Default::default() },
                )
            }),
        ),
        _ => return holds(method),
    })
}

fn holds(method: &str) -> Option<Row> {
    Some(match method {
        "HoldOrder" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let order_id = target(cast, caller, object).await;
                let (request_id, reason) = (request_id(), HoldReason::Demand.into());
                named(&order_id.clone(), HoldOrderRequest { request_id, order_id, reason, note: note() })
            }),
        ),
        "ReleaseOrder" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let order_id = target(cast, caller, object).await;
                if (object, caller) == (Object::Real, Side::Buyer) {
                    let reason = HoldReason::Demand.into();
                    let (request_id, order_id) = (request_id(), order_id.clone());
                    let hold = HoldOrderRequest { request_id, order_id, reason, note: note() };
                    cast.buyer.changes().hold_order(hold).await.expect("held");
                }
                named(
                    &order_id.clone(),
                    ReleaseOrderRequest { request_id: request_id(), order_id, note: note() },
                )
            }),
        ),
        "WithdrawProposal" => object(
            Side::Supplier,
            build!(|cast, caller, object| {
                let (order_id, proposal) = match (object, caller) {
                    (Object::Nothing, _) => (request_id(), cast.order.1.clone()),
                    (Object::Real, Side::Supplier) => cast.proposed().await,
                    (Object::Real, _) => cast.order.clone(),
                };
                let (request_id, proposal_ids) = (request_id(), vec![proposal]);
                named(
                    &order_id.clone(),
                    WithdrawProposalRequest { request_id, order_id, proposal_ids, note: note() },
                )
            }),
        ),
        _ => return requests(method),
    })
}

/// Changes of what is frozen.
fn requests(method: &str) -> Option<Row> {
    Some(match method {
        "RespondToChange" => object(
            Side::Supplier,
            build!(|cast, caller, object| {
                let (order_id, change_id) = match (object, caller) {
                    (Object::Nothing, _) => (request_id(), request_id()),
                    (Object::Real, Side::Supplier) => cast.asked().await,
                    (Object::Real, _) => (cast.order.0.clone(), request_id()),
                };
                let request = RespondToChangeRequest {
                    request_id: request_id(),
                    order_id,
                    change_id,
                    ..Default::default()
                };
                named(&request.order_id.clone(), request)
            }),
        ),
        "WithdrawChange" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let (order_id, change_id) = match (object, caller) {
                    (Object::Nothing, _) => (request_id(), request_id()),
                    (Object::Real, Side::Buyer) => cast.asked().await,
                    (Object::Real, _) => (cast.order.0.clone(), request_id()),
                };
                let request =
                    WithdrawChangeRequest { request_id: request_id(), order_id, change_id, note: note() };
                named(&request.order_id.clone(), request)
            }),
        ),
        _ => return None,
    })
}

pub(super) fn publishing(method: &str) -> Option<Row> {
    Some(match method {
        // Whom an item goes to is answered item by item.
        "PublishOrders" => own(build!(|cast, _, _| {
            let request = order(&cast.number()).line("10", "X", "1", "1").to("V100");
            plain(PublishOrdersRequest {
                item_id: "1".into(),
                content: request.content,
                supplier: request.supplier,
                stated_buyer: None,
            })
        })),
        _ => return None,
    })
}
