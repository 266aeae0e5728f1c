//! Rows of aliases, groups, bulk invitations, the operator, clusters and notices.

use harness::request_id;
use proto::{notices::*, partners::*};

use super::{
    cast::{Cast, Side, notice, robot},
    rows::{Object, Row, build, either, list, named, object, own, plain, token},
};

/// The row of a method of these services; none for one that nobody thought about.
pub fn row(service: &str, method: &str) -> Option<Row> {
    match service {
        "AliasService" | "PurchasingGroupService" => tables(method),
        "InvitationService" => invitations(method),
        "OperatorService" => operating(method),
        "ClusterService" => clusters(method),
        "NoticeService" => notices(method),
        _ => None,
    }
}

fn tables(method: &str) -> Option<Row> {
    Some(match method {
        "SetAliases" => own(build!(|cast, _, _| {
            let alias = Alias {
                kind: AliasKind::Unit.into(),
                written: cast.number(),
                meaning: "H87".into(),
                ..Alias::default()
            };
            plain(SetAliasesRequest { request_id: request_id(), aliases: vec![alias] })
        })),
        "ListAliases" => list(
            |_| "U-BUYER-1".into(),
            false,
            build!(|_, _, _| plain(ListAliasesRequest { page_size: 1_000, ..Default::default() })),
        ),
        "DeleteAlias" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let written = either(object, || cast.number());
                if (caller, object) == (Side::Buyer, Object::Real) {
                    cast.alias(&written).await;
                }
                let request = DeleteAliasRequest {
                    request_id: request_id(),
                    kind: AliasKind::Unit.into(),
                    source_system: String::new(),
                    written: written.clone(),
                };
                named(&written, request)
            }),
        ),
        "SetPurchasingGroup" => own(build!(|cast, _, _| {
            let group = PurchasingGroup { code: cast.number(), name: "采购组".into() };
            plain(SetPurchasingGroupRequest { request_id: request_id(), group: Some(group) })
        })),
        "ListPurchasingGroups" => list(
            |_| "G-BUYER-1".into(),
            false,
            build!(|_, _, _| plain(ListPurchasingGroupsRequest { page_size: 1_000, ..Default::default() })),
        ),
        "DeletePurchasingGroup" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let code = either(object, || cast.number());
                if (caller, object) == (Side::Buyer, Object::Real) {
                    cast.group(&code).await;
                }
                named(&code.clone(), DeletePurchasingGroupRequest { request_id: request_id(), code })
            }),
        ),
        _ => return None,
    })
}

fn invitations(method: &str) -> Option<Row> {
    Some(match method {
        "InviteSuppliers" => own(build!(|cast, _, _| {
            let row =
                SupplierRow { name: "受邀".into(), vendor_number: cast.number(), ..SupplierRow::default() };
            plain(InviteSuppliersRequest { request_id: request_id(), rows: vec![row], ..Default::default() })
        })),
        "ListSupplierContacts" => own(build!(|_, _, _| plain(ListSupplierContactsRequest::default()))),
        _ => return None,
    })
}

/// What the operator alone may do; everybody else lacks the permission.
fn by_operator(row: Row) -> Row {
    Row { owner: Side::Operator, ..row }
}

/// An announcement that may be changed, and its etag; new where it will be, since only so many may stand.
async fn standing(cast: &Cast, caller: Side, object: Object) -> (String, String) {
    if (caller, object) == (Side::Operator, Object::Real) {
        let told = cast.announced().await;
        return (told.id, told.etag);
    }
    (either(object, || cast.announcement.clone()), "1".into())
}

fn operating(method: &str) -> Option<Row> {
    Some(match method {
        "FindFirms" => by_operator(own(build!(|_, _, _| plain(FindFirmsRequest::default())))),
        "ListWebhookHealth" => by_operator(own(build!(|_, _, _| plain(ListWebhookHealthRequest::default())))),
        "VerifyFirm" => by_operator(object(
            Side::Operator,
            build!(|cast, _, object| {
                let firm_id = either(object, || cast.private.id.clone());
                let evidence = "营业执照".into();
                named(&firm_id.clone(), VerifyFirmRequest { request_id: request_id(), firm_id, evidence })
            }),
        )),
        "UnverifyFirm" => by_operator(object(
            Side::Operator,
            build!(|cast, _, object| {
                let firm_id = either(object, || cast.private.id.clone());
                let reason = "已过期".into();
                named(&firm_id.clone(), UnverifyFirmRequest { request_id: request_id(), firm_id, reason })
            }),
        )),
        "SuspendFirm" => by_operator(object(
            Side::Operator,
            build!(|cast, _, object| {
                let firm_id = if object == Object::Real { cast.fresh().await } else { request_id() };
                let reason = "核实".into();
                named(&firm_id.clone(), SuspendFirmRequest { request_id: request_id(), firm_id, reason })
            }),
        )),
        "ReinstateFirm" => by_operator(object(
            Side::Operator,
            build!(|cast, _, object| {
                let firm_id = either(object, || cast.private.id.clone());
                let reason = "已核实".into();
                named(&firm_id.clone(), ReinstateFirmRequest { request_id: request_id(), firm_id, reason })
            }),
        )),
        "MergeFirms" => by_operator(object(
            Side::Operator,
            build!(|cast, _, object| {
                let duplicate_id = if object == Object::Real { cast.fresh().await } else { request_id() };
                let request = MergeFirmsRequest {
                    request_id: request_id(),
                    duplicate_id: duplicate_id.clone(),
                    survivor_id: cast.fresh().await,
                    reason: "重复".into(),
                };
                named(&duplicate_id, request)
            }),
        )),
        "ResetLastAdmin" => by_operator(object(
            Side::Operator,
            build!(|cast, _, object| {
                let firm_id = either(object, || cast.private.id.clone());
                let request = ResetLastAdminRequest {
                    request_id: request_id(),
                    firm_id: firm_id.clone(),
                    admin_name: "何姐".into(),
                    reason: "离职".into(),
                    ..ResetLastAdminRequest::default()
                };
                named(&firm_id, request)
            }),
        )),
        "ListOperatorActions" => {
            by_operator(own(build!(|_, _, _| plain(ListOperatorActionsRequest::default()))))
        }
        "ListActionsOnOwnFirm" => own(build!(|_, _, _| plain(ListActionsOnOwnFirmRequest::default()))),
        _ => return announcing(method),
    })
}

fn announcing(method: &str) -> Option<Row> {
    Some(match method {
        "PublishAnnouncement" => by_operator(own(build!(|_, _, _| {
            let announcement = Some(notice("新版手册已发布"));
            plain(PublishAnnouncementRequest { request_id: request_id(), announcement })
        }))),
        "ListAnnouncements" => by_operator(own(build!(|_, _, _| plain(ListAnnouncementsRequest::default())))),
        "UpdateAnnouncement" => by_operator(object(
            Side::Operator,
            build!(|cast, caller, object| {
                let (id, etag) = standing(cast, caller, object).await;
                let announcement = Some(Announcement { id: id.clone(), etag, ..notice("手册有更正") });
                named(&id, UpdateAnnouncementRequest { request_id: request_id(), announcement })
            }),
        )),
        "WithdrawAnnouncement" => by_operator(object(
            Side::Operator,
            build!(|cast, caller, object| {
                let (announcement_id, etag) = standing(cast, caller, object).await;
                let request_id = request_id();
                named(
                    &announcement_id.clone(),
                    WithdrawAnnouncementRequest { request_id, announcement_id, etag },
                )
            }),
        )),
        _ => return None,
    })
}

fn clusters(method: &str) -> Option<Row> {
    Some(match method {
        "CreateCluster" => by_operator(own(build!(|cast, _, _| plain(CreateClusterRequest {
            request_id: request_id(),
            name: cast.number(),
            ..CreateClusterRequest::default()
        })))),
        "InviteToCluster" => by_operator(object(
            Side::Operator,
            build!(|cast, _, object| {
                let cluster_id = either(object, || cast.cluster.clone());
                let firm_id = cast.private.id.clone();
                named(
                    &cluster_id.clone(),
                    InviteToClusterRequest { request_id: request_id(), cluster_id, firm_id },
                )
            }),
        )),
        "JoinCluster" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let cluster_id = match (object, caller) {
                    (Object::Nothing, _) => request_id(),
                    (Object::Real, Side::Buyer) => cast.invited().await,
                    (Object::Real, _) => cast.cluster.clone(),
                };
                named(&cluster_id.clone(), JoinClusterRequest { request_id: request_id(), cluster_id })
            }),
        ),
        "LeaveCluster" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let cluster_id = match (object, caller) {
                    (Object::Nothing, _) => request_id(),
                    (Object::Real, Side::Buyer) => cast.invited().await,
                    (Object::Real, _) => cast.cluster.clone(),
                };
                named(&cluster_id.clone(), LeaveClusterRequest { request_id: request_id(), cluster_id })
            }),
        ),
        // The operator sees it as the one who runs it.
        "ListClusters" => own(build!(|_, _, _| plain(ListClustersRequest::default()))),
        "ListClusterMembers" => by_operator(object(
            Side::Operator,
            build!(|cast, _, object| {
                let cluster_id = either(object, || cast.cluster.clone());
                named(&cluster_id.clone(), ListClusterMembersRequest { cluster_id, ..Default::default() })
            }),
        )),
        _ => return None,
    })
}

fn notices(method: &str) -> Option<Row> {
    Some(match method {
        "CreateChannel" => own(build!(|cast, _, _| plain(robot(&cast.number())))),
        "UpdateChannel" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let listed =
                    cast.buyer.session().notices().list_channels(ListChannelsRequest::default()).await;
                let channels = listed.expect("channels").into_inner().channels;
                let mut channel =
                    channels.into_iter().find(|one| one.id == cast.channel).expect("the channel");
                channel.id = either(object, || channel.id.clone());
                named(
                    &channel.id.clone(),
                    UpdateChannelRequest { request_id: request_id(), channel: Some(channel) },
                )
            }),
        ),
        "DeleteChannel" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let channel_id = match (object, caller) {
                    (Object::Nothing, _) => request_id(),
                    (Object::Real, Side::Buyer) => cast.new_channel().await,
                    (Object::Real, _) => cast.channel.clone(),
                };
                named(&channel_id.clone(), DeleteChannelRequest { request_id: request_id(), channel_id })
            }),
        ),
        "ListChannels" => list(
            |cast| cast.channel.clone(),
            false,
            build!(|_, _, _| plain(ListChannelsRequest { page_size: 1_000, ..Default::default() })),
        ),
        "SendTestNotice" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let channel_id = either(object, || cast.channel.clone());
                named(&channel_id.clone(), SendTestNoticeRequest { request_id: request_id(), channel_id })
            }),
        ),
        "ListDeliveries" => own(build!(|_, _, _| plain(ListDeliveriesRequest::default()))),
        "ListDeliveryHealth" => {
            by_operator(own(build!(|_, _, _| plain(ListDeliveryHealthRequest::default()))))
        }
        "GetMailState" => own(build!(|_, _, _| plain(GetMailStateRequest {}))),
        // The answer is the same whoever's the address is.
        "RequestSignInLink" => own(build!(|cast, _, _| {
            plain(RequestSignInLinkRequest { address: format!("{}@example.invalid", cast.number()) })
        })),
        "RequestInvitationCode" => token(build!(|cast, _, object| {
            let token =
                if object == Object::Real { cast.mailed_invitation_token().await } else { request_id() };
            plain(RequestInvitationCodeRequest { token })
        })),
        _ => return None,
    })
}
