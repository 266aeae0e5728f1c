//! Rows of what binds resources to orders: the supplier's revision, the buyer's order.

use harness::request_id;
use proto::resources::*;

use super::{
    cast::Side,
    rows::{Row, build, either, named, object, own, plain, shared},
};

/// The row of a method of BindingService.
pub fn row(method: &str) -> Option<Row> {
    Some(match method {
        // An order of nobody's has no pins.
        "ListPins" => own(build!(|cast, _, _| plain(ListPinsRequest {
            order_id: cast.order.0.clone(),
            ..ListPinsRequest::default()
        }))),
        "PreviewRelease" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let revision_id = either(object, || cast.revision.clone());
                named(
                    &revision_id.clone(),
                    PreviewReleaseRequest { revision_id, ..PreviewReleaseRequest::default() },
                )
            }),
        ),
        "ApplyRevision" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let revision_id = either(object, || cast.revision.clone());
                let request = ApplyRevisionRequest {
                    request_id: request_id(),
                    revision_id: revision_id.clone(),
                    ..ApplyRevisionRequest::default()
                };
                named(&revision_id, request)
            }),
        ),
        "SetBindingPolicy" => own(build!(|_, _, _| plain(SetBindingPolicyRequest {
            request_id: request_id(),
            policy: Some(BindingPolicy { retention_days: 30, ..BindingPolicy::default() }),
        }))),
        "GetBindingPolicy" => own(build!(|_, _, _| plain(GetBindingPolicyRequest {}))),
        "CheckDespatch" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let order_id = either(object, || cast.order.0.clone());
                let request = CheckDespatchRequest { order_id: order_id.clone(), line_number: "10".into() };
                named(&order_id, request)
            }),
        ),
        _ => return None,
    })
}
