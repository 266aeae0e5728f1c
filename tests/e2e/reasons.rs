//! Every reason that the product can give is given here, or it is said why it cannot be had in a test. A new reason
//! that is not, fails.

mod circumstances;
mod operating;

use chassis::Reason;
use harness::{Firm, World, accept_all, answer, decide, order, refusal::reason, request_id};
use proto::{
    interchange::{DocumentFormat, ImportDocumentRequest, ReadOrdersRequest, SheetFile},
    orders::{
        CancelOrderRequest, CancelReason, CreateOrderLinkRequest, ListOrdersRequest, OrderReceipt,
        ReleaseOrderRequest, Side, SupplierAddress, WithdrawChangeRequest,
    },
    partners::{
        ClaimInvitationRequest, CreateSiteRequest, Member, RedeemSignInLinkRequest, RelationshipState,
        RenewInvitationRequest, Role, Site, UpdateMemberRequest, UpdateRelationshipRequest,
    },
};
use sqlx::AssertSqlSafe;
use tonic::Status;

/// A world in which things were done that can be refused now.
struct Scene {
    world: World,
    buyer: Firm,
    supplier: Firm,
    receipt: OrderReceipt,
    invitation: String,
}

/// How a reason is had.
enum Way {
    /// By this call.
    Call(Result<(), Status>),
    /// In another test: the text of its file, and its name.
    Elsewhere(&'static str, &'static str),
    /// Not in a test, and why.
    Nowhere(&'static str),
}

/// Reasons that the tests of their own subject provoke.
const ELSEWHERE: &[(Reason, &str, &str)] = &[
    (Reason::CURSOR_EXPIRED, HERE, "a_cursor_that_the_log_no_longer_holds_is_never_skipped_over"),
    (Reason::FEED_DIVERGED, HERE, "a_cursor_that_the_log_no_longer_holds_is_never_skipped_over"),
    (Reason::JSON_MALFORMED, JSON, "what_is_no_call_of_ours_is_answered_in_json_too"),
    (Reason::MEDIA_TYPE, JSON, "what_is_no_call_of_ours_is_answered_in_json_too"),
    (Reason::HTTP_METHOD, JSON, "what_is_no_call_of_ours_is_answered_in_json_too"),
    (Reason::RPC_UNKNOWN, JSON, "what_is_no_call_of_ours_is_answered_in_json_too"),
    (Reason::NOTHING_TO_REMIND, REMINDERS, "a_reminder_that_is_not_sent_says_why"),
    (Reason::REMINDED_RECENTLY, REMINDERS, "a_reminder_that_is_not_sent_says_why"),
    (Reason::OFFER_EXCEEDS_CAPACITY, BOOKING, "hours_are_offered_held_and_consumed_once"),
    (Reason::HOURS_OFFERED, ACCEPTED, "hours_that_are_offered_are_promised_by_those_who_say_so"),
    (Reason::CAPACITY_SHORT, BOOKING, "hours_are_offered_held_and_consumed_once"),
    (Reason::RESERVATION_ENDED, BOOKING, "hours_are_offered_held_and_consumed_once"),
    (Reason::REQUEST_CLOSED, NEED, "a_need_is_shown_met_and_answered"),
    (Reason::MATCH_STATE, NEED, "a_need_is_shown_met_and_answered"),
    (Reason::RESOURCE_WITHDRAWN, RESOURCES, "a_drawing_is_opened_revised_and_closed"),
    (Reason::REVISION_STATE, RESOURCES, "a_drawing_is_opened_revised_and_closed"),
    (Reason::REVISION_EMPTY, RESOURCES, "a_drawing_is_opened_revised_and_closed"),
    (Reason::ENTITLEMENT_STATE, RESOURCES, "what_is_asked_for_is_decided_once"),
    (Reason::ENTITLEMENTS_STAND, RESOURCES, "what_is_asked_for_is_decided_once"),
    (Reason::UPLOAD_OFFSET, FILES, "a_file_goes_up_in_pieces_and_comes_down_whole"),
    (Reason::UPLOAD_INCOMPLETE, FILES, "a_file_goes_up_in_pieces_and_comes_down_whole"),
    (Reason::UPLOAD_DIFFERS, FILES, "what_is_not_as_announced_becomes_no_file"),
    (Reason::CONTENT_REFUSED, HOSTILE, "what_the_scanner_refuses_becomes_no_file"),
    (Reason::UPLOAD_ENDED, FILES, "what_is_not_as_announced_becomes_no_file"),
    (Reason::FILE_OFFSET, FILES, "a_file_goes_up_in_pieces_and_comes_down_whole"),
    (Reason::DOWNLOAD_LIMIT, DOWNLOADS, "downloads_are_counted_and_told"),
    (Reason::FILES_NOT_SET_UP, FILES, "where_files_are_not_set_up_nobody_uploads"),
    (Reason::WEBHOOKS_NOT_SET_UP, WEBHOOKS, "where_webhooks_are_not_set_up_nobody_makes_one"),
    (Reason::SUBSCRIPTION_AHEAD, SUBSCRIPTIONS, "what_is_acknowledged_does_not_come_again"),
    (Reason::RESERVATION_UNUSABLE, CONSUME, "a_reservation_that_cannot_be_used_is_named_by_its_line"),
    (Reason::TOO_MANY_STREAMS, HERE, "a_firm_with_too_many_streams_is_told_and_others_are_not"),
    (Reason::CHANGED_AT_OLDER, CAPACITY, "the_first_rule_that_fits_decides"),
    (Reason::BPN_MISSING, CATENA, "what_goes_in_comes_out"),
    (Reason::RATE_LIMITED, HERE, "a_firm_that_hurries_is_told_when_to_come_again"),
    (Reason::UNAVAILABLE, HERE, "a_database_that_is_gone_is_no_fault_of_the_caller"),
    (Reason::DEADLINE_EXCEEDED, HERE, "a_call_that_waits_too_long_is_ended"),
    (Reason::DRAINING, HERE, "a_server_that_stops_says_so_to_its_streams"),
];
const NEED: &str = include_str!("capacity/need.rs");
const RESOURCES: &str = include_str!("resources.rs");
const FILES: &str = include_str!("files.rs");
const HOSTILE: &str = include_str!("files/hostile.rs");
const DOWNLOADS: &str = include_str!("files/downloads.rs");
const BOOKING: &str = include_str!("booking.rs");
const ACCEPTED: &str = include_str!("booking/accepted.rs");
const CONSUME: &str = include_str!("booking/consume.rs");
const CAPACITY: &str = include_str!("capacity/writing.rs");
const CATENA: &str = include_str!("capacity/catena.rs");
const HERE: &str = include_str!("reasons/circumstances.rs");
const REMINDERS: &str = include_str!("reminders.rs");
const SUBSCRIPTIONS: &str = include_str!("subscriptions.rs");
const WEBHOOKS: &str = include_str!("webhooks/managing.rs");
const JSON: &str = include_str!("json/refusals.rs");

fn elsewhere(reason: Reason) -> Way {
    match ELSEWHERE.iter().find(|(given, ..)| *given == reason) {
        Some((_, file, test)) => Way::Elsewhere(file, test),
        None => Way::Call(Ok(())),
    }
}

#[tokio::test]
async fn every_reason_is_given() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let receipt = buyer.publish(order("A1").line("10", "X", "10", "1").to("V100")).await.expect("published");
    supplier.accept_all(&receipt.order_id).await.expect("answered");
    let (_, invitation) = world.invite(&buyer, "受邀", "V400").await;
    let scene = Scene { world, buyer, supplier, receipt, invitation };
    let mut faults = Vec::new();
    for expected in Reason::ALL {
        match scene.provoke(*expected).await {
            Way::Elsewhere(file, test) => {
                let there = file.contains(&format!("async fn {test}()"));
                assert!(there, "{}: there is no test {test}", expected.as_str());
            }
            Way::Nowhere(why) => println!("{} is given in no test here: {why}", expected.as_str()),
            Way::Call(Ok(())) => faults.push(format!("{}: nothing was refused", expected.as_str())),
            Way::Call(Err(status)) => {
                let got = reason(&status);
                if got != expected.as_str() || status.code() != expected.code() {
                    faults.push(format!("{}: {got} was given: {status:?}", expected.as_str()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    scene.world.finish().await;
}

impl Scene {
    async fn provoke(&self, reason: Reason) -> Way {
        let result = match reason {
            Reason::INVALID_FIELDS
            | Reason::REQUEST_TOO_LARGE
            | Reason::SUPPLIER_UNKNOWN
            | Reason::SUPPLIER_AMBIGUOUS
            | Reason::RELATIONSHIP_NOT_ACTIVE
            | Reason::ORDER_EXISTS
            | Reason::IDEMPOTENCY_KEY_REUSED => self.publishing(reason).await,
            Reason::REVISION_OUTDATED | Reason::NOTHING_UNANSWERED | Reason::PROPOSAL_RESOLVED => {
                self.answering(reason).await
            }
            Reason::NOTHING_ACCEPTED => self.progress_of_nothing().await,
            Reason::VERSION_OUTDATED
            | Reason::NOTHING_OPEN
            | Reason::HOLD_UNCHANGED
            | Reason::CHANGE_RESOLVED => self.changing(reason).await,
            Reason::SUPPLIER_DIFFERS => {
                return Way::Nowhere("an answer inside a stream; the nightly journeys have it");
            }
            Reason::PAGE_TOKEN_INVALID
            | Reason::CURSOR_INVALID
            | Reason::UNAUTHENTICATED
            | Reason::PERMISSION_DENIED
            | Reason::NOT_FOUND => self.reading(reason).await,
            Reason::LINK_EXPIRED
            | Reason::LINK_USED
            | Reason::INVITATION_ACCEPTED
            | Reason::OWN_FIRM
            | Reason::RELATIONSHIP_ENDED
            | Reason::ALREADY_EXISTS => self.relating(reason).await,
            Reason::SUPPLIER_HAS_ACCOUNT | Reason::TOO_MANY_LINKS => self.linking(reason).await,
            Reason::LIMIT_REACHED
            | Reason::FIRM_SUSPENDED
            | Reason::FIRM_NOT_ACTIVE
            | Reason::MERGE_REFUSED
            | Reason::NOTICES_NOT_SET_UP => self.operating(reason).await,
            Reason::LAST_ADMIN | Reason::TOO_MANY_KEYS | Reason::STALE_ETAG => {
                self.administering(reason).await
            }
            Reason::XML_MALFORMED
            | Reason::XML_DOCTYPE
            | Reason::XML_TOO_COMPLEX
            | Reason::DOCUMENT_UNSUPPORTED => self.importing(reason).await,
            Reason::SHEET_UNREADABLE | Reason::SHEET_TOO_LARGE => self.reading_a_table(reason).await,
            Reason::CONFLICT | Reason::INTERNAL => self.breaking(reason).await,
            other => return elsewhere(other),
        };
        Way::Call(result)
    }

    async fn publishing(&self, reason: Reason) -> Result<(), Status> {
        let mut request = order(&request_id()).line("10", "X", "1", "1").to("V100");
        let content = request.content.as_mut().unwrap();
        match reason {
            Reason::INVALID_FIELDS => content.lines.clear(),
            Reason::REQUEST_TOO_LARGE => content.accounting_cost = "x".repeat(5 << 20),
            Reason::SUPPLIER_UNKNOWN => request.supplier.as_mut().unwrap().vendor_number = "V9".into(),
            Reason::SUPPLIER_AMBIGUOUS => {
                let other = self.world.firm("另一家").await;
                self.world.partner(&self.buyer, &other, "V300").await;
                request.supplier = Some(SupplierAddress { firm_id: other.id, ..request.supplier.unwrap() });
            }
            Reason::RELATIONSHIP_NOT_ACTIVE => {
                self.ended("V500", RelationshipState::Suspended).await;
                request.supplier.as_mut().unwrap().vendor_number = "V500".into();
            }
            Reason::ORDER_EXISTS => content.order_number = "A1".into(),
            _ => {
                self.buyer.publish(request.clone()).await?;
                request.content.as_mut().unwrap().order_number = "another".into();
            }
        }
        self.buyer.publish(request).await.map(drop)
    }

    /// A relationship that was brought into a state, with a supplier of its own.
    async fn ended(&self, vendor_number: &str, state: RelationshipState) -> UpdateRelationshipRequest {
        let (relationship, _) = self.world.invite(&self.buyer, vendor_number, vendor_number).await;
        let request = UpdateRelationshipRequest {
            request_id: request_id(),
            relationship_id: relationship.id,
            state: state.into(),
            etag: relationship.etag,
            ..UpdateRelationshipRequest::default()
        };
        let after = self.buyer.relationships().update_relationship(request.clone()).await.expect("changed");
        UpdateRelationshipRequest { request_id: request_id(), etag: after.into_inner().etag, ..request }
    }

    async fn answering(&self, reason: Reason) -> Result<(), Status> {
        let id = &self.receipt.order_id;
        match reason {
            Reason::REVISION_OUTDATED => {
                let mut outdated = accept_all(id);
                outdated.revision = 7;
                self.supplier.respond(outdated).await.map(drop)
            }
            Reason::NOTHING_UNANSWERED => self.supplier.accept_all(id).await.map(drop),
            _ => {
                let id = self
                    .buyer
                    .publish(order(&request_id()).line("10", "X", "1", "1").to("V100"))
                    .await?
                    .order_id;
                let propose = answer(&id).propose("10", "", &[("1", "2027-01-04")]).done();
                let proposal = self.supplier.respond(propose).await?.lines[0].proposal_id.clone();
                let mut orders = self.buyer.orders();
                orders.resolve_proposal(decide(&id, &[(&proposal, false)])).await?;
                orders.resolve_proposal(decide(&id, &[(&proposal, true)])).await.map(drop)
            }
        }
    }

    async fn progress_of_nothing(&self) -> Result<(), Status> {
        let waiting = order(&request_id()).line("10", "X", "1", "1").to("V100");
        let request = proto::orders::SetProgressRequest {
            request_id: request_id(),
            order_id: self.buyer.publish(waiting).await?.order_id,
            stage: proto::orders::ProgressStage::Scheduled.into(),
            ..Default::default()
        };
        self.supplier.progress().set_progress(request).await.map(drop)
    }

    async fn changing(&self, reason: Reason) -> Result<(), Status> {
        let new = order(&request_id()).line("10", "X", "1", "1").to("V100");
        let order_id = self.buyer.publish(new).await?.order_id;
        let mut changes = self.buyer.changes();
        let cancel = |version| CancelOrderRequest {
            request_id: request_id(),
            order_id: order_id.clone(),
            version,
            reason: CancelReason::Demand.into(),
            ..CancelOrderRequest::default()
        };
        match reason {
            Reason::VERSION_OUTDATED => changes.cancel_order(cancel(7)).await.map(drop),
            Reason::NOTHING_OPEN => {
                changes.cancel_order(cancel(0)).await?;
                changes.cancel_order(cancel(0)).await.map(drop)
            }
            Reason::CHANGE_RESOLVED => {
                let (id, change_id) = (request_id(), request_id());
                let withdraw =
                    WithdrawChangeRequest { request_id: id, order_id, change_id, ..Default::default() };
                changes.withdraw_change(withdraw).await.map(drop)
            }
            _ => {
                let release =
                    ReleaseOrderRequest { request_id: request_id(), order_id, ..Default::default() };
                changes.release_order(release).await.map(drop)
            }
        }
    }

    async fn reading(&self, reason: Reason) -> Result<(), Status> {
        let list = ListOrdersRequest { side: Side::Buyer.into(), ..ListOrdersRequest::default() };
        match reason {
            Reason::PAGE_TOKEN_INVALID => {
                let request = ListOrdersRequest { page_token: "AAAA".into(), ..list };
                self.buyer.orders().list_orders(request).await.map(drop)
            }
            Reason::CURSOR_INVALID => {
                let request = ListOrdersRequest { changed_since: "AAAA".into(), ..list };
                self.buyer.orders().list_orders(request).await.map(drop)
            }
            Reason::UNAUTHENTICATED => self.world.anybody().order("x").await.map(drop),
            Reason::PERMISSION_DENIED => {
                let sales = self.buyer.key_with(&[Role::Sales], None).await;
                sales.publish(order("x").line("10", "X", "1", "1").to("V100")).await.map(drop)
            }
            _ => self.buyer.order("x").await.map(drop),
        }
    }

    async fn relating(&self, reason: Reason) -> Result<(), Status> {
        let claim = |path: &str| ClaimInvitationRequest {
            request_id: request_id(),
            token: path.rsplit('/').next().unwrap().to_string(),
            ..Default::default()
        };
        match reason {
            Reason::LINK_EXPIRED => {
                let (_, path) = self.world.invite(&self.buyer, "受邀二", "V600").await;
                self.sql("update partners.link set expires_at = now() where kind = 'invitation' and used_at is null").await;
                self.supplier.relationships().claim_invitation(claim(&path)).await.map(drop)
            }
            Reason::LINK_USED => {
                let link = proto::partners::CreateSignInLinkRequest {
                    request_id: request_id(),
                    member_id: self.buyer.admin_id.clone(),
                };
                let link = self.buyer.session().members().create_sign_in_link(link).await?.into_inner();
                let token = link.path.rsplit('/').next().unwrap().to_string();
                let redeem = RedeemSignInLinkRequest { token, device: String::new() };
                let anybody = self.world.anybody();
                anybody.sessions().redeem_sign_in_link(redeem.clone()).await?;
                anybody.sessions().redeem_sign_in_link(redeem).await.map(drop)
            }
            Reason::INVITATION_ACCEPTED => {
                let other = self.world.firm("又一家").await;
                let relationship = self.world.partner(&self.buyer, &other, "V700").await;
                let renew =
                    RenewInvitationRequest { request_id: request_id(), relationship_id: relationship.id };
                self.buyer.relationships().renew_invitation(renew).await.map(drop)
            }
            Reason::OWN_FIRM => {
                // The expiry above was for every open invitation.
                self.sql("update partners.link set expires_at = now() + interval '1 day'").await;
                self.buyer.relationships().claim_invitation(claim(&self.invitation)).await.map(drop)
            }
            Reason::RELATIONSHIP_ENDED => {
                let again = self.ended("V800", RelationshipState::Ended).await;
                self.buyer.relationships().update_relationship(again).await.map(drop)
            }
            _ => {
                let site = Site {
                    code: "1".into(),
                    name: "厂".into(),
                    country_code: "CN".into(),
                    ..Site::default()
                };
                let request = || CreateSiteRequest { request_id: request_id(), site: Some(site.clone()) };
                self.buyer.firms().create_site(request()).await?;
                self.buyer.firms().create_site(request()).await.map(drop)
            }
        }
    }

    /// Document links, of an order to a firm with people and of one to a placeholder.
    async fn linking(&self, reason: Reason) -> Result<(), Status> {
        let link = |order_id: &str| CreateOrderLinkRequest {
            request_id: request_id(),
            order_id: order_id.into(),
            ..CreateOrderLinkRequest::default()
        };
        if reason == Reason::SUPPLIER_HAS_ACCOUNT {
            return self.buyer.order_links().create_order_link(link(&self.receipt.order_id)).await.map(drop);
        }
        let request = order(&request_id()).line("10", "X", "1", "1").to_invited("V900", "没有账号的厂");
        let id = self.buyer.publish(request).await?.order_id;
        loop {
            self.buyer.order_links().create_order_link(link(&id)).await?;
        }
    }

    async fn administering(&self, reason: Reason) -> Result<(), Status> {
        let firm = self.world.firm("小厂").await;
        let listed = firm
            .session()
            .members()
            .list_members(proto::partners::ListMembersRequest::default())
            .await?
            .into_inner();
        let admin = listed.members.into_iter().next().expect("the administrator");
        let update = |member: Member| UpdateMemberRequest { request_id: request_id(), member: Some(member) };
        match reason {
            Reason::LAST_ADMIN => {
                let lower = Member { roles: vec![Role::Viewer.into()], ..admin };
                firm.session().members().update_member(update(lower)).await.map(drop)
            }
            Reason::STALE_ETAG => {
                let stale = Member { etag: "999".into(), ..admin };
                firm.session().members().update_member(update(stale)).await.map(drop)
            }
            _ => loop {
                firm.session().try_key("k", &[Role::Viewer], None).await?;
            },
        }
    }

    async fn importing(&self, reason: Reason) -> Result<(), Status> {
        let content = match reason {
            Reason::XML_MALFORMED => "<Order><ID></Order>".to_string(),
            Reason::XML_DOCTYPE => "<!DOCTYPE Order SYSTEM \"file:///etc/passwd\"><Order/>".to_string(),
            Reason::XML_TOO_COMPLEX => "<a>".repeat(10_000),
            _ => "<Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\"/>".to_string(),
        };
        let request = ImportDocumentRequest {
            request_id: request_id(),
            format: DocumentFormat::UblOrder.into(),
            content: content.into_bytes().into(),
            ..ImportDocumentRequest::default()
        };
        self.buyer.documents().import_document(request).await.map(drop)
    }

    async fn reading_a_table(&self, reason: Reason) -> Result<(), Status> {
        let content = match reason {
            Reason::SHEET_UNREADABLE => b"PK\x03\x04 no workbook".to_vec(),
            _ => "订单号,数量\n".as_bytes().iter().copied().chain(b",x".repeat(300)).collect(),
        };
        let file = SheetFile { content: content.into(), ..SheetFile::default() };
        let request = ReadOrdersRequest { file: Some(file), ..ReadOrdersRequest::default() };
        self.buyer.sheets().read_orders(request).await.map(drop)
    }

    /// Faults that the database is told to have.
    async fn breaking(&self, reason: Reason) -> Result<(), Status> {
        let code = if reason == Reason::CONFLICT { "40001" } else { "XX000" };
        self.sql(&format!(
            "create function orders.fail() returns trigger language plpgsql as $$
             begin raise exception 'secret of the database' using errcode = '{code}'; end $$;
             create trigger fail before insert on orders.purchase_order for each statement execute function orders.fail()"
        ))
        .await;
        let refused = self.buyer.publish(order(&request_id()).line("10", "X", "1", "1").to("V100")).await;
        self.sql("drop trigger fail on orders.purchase_order; drop function orders.fail()").await;
        if let Err(status) = &refused {
            assert!(
                !format!("{status:?}").contains("secret"),
                "what went wrong inside is not told: {status:?}"
            );
        }
        refused.map(drop)
    }

    async fn sql(&self, statements: &str) {
        let owner = self.world.owner_pool().await;
        sqlx::raw_sql(AssertSqlSafe(statements.to_string())).execute(owner).await.expect("the owner may");
    }
}
