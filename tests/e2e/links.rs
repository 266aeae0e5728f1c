//! Document links: one order for a supplier without an account, and nothing else for whoever tries.

use bytes::Bytes;
use chassis::{Reason, gate, rates};
use harness::{Access, Firm, World, accept_all, answer, order, refusal::*, request_id, signed};
use proto::{
    access::Permission,
    orders::*,
    partners::{ClaimInvitationRequest, ListRelationshipsRequest, RenewInvitationRequest},
};
use sqlx::AssertSqlSafe;
use tonic::{Status, metadata::MetadataMap};

/// A buyer with two orders for a supplier without an account.
struct Scene {
    world: World,
    buyer: Firm,
    /// The order that links are for.
    id: String,
    /// Another order for the same supplier.
    other: String,
}

impl Scene {
    async fn new() -> Self {
        let world = World::start().await;
        let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
        let mut ids = Vec::new();
        for n in ["4500001", "4500002"] {
            let request =
                order(n).line("10", "CY-CT-0450", "4800", "2.18").to_invited("V400", "清禾包装(示例)");
            ids.push(buyer.publish(request).await.expect("published").order_id);
        }
        let other = ids.pop().unwrap();
        Self { world, buyer, id: ids.pop().unwrap(), other }
    }

    async fn link(&self) -> (OrderLink, Access, String) {
        let made = create(&self.buyer, wanted(&self.id)).await.expect("a link");
        (made.link.unwrap(), self.world.access(&made.token), made.token)
    }

    async fn sql(&self, statement: &str) {
        let owner = self.world.owner_pool().await;
        sqlx::raw_sql(AssertSqlSafe(statement.to_string())).execute(owner).await.expect("the owner may");
    }
}

fn wanted(order_id: &str) -> CreateOrderLinkRequest {
    CreateOrderLinkRequest { request_id: request_id(), order_id: order_id.into(), ..Default::default() }
}

async fn create(firm: &Firm, request: CreateOrderLinkRequest) -> Result<CreateOrderLinkResponse, Status> {
    Ok(firm.order_links().create_order_link(request).await?.into_inner())
}

async fn revoke(access: &Access, link_id: &str) -> Result<OrderLink, Status> {
    let request = RevokeOrderLinkRequest { request_id: request_id(), link_id: link_id.into() };
    Ok(access.order_links().revoke_order_link(request).await?.into_inner())
}

async fn listed(access: &Access, order_id: &str) -> Vec<OrderLink> {
    let request = ListOrderLinksRequest { order_id: order_id.into(), ..Default::default() };
    access.order_links().list_order_links(request).await.expect("links").into_inner().links
}

async fn inspect(world: &World, token: &str) -> Result<InspectOrderLinkResponse, Status> {
    let request = InspectOrderLinkRequest { token: token.into() };
    Ok(world.anybody().order_links().inspect_order_link(request).await?.into_inner())
}

fn preview(order_id: &str) -> PreviewResponseRequest {
    PreviewResponseRequest {
        order_id: order_id.into(),
        revision: 1,
        accept_all: true,
        ..PreviewResponseRequest::default()
    }
}

#[tokio::test]
async fn a_supplier_without_an_account_answers_its_order() {
    let scene = Scene::new().await;
    let request = CreateOrderLinkRequest { label: "清禾 何姐".into(), ..wanted(&scene.id) };
    let made = create(&scene.buyer, request.clone()).await.expect("a link");
    assert!(made.token.starts_with("tdm_doc_") && made.path == format!("/d/{}", made.token));
    let again = create(&scene.buyer, request).await.expect("the same link");
    assert_eq!((again.link, &*again.token, &*again.path), (made.link.clone(), "", ""), "shown once");
    let holder = scene.world.access(&made.token);

    let greeting = inspect(&scene.world, &made.token).await.expect("a link");
    assert_eq!((greeting.order_id.as_str(), greeting.order_number.as_str()), (&*scene.id, "4500001"));
    assert_eq!(
        (greeting.buyer_name, greeting.supplier_name),
        (scene.buyer.name.clone(), "清禾包装(示例)".into())
    );
    let seen = holder.order(&scene.id).await.expect("the order");
    assert_eq!(seen.content.unwrap().lines.len(), 1);
    let shown =
        holder.responses().preview_response(preview(&scene.id)).await.expect("a preview").into_inner();
    let receipt = holder.accept_all(&scene.id).await.expect("answered");
    assert_eq!((receipt.state, receipt.version), (shown.state, shown.version));
    let progress = |order_id: &str| SetProgressRequest {
        request_id: request_id(),
        order_id: order_id.into(),
        stage: ProgressStage::InProduction.into(),
        ..SetProgressRequest::default()
    };
    holder.progress().set_progress(progress(&scene.id)).await.expect("how far it is");
    refused(holder.progress().set_progress(progress(&scene.other)).await, Reason::NOT_FOUND);
    let history = scene.buyer.order(&scene.id).await.unwrap().history;
    assert_eq!((history[1].action.as_str(), history[1].actor_name.as_str()), ("responded", "清禾 何姐"));
    scene.world.settled().await;
    let told = harness::events::of_order(&scene.buyer.events().await, &scene.id).len();
    assert_eq!(told, 3, "the buyer's feed has the answer and the progress");
    assert_eq!(listed(&scene.buyer, &scene.id).await, [made.link.unwrap()]);
    scene.world.finish().await;
}

#[tokio::test]
async fn a_link_reaches_no_other_method() {
    let scene = Scene::new().await;
    let (_, holder, _) = scene.link().await;
    let methods = gate::methods().expect("the contract");
    let mut open = 0;
    for (path, method) in methods {
        if method.permission == Permission::Public {
            continue;
        }
        let answer = holder.call_with(&path, Bytes::new(), MetadataMap::new()).await;
        let got = answer.as_ref().map(|_| "an answer".to_string()).unwrap_or_else(reason);
        if method.by_order_link {
            open += 1;
            assert_ne!(got, "PERMISSION_DENIED", "{path}");
        } else {
            assert_eq!(got, "PERMISSION_DENIED", "{path}");
        }
    }
    assert!(open >= 3);
    scene.world.finish().await;
}

#[tokio::test]
async fn a_link_reaches_no_other_order() {
    let scene = Scene::new().await;
    let (_, holder, _) = scene.link().await;
    let (rival, _) = scene.world.pair().await;
    let foreign = rival.publish(order("1").line("10", "X", "1", "1").to("V100")).await.unwrap().order_id;
    let nothing = visible(&holder.order(&request_id()).await.unwrap_err());
    for id in [&scene.other, &foreign] {
        assert_eq!(visible(&holder.order(id).await.unwrap_err()), nothing, "not even that it exists");
        refused(holder.accept_all(id).await, Reason::NOT_FOUND);
        let tried = RespondToOrderRequest { validate_only: true, ..accept_all(id) };
        refused(holder.respond(tried).await, Reason::NOT_FOUND);
        refused(holder.responses().preview_response(preview(id)).await, Reason::NOT_FOUND);
        let lines = ListOrderLinesRequest { order_id: id.clone(), ..Default::default() };
        refused(holder.orders().list_order_lines(lines).await, Reason::NOT_FOUND);
    }
    // Not even the receipt of what another link's holder did there.
    let made = create(&scene.buyer, wanted(&scene.other)).await.expect("a link");
    let request = answer(&scene.other).accept("10", "").done();
    scene.world.access(&made.token).respond(request.clone()).await.expect("answered");
    refused(holder.respond(request).await, Reason::NOT_FOUND);
    assert_eq!(scene.buyer.order(&scene.id).await.unwrap().version, 1);
    scene.world.finish().await;
}

#[tokio::test]
async fn a_link_that_was_tampered_with_is_none() {
    let scene = Scene::new().await;
    let (link, holder, token) = scene.link().await;
    holder.order(&scene.id).await.expect("it works as it is");
    let (body, _) = token.rsplit_once('_').unwrap();
    let secret = body.rsplit('_').next().unwrap();
    let other_secret = body.replace(secret, &"0".repeat(64));
    let other_id = body.replace(&link.id, &"f".repeat(16));
    let (second, _, second_token) = scene.link().await;
    let mixed = second_token.rsplit_once('_').unwrap().0.replace(&second.id, &link.id);
    for forged in [
        token.to_uppercase(),
        format!("{token}0"),
        token[..token.len() - 1].to_string(),
        signed(&other_secret),
        signed(&other_id),
        signed(&mixed),
        signed(&body.replace("tdm_doc_", "tdm_live_")),
        signed(&body.replace("tdm_doc_", "tdm_session_")),
        link.id.clone(),
    ] {
        let forger = scene.world.access(&forged);
        refused(forger.order(&scene.id).await, Reason::UNAUTHENTICATED);
        refused(inspect(&scene.world, &forged).await, Reason::NOT_FOUND);
    }
    scene.world.finish().await;
}

#[tokio::test]
async fn a_link_ends_when_its_time_is_over_or_it_is_revoked() {
    let scene = Scene::new().await;
    let (link, holder, token) = scene.link().await;
    holder.order(&scene.id).await.expect("it works");
    let (_, unused, unused_token) = scene.link().await;
    let (_, stranger) = scene.world.pair().await;
    refused(revoke(&stranger, &link.id).await, Reason::NOT_FOUND);
    for _ in 0..2 {
        assert!(revoke(&scene.buyer, &link.id).await.expect("revoked").revoked_at.is_some());
    }
    refused(holder.order(&scene.id).await, Reason::UNAUTHENTICATED);
    refused(inspect(&scene.world, &token).await, Reason::LINK_EXPIRED);
    scene.sql("update orders.order_link set expires_at = now() where revoked_at is null").await;
    refused(unused.order(&scene.id).await, Reason::UNAUTHENTICATED);
    refused(inspect(&scene.world, &unused_token).await, Reason::LINK_EXPIRED);
    let all = listed(&scene.buyer, &scene.id).await;
    assert_eq!(all.len(), 2, "ended ones are listed too");

    // A firm that was suspended hands out nothing any more.
    let (_, last, _) = scene.link().await;
    scene.sql(&format!("update partners.firm set state = 'suspended' where id = '{}'", scene.buyer.id)).await;
    refused(last.order(&scene.id).await, Reason::UNAUTHENTICATED);
    scene.world.finish().await;
}

#[tokio::test]
async fn a_link_is_made_for_suppliers_without_people_and_for_a_month_at_most() {
    let scene = Scene::new().await;
    let at = |days: i64| {
        let at = scene.world.deps().clock.now() + time::Duration::days(days);
        Some(chassis::value::timestamp(at))
    };
    for (days, label, field) in [
        (31, "", ("expires_at", "RANGE")),
        (-1, "", ("expires_at", "RANGE")),
        (1, "a\nb", ("label", "FORMAT")),
    ] {
        let request =
            CreateOrderLinkRequest { expires_at: at(days), label: label.into(), ..wanted(&scene.id) };
        bad_fields(create(&scene.buyer, request).await, &[field]);
    }
    let month = CreateOrderLinkRequest { expires_at: at(30), ..wanted(&scene.id) };
    // Thirty days from a moment ago.
    let month = create(&scene.buyer, month).await.expect("a month").link.unwrap();
    assert_eq!(month.label, "清禾包装(示例)", "named for the supplier where nothing is said");
    let (rival, supplier) = scene.world.pair().await;
    refused(create(&rival, wanted(&scene.id)).await, Reason::NOT_FOUND);
    let id = rival.publish(order("1").line("10", "X", "1", "1").to("V100")).await.unwrap().order_id;
    refused(create(&rival, wanted(&id)).await, Reason::SUPPLIER_HAS_ACCOUNT);
    refused(create(&supplier, wanted(&id)).await, Reason::NOT_FOUND);
    // Neither the token nor its secret stands anywhere.
    let (_, _, token) = scene.link().await;
    let secret = token.rsplit('_').nth(1).unwrap();
    let kept: i64 = sqlx::query_scalar(
        "select (select count(*) from orders.order_link l where l::text like '%' || $1 || '%')
              + (select count(*) from event.idempotency i where position($1::bytea in i.receipt) > 0)",
    )
    .bind(secret)
    .fetch_one(scene.world.owner_pool().await)
    .await
    .unwrap();
    assert_eq!(kept, 0);
    scene.world.finish().await;
}

#[tokio::test]
async fn a_link_ends_when_the_supplier_has_people_of_its_own() {
    let scene = Scene::new().await;
    let (link, holder, token) = scene.link().await;
    holder.order(&scene.id).await.expect("it works");
    let request = ListRelationshipsRequest::default();
    let all = scene.buyer.relationships().list_relationships(request).await.unwrap().into_inner();
    let renew =
        RenewInvitationRequest { request_id: request_id(), relationship_id: all.relationships[0].id.clone() };
    let path =
        scene.buyer.relationships().renew_invitation(renew).await.unwrap().into_inner().invitation_path;
    let supplier = scene.world.firm("清禾包装(示例)有限公司").await;
    let invitation = path.rsplit('/').next().unwrap().to_string();
    let claim = ClaimInvitationRequest { request_id: request_id(), token: invitation, ..Default::default() };
    supplier.relationships().claim_invitation(claim).await.expect("claimed");
    scene.world.settled().await;

    harness::until("the claimant has the order", std::time::Duration::from_secs(60), async || {
        supplier.order(&scene.id).await.ok()
    })
    .await;
    // What only the supplier may read, and what only it may say, whoever has the link; a caller is believed for 5 s.
    let post = PostMessageRequest {
        request_id: request_id(),
        order_id: scene.id.clone(),
        internal: true,
        body: "底价 1.90,不能再低".into(),
        ..PostMessageRequest::default()
    };
    supplier.thread().post_message(post).await.expect("a note for itself");
    harness::until("the link is no longer believed", std::time::Duration::from_secs(60), async || {
        holder.order(&scene.id).await.err().filter(|status| reason(status) == "UNAUTHENTICATED")
    })
    .await;
    refused(holder.accept_all(&scene.id).await, Reason::UNAUTHENTICATED);
    refused(inspect(&scene.world, &token).await, Reason::LINK_EXPIRED);
    refused(create(&scene.buyer, wanted(&scene.other)).await, Reason::SUPPLIER_HAS_ACCOUNT);
    assert_eq!(listed(&supplier, &scene.id).await[0].id, link.id);
    revoke(&supplier, &link.id).await.expect("its own order");
    scene.world.finish().await;
}

#[tokio::test]
async fn a_link_that_went_astray_does_not_use_up_its_firms_rate() {
    let scene = Scene::new().await;
    let (_, holder, _) = scene.link().await;
    let (_, second, _) = scene.link().await;
    let tries = (0..3 * rates::LINK_BURST).map(|_| holder.order(&scene.id));
    let answers = futures::future::join_all(tries).await;
    let slowed = answers.into_iter().filter_map(Result::err).find(|status| reason(status) == "RATE_LIMITED");
    refused(Err::<(), _>(slowed.expect("too many")), Reason::RATE_LIMITED);
    second.order(&scene.id).await.expect("others do not wait for it");
    scene.world.finish().await;
}
