//! Rows of demand, capacity groups and what is shown of them.

use chassis::Reason;
use harness::{
    capacity::{demand, group, series},
    date, decimal, request_id,
};
use proto::capacity::*;

use super::{
    cast::{BUYER_NUMBER, Cast, SUPPLIER_NUMBER, Side},
    payloads,
    rows::{Expect, Row, build, either, list, named, object, own, plain, shared},
};

/// A version as it stands, so that a write of some weeks meets no other refusal than the one that is looked for.
async fn demand_version(cast: &Cast) -> i64 {
    let request = GetMaterialDemandRequest { demand_id: cast.demand.clone(), version: 0 };
    let got = cast.buyer.session().demands().get_material_demand(request).await;
    got.expect("the demand").into_inner().version
}

async fn group_version(cast: &Cast) -> i64 {
    let got = cast.supplier.session().capacity_group(&cast.capacity_group).await;
    got.expect("the group").version
}

/// The row of a method of DemandService.
pub fn demands(method: &str) -> Option<Row> {
    let unknown = Expect::Refused(Reason::SUPPLIER_UNKNOWN);
    Some(match method {
        // The stranger is a customer of the same supplier; the supplier has no such supplier itself.
        "UploadMaterialDemand" => Row {
            partner: unknown,
            stranger: Expect::Ok,
            nothing: unknown,
            ..object(
                Side::Buyer,
                build!(|cast, _, object| {
                    let mut request = demand(&cast.number(), &[("2026-12-28", "1")]);
                    request.vendor_number.clear();
                    request.supplier_id = either(object, || cast.supplier.id.clone());
                    named(&request.supplier_id.clone(), request)
                }),
            )
        },
        // What is refused stands in the answers.
        "UploadMaterialDemands" => own(build!(|cast, _, _| {
            let demand = Some(demand(&cast.number(), &[("2026-12-28", "1")]));
            plain(UploadMaterialDemandsRequest { item_id: "1".into(), demand })
        })),
        "UpdateDemandWeeks" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let demand_id = either(object, || cast.demand.clone());
                let request = UpdateDemandWeeksRequest {
                    request_id: request_id(),
                    demand_id: demand_id.clone(),
                    version: demand_version(cast).await,
                    series: vec![series("CY01", &[("2026-12-28", "7")])],
                    inactive: None,
                };
                named(&demand_id, request)
            }),
        ),
        "GetMaterialDemand" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let demand_id = either(object, || cast.demand.clone());
                named(&demand_id.clone(), GetMaterialDemandRequest { demand_id, version: 0 })
            }),
        ),
        "ListDemandVersions" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let demand_id = either(object, || cast.demand.clone());
                named(&demand_id.clone(), ListDemandVersionsRequest { demand_id, ..Default::default() })
            }),
        ),
        "ListMaterialDemands" => list(
            |cast| cast.demand.clone(),
            true,
            build!(|_, _, _| plain(ListMaterialDemandsRequest { page_size: 1_000, ..Default::default() })),
        ),
        _ => return None,
    })
}

/// The row of a method of CapacityGroupService.
pub fn groups(method: &str) -> Option<Row> {
    let listed =
        |request| Row { owner: Side::Supplier, ..list(|cast| cast.capacity_group.clone(), false, request) };
    Some(match method {
        "UploadCapacityGroup" => {
            Row { owner: Side::Supplier, ..own(build!(|cast, _, _| plain(group(&cast.number(), &[])))) }
        }
        "UploadCapacityGroups" => Row {
            owner: Side::Supplier,
            ..own(build!(|cast, _, _| {
                let group = Some(group(&cast.number(), &[]));
                plain(UploadCapacityGroupsRequest { item_id: "1".into(), group })
            }))
        },
        "UpdateCapacityWeeks" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let group_id = either(object, || cast.capacity_group.clone());
                let week = CapacityWeek {
                    monday: Some(date("2026-12-28")),
                    actual_capacity: Some(decimal("10")),
                    maximum_capacity: Some(decimal("20")),
                    ..CapacityWeek::default()
                };
                let request = UpdateCapacityWeeksRequest {
                    request_id: request_id(),
                    group_id: group_id.clone(),
                    version: group_version(cast).await,
                    weeks: vec![week],
                    ..UpdateCapacityWeeksRequest::default()
                };
                named(&group_id, request)
            }),
        ),
        "GetCapacityGroup" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let group_id = either(object, || cast.capacity_group.clone());
                named(&group_id.clone(), GetCapacityGroupRequest { group_id, version: 0 })
            }),
        ),
        "ListGroupVersions" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let group_id = either(object, || cast.capacity_group.clone());
                named(&group_id.clone(), ListGroupVersionsRequest { group_id, ..Default::default() })
            }),
        ),
        "ListCapacityGroups" => listed(build!(|_, _, _| plain(ListCapacityGroupsRequest {
            page_size: 1_000,
            ..Default::default()
        }))),
        "ListCapacityWeeks" => listed(build!(|_, _, _| plain(ListCapacityWeeksRequest {
            page_size: 1_000,
            ..Default::default()
        }))),
        // The customer's, who is shown it; the supplier has its own lists.
        "ListDisclosedGroups" => list(
            |cast| cast.capacity_group.clone(),
            false,
            build!(|_, _, _| plain(ListDisclosedGroupsRequest { page_size: 1_000, ..Default::default() })),
        ),
        _ => return None,
    })
}

/// The row of a method of DisclosureService.
pub fn disclosures(method: &str) -> Option<Row> {
    Some(match method {
        // The supplier's partner is its customer, who has no customer of this id itself.
        "SetDisclosure" => object(
            Side::Supplier,
            build!(|cast, caller, object| {
                let customer_id = either(object, || match caller {
                    Side::Supplier => cast.buyer.id.clone(),
                    _ => cast.supplier.id.clone(),
                });
                let request = SetDisclosureRequest {
                    request_id: request_id(),
                    customer_id: customer_id.clone(),
                    level: DisclosureLevel::Exact.into(),
                };
                named(&customer_id, request)
            }),
        ),
        "ListDisclosures" => Row {
            owner: Side::Supplier,
            ..list(
                |cast| cast.buyer.id.clone(),
                false,
                build!(|_, _, _| plain(ListDisclosuresRequest { page_size: 1_000, ..Default::default() })),
            )
        },
        _ => return None,
    })
}

/// The row of a method of PromiseService.
pub fn promises(method: &str) -> Option<Row> {
    Some(match method {
        // As SetDisclosure: the supplier's customer, who has no customer of this id itself.
        "PreviewPromise" => object(
            Side::Supplier,
            build!(|cast, caller, object| {
                let customer_id = either(object, || match caller {
                    Side::Supplier => cast.buyer.id.clone(),
                    _ => cast.supplier.id.clone(),
                });
                let request = PreviewPromiseRequest {
                    customer_id: customer_id.clone(),
                    material_number_customer: "X".into(),
                    customer_location: "CY01".into(),
                    quantity: Some(decimal("1")),
                    requested_delivery_date: Some(date("2026-12-28")),
                    ..PreviewPromiseRequest::default()
                };
                named(&customer_id, request)
            }),
        ),
        _ => return None,
    })
}

/// A comment of the buyer on its demand.
fn comment(demand: &str) -> PostCommentRequest {
    PostCommentRequest {
        request_id: request_id(),
        subject: CommentSubject::MaterialDemand.into(),
        object_id: demand.into(),
        text: "说明".into(),
        ..PostCommentRequest::default()
    }
}

/// The row of a method of CommentService.
pub fn comments(method: &str) -> Option<Row> {
    Some(match method {
        "PostComment" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let demand = either(object, || cast.demand.clone());
                named(&demand, comment(&demand))
            }),
        ),
        "DeleteComment" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let mut comments = cast.buyer.session().comments();
                let said =
                    comments.post_comment(comment(&cast.demand)).await.expect("a comment").into_inner().id;
                let comment_id = either(object, || said);
                named(&comment_id.clone(), DeleteCommentRequest { request_id: request_id(), comment_id })
            }),
        ),
        "ListComments" => own(build!(|_, _, _| plain(ListCommentsRequest {
            subject: CommentSubject::MaterialDemand.into(),
            ..ListCommentsRequest::default()
        }))),
        _ => return None,
    })
}

/// The row of a method of CatenaService.
pub fn catena(method: &str) -> Option<Row> {
    Some(match method {
        // What is refused stands in the answers.
        "ImportMaterialDemands" => own(build!(|cast, _, _| plain(ImportMaterialDemandsRequest {
            request_id: request_id(),
            content: payloads::demand(cast),
        }))),
        "ImportComments" => own(build!(|cast, _, _| plain(ImportCommentsRequest {
            request_id: request_id(),
            content: payloads::comment(&cast.demand),
        }))),
        "ImportCapacityGroups" => Row {
            owner: Side::Supplier,
            ..own(build!(|cast, _, _| plain(ImportCapacityGroupsRequest {
                request_id: request_id(),
                content: payloads::group(cast, SUPPLIER_NUMBER, BUYER_NUMBER),
            })))
        },
        // The stranger is a customer of the same supplier; the supplier is no supplier of its own.
        "ExportPayloads" => Row {
            stranger: Expect::Ok,
            ..object(
                Side::Buyer,
                build!(|cast, _, object| {
                    let request = ExportPayloadsRequest {
                        kind: PayloadKind::MaterialDemand.into(),
                        counterparty_id: either(object, || cast.supplier.id.clone()),
                        ..ExportPayloadsRequest::default()
                    };
                    named(&request.counterparty_id.clone(), request)
                }),
            )
        },
        _ => return None,
    })
}
