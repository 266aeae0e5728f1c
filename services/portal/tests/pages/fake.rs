//! An API in memory: firms, orders and answers as the portal sees them, without a database. What it is asked to do
//! it does plainly; what the services refuse, tests make it refuse.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use chassis::{Error, Reason, value::wire_date};
use futures::stream::BoxStream;
use proto::{Decimal as Wire, orders::*, partners::*, stream::*};
use rust_decimal::Decimal;
use time::macros::{date, datetime};
use tokio::sync::broadcast;
use tokio_stream::{StreamExt as _, wrappers::BroadcastStream};
use tonic::{Request, Response, Status};

type Answer<T> = Result<Response<T>, Status>;

/// Who a token is.
pub const SALES: &str = "tdm_session_sales";
pub const BUYER: &str = "tdm_session_buyer";
/// The token of a document link to [`crate::ORDER`].
pub const HOLDER: &str = "tdm_doc_holder";

pub const ANCHOR: &str = "0192f000-0000-7000-8000-0000000000a1";
pub const SUPPLIER: &str = "0192f000-0000-7000-8000-0000000000b1";

#[derive(Clone)]
pub struct Fake {
    pub state: Arc<Mutex<State>>,
    pub news: broadcast::Sender<SubscribeResponse>,
    calls: Arc<Mutex<crate::follow::Calls>>,
}

#[derive(Default)]
pub struct State {
    pub orders: Vec<Order>,
    /// Requests that took effect.
    pub responses: Vec<RespondToOrderRequest>,
    pub decisions: Vec<ResolveProposalRequest>,
    pub redeemed: Vec<String>,
    pub started: Vec<SubscribeRequest>,
    pub filters: Vec<SavedFilter>,
    pub announcements: Vec<Announcement>,
    /// What everybody may beside what is usual.
    pub permitted: Vec<proto::access::Permission>,
    receipts: HashMap<String, OrderReceipt>,
}

impl Fake {
    /// What was asked around orders.
    pub fn calls(&self) -> MutexGuard<'_, crate::follow::Calls> {
        self.calls.lock().unwrap()
    }

    pub fn new() -> Self {
        let state = State { orders: crate::story::story(), ..State::default() };
        Self { state: Arc::new(Mutex::new(state)), news: broadcast::channel(64).0, calls: Arc::default() }
    }

    pub fn change(&self, id: &str, change: impl FnOnce(&mut Order)) {
        let mut state = self.state.lock().unwrap();
        change(state.orders.iter_mut().find(|order| order.id == id).unwrap());
    }
}

pub fn refuse(reason: Reason) -> Status {
    Error::new(reason).into()
}

fn firm<T>(request: &Request<T>) -> Result<&'static str, Status> {
    let token = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
    match token.and_then(|token| token.strip_prefix("Bearer ")) {
        Some(SALES | HOLDER) => Ok(SUPPLIER),
        Some(BUYER) => Ok(ANCHOR),
        _ => Err(refuse(Reason::UNAUTHENTICATED)),
    }
}

pub fn wire(value: &str) -> Option<Wire> {
    Some(Wire { value: value.into() })
}

pub fn zero(wire: Option<&Wire>) -> Decimal {
    chassis::value::decimal(wire).unwrap().unwrap_or_default()
}

#[tonic::async_trait]
impl order_service_server::OrderService for Fake {
    async fn publish_order(&self, request: Request<PublishOrderRequest>) -> Answer<OrderReceipt> {
        firm(&request)?;
        crate::ordering::publish(self, request.into_inner()).map(Response::new)
    }

    async fn get_order(&self, request: Request<GetOrderRequest>) -> Answer<Order> {
        let firm = firm(&request)?;
        let state = self.state.lock().unwrap();
        let id = request.into_inner().order_id;
        self.calls().read.push(id.clone());
        let order = state.orders.iter().find(|o| o.id == id && (o.buyer_id == firm || o.supplier_id == firm));
        order.cloned().map(Response::new).ok_or_else(|| refuse(Reason::NOT_FOUND))
    }

    async fn list_orders(&self, request: Request<ListOrdersRequest>) -> Answer<ListOrdersResponse> {
        let firm = firm(&request)?;
        let request = request.into_inner();
        let state = self.state.lock().unwrap();
        let own = |order: &&Order| match request.side() {
            Side::Buyer => order.buyer_id == firm,
            _ => order.supplier_id == firm,
        };
        let fits = |asked: &ListOrdersRequest, order: &Order| {
            let number = &order.content.as_ref().unwrap().order_number;
            (asked.states.is_empty() || asked.states.contains(&order.state))
                && (asked.has_pending_changes.is_none_or(|some| some != order.pending_changes.is_empty()))
                && number.to_lowercase().contains(&request.text.to_lowercase())
        };
        let own = || state.orders.iter().filter(own);
        let reminders = &self.calls().reminders;
        let listed = |order: &Order| OrderSummary {
            unopened_reminder: match request.side() {
                Side::Supplier => reminders.iter().find(|reminder| reminder.order_id == order.id).cloned(),
                _ => None,
            },
            ..crate::story::summary(order)
        };
        let orders: Vec<_> = own().filter(|order| fits(&request, order)).map(listed).collect();
        let count = |also| own().filter(|order| fits(also, order)).count() as i32;
        let totals = request.also_count.iter().map(count).collect();
        let cursor = format!("cursor-{}", state.responses.len());
        Ok(Response::new(ListOrdersResponse {
            total: Some(orders.len() as i32),
            orders,
            next_page_token: String::new(),
            cursor,
            totals,
        }))
    }

    async fn list_schedule_lines(
        &self,
        _: Request<ListScheduleLinesRequest>,
    ) -> Answer<ListScheduleLinesResponse> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn list_order_lines(
        &self,
        request: Request<ListOrderLinesRequest>,
    ) -> Answer<ListOrderLinesResponse> {
        let asked = request.get_ref().clone();
        let get = GetOrderRequest { order_id: asked.order_id };
        let request = request.map(|_| get);
        let order = order_service_server::OrderService::get_order(self, request).await?.into_inner();
        let mut lines = order.content.unwrap_or_default().lines;
        let begin: usize = asked.page_token.parse().unwrap_or(0);
        let end = lines.len().min(begin + asked.page_size as usize);
        let next_page_token = if end < lines.len() { end.to_string() } else { String::new() };
        lines.truncate(end);
        let lines = lines.split_off(begin);
        Ok(Response::new(ListOrderLinesResponse { lines, schedule: order.schedule, next_page_token }))
    }

    async fn respond_to_order(&self, request: Request<RespondToOrderRequest>) -> Answer<OrderReceipt> {
        firm(&request)?;
        let request = request.into_inner();
        let mut state = self.state.lock().unwrap();
        if let Some(receipt) = state.receipts.get(&request.request_id) {
            return Ok(Response::new(OrderReceipt { replayed: true, ..receipt.clone() }));
        }
        let order = state.orders.iter_mut().find(|order| order.id == request.order_id);
        let order = order.ok_or_else(|| refuse(Reason::NOT_FOUND))?;
        if order.revision != request.revision {
            return Err(refuse(Reason::REVISION_OUTDATED));
        }
        if order.state() != OrderState::Unanswered {
            return Err(refuse(Reason::NOTHING_UNANSWERED));
        }
        crate::follow::beside_offers(self, &request)?;
        apply(order, &request);
        let receipt =
            OrderReceipt { order_id: order.id.clone(), revision: order.revision, ..Default::default() };
        state.receipts.insert(request.request_id.clone(), receipt.clone());
        state.responses.push(request);
        Ok(Response::new(receipt))
    }

    async fn resolve_proposal(&self, request: Request<ResolveProposalRequest>) -> Answer<OrderReceipt> {
        firm(&request)?;
        let request = request.into_inner();
        let mut state = self.state.lock().unwrap();
        state.decisions.push(request);
        Ok(Response::new(OrderReceipt::default()))
    }
}

/// Everything asked for is accepted, whatever the answer: tests look at what was asked of the API.
fn apply(order: &mut Order, request: &RespondToOrderRequest) {
    for line in &mut order.schedule {
        let quantities = line.quantities.get_or_insert_default();
        quantities.accepted = quantities.unanswered.take();
        line.commitments.push(Commitment {
            quantity: quantities.accepted.clone(),
            committed_delivery_date: Some(wire_date(date!(2026 - 12 - 28))),
            ..Default::default()
        });
    }
    order.set_state(OrderState::Accepted);
    order.history.push(HistoryEntry {
        version: 2,
        at: Some(chassis::value::timestamp(datetime!(2026-11-23 01:05 UTC))),
        action: "responded".into(),
        firm_id: order.supplier_id.clone(),
        actor_name: "林小燕".into(),
        note: request.note.clone(),
        ..Default::default()
    });
}

#[tonic::async_trait]
impl session_service_server::SessionService for Fake {
    async fn who_am_i(&self, request: Request<WhoAmIRequest>) -> Answer<WhoAmIResponse> {
        use proto::access::Permission as P;
        let supplies = firm(&request)? == SUPPLIER;
        let mut permissions = match supplies {
            true => vec![
                P::Self_,
                P::PartnersRead,
                P::OrdersRead,
                P::OrdersRespond,
                P::OrdersDiscuss,
                P::StreamRead,
            ],
            false => vec![
                P::Self_,
                P::PartnersRead,
                P::PartnersWrite,
                P::MembersAdmin,
                P::OrdersRead,
                P::OrdersPublish,
                P::OrdersDiscuss,
                P::StreamRead,
            ],
        };
        let state = self.state.lock().unwrap();
        permissions.extend(&state.permitted);
        Ok(Response::new(WhoAmIResponse {
            firm_id: if supplies { SUPPLIER.into() } else { ANCHOR.into() },
            firm_name: if supplies {
                "顺模塑料制品（示例）厂".into()
            } else {
                "澄屿家居用品（示例）有限公司".into()
            },
            firm_name_en: if supplies {
                "Shunmo Moulding (Example)".into()
            } else {
                "Chengyu Homeware (Example)".into()
            },
            sandbox: true,
            member_id: "m1".into(),
            member_name: if supplies { "林小燕".into() } else { "王敏".into() },
            permissions: permissions.into_iter().map(i32::from).collect(),
            locale: String::new(),
            announcements: state.announcements.clone(),
            limits: Some(Limits { saved_filters: 1, ..Default::default() }),
            ..Default::default()
        }))
    }

    async fn inspect_link(&self, request: Request<InspectLinkRequest>) -> Answer<InspectLinkResponse> {
        let kind = match request.into_inner().token.as_str() {
            "good" => LinkKind::SignIn,
            "invite" => LinkKind::Invitation,
            "old" => return Err(refuse(Reason::LINK_EXPIRED)),
            "used" => return Err(refuse(Reason::LINK_USED)),
            _ => return Err(refuse(Reason::NOT_FOUND)),
        };
        Ok(Response::new(InspectLinkResponse {
            kind: kind as i32,
            firm_name: "清禾包装（示例）有限公司".into(),
            member_name: "林小燕".into(),
            invited_by: "澄屿家居用品（示例）有限公司".into(),
            expires_at: Some(chassis::value::timestamp(datetime!(2026-11-24 01:00 UTC))),
            ..Default::default()
        }))
    }

    async fn redeem_sign_in_link(
        &self,
        request: Request<RedeemSignInLinkRequest>,
    ) -> Answer<RedeemSignInLinkResponse> {
        self.state.lock().unwrap().redeemed.push(request.into_inner().device);
        Ok(Response::new(RedeemSignInLinkResponse { session_token: SALES.into(), ..Default::default() }))
    }

    async fn accept_invitation(
        &self,
        request: Request<AcceptInvitationRequest>,
    ) -> Answer<RedeemSignInLinkResponse> {
        let request = request.into_inner();
        if !request.uscc.is_empty() && request.uscc.len() != 18 {
            return Err(Error::field("uscc", "USCC", "must have 18 characters").into());
        }
        Ok(Response::new(RedeemSignInLinkResponse { session_token: SALES.into(), ..Default::default() }))
    }

    async fn set_locale(&self, _: Request<SetLocaleRequest>) -> Answer<SetLocaleResponse> {
        Ok(Response::new(SetLocaleResponse {}))
    }

    async fn end_session(&self, _: Request<EndSessionRequest>) -> Answer<EndSessionResponse> {
        Ok(Response::new(EndSessionResponse {}))
    }

    async fn save_filter(&self, request: Request<SaveFilterRequest>) -> Answer<SavedFilter> {
        let filter = request.into_inner().filter.unwrap_or_default();
        self.state.lock().unwrap().filters.push(filter.clone());
        Ok(Response::new(filter))
    }

    async fn list_saved_filters(
        &self,
        _: Request<ListSavedFiltersRequest>,
    ) -> Answer<ListSavedFiltersResponse> {
        let filters = self.state.lock().unwrap().filters.clone();
        Ok(Response::new(ListSavedFiltersResponse { filters }))
    }

    async fn delete_saved_filter(
        &self,
        request: Request<DeleteSavedFilterRequest>,
    ) -> Answer<DeleteSavedFilterResponse> {
        let request = request.into_inner();
        let mut state = self.state.lock().unwrap();
        state.filters.retain(|one| (one.list, &one.name) != (request.list, &request.name));
        Ok(Response::new(DeleteSavedFilterResponse {}))
    }

    async fn list_current_announcements(
        &self,
        _: Request<ListCurrentAnnouncementsRequest>,
    ) -> Answer<ListCurrentAnnouncementsResponse> {
        let announcements = self.state.lock().unwrap().announcements.clone();
        Ok(Response::new(ListCurrentAnnouncementsResponse { announcements }))
    }

    async fn dismiss_announcement(
        &self,
        request: Request<DismissAnnouncementRequest>,
    ) -> Answer<DismissAnnouncementResponse> {
        let request = request.into_inner();
        let key = (request.announcement_id, request.etag);
        let shown = |one: &Announcement| (one.id.clone(), one.etag.clone()) != key;
        self.state.lock().unwrap().announcements.retain(shown);
        Ok(Response::new(DismissAnnouncementResponse {}))
    }
}

#[tonic::async_trait]
impl member_service_server::MemberService for Fake {
    async fn create_member(&self, _: Request<CreateMemberRequest>) -> Answer<Member> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn list_members(&self, _: Request<ListMembersRequest>) -> Answer<ListMembersResponse> {
        let member = |id: &str, name: &str, role: Role, disabled| Member {
            id: id.into(),
            name: name.into(),
            roles: vec![role as i32],
            disabled,
            ..Default::default()
        };
        Ok(Response::new(ListMembersResponse {
            members: vec![
                member("m1", "王敏", Role::Buyer, false),
                member("m2", "李强", Role::Buyer, false),
                member("m3", "赵工", Role::Viewer, true),
                member("m4", "周经理", Role::Admin, false),
            ],
            next_page_token: String::new(),
        }))
    }

    async fn update_member(&self, _: Request<UpdateMemberRequest>) -> Answer<Member> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn create_sign_in_link(
        &self,
        _: Request<CreateSignInLinkRequest>,
    ) -> Answer<CreateSignInLinkResponse> {
        Ok(Response::new(CreateSignInLinkResponse {
            path: "/s/8mYw0n3JxQpT5fKzLr2VbC6dGhEaUoXi".into(),
            expires_at: Some(chassis::value::timestamp(datetime!(2026-11-24 01:00 UTC))),
        }))
    }

    async fn create_api_key(&self, _: Request<CreateApiKeyRequest>) -> Answer<CreateApiKeyResponse> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn list_api_keys(&self, _: Request<ListApiKeysRequest>) -> Answer<ListApiKeysResponse> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn revoke_api_key(&self, _: Request<RevokeApiKeyRequest>) -> Answer<ApiKey> {
        Err(refuse(Reason::INTERNAL))
    }
}

#[tonic::async_trait]
impl relationship_service_server::RelationshipService for Fake {
    async fn invite_supplier(&self, _: Request<InviteSupplierRequest>) -> Answer<InviteSupplierResponse> {
        Err(refuse(Reason::INTERNAL))
    }

    async fn renew_invitation(&self, _: Request<RenewInvitationRequest>) -> Answer<RenewInvitationResponse> {
        Ok(Response::new(RenewInvitationResponse {
            invitation_path: "/i/8mYw0n3JxQpT5fKzLr2VbC6dGhEaUoXi".into(),
            expires_at: Some(chassis::value::timestamp(datetime!(2026-12-07 01:00 UTC))),
        }))
    }

    async fn claim_invitation(&self, _: Request<ClaimInvitationRequest>) -> Answer<ClaimInvitationResponse> {
        Ok(Response::new(ClaimInvitationResponse::default()))
    }

    async fn list_relationships(
        &self,
        request: Request<ListRelationshipsRequest>,
    ) -> Answer<ListRelationshipsResponse> {
        firm(&request)?;
        let one = |id: &str, name: &str, number: &str, state: RelationshipState| TradingRelationship {
            id: id.into(),
            buyer_id: ANCHOR.into(),
            supplier_id: id.replace('r', "0192f000-0000-7000-8000-0000000000b"),
            supplier_name: name.into(),
            vendor_number: number.into(),
            state: state as i32,
            created_at: Some(chassis::value::timestamp(datetime!(2026-09-01 02:00 UTC))),
            ..Default::default()
        };
        let mut relationships = vec![
            one("r1", "顺模塑料制品（示例）厂", "V10027", RelationshipState::Active),
            one("r2", "邻益注塑（示例）有限公司", "V10041", RelationshipState::Active),
            one("r3", "清禾包装（示例）有限公司", "V10055", RelationshipState::Invited),
            one("r4", "恒铆五金冲压（示例）有限公司", "V10009", RelationshipState::Suspended),
        ];
        let says = |one: &TradingRelationship, word: &str| format!("{one:?}").contains(word);
        relationships.retain(|one| request.get_ref().text.split(' ').all(|word| says(one, word)));
        Ok(Response::new(ListRelationshipsResponse { relationships, ..Default::default() }))
    }

    async fn update_relationship(
        &self,
        _: Request<UpdateRelationshipRequest>,
    ) -> Answer<TradingRelationship> {
        Err(refuse(Reason::INTERNAL))
    }
}

#[tonic::async_trait]
impl stream_service_server::StreamService for Fake {
    type SubscribeStream = BoxStream<'static, Result<SubscribeResponse, Status>>;

    async fn subscribe(&self, request: Request<SubscribeRequest>) -> Answer<Self::SubscribeStream> {
        firm(&request)?;
        let news = BroadcastStream::new(self.news.subscribe()).filter_map(Result::ok).map(Ok);
        self.state.lock().unwrap().started.push(request.into_inner());
        Ok(Response::new(Box::pin(news)))
    }

    async fn get_head(&self, _: Request<GetHeadRequest>) -> Answer<GetHeadResponse> {
        Ok(Response::new(GetHeadResponse::default()))
    }
}
