//! Resources: rows to look for, and writes that one side has no business with.

use harness::{Firm, World, file::Content, order, request_id, resource::drawing};
use proto::{
    partners::ListRelationshipsRequest,
    resources::{
        AcknowledgeRevisionRequest, BindingPolicy, FollowRequest, ReleaseRevisionRequest,
        SetBindingPolicyRequest,
    },
};

use super::attack::{Attack, CHECK, DENIED, NOTHING};

/// Gives an owner and its supplier everything that has tables here.
pub(super) async fn fill(world: &World, owner: &Firm, supplier: &Firm) {
    let mut request = drawing("支架图纸");
    request.buyer_item_ids = vec!["YZ-10022".into()];
    let resource = owner.publish_resource(request).await.expect("a resource");
    owner.grant_resource(&resource, &supplier.id).await.expect("a grant");
    let revision_id = owner.release(&resource, "B").await.expect("a revision");
    let request = AcknowledgeRevisionRequest { request_id: request_id(), revision_id };
    supplier.revisions().acknowledge_revision(request).await.expect("acknowledged");
    let request =
        FollowRequest { request_id: request_id(), owner_id: owner.id.clone(), ..FollowRequest::default() };
    supplier.following().follow(request).await.expect("followed");
    let drafted = owner.drafted(&resource, "C").await;
    let file = owner.put_file(&drafted, "c.pdf", &Content::pdf(100)).await.expect("a file");
    let release = ReleaseRevisionRequest {
        request_id: request_id(),
        revision_id: drafted,
        ..ReleaseRevisionRequest::default()
    };
    owner.revisions().release_revision(release).await.expect("released");
    supplier.fetch(&file.id, 0, 0).await.expect("a download");
    owner.drafted(&resource, "D").await;
    let policy = BindingPolicy { retention_days: 30, ..BindingPolicy::default() };
    let request = SetBindingPolicyRequest { request_id: request_id(), policy: Some(policy) };
    owner.binding().set_binding_policy(request).await.expect("a policy");
    let known_as = owner.relationships().list_relationships(ListRelationshipsRequest::default()).await;
    let known_as = known_as.expect("relationships").into_inner().relationships;
    let vendor = known_as.iter().find(|one| one.supplier_id == supplier.id).expect("a partner");
    let placed = order("PIN-1").line("10", "YZ-10022", "5", "1.5").to(&vendor.vendor_number);
    owner.publish(placed).await.expect("an order that pins");
    world.settled().await;
    // As it stands when very many were told.
    sqlx::query(
        "insert into resources.announcement (owner, id, what, resource_id, done)
         values ($1, gen_random_uuid(), 'published', $2::uuid, true)",
    )
    .bind(owner.uuid())
    .bind(resource)
    .execute(world.owner_pool().await)
    .await
    .expect("an announcement");
}

pub(super) const READER: &[Attack] = &[
    // what is another firm's, behind the functions that show it
    ("select from resources.resource", NOTHING),
    ("select from resources.revision", NOTHING),
    ("select from resources.access_entry", NOTHING),
    ("select from resources.upload", NOTHING),
    ("select from resources.content", NOTHING),
    ("update resources.content set check_at = now()", NOTHING),
    ("select from resources.upload_part", NOTHING),
    ("select from resources.download", DENIED),
    ("update resources.download set sent_bytes = 0", DENIED),
    // a download of somebody else's, ended with what was not sent
    ("select from resources.end_download((select id from resources.access_entry limit 1), gen_random_uuid(), 0)", NOTHING),
    ("select resources.sight(null, {buyer})", DENIED),
    ("select resources.reach({buyer})", DENIED),
    // its own right, made longer, wider or its own
    ("update resources.entitlement set valid_until = null, version = version + 1", NOTHING),
    ("update resources.entitlement set downloads = 0", DENIED),
    ("delete from resources.entitlement", DENIED),
    (
        "insert into resources.entitlement
             (owner, id, firm, category, resource_name, state, version, purpose, valid_from, request_note, decision_note,
              decided_at)
         values ({buyer}, gen_random_uuid(), {supplier}, 1, '', 'granted', 1, '', now(), '', '', now())",
        DENIED,
    ),
    // a request for what it does not find: usable already, and in another's name
    (
        "insert into resources.entitlement
             (owner, id, firm, resource_id, resource_name, state, version, purpose, valid_from, request_note,
              decision_note, requested_at)
         select owner, gen_random_uuid(), {supplier}, resource_id, '', 'requested', 1, '', now(), '', '', now()
         from resources.entitlement where owner = {buyer}",
        DENIED,
    ),
    // the log: forged, changed, emptied
    (
        "insert into resources.access_entry (owner, id, at, kind, firm, actor_name, resource_id)
         values ({buyer}, gen_random_uuid(), now(), 'viewed', {supplier}, '', gen_random_uuid())",
        DENIED,
    ),
    (
        "insert into resources.access_entry (owner, id, at, kind, firm, actor_name, resource_id)
         select owner, gen_random_uuid(), now(), 'granted', {supplier}, '', resource_id
         from resources.entitlement where owner = {buyer}",
        DENIED,
    ),
    ("update resources.access_entry set actor_name = ''", DENIED),
    ("delete from resources.access_entry", DENIED),
    // a word that another has to give
    (
        "insert into resources.acknowledgement (owner, revision_id, firm, actor_name, at)
         select owner, revision_id, {rival}, '', now() from resources.acknowledgement where owner = {buyer}",
        DENIED,
    ),
    ("update resources.acknowledgement set at = now()", DENIED),
    // what its lines are made by, changed or made up; what the buyer wants, and where it reads
    ("update resources.order_pin set removed = true", NOTHING),
    (
        "insert into resources.order_pin
             (owner, order_id, line_number, resource_id, supplier, buyer_item_id, revision_id, pinned_at)
         select owner, order_id, '99', resource_id, supplier, buyer_item_id, revision_id, now() from resources.order_pin
         where owner = {buyer}",
        DENIED,
    ),
    ("select from resources.binding_policy", NOTHING),
    ("select from resources.feed_place", NOTHING),
];

pub(super) const OWNER: &[Attack] = &[
    // what was released, made different or new
    ("update resources.revision set label = 'x'", DENIED),
    ("update resources.revision set state = 'draft' where state = 'released'", CHECK),
    ("update resources.revision set effective_date = '2027-01-01' where state = 'released'", CHECK),
    (
        "insert into resources.revision_file
             (owner, id, revision_id, name, media_type, size_bytes, sha256, created_at)
         select owner, gen_random_uuid(), id, 'x', '', 1, sha256(''), now() from resources.revision
         where state = 'released'",
        CHECK,
    ),
    ("update resources.revision_file set sha256 = sha256('')", DENIED),
    ("update resources.upload set size_bytes = 1", DENIED),
    ("update resources.upload set offset_bytes = size_bytes + 1", CHECK),
    ("update resources.upload set swept = true, state = 'open'", CHECK),
    ("update resources.upload_part set size_bytes = 1", DENIED),
    ("update resources.content set sha256 = sha256('')", DENIED),
    ("delete from resources.content", DENIED),
    ("delete from resources.upload_part", DENIED),
    ("select from resources.download", DENIED),
    // more to be found than its class allows
    ("update resources.resource set classification = 3, visibility = 'partners'", CHECK),
    ("update resources.resource set classification = 2, visibility = 'all'", CHECK),
    ("update resources.resource set owner = {rival}", DENIED),
    // what was granted, on other terms, and to whom it does not know
    ("update resources.entitlement set purpose = 'x', version = version + 1", CHECK),
    ("update resources.entitlement set state = 'expired', ended_at = now(), version = version + 1", CHECK),
    ("update resources.entitlement set firm = {rival}", DENIED),
    (
        "insert into resources.entitlement
             (owner, id, firm, category, resource_name, state, version, purpose, valid_from, request_note, decision_note,
              decided_at)
         values ({buyer}, gen_random_uuid(), {stranger}, 1, '', 'granted', 1, '', now(), '', '', now())",
        DENIED,
    ),
    // what its supplier did, it seems
    (
        "insert into resources.access_entry (owner, id, at, kind, firm, actor_name, resource_id)
         select owner, gen_random_uuid(), now(), 'viewed', {supplier}, '', id from resources.resource",
        DENIED,
    ),
    (
        "insert into resources.acknowledgement (owner, revision_id, firm, actor_name, at)
         select owner, id, {supplier}, '', now() from resources.revision where state = 'draft'",
        DENIED,
    ),
    ("select from resources.following", NOTHING),
];

pub(super) const STRANGER: &[Attack] = &[
    ("select from resources.order_pin", NOTHING),
    ("select from resources.despatch_policy({buyer})", NOTHING),
    (
        "select p.order_id from orders.published_line l,
             resources.pins_in_sight(l.order_id, null, null, null, null, 10) p",
        NOTHING,
    ),
    ("select from resources.search(false, null, null, null, null, null, false, false, null, 10)", NOTHING),
    ("select from resources.names(array[{buyer}, {supplier}])", NOTHING),
    ("insert into resources.publisher (owner) values ({buyer})", DENIED),
    (
        "insert into resources.following (firm, id, owner, followed_at)
         values ({buyer}, gen_random_uuid(), {supplier}, now())",
        DENIED,
    ),
    (
        "insert into resources.announcement (owner, id, what, resource_id)
         values ({buyer}, gen_random_uuid(), 'published', gen_random_uuid())",
        DENIED,
    ),
    ("update resources.resource set open = true", NOTHING),
    ("update resources.entitlement set state = 'revoked', ended_at = now(), version = version + 1", NOTHING),
];
