//! What a customer sees of its supplier is the same whatever the supplier's other customers do. Two worlds differ in a
//! competitor that orders, states demand, holds and asks in one of them, and has hours of the group that the customer is shown;
//! every method of the contract answers the customer alike in both, under each disclosure policy, and its feed is the same,
//! entry by entry. How answers are compared stands in [`places`].
//!
//! Declassified, since it is what the supplier shows on purpose: how much of a published offer is free, and what restates
//! that where the offer is held against a need; see [`declassified`]. The day that a supplier proposes is its answer, which it
//! gives itself.
//!
//! A short run leaves out one of the two policies between the extremes, another each day; what is no answer about capacity
//! after the first policy, since no policy says anything of it; and whoever holds under other policies than the first. With
//! `TANDEM_TEST_LONG=1` nothing is left out. `TANDEM_TEST_TURN` repeats a day's choice.

mod places;

use std::collections::BTreeMap;

use bytes::Bytes;
use chassis::{clock::FixedClock, gate};
use harness::{
    Firm, Options, World, accept_all, answer,
    booking::{named, offer},
    capacity::{demand, for_customer, group, link, linking},
    change::change,
    date, decide, decimal,
    events::{event, payload, short},
    need::{needed, proposal},
    order,
    refusal::{fields, metadata, reason},
    request_id,
    resource::{drawing, shown},
};
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use proto::{
    capacity::{
        DisclosureLevel, ExportPayloadsRequest, ImportCapacityGroupsRequest, ImportCommentsRequest,
        ImportMaterialDemandsRequest, MatchState, Offer, OfferVisibility, PayloadKind,
    },
    orders::{PostMessageRequest, RespondToOrderRequest, SetTermsRequest, Terms},
    partners::Role,
    resources::{AcknowledgeRevisionRequest, GrantEntitlementRequest, ListResourcesRequest},
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, macros::datetime};
use tonic::{Status, metadata::MetadataMap};

use crate::{
    capacity::alerts::{measured, measured_at},
    matrix::{
        cast::{BUYER_NUMBER, Cast, Side, numbered},
        contract, payloads,
        rows::{Object, row},
    },
};
use places::differing;

const W53: &str = "2026-12-28";

/// The partner number of a firm that buys of the customer.
const OWN_CUSTOMER: &str = "BPNL00000000C1YZ";

/// Hours of the customer's own group that the competitor takes: with them its week would need more than is planned, and fill
/// another quarter of its maximum than by the forecast alone.
const LENT: &str = "2400";

/// What is offered of the group that links both, in seconds: an hour, which is what needs are of, and as much again, so that
/// another's hold changes how much more than enough is free. The group has 4,900 beside it, which demand exceeds only with the
/// competitor's.
const OFFERED: &str = "7200";
const MAXIMUM: &str = "12100";

/// What holds offers against a need.
const MATCHING: &str = "/tandem.capacity.v1.CapacityRequestService/MatchCapacityRequest";

/// When demand is measured first: a second after the worlds begin, so that nothing else becomes due.
const START: OffsetDateTime = datetime!(2026-11-23 01:00:01 UTC);

/// Policies, from the one that shows most.
static LEVELS: [DisclosureLevel; 4] =
    [DisclosureLevel::Exact, DisclosureLevel::Banded, DisclosureLevel::YesNo, DisclosureLevel::Hidden];

/// What the customer was answered, by call; and each step of its feed.
type Seen = BTreeMap<String, Value>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_competitor_changes_no_answer_but_what_is_free() {
    println!("turn {}", harness::turn());
    let permitted = gate::methods().expect("the contract");
    assert!(contract().iter().all(|path| permitted.contains_key(path)));
    // Machines that keep time alike: what the database says of now lies behind this.
    let since = chassis::clock::system().now() - Duration::MINUTE;
    let (alone, beside, holder) =
        tokio::join!(seen(Beside::Nobody), seen(Beside::Competitor), seen(Beside::Holder));
    let least = if harness::long() { 500 } else { 300 };
    assert!(alone.len() > least, "{} answers", alone.len());
    let places = differing(&alone, &beside, since);
    assert!(places.is_empty(), "{} places: {places:#?}", places.len());
    // What the competitor holds of an offer that both see is not free any more, and nothing else is different.
    let asked: Seen = alone.into_iter().filter(|(call, _)| holder.contains_key(call)).collect();
    let places = differing(&asked, &holder, since);
    let (free, other): (Vec<_>, Vec<_>) = places.iter().partition(|place| declassified(&asked, place));
    assert!(other.is_empty(), "{} places: {other:#?}", other.len());
    for level in levels(Beside::Holder) {
        // By the list of offers, by what meets a need, and with what does not quite.
        for call in [String::new(), MATCHING.to_owned(), near_misses(MATCHING)] {
            let call = format!("{} {call}", level.as_str_name());
            let told = free.iter().any(|place| place.starts_with(&call));
            assert!(told, "{call}: what was held is not free any more");
        }
    }
}

/// Where a difference may be, of an answer alone, since it is how much of a published offer is free, or restates it:
/// * `free` of a bucket;
/// * of an offer that is held against a need, `found` and `margin` of the condition on the quantity: what is free in the weeks of
///   the need, and how much more than is needed;
/// * its `score`, which has points for more than is needed.
fn declassified(seen: &Seen, place: &str) -> bool {
    let path = place.split(": ").next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    if parts.contains(&"free") {
        return true;
    }
    let [level, service, "MatchCapacityRequest", answer, "results", result, of @ ..] = parts.as_slice()
    else {
        return false;
    };
    match of {
        ["score"] => true,
        ["conditions", condition, "found"] | ["conditions", condition, "margin", ..] => {
            let kind = format!("/{answer}/results/{result}/conditions/{condition}/kind");
            let answered = &seen[&format!("{level}/{service}/MatchCapacityRequest")];
            answered.pointer(&kind) == Some(&Value::from("CONDITION_KIND_QUANTITY"))
        }
        _ => false,
    }
}

/// What an answer with near misses is called beside one without.
fn near_misses(path: &str) -> String {
    format!("near misses {path}")
}

/// Who else buys of the supplier.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nobody,
    /// One that does everything but hold what the customer could hold.
    Competitor,
    /// One that holds that alone.
    Holder,
}

/// The policies that a world goes through: where there is time all of them, else the one that shows most, the one that shows
/// least and by turns one between, and the first alone for whoever holds alone.
fn levels(beside: Beside) -> Vec<DisclosureLevel> {
    let [most, .., least] = LEVELS;
    match beside {
        _ if harness::long() => LEVELS.to_vec(),
        Beside::Holder => vec![most],
        Beside::Nobody | Beside::Competitor => vec![most, LEVELS[1 + harness::turn() % 2], least],
    }
}

/// A world, and all that its customer is answered.
async fn seen(beside: Beside) -> Seen {
    let clock = FixedClock::new(START - Duration::SECOND);
    let world = World::with(Options { clock: clock.clone(), ..Options::default() }).await;
    let cast = Cast::new(&world).await;
    let offers = furnish(&world, &cast, &clock).await;
    let stated = stated(&world, &cast).await;
    let methods = methods();
    let mut seen = Seen::new();
    let mut lent = None;
    for level in levels(beside) {
        cast.supplier.disclose(&cast.buyer.id, level).await.expect("a policy");
        match beside {
            Beside::Nobody => {}
            Beside::Competitor => {
                compete(&cast).await;
                lent = Some(take(&world, &cast, &offers.own, lent).await);
            }
            Beside::Holder => {
                cast.rival.session().hold(&offers.shared, &[(0, "1")], 0).await.expect("a hold");
            }
        }
        world.settled().await;
        // Set once more, so that what is shown of groups is written out anew while the competitor has hours of them.
        cast.supplier.disclose(&cast.buyer.id, level).await.expect("a policy");
        let level_name = level.as_str_name();
        let (reading, writing): (Vec<_>, Vec<_>) = contract().into_iter().partition(|path| reads(path));
        // A policy says what is seen of capacity, and where there is time all of it is written under each, and what else there
        // is read. What else is written ends partnerships and keys: once, when all is seen.
        let last = level == LEVELS[LEVELS.len() - 1];
        let first = level == LEVELS[0] || harness::long();
        let of_capacity = |path: &str| path.starts_with("/tandem.capacity.");
        let writing = writing.into_iter().filter(|path| last || (first && of_capacity(path)));
        for path in reading.iter().filter(|path| first || of_capacity(path)) {
            call(&cast, &methods[path], path, level_name, &mut seen).await;
            // What a row makes before it asks is followed by work of the background, which is not waited for in it.
            world.settled().await;
        }
        matched(&cast, &methods[MATCHING], level_name, &mut seen).await;
        world.settled().await;
        exports(&cast, &stated, level_name, &mut seen).await;
        for path in writing {
            call(&cast, &methods[&path], &path, level_name, &mut seen).await;
            world.settled().await;
        }
        feed(&cast, level_name, &mut seen).await;
    }
    world.finish().await;
    seen
}

/// What the customer stated by payloads, at sites of the network.
struct Stated {
    demand: String,
    /// A firm that buys of the customer, for which its group is.
    own_customer: Firm,
}

/// A demand of the customer, what it says of it, and a group of its own for a firm that buys of it.
async fn stated(world: &World, cast: &Cast) -> Stated {
    let own_customer = numbered(world, "远樟汽车部件(示例)有限公司", OWN_CUSTOMER).await;
    world.partner(&own_customer, &cast.buyer, "V900").await;
    let mut catena = cast.buyer.session().catena();
    let request = ImportMaterialDemandsRequest { request_id: request_id(), content: payloads::demand(cast) };
    let answer = catena.import_material_demands(request).await.expect("taken in").into_inner();
    assert_eq!(answer.status, 201, "{answer:?}");
    let demand = answer.results[0].receipt.clone().expect("a receipt").id;
    let request = ImportCommentsRequest { request_id: request_id(), content: payloads::comment(&demand) };
    let answer = catena.import_comments(request).await.expect("taken in").into_inner();
    assert_eq!(answer.status, 201, "{answer:?}");
    let content = payloads::group(cast, BUYER_NUMBER, OWN_CUSTOMER);
    let request = ImportCapacityGroupsRequest { request_id: request_id(), content };
    let answer = catena.import_capacity_groups(request).await.expect("taken in").into_inner();
    assert_eq!(answer.status, 201, "{answer:?}");
    world.settled().await;
    Stated { demand, own_customer }
}

/// What the customer exports of each kind, of which nothing is left out: of its demands the one that it stated by a payload.
async fn exports(cast: &Cast, stated: &Stated, level: &str, seen: &mut Seen) {
    for (kind, to) in [
        (PayloadKind::MaterialDemand, &cast.supplier),
        (PayloadKind::CapacityGroup, &stated.own_customer),
        (PayloadKind::Comment, &cast.supplier),
    ] {
        let wanted = json!({
            "weekBasedMaterialDemand": [{ "materialDemandId": stated.demand }],
            "weekBasedCapacityGroup": [],
        });
        let request = ExportPayloadsRequest {
            kind: kind.into(),
            counterparty_id: to.id.clone(),
            request_for_update: wanted.to_string().into(),
        };
        let answer = cast.buyer.session().catena().export_payloads(request).await;
        let answer = answer.expect("exported").into_inner();
        let name = kind.as_str_name();
        assert!(answer.objects > 0 && answer.left_out_ids.is_empty(), "{name}: {answer:?}");
        let content = String::from_utf8(answer.content.to_vec()).expect("UTF-8");
        seen.insert(format!("{level} exported {name}"), Value::from(content));
    }
}

/// What is found for a need of the customer's, and what misses it: in no world nothing, which two worlds would have alike
/// whatever else they show.
async fn matched(cast: &Cast, method: &MethodDescriptor, level: &str, seen: &mut Seen) {
    let buyer = cast.buyer.session();
    let need = buyer.publish_need(needed("1", (W53, W53))).await.expect("a need").id;
    let found = buyer.matching(&need).await.expect("a search");
    assert!(found.results[0].fits && found.results.iter().any(|one| !one.fits), "{level}: {found:?}");
    let answer = json(method, found.encode_to_vec().into());
    seen.insert(format!("{level} {}", near_misses(MATCHING)), Value::from(vec![answer]));
    let best = &seen[&format!("{level} {MATCHING}")];
    assert!(best.pointer("/0/results/0/offer").is_some(), "{level}: nothing meets the need: {best}");
}

/// What the supplier offers in every world.
struct Offers {
    /// Of the group that links both: to its partners.
    shared: Offer,
    /// Of the customer's own group: to the competitor.
    own: Offer,
}

/// What both customers have of the supplier in every world: links of one group to both, a group of the customer's own, an
/// offer of either, and demand that moved too far since it was measured.
async fn furnish(world: &World, cast: &Cast, clock: &FixedClock) -> Offers {
    let supplier = cast.supplier.session();
    let common = linking(
        group("大机组", &[(W53, "100", MAXIMUM)]),
        vec![link(&cast.buyer.id, "X", "2"), link(&cast.rival.id, "R", "3"), link(&cast.rival.id, "X", "1")],
    );
    let common = supplier.state_group(measured(common, START)).await.expect("a group").id;
    let own = for_customer(group("客户产能", &[(W53, "900", "9000")]), &cast.buyer.id);
    let own = supplier
        .state_group(measured(linking(own, vec![link("", "X", "2")]), START))
        .await
        .expect("a group")
        .id;
    let wants = async |quantity| {
        let wanted = demand("X", &[(W53, quantity)]);
        cast.buyer.state_demand(wanted).await.expect("a demand");
        world.settled().await;
    };
    wants("100").await;
    clock.advance(Duration::SECOND);
    for group in [&common, &own] {
        measured_at(&cast.supplier, group, START).await;
    }
    wants("150").await;
    let offered = offer(&common, &[(W53, OFFERED)]);
    let offered =
        proto::capacity::PublishOfferRequest { visibility: OfferVisibility::Partners.into(), ..offered };
    let seats = shown("模流分析软件席位");
    let resource = supplier.publish_resource(seats).await.expect("a resource");
    supplier.release(&resource, "1").await.expect("a revision");
    let shared = supplier.publish_offer(offered).await.expect("an offer");
    let offered = named(offer(&own, &[(W53, LENT)]), &[&cast.rival]);
    let own = supplier.publish_offer(offered).await.expect("an offer");
    Offers { shared, own }
}

/// The competitor takes hours of the group that the customer is shown, for those that it had before.
async fn take(world: &World, cast: &Cast, own: &Offer, before: Option<String>) -> String {
    let rival = cast.rival.session();
    if let Some(before) = before {
        rival.give_back(&before).await.expect("given back");
    }
    let held = rival.hold(own, &[(0, LENT)], 0).await.expect("a hold").id;
    rival.confirm(&held).await.expect("confirmed");
    world.settled().await;
    let group = cast.supplier.capacity_group(&own.group_id).await.expect("a group");
    let week = group.matched.iter().find(|week| week.monday == Some(date(W53)));
    assert_eq!(week.and_then(|week| week.lent.clone()), Some(decimal(LENT)), "they are load of its week");
    held
}

/// A round of everything that a competitor does with the supplier, under the same numbers as the customer's own.
async fn compete(cast: &Cast) {
    let (rival, supplier) = (&cast.rival, &cast.supplier);
    // Orders: accepted, proposed to and decided, changed, talked about.
    for number in [number_of_rival(), number_of_rival()] {
        let receipt =
            rival.publish(order(&number).line("10", "X", "40", "1").to("GYS-033")).await.expect("published");
        let id = receipt.order_id;
        let propose = answer(&id).propose("10", "", &[("40", "2027-01-04")]).done();
        let proposed = supplier.respond(propose).await.expect("proposed").lines[0].proposal_id.clone();
        rival.orders().resolve_proposal(decide(&id, &[(&proposed, true)])).await.expect("decided");
        rival.change(change(&id, order("").line("10", "X", "50", "1"))).await.expect("changed");
        let accept = RespondToOrderRequest { revision: 2, ..accept_all(&id) };
        supplier.respond(accept).await.expect("accepted");
        let message = PostMessageRequest { request_id: request_id(), order_id: id, ..Default::default() };
        let message = PostMessageRequest { body: "竞争".into(), ..message };
        rival.thread().post_message(message).await.expect("posted");
    }
    let terms = Terms { answer_within_working_days: Some(1), ..Terms::default() };
    let terms = SetTermsRequest { request_id: request_id(), terms: Some(terms) };
    rival.terms().set_terms(terms).await.expect("terms");
    // Capacity: demand of both materials that turns weeks, a group of its own, and what is offered to it alone.
    for material in ["R", "X"] {
        let mut wanted = demand(material, &[(W53, "9000")]);
        wanted.vendor_number = "GYS-033".into();
        rival.state_demand(wanted).await.expect("a demand");
    }
    let own = for_customer(group("专用产能", &[(W53, "1", "1")]), &rival.id);
    supplier.state_group(linking(own, vec![link("", "R", "2")])).await.expect("a group");
    let machines = supplier.state_group(group("机组", &[(W53, "10", "10")])).await.expect("a group").id;
    let offered = named(offer(&machines, &[(W53, "10")]), &[rival]);
    let offered = supplier.session().publish_offer(offered).await.expect("an offer");
    let held = rival.session().hold(&offered, &[(0, "3")], 0).await.expect("a hold");
    rival.session().confirm(&held.id).await.expect("confirmed");
    // A need that the supplier meets.
    let need = rival.session().publish_need(needed("1", (W53, W53))).await.expect("a need").id;
    let met = supplier.session().propose_match(proposal(&need, "")).await.expect("a match").id;
    rival.session().advance_match(&met, MatchState::Accepted).await.expect("accepted");
    // Resources: what both find, asked for and used; and what is opened to the competitor alone.
    let found = rival
        .session()
        .resources()
        .list_resources(ListResourcesRequest::default())
        .await
        .expect("a list")
        .into_inner();
    let found = found.resources.into_iter().find(|one| !one.usable);
    if let Some(found) = found {
        let asked = rival.session().ask_for(&found.id).await.expect("a request").id;
        let grant = GrantEntitlementRequest {
            request_id: request_id(),
            entitlement_id: asked,
            ..GrantEntitlementRequest::default()
        };
        supplier.entitlements().grant_entitlement(grant).await.expect("granted");
    }
    let own = supplier.publish_resource(drawing("专用图纸")).await.expect("a resource");
    supplier.grant_resource(&own, &rival.id).await.expect("granted");
    let revision_id = supplier.release(&own, "A").await.expect("a revision");
    let request = AcknowledgeRevisionRequest { request_id: request_id(), revision_id };
    rival.session().revisions().acknowledge_revision(request).await.expect("acknowledged");
}

/// A number of an order that the competitor did not use before, from the same series as the customer's.
fn number_of_rival() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("N{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Whether a method changes nothing.
fn reads(path: &str) -> bool {
    let method = path.rsplit('/').next().unwrap_or_default();
    let kinds = [
        "Get",
        "List",
        "Preview",
        "Match",
        "Count",
        "Compare",
        "Export",
        "Inspect",
        "WhoAmI",
        "Subscribe",
        "Prefill",
    ];
    kinds.iter().any(|kind| method.starts_with(kind))
}

fn methods() -> BTreeMap<String, MethodDescriptor> {
    let pool = proto::contract().expect("descriptors");
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    methods
        .map(|method| (format!("/{}/{}", method.parent_service().full_name(), method.name()), method))
        .collect()
}

/// The answer of a method to the customer, as JSON without what is random.
async fn call(cast: &Cast, method: &MethodDescriptor, path: &str, when: &str, seen: &mut Seen) {
    let row = row(path).unwrap_or_else(|| panic!("{path} has no row in the matrix"));
    let access = cast.access(Side::Buyer, Role::Admin).expect("the customer's administrator");
    let (request, _) = (row.request)(cast, Side::Buyer, Object::Real).await;
    let answer = match access.call_with(path, request, MetadataMap::new()).await {
        // Entries are compared by their payloads, after each policy.
        Ok(_) if path.ends_with("/Subscribe") => return,
        Ok(messages) => messages.into_iter().map(|message| json(method, message)).collect(),
        Err(status) => refusal(&status),
    };
    seen.insert(format!("{when} {path}"), answer);
}

/// All that a refusal says to a person or a program.
fn refusal(status: &Status) -> Value {
    json!({
        "code": format!("{:?}", status.code()),
        "message": status.message(),
        "reason": reason(status),
        "metadata": metadata(status),
        "fields": fields(status),
    })
}

fn json(method: &MethodDescriptor, message: Bytes) -> Value {
    let message = DynamicMessage::decode(method.output(), message).expect("an answer of its type");
    serde_json::to_value(&message).expect("JSON")
}

/// Each entry of the customer's feed, and how many there are by now.
async fn feed(cast: &Cast, when: &str, seen: &mut Seen) {
    let entries = cast.buyer.events().await;
    seen.insert(format!("{when} entries"), Value::from(entries.len()));
    for entry in entries {
        let what = format!("{} {} {:?}", short(&entry), event(&entry).subject, payload(event(&entry)));
        seen.insert(format!("feed {:05}", entry.seq), Value::from(what));
    }
}
