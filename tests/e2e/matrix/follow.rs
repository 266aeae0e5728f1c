//! Rows of what follows an order.

use harness::request_id;
use proto::orders::*;

use super::{
    cast::{Cast, Side},
    rows::{Object, Row, build, either, list, named, object, own, plain, shared},
};

/// The row of a method of these services.
pub(super) fn row(method: &str) -> Option<Row> {
    terms(method).or_else(|| calendars(method)).or_else(|| reminders(method)).or_else(|| others(method))
}

fn terms(method: &str) -> Option<Row> {
    Some(match method {
        // About a supplier of the buyer alone.
        "SetTerms" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let supplier_id = either(object, || cast.private.id.clone());
                let terms = Terms { supplier_id: supplier_id.clone(), ..Terms::default() };
                named(&supplier_id, SetTermsRequest { request_id: request_id(), terms: Some(terms) })
            }),
        ),
        "GetTerms" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let supplier_id = either(object, || cast.supplier.id.clone());
                let buyer_id = cast.buyer.id.clone();
                named(&supplier_id.clone(), GetTermsRequest { buyer_id, supplier_id })
            }),
        ),
        "ListTerms" => list(
            |cast| cast.private.id.clone(),
            false,
            build!(|cast, caller, _| {
                if caller == Side::Buyer {
                    let terms = Terms { supplier_id: cast.private.id.clone(), ..Terms::default() };
                    let request = SetTermsRequest { request_id: request_id(), terms: Some(terms) };
                    cast.buyer.terms().set_terms(request).await.expect("terms");
                }
                plain(ListTermsRequest { page_size: 1_000, ..Default::default() })
            }),
        ),
        _ => return None,
    })
}

fn calendars(method: &str) -> Option<Row> {
    Some(match method {
        "GetCalendar" => own(build!(|_, _, _| plain(GetCalendarRequest {}))),
        "SetCalendar" => own(build!(|_, _, _| plain(SetCalendarRequest {
            request_id: request_id(),
            calendar: Some(WorkCalendar { week_days: vec![1, 2, 3, 4, 5, 6], ..Default::default() }),
        }))),
        "CountWorkingDays" => own(build!(|_, _, _| plain(CountWorkingDaysRequest {
            from_date: Some(harness::date("2026-09-30")),
            working_days: 3,
        }))),
        _ => return None,
    })
}

/// An order that waits for the supplier, and a reminder of it.
async fn reminded(cast: &Cast) -> (String, String) {
    let order = cast.published().await;
    let order_ids = vec![order.clone()];
    let request = RemindSupplierRequest { request_id: request_id(), order_ids, message: String::new() };
    let sent = cast.buyer.reminders().remind_supplier(request).await.expect("reminded").into_inner();
    (order, sent.results[0].reminder_id.clone())
}

fn reminders(method: &str) -> Option<Row> {
    Some(match method {
        "RemindSupplier" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let id = if object == Object::Real { cast.published().await } else { request_id() };
                let order_ids = vec![id.clone()];
                named(
                    &id,
                    RemindSupplierRequest { request_id: request_id(), order_ids, message: String::new() },
                )
            }),
        ),
        "ListReminders" => list(
            |cast| cast.buyer.id.clone(),
            true,
            build!(|cast, caller, _| {
                // Either side may be the first who asks.
                if [Side::Buyer, Side::Supplier].contains(&caller) {
                    reminded(cast).await;
                }
                plain(ListRemindersRequest { page_size: 1_000, ..Default::default() })
            }),
        ),
        "AcknowledgeReminders" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let id = if object == Object::Real { reminded(cast).await.1 } else { request_id() };
                let reminder_ids = vec![id.clone()];
                named(&id, AcknowledgeRemindersRequest { request_id: request_id(), reminder_ids })
            }),
        ),
        "MarkOpened" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let order_id = either(object, || cast.order.0.clone());
                named(&order_id.clone(), MarkOpenedRequest { request_id: request_id(), order_id })
            }),
        ),
        _ => return None,
    })
}

fn others(method: &str) -> Option<Row> {
    Some(match method {
        "SetProgress" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let order_id = if object == Object::Real { accepted(cast).await } else { request_id() };
                let stage = ProgressStage::InProduction.into();
                let request = SetProgressRequest { request_id: request_id(), stage, ..Default::default() };
                named(&order_id.clone(), SetProgressRequest { order_id, ..request })
            }),
        ),
        "ListOrdersAtRisk" => list(
            |cast| cast.supplier.id.clone(),
            false,
            build!(|cast, caller, _| {
                if caller == Side::Buyer {
                    accepted(cast).await;
                }
                plain(ListOrdersAtRiskRequest {
                    within_days: Some(90),
                    page_size: 1_000,
                    ..Default::default()
                })
            }),
        ),
        "PostMessage" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let order_id = either(object, || cast.order.0.clone());
                let request = PostMessageRequest { request_id: request_id(), ..Default::default() };
                named(&order_id.clone(), PostMessageRequest { order_id, body: "x".into(), ..request })
            }),
        ),
        "ListMessages" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let order_id = either(object, || cast.order.0.clone());
                named(&order_id.clone(), ListMessagesRequest { order_id, ..Default::default() })
            }),
        ),
        "GetAttachment" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let order_id = cast.order.0.clone();
                let attachment_id = if object == Object::Real { attached(cast).await } else { request_id() };
                named(&attachment_id.clone(), GetAttachmentRequest { order_id, attachment_id })
            }),
        ),
        _ => return None,
    })
}

/// An order that the supplier accepted.
async fn accepted(cast: &Cast) -> String {
    let order = cast.published().await;
    cast.supplier.accept_all(&order).await.expect("accepted");
    order
}

/// A file on the buyer's order.
async fn attached(cast: &Cast) -> String {
    let request = PostMessageRequest {
        request_id: request_id(),
        order_id: cast.order.0.clone(),
        attachments: vec![NewAttachment { name: "a.pdf".into(), content: "%PDF-1.7".into() }],
        ..PostMessageRequest::default()
    };
    let posted = cast.buyer.thread().post_message(request).await.expect("posted").into_inner();
    posted.message.expect("the message").attachments[0].id.clone()
}
