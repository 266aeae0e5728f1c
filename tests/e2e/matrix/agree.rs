//! Rows of tolerances, answers beside RespondToOrder, and document links.

use chassis::Reason;
use harness::{accept_all, request_id};
use proto::orders::*;

use super::{
    cast::Side,
    rows::{Expect, Object, Row, build, either, list, named, object, own, plain, token},
};

/// The row of a method; none for one that nobody thought about.
pub fn row(service: &str, method: &str) -> Option<Row> {
    match service {
        "ToleranceService" => tolerances(method),
        "ResponseService" => responses(method),
        "OrderLinkService" => links(method),
        "ScorecardService" => scorecards(method),
        _ => None,
    }
}

fn tolerances(method: &str) -> Option<Row> {
    let unknown = Expect::Refused(Reason::SUPPLIER_UNKNOWN);
    Some(match method {
        // For a supplier of the buyer alone.
        "SetToleranceRule" => Row {
            partner: unknown,
            stranger: unknown,
            nothing: unknown,
            ..object(
                Side::Buyer,
                build!(|cast, _, object| {
                    let supplier_id = either(object, || cast.private.id.clone());
                    let request = SetToleranceRuleRequest {
                        request_id: request_id(),
                        supplier_id: supplier_id.clone(),
                        bounds: Some(ToleranceBounds { late_days: Some(1), ..Default::default() }),
                        ..SetToleranceRuleRequest::default()
                    };
                    named(&supplier_id, request)
                }),
            )
        },
        "DeleteToleranceRule" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let rule_id = match (object, caller) {
                    (Object::Nothing, _) => request_id(),
                    (Object::Real, Side::Buyer) => cast.ruled().await,
                    (Object::Real, _) => cast.rule.clone(),
                };
                named(&rule_id.clone(), DeleteToleranceRuleRequest { request_id: request_id(), rule_id })
            }),
        ),
        "ListToleranceRules" => list(
            |cast| cast.rule.clone(),
            true,
            build!(|_, _, _| plain(ListToleranceRulesRequest { page_size: 1_000, ..Default::default() })),
        ),
        _ => return None,
    })
}

fn responses(method: &str) -> Option<Row> {
    Some(match method {
        "PreviewResponse" => object(
            Side::Supplier,
            build!(|cast, caller, object| {
                let order_id = match (object, caller) {
                    (Object::Nothing, _) => request_id(),
                    (Object::Real, Side::Supplier) => cast.published().await,
                    (Object::Real, _) => cast.order.0.clone(),
                };
                let request = PreviewResponseRequest {
                    order_id: order_id.clone(),
                    revision: 1,
                    accept_all: true,
                    ..PreviewResponseRequest::default()
                };
                named(&order_id, request)
            }),
        ),
        // Whose orders they are is decided one by one: an answer, and refusals inside it.
        "BulkRespond" => Row {
            owner: Side::Supplier,
            ..own(build!(|cast, _, _| plain(BulkRespondRequest {
                responses: vec![accept_all(&cast.published().await)],
            })))
        },
        _ => return None,
    })
}

fn scorecards(method: &str) -> Option<Row> {
    Some(match method {
        // Of the buyer and a supplier that nobody else has.
        "GetScorecard" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let counterparty_id = either(object, || cast.private.id.clone());
                let moment = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
                let request = GetScorecardRequest {
                    side: proto::orders::Side::Buyer.into(),
                    counterparty_id: counterparty_id.clone(),
                    from: moment(1_780_000_000),
                    until: moment(1_800_000_000),
                };
                named(&counterparty_id, request)
            }),
        ),
        "ListScoreEvidence" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let counterparty_id = either(object, || cast.private.id.clone());
                let moment = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
                let request = ListScoreEvidenceRequest {
                    side: proto::orders::Side::Buyer.into(),
                    counterparty_id: counterparty_id.clone(),
                    from: moment(1_780_000_000),
                    until: moment(1_800_000_000),
                    figure: ScoreFigure::Answered.into(),
                    ..ListScoreEvidenceRequest::default()
                };
                named(&counterparty_id, request)
            }),
        ),
        _ => return None,
    })
}

fn links(method: &str) -> Option<Row> {
    Some(match method {
        "CreateOrderLink" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let order_id = match (object, caller) {
                    (Object::Nothing, _) => request_id(),
                    (Object::Real, Side::Buyer) => cast.placed().await,
                    (Object::Real, _) => cast.linked.0.clone(),
                };
                let request = CreateOrderLinkRequest {
                    request_id: request_id(),
                    order_id: order_id.clone(),
                    ..CreateOrderLinkRequest::default()
                };
                named(&order_id, request)
            }),
        ),
        // The supplier of this order is a placeholder, and the buyer's other suppliers are no partners of it.
        "ListOrderLinks" => Row {
            shows: Some(|cast| cast.linked.1.clone()),
            ..object(
                Side::Buyer,
                build!(|cast, _, object| {
                    let order_id = either(object, || cast.linked.0.clone());
                    named(&order_id.clone(), ListOrderLinksRequest { order_id, ..Default::default() })
                }),
            )
        },
        "RevokeOrderLink" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let link_id = match (object, caller) {
                    (Object::Nothing, _) => "0".repeat(16),
                    (Object::Real, Side::Buyer) => {
                        let order_id = cast.placed().await;
                        cast.link(&order_id).await.link.expect("a link").id
                    }
                    (Object::Real, _) => cast.linked.1.clone(),
                };
                named(&link_id.clone(), RevokeOrderLinkRequest { request_id: request_id(), link_id })
            }),
        ),
        "InspectOrderLink" => token(build!(|cast, _, object| {
            let token = match object {
                Object::Real => {
                    let order_id = cast.placed().await;
                    cast.link(&order_id).await.token
                }
                Object::Nothing => request_id(),
            };
            plain(InspectOrderLinkRequest { token })
        })),
        _ => return None,
    })
}
