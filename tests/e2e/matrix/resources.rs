//! Rows of resources: the supplier's, one of them granted to the buyer.

use harness::{
    request_id,
    resource::{ask, draft, drawing, grant, shown},
};
use proto::resources::*;

use super::{
    cast::{Cast, Side},
    rows::{Expect, Row, build, either, list, made, named, object, own, plain, shared},
};

/// A resource of the supplier that nobody else finds.
async fn fresh(cast: &Cast) -> String {
    cast.supplier.session().publish_resource(drawing(&cast.number())).await.expect("a resource")
}

/// One that partners find.
async fn offered(cast: &Cast) -> String {
    cast.supplier.session().publish_resource(shown(&cast.number())).await.expect("a resource")
}

/// A request of the buyer's that waits.
async fn asked(cast: &Cast) -> String {
    let resource = offered(cast).await;
    cast.buyer.session().ask_for(&resource).await.expect("a request").id
}

/// A draft of the supplier's.
async fn drafted(cast: &Cast) -> String {
    let resource = fresh(cast).await;
    let made = cast.supplier.session().revisions().create_revision(draft(&resource, "A")).await;
    made.expect("a draft").into_inner().revision_id
}

/// The row of a method of ResourceService.
pub fn resources(method: &str) -> Option<Row> {
    Some(match method {
        "PublishResource" => {
            Row { owner: Side::Supplier, ..own(build!(|cast, _, _| plain(drawing(&cast.number())))) }
        }
        "ChangeResource" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let resource_id = made(object, fresh(cast)).await;
                let request = ChangeResourceRequest {
                    request_id: request_id(),
                    resource_id: resource_id.clone(),
                    version: 1,
                    content: drawing("改").content,
                    ..ChangeResourceRequest::default()
                };
                named(&resource_id, request)
            }),
        ),
        "WithdrawResource" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let resource_id = made(object, fresh(cast)).await;
                named(&resource_id.clone(), WithdrawResourceRequest { request_id: request_id(), resource_id })
            }),
        ),
        "GetResource" => shared(
            Side::Supplier,
            build!(|cast, _, object| {
                let resource_id = either(object, || cast.resource.clone());
                named(&resource_id.clone(), GetResourceRequest { resource_id, ..Default::default() })
            }),
        ),
        "ListResources" => Row {
            owner: Side::Supplier,
            ..list(
                |cast| cast.resource.clone(),
                true,
                build!(|_, caller, _| plain(ListResourcesRequest {
                    own: caller == Side::Supplier,
                    page_size: 1_000,
                    ..ListResourcesRequest::default()
                })),
            )
        },
        _ => return None,
    })
}

/// The row of a method of RevisionService.
pub fn revisions(method: &str) -> Option<Row> {
    Some(match method {
        "CreateRevision" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let resource_id = either(object, || cast.resource.clone());
                named(&resource_id, draft(&resource_id, &cast.number()))
            }),
        ),
        "ReleaseRevision" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let revision_id = made(object, drafted(cast)).await;
                let request = ReleaseRevisionRequest {
                    request_id: request_id(),
                    revision_id: revision_id.clone(),
                    ..ReleaseRevisionRequest::default()
                };
                named(&revision_id, request)
            }),
        ),
        "WithdrawRevision" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let revision_id = made(object, drafted(cast)).await;
                named(&revision_id.clone(), WithdrawRevisionRequest { request_id: request_id(), revision_id })
            }),
        ),
        method => return read_revisions(method),
    })
}

/// Of those that read, and of those that take note.
fn read_revisions(method: &str) -> Option<Row> {
    Some(match method {
        "GetRevision" => shared(
            Side::Supplier,
            build!(|cast, _, object| {
                let revision_id = either(object, || cast.revision.clone());
                named(&revision_id.clone(), GetRevisionRequest { revision_id })
            }),
        ),
        "ListRevisions" => shared(
            Side::Supplier,
            build!(|cast, _, object| {
                let resource_id = either(object, || cast.resource.clone());
                named(&resource_id.clone(), ListRevisionsRequest { resource_id, ..Default::default() })
            }),
        ),
        "CompareRevisions" => shared(
            Side::Supplier,
            build!(|cast, _, object| {
                let before_revision_id = either(object, || cast.revision.clone());
                let after_revision_id = cast.revision.clone();
                named(
                    &before_revision_id.clone(),
                    CompareRevisionsRequest { before_revision_id, after_revision_id },
                )
            }),
        ),
        // Of another firm's revision; the supplier's own is not for itself to acknowledge.
        "AcknowledgeRevision" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let revision_id = either(object, || cast.revision.clone());
                named(
                    &revision_id.clone(),
                    AcknowledgeRevisionRequest { request_id: request_id(), revision_id },
                )
            }),
        ),
        "ListAcknowledgements" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let revision_id = either(object, || cast.revision.clone());
                named(&revision_id.clone(), ListAcknowledgementsRequest { revision_id, ..Default::default() })
            }),
        ),
        _ => return None,
    })
}

/// The row of a method of EntitlementService.
pub fn entitlements(method: &str) -> Option<Row> {
    Some(match method {
        // The stranger is a partner of the same supplier, who finds it too.
        "RequestEntitlement" => Row {
            stranger: Expect::Ok,
            ..object(
                Side::Buyer,
                build!(|cast, _, object| {
                    let resource = made(object, offered(cast)).await;
                    named(&resource, ask(&resource))
                }),
            )
        },
        "GrantEntitlement" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let resource = made(object, fresh(cast)).await;
                named(&resource, grant(&resource, &cast.buyer.id))
            }),
        ),
        "RefuseEntitlement" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let entitlement_id = made(object, asked(cast)).await;
                let request = RefuseEntitlementRequest {
                    request_id: request_id(),
                    entitlement_id: entitlement_id.clone(),
                    note: "不予授权".into(),
                };
                named(&entitlement_id, request)
            }),
        ),
        "RevokeEntitlement" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let resource = fresh(cast).await;
                let granted = cast.supplier.session().grant_resource(&resource, &cast.buyer.id).await;
                let granted = granted.expect("a grant").id;
                let entitlement_id = either(object, || granted);
                let request = RevokeEntitlementRequest {
                    request_id: request_id(),
                    entitlement_id: entitlement_id.clone(),
                    note: String::new(),
                };
                named(&entitlement_id, request)
            }),
        ),
        method => return read_entitlements(method),
    })
}

/// Of those that read.
fn read_entitlements(method: &str) -> Option<Row> {
    Some(match method {
        "GetEntitlement" => shared(
            Side::Supplier,
            build!(|cast, _, object| {
                let entitlement_id = either(object, || cast.entitlement.clone());
                named(&entitlement_id.clone(), GetEntitlementRequest { entitlement_id })
            }),
        ),
        "ListEntitlements" => Row {
            owner: Side::Supplier,
            ..list(
                |cast| cast.entitlement.clone(),
                true,
                build!(|_, caller, _| plain(ListEntitlementsRequest {
                    own: caller == Side::Supplier,
                    page_size: 1_000,
                    ..ListEntitlementsRequest::default()
                })),
            )
        },
        _ => return None,
    })
}

/// The row of a method of FollowService.
pub fn following(method: &str) -> Option<Row> {
    Some(match method {
        // The supplier is known to its customers, and is no firm that it knows itself.
        "Follow" => Row {
            stranger: Expect::Ok,
            ..object(
                Side::Buyer,
                build!(|cast, _, object| {
                    let owner_id = either(object, || cast.supplier.id.clone());
                    named(
                        &owner_id.clone(),
                        FollowRequest {
                            request_id: request_id(),
                            owner_id,
                            category: ResourceCategory::Course.into(),
                        },
                    )
                }),
            )
        },
        "Unfollow" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let follow = FollowRequest {
                    request_id: request_id(),
                    category: ResourceCategory::Data.into(),
                    ..FollowRequest::default()
                };
                let followed = cast.buyer.session().following().follow(follow).await;
                let followed = followed.expect("followed").into_inner().id;
                let following_id = either(object, || followed);
                named(&following_id.clone(), UnfollowRequest { request_id: request_id(), following_id })
            }),
        ),
        "ListFollowing" => {
            list(|cast| cast.following.clone(), false, build!(|_, _, _| plain(ListFollowingRequest {})))
        }
        _ => return None,
    })
}

/// The row of a method of AccessLogService.
pub fn access(method: &str) -> Option<Row> {
    let log =
        |request| Row { owner: Side::Supplier, ..list(|cast| cast.entitlement.clone(), false, request) };
    Some(match method {
        "ListAccess" => log(build!(|_, _, _| plain(ListAccessRequest {
            page_size: 1_000,
            ..ListAccessRequest::default()
        }))),
        "ExportAccess" => log(build!(|_, _, _| plain(ExportAccessRequest::default()))),
        _ => return None,
    })
}
