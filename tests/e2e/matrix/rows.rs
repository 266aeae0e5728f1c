//! One row for each method: whose object it is about, what the others get, and a request.

use bytes::Bytes;
use chassis::Reason;
use futures::future::BoxFuture;
use harness::{accept_all, decide, order, request_id};
use prost::Message;
use proto::{
    interchange::{DocumentFormat, ExportDocumentRequest, GetDocumentRequest, ImportDocumentRequest},
    orders::{
        GetOrderRequest, ListOrderLinesRequest, ListOrdersRequest, ListScheduleLinesRequest,
        Side as OrderSide, SupplierAddress,
    },
    partners::*,
    stream::{GetHeadRequest, SubscribeRequest, subscribe_request::Start},
};

use super::{
    cast::{Cast, Side, ubl},
    widened,
};

/// What a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// Something of the row's owner.
    Real,
    /// An id that nobody has.
    Nothing,
}

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    Ok,
    Refused(Reason),
    AnyRefusal,
}

/// A request for a caller about an object, encoded, and the id that it names.
pub type Build = for<'a> fn(&'a Cast, Side, Object) -> BoxFuture<'a, (Bytes, String)>;

/// What a method answers to whom, where the role allows it.
#[derive(Clone, Copy)]
pub struct Row {
    pub owner: Side,
    pub partner: Expect,
    pub stranger: Expect,
    pub nothing: Expect,
    /// What the owner finds in the answer, and strangers do not.
    pub shows: Option<fn(&Cast) -> String>,
    pub partner_sees: bool,
    pub request: Build,
}

const NOT_FOUND: Expect = Expect::Refused(Reason::NOT_FOUND);

impl Row {
    /// Whether everybody gets an answer about their own things, of which nothing is looked for in that of others.
    pub fn is_of_the_caller_alone(&self) -> bool {
        let answers = [self.partner, self.stranger, self.nothing];
        answers.iter().all(|answer| *answer == Expect::Ok) && self.shows.is_none()
    }
}

/// About one object of the owner: nobody else's.
pub(super) fn object(owner: Side, request: Build) -> Row {
    Row {
        owner,
        partner: NOT_FOUND,
        stranger: NOT_FOUND,
        nothing: NOT_FOUND,
        shows: None,
        partner_sees: false,
        request,
    }
}

/// About one object of the owner, which its partner shares.
pub(super) fn shared(owner: Side, request: Build) -> Row {
    Row { partner: Expect::Ok, ..object(owner, request) }
}

/// About the caller's own things: everybody gets an answer about their own.
pub(super) fn own(request: Build) -> Row {
    Row { partner: Expect::Ok, stranger: Expect::Ok, nothing: Expect::Ok, ..object(Side::Buyer, request) }
}

/// A list of the caller's own things, in which the owner's show.
pub(super) fn list(shows: fn(&Cast) -> String, partner_sees: bool, request: Build) -> Row {
    Row { shows: Some(shows), partner_sees, ..own(request) }
}

/// By a token, which is the proof, whoever holds it.
pub(super) fn token(request: Build) -> Row {
    Row { nothing: NOT_FOUND, ..own(request) }
}

/// A request that names no id.
pub(super) fn plain(message: impl Message) -> (Bytes, String) {
    (message.encode_to_vec().into(), String::new())
}

/// A request that names one.
pub(super) fn named(id: &str, message: impl Message) -> (Bytes, String) {
    (message.encode_to_vec().into(), id.to_string())
}

macro_rules! build {
    (|$cast:pat_param, $caller:pat_param, $object:pat_param| $body:expr) => {
        |$cast, $caller, $object| Box::pin(async move { $body })
    };
}

pub(super) use build;
mod changes;

/// The row of a method; none for one that nobody thought about.
pub fn row(path: &str) -> Option<Row> {
    let (service, method) = path.trim_start_matches('/').split_once('/')?;
    match service.rsplit('.').next()? {
        "FirmService" => firms(method),
        "MemberService" => members(method),
        "SessionService" => sessions(method),
        "RelationshipService" => relationships(method),
        "OrderService" => orders(method),
        "OrderChangeService" => changes::changes(method),
        "OrderPublishingService" => changes::publishing(method),
        "TermsService" | "CalendarService" | "ReminderService" | "ProgressService" | "ThreadService" => {
            super::follow::row(method)
        }
        "StreamService" => streams(method),
        "SubscriptionService" => super::subscriptions::row(method),
        "WebhookService" => super::webhooks::row(method),
        "DocumentService" => documents(method),
        "SheetService" => super::sheets::row(method),
        "DemandService" => super::capacity::demands(method),
        "CapacityGroupService" => super::capacity::groups(method),
        "OfferService" => super::offers::offers(method),
        "ReservationService" => super::offers::reservations(method),
        "CommentService" => super::capacity::comments(method),
        "CapabilityService" => super::needs::capabilities(method),
        "CapacityRequestService" => super::needs::requests(method),
        "CapacityMatchService" => super::needs::matches(method),
        "CatenaService" => super::capacity::catena(method),
        "PromiseService" => super::capacity::promises(method),
        "DisclosureService" => super::capacity::disclosures(method),
        "ResourceService" => super::resources::resources(method),
        "RevisionService" => super::resources::revisions(method),
        "EntitlementService" => super::resources::entitlements(method),
        "FollowService" => super::resources::following(method),
        "BindingService" => super::binding::row(method),
        "AccessLogService" => super::resources::access(method),
        "TransferService" => super::files::row(method),
        service => super::agree::row(service, method).or_else(|| widened::row(service, method)),
    }
}

fn firms(method: &str) -> Option<Row> {
    Some(match method {
        "GetFirm" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let firm_id = either(object, || cast.buyer.id.clone());
                named(&firm_id.clone(), GetFirmRequest { firm_id })
            }),
        ),
        "CreateFirm" => Row {
            owner: Side::Operator,
            ..own(build!(|cast, _, _| plain(CreateFirmRequest {
                request_id: request_id(),
                name: cast.number(),
                admin_name: "管理员".into(),
                ..CreateFirmRequest::default()
            })))
        },
        "CreateSite" => own(build!(|cast, _, _| {
            let site = Site {
                code: cast.number(),
                name: "工厂".into(),
                country_code: "CN".into(),
                ..Site::default()
            };
            plain(CreateSiteRequest { request_id: request_id(), site: Some(site) })
        })),
        "ListSites" => list(
            |_| "W-BUYER-1".into(),
            false,
            build!(|_, _, _| plain(ListSitesRequest { page_size: 1_000, ..Default::default() })),
        ),
        _ => return None,
    })
}

fn members(method: &str) -> Option<Row> {
    Some(match method {
        "CreateMember" => own(build!(|_, caller, _| plain(CreateMemberRequest {
            request_id: request_id(),
            name: "新人".into(),
            roles: smallest(caller),
            ..CreateMemberRequest::default()
        }))),
        "ListMembers" => list(
            |cast| cast.buyer.admin_id.clone(),
            false,
            build!(|_, _, _| plain(ListMembersRequest { page_size: 1_000, ..Default::default() })),
        ),
        "UpdateMember" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let mut member = cast.member(Side::Buyer).await;
                member.id = either(object, || member.id.clone());
                named(
                    &member.id.clone(),
                    UpdateMemberRequest { request_id: request_id(), member: Some(member) },
                )
            }),
        ),
        "CreateSignInLink" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let member_id = either(object, || cast.buyer.admin_id.clone());
                named(&member_id.clone(), CreateSignInLinkRequest { request_id: request_id(), member_id })
            }),
        ),
        "CreateApiKey" => own(build!(|cast, caller, _| {
            let request = CreateApiKeyRequest {
                request_id: request_id(),
                name: cast.number(),
                roles: smallest(caller),
                ..CreateApiKeyRequest::default()
            };
            plain(request)
        })),
        "ListApiKeys" => list(
            |cast| cast.api_key.clone(),
            false,
            build!(|_, _, _| plain(ListApiKeysRequest { page_size: 1_000, ..Default::default() })),
        ),
        "RevokeApiKey" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let api_key_id = if object == Object::Real { cast.api_key.clone() } else { "0".repeat(16) };
                named(&api_key_id.clone(), RevokeApiKeyRequest { request_id: request_id(), api_key_id })
            }),
        ),
        _ => return None,
    })
}

fn sessions(method: &str) -> Option<Row> {
    Some(match method {
        "WhoAmI" => list(|cast| cast.buyer.id.clone(), false, build!(|_, _, _| plain(WhoAmIRequest {}))),
        "InspectLink" => token(build!(|cast, _, object| {
            let token = if object == Object::Real { cast.sign_in_token().await } else { request_id() };
            plain(InspectLinkRequest { token })
        })),
        "RedeemSignInLink" => token(build!(|cast, _, object| {
            let token = if object == Object::Real { cast.sign_in_token().await } else { request_id() };
            plain(RedeemSignInLinkRequest { token, device: String::new() })
        })),
        "AcceptInvitation" => token(build!(|cast, _, object| {
            let token = if object == Object::Real { cast.invitation_token().await } else { request_id() };
            plain(AcceptInvitationRequest { token, member_name: "何姐".into(), ..Default::default() })
        })),
        "SetLocale" => own(build!(|_, _, _| plain(SetLocaleRequest { locale: "zh".into() }))),
        "EndSession" => own(build!(|_, _, _| plain(EndSessionRequest {}))),
        "SaveFilter" => own(build!(|_, _, _| {
            let filter = SavedFilter {
                list: FilteredList::Inbox.into(),
                name: "支架".into(),
                ..SavedFilter::default()
            };
            plain(SaveFilterRequest { request_id: request_id(), filter: Some(filter) })
        })),
        "ListSavedFilters" => own(build!(|_, _, _| plain(ListSavedFiltersRequest {}))),
        "DeleteSavedFilter" => own(build!(|_, _, _| plain(DeleteSavedFilterRequest {
            request_id: request_id(),
            list: FilteredList::Inbox.into(),
            name: "支架".into(),
        }))),
        "ListCurrentAnnouncements" => {
            own(build!(|_, _, _| plain(ListCurrentAnnouncementsRequest::default())))
        }
        // What is shown is shown to everybody.
        "DismissAnnouncement" => Row {
            nothing: NOT_FOUND,
            ..own(build!(|cast, _, object| {
                let announcement_id = either(object, || cast.announcement.clone());
                let (request_id, etag) = (request_id(), "1".into());
                named(
                    &announcement_id.clone(),
                    DismissAnnouncementRequest { request_id, announcement_id, etag },
                )
            }))
        },
        _ => return None,
    })
}

fn relationships(method: &str) -> Option<Row> {
    Some(match method {
        "InviteSupplier" => own(build!(|cast, _, _| plain(InviteSupplierRequest {
            request_id: request_id(),
            name: "受邀".into(),
            vendor_number: cast.number(),
            ..InviteSupplierRequest::default()
        }))),
        // The placeholder is nobody's partner but the buyer's.
        "RenewInvitation" => object(
            Side::Buyer,
            build!(|cast, _, object| {
                let relationship_id = either(object, || cast.placeholder.id.clone());
                named(
                    &relationship_id.clone(),
                    RenewInvitationRequest { request_id: request_id(), relationship_id },
                )
            }),
        ),
        // The inviter itself cannot take it; whoever else holds the link can.
        "ClaimInvitation" => Row {
            owner: Side::Supplier,
            partner: Expect::Refused(Reason::OWN_FIRM),
            ..token(build!(|cast, _, object| {
                let token = if object == Object::Real { cast.invitation_token().await } else { request_id() };
                plain(ClaimInvitationRequest { request_id: request_id(), token, ..Default::default() })
            }))
        },
        "ListRelationships" => list(
            |cast| cast.buyer.id.clone(),
            true,
            build!(|_, _, _| plain(ListRelationshipsRequest { page_size: 1_000, ..Default::default() })),
        ),
        "UpdateRelationship" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let now = cast.relationship().await;
                let relationship_id = either(object, || now.id.clone());
                let request = UpdateRelationshipRequest {
                    request_id: request_id(),
                    relationship_id: relationship_id.clone(),
                    etag: now.etag,
                    ..UpdateRelationshipRequest::default()
                };
                named(&relationship_id, request)
            }),
        ),
        _ => return None,
    })
}

fn orders(method: &str) -> Option<Row> {
    let unknown = Expect::Refused(Reason::SUPPLIER_UNKNOWN);
    Some(match method {
        // About a supplier of the buyer alone.
        "PublishOrder" => Row {
            partner: unknown,
            stranger: unknown,
            nothing: unknown,
            ..object(
                Side::Buyer,
                build!(|cast, _, object| {
                    let firm_id = either(object, || cast.private.id.clone());
                    let address = SupplierAddress { firm_id: firm_id.clone(), ..SupplierAddress::default() };
                    named(&firm_id, order(&cast.number()).line("10", "X", "1", "1").to_address(address))
                }),
            )
        },
        "RespondToOrder" => object(
            Side::Supplier,
            build!(|cast, caller, object| {
                let id = match (object, caller) {
                    (Object::Nothing, _) => request_id(),
                    (Object::Real, Side::Supplier) => cast.published().await,
                    (Object::Real, _) => cast.order.0.clone(),
                };
                named(&id, accept_all(&id))
            }),
        ),
        "ResolveProposal" => object(
            Side::Buyer,
            build!(|cast, caller, object| {
                let (id, proposal) = match (object, caller) {
                    (Object::Nothing, _) => (request_id(), cast.order.1.clone()),
                    (Object::Real, Side::Buyer) => cast.proposed().await,
                    (Object::Real, _) => cast.order.clone(),
                };
                named(&id, decide(&id, &[(&proposal, true)]))
            }),
        ),
        _ => return order_reads(method),
    })
}

fn order_reads(method: &str) -> Option<Row> {
    Some(match method {
        "GetOrder" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let order_id = either(object, || cast.order.0.clone());
                named(&order_id.clone(), GetOrderRequest { order_id })
            }),
        ),
        "ListOrderLines" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let order_id = either(object, || cast.order.0.clone());
                named(&order_id.clone(), ListOrderLinesRequest { order_id, ..Default::default() })
            }),
        ),
        "ListOrders" => list(
            |cast| cast.order.0.clone(),
            false,
            build!(|_, _, _| plain(ListOrdersRequest {
                side: OrderSide::Buyer.into(),
                page_size: 1_000,
                ..ListOrdersRequest::default()
            })),
        ),
        "ListScheduleLines" => list(
            |cast| cast.order.0.clone(),
            true,
            build!(|cast, caller, object| {
                let side = if caller == Side::Supplier { OrderSide::Supplier } else { OrderSide::Buyer };
                let order_id = either(object, || cast.order.0.clone());
                plain(ListScheduleLinesRequest { side: side.into(), order_id, ..Default::default() })
            }),
        ),
        _ => return None,
    })
}

fn streams(method: &str) -> Option<Row> {
    Some(match method {
        "Subscribe" => list(
            |cast| format!("orders/{}", cast.order.0),
            true,
            build!(|_, _, _| plain(SubscribeRequest {
                start: Some(Start::Earliest(true)),
                filter: None,
                until_head: true,
            })),
        ),
        "GetHead" => own(build!(|_, _, _| plain(GetHeadRequest {}))),
        _ => return None,
    })
}

fn documents(method: &str) -> Option<Row> {
    Some(match method {
        "ImportDocument" => own(build!(|cast, _, _| plain(ImportDocumentRequest {
            request_id: request_id(),
            format: DocumentFormat::UblOrder.into(),
            content: ubl(&cast.number()).into_bytes().into(),
            validate_only: true,
            ..ImportDocumentRequest::default()
        }))),
        "ExportDocument" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let order_id = either(object, || cast.order.0.clone());
                named(
                    &order_id.clone(),
                    ExportDocumentRequest { order_id, format: DocumentFormat::UblOrder.into() },
                )
            }),
        ),
        "GetDocument" => shared(
            Side::Buyer,
            build!(|cast, _, object| {
                let document_id = either(object, || cast.document.clone());
                named(&document_id.clone(), GetDocumentRequest { document_id })
            }),
        ),
        _ => return None,
    })
}

/// The id of an object, or one that nobody has.
pub(super) fn either(object: Object, id: impl FnOnce() -> String) -> String {
    if object == Object::Real { id() } else { request_id() }
}

/// The id of an object that is made when it is asked for, or one that nobody has.
pub(super) async fn made(object: Object, new: impl Future<Output = String>) -> String {
    if object == Object::Real { new.await } else { request_id() }
}

/// The smallest role that a firm may hand out.
fn smallest(caller: Side) -> Vec<i32> {
    let role = if caller == Side::Operator { Role::Operator } else { Role::Viewer };
    vec![role.into()]
}
