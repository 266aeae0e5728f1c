//! Offers and requests that are changed: what stands is filled in, what is stale is refused and kept, and what the form
//! does not ask for stays.

mod payloads;

use axum::http::StatusCode;
use chassis::{Error, Field, Reason};
use proto::{
    Date,
    capacity::{
        Bucket, CapacityGroup, CapacityRequest, ChangeCapacityRequestRequest, ChangeOfferRequest,
        CountMatchesResponse, GroupContent, MatchCount, MatchState, MatchedWeek, NewBucket, Offer,
        OfferContent, OfferVisibility, RequestContent,
    },
    partners::{Cluster, ClusterMembershipState, ListClustersResponse},
};

use crate::{
    Page, World,
    fake::{SALES, wire},
    hostile::{Hostile, ID},
};

/// A firm that is no partner.
const OTHER: &str = "0192f000-0000-7000-8000-0000000000f2";

fn day(text: &str) -> Option<Date> {
    let mut parts = text.split('-').map(|part| part.parse().unwrap());
    let [year, month, day] = [(); 3].map(|()| parts.next().unwrap());
    Some(Date { year, month, day })
}

fn bucket(monday: &str, total: &str, reserved: &str) -> Bucket {
    Bucket {
        id: format!("bucket-{monday}"),
        monday: day(monday),
        total: wire(total),
        reserved: wire(reserved),
        ..Bucket::default()
    }
}

/// Three hours of a day, for one firm.
fn slot(seconds: i64, id: &str) -> Bucket {
    Bucket {
        id: id.into(),
        starts_at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        ends_at: Some(prost_types::Timestamp { seconds: seconds + 10_800, nanos: 0 }),
        ..bucket("2026-12-28", "10800", "0")
    }
}

/// 40 hours of a week, 10 of which are reserved; and a week that is over.
fn offer() -> Offer {
    let content = OfferContent {
        process: "注塑".into(),
        machine: "650 t".into(),
        materials: vec!["PP".into(), "ABS".into()],
        certificates: vec!["IATF 16949".into()],
        price_hint: wire("0.05"),
        currency: "CNY".into(),
        ..OfferContent::default()
    };
    Offer {
        id: ID.into(),
        supplier_id: ID.into(),
        group_id: ID.into(),
        version: 3,
        content: Some(content),
        unit_code: "SEC".into(),
        hold_seconds: 1_200,
        buckets: vec![bucket("2026-11-16", "3600", "0"), bucket("2026-12-28", "144000", "36000")],
        visibility: OfferVisibility::Named.into(),
        firm_ids: vec![OTHER.into()],
        ..Offer::default()
    }
}

/// The group that it is of: 60 hours are to spare in the first week, 100 in the second.
fn group() -> CapacityGroup {
    let week = |monday: &str, offered: &str| MatchedWeek {
        monday: day(monday),
        maximum_capacity: wire("360000"),
        offered: wire(offered),
        ..MatchedWeek::default()
    };
    let content =
        GroupContent { name: "大机组".into(), unit_code: "SEC".into(), ..GroupContent::default() };
    CapacityGroup {
        id: ID.into(),
        content: Some(content),
        matched: vec![week("2026-12-28", "144000"), week("2027-01-04", "0")],
        ..CapacityGroup::default()
    }
}

/// What the next looks find.
fn stands(api: &Hostile, offers: impl IntoIterator<Item = Offer>) {
    let mut script = api.script();
    for offer in offers {
        script.answer("GetOffer", [Ok(offer)]);
        script.answer("GetCapacityGroup", [Ok(group())]);
    }
}

fn path(what: &str) -> String {
    format!("/capacity/{what}/{ID}/change")
}

/// Sends the form of a page with these fields, beside its token and its version.
async fn send(world: &World, path: &str, page: &Page, fields: &[(&str, &str)]) -> Page {
    let [token, version] = ["token", "version"].map(|name| page.field("<form id=\"ask\"", name));
    let own = [("token", token.as_str()), ("version", version.as_str())];
    world.post(path, SALES, &[&own[..], fields].concat()).await
}

/// The fields of the offer as it stands, with these figures.
fn typed<'a>(first: &'a str, second: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("process", "注塑"),
        ("machine", "650 t 二号机"),
        ("materials", "PP、ABS"),
        ("price", "180"),
        ("lasting", "1200"),
        ("to", "named"),
        ("firm", OTHER),
        ("w-2026-12-28", first),
        ("w-2027-01-04", second),
    ]
}

/// What is offered of each bucket.
fn quantities(buckets: &[NewBucket]) -> Vec<(i32, String)> {
    let one = |bucket: &NewBucket| (bucket.monday.unwrap().day, bucket.quantity.clone().unwrap().value);
    buckets.iter().map(one).collect()
}

#[tokio::test]
async fn an_offer_is_filled_in_as_it_stands_and_changed_in_full() {
    let (api, world) = Hostile::start(false, None).await;
    stands(&api, [offer()]);
    let page = world.get(&path("offers"), SALES).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    for said in [
        "value=\"650 t\"",
        "value=\"PP、ABS\"",
        "value=\"180\"",
        "<option value=\"1200\" selected>20 分钟",
        "name=\"version\" value=\"3\"",
        "name=\"w-2026-12-28\" value=\"40\"",
        "name=\"w-2027-01-04\" value=\"\"",
        "目前发布 40 小时，其中已预占 10 小时；可共享 60 小时",
        "可共享 100 小时",
    ] {
        assert!(page.says(said), "{said}: {}", page.html);
    }
    assert!(page.says(&format!("value=\"{OTHER}\" checked")), "who is named can stay so: {}", page.html);
    assert!(!page.says("w-2026-11-16"), "what is over");
    stands(&api, [offer()]);
    let page = send(&world, &path("offers"), &page, &typed("40", "8")).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
    assert_eq!(page.header("location"), "/capacity/offers?done=changed");
    let asked: ChangeOfferRequest = api.asked("ChangeOffer");
    assert_eq!((asked.version, asked.offer_id.as_str(), asked.hold_seconds), (3, ID, 1_200));
    assert_eq!((asked.visibility(), &asked.firm_ids), (OfferVisibility::Named, &vec![OTHER.to_string()]));
    let expected = [(16, "3600"), (28, "144000"), (4, "28800")];
    assert_eq!(quantities(&asked.buckets), expected.map(|(day, kept)| (day, kept.to_string())));
    let content = asked.content.unwrap();
    assert_eq!((content.machine.as_str(), content.price_hint), ("650 t 二号机", wire("0.05")));
    assert_eq!(content.certificates, ["IATF 16949"], "what is not asked for stays");
    assert!(!asked.despite_forecast);
}

#[tokio::test]
async fn an_offer_that_changed_meanwhile_is_not_overwritten_unseen() {
    let (api, world) = Hostile::start(false, None).await;
    stands(&api, [offer()]);
    let form = world.get(&path("offers"), SALES).await;
    let content = OfferContent { process: "冲压".into(), ..offer().content.unwrap() };
    // One week has less, and another one is new.
    let buckets = vec![bucket("2026-12-28", "72000", "36000"), bucket("2027-01-11", "5400", "0")];
    let other = Offer { version: 4, content: Some(content), buckets, ..offer() };
    stands(&api, [other.clone(), other.clone()]);
    api.script().refuse("ChangeOffer", Error::new(Reason::STALE_ETAG).with("version", 4));
    let page = send(&world, &path("offers"), &form, &typed("41", "")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.html);
    assert_eq!(api.asked::<ChangeOfferRequest>("ChangeOffer").version, 3, "what was looked at");
    for said in [
        "其他人刚修改过这项发布",
        "现为 冲压",
        "value=\"650 t 二号机\"",
        "name=\"w-2026-12-28\" value=\"41\"",
        "目前发布 20 小时",
        "name=\"w-2027-01-11\" value=\"1.5\"",
        "name=\"version\" value=\"4\"",
    ] {
        assert!(page.says(said), "{said}: {}", page.html);
    }
    stands(&api, [other]);
    let added = page.field("<form id=\"ask\"", "w-2027-01-11");
    let fields = [&typed("41", "")[..], &[("w-2027-01-11", added.as_str())]].concat();
    let page = send(&world, &path("offers"), &page, &fields).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
    let asked: ChangeOfferRequest = api.asked("ChangeOffer");
    let expected = [(28, "147600"), (11, "5400")].map(|(day, kept)| (day, kept.to_string()));
    assert_eq!(
        (asked.version, quantities(&asked.buckets)),
        (4, expected.to_vec()),
        "saving takes no week away"
    );
}

#[tokio::test]
async fn a_slot_that_was_added_meanwhile_stays() {
    let (api, world) = Hostile::start(false, None).await;
    let slots = |ids: &[&str]| -> Vec<Bucket> {
        ids.iter().zip(0..).map(|(id, at)| slot(1_798_765_200 + at * 86_400, id)).collect()
    };
    let before = Offer { buckets: slots(&["one", "two"]), ..offer() };
    let other = Offer { version: 4, buckets: slots(&["one", "two", "three"]), ..offer() };
    stands(&api, [before, other.clone(), other.clone(), other]);
    let form = world.get(&path("offers"), SALES).await;
    assert!(form.says("name=\"shown\" value=\"one\"") && form.says("name=\"shown\" value=\"two\""));
    api.script().refuse("ChangeOffer", Error::new(Reason::STALE_ETAG).with("version", 4));
    let ticked = [("slot", "two"), ("shown", "one"), ("shown", "two")];
    let fields = [&typed("", "")[..7], &ticked].concat();
    let page = send(&world, &path("offers"), &form, &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.html);
    for said in ["value=\"two\" checked", "value=\"three\" checked", "name=\"shown\" value=\"three\""] {
        assert!(page.says(said), "{said}: {}", page.html);
    }
    assert!(!page.says("value=\"one\" checked"), "what was unticked stays so: {}", page.html);
    let fields = [&fields[..], &[("slot", "three"), ("shown", "three")]].concat();
    let page = send(&world, &path("offers"), &page, &fields).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
    let asked: ChangeOfferRequest = api.asked("ChangeOffer");
    let begins: Vec<_> = asked.buckets.iter().map(|one| one.starts_at.unwrap().seconds).collect();
    assert_eq!((asked.version, begins), (4, vec![1_798_851_600, 1_798_938_000]));
}

#[tokio::test]
async fn what_a_forecast_needs_is_asked_for_and_what_is_reserved_is_named() {
    let (api, world) = Hostile::start(false, None).await;
    let (first, path) = ([offer()], path("offers"));
    stands(&api, first.clone());
    let form = world.get(&path, SALES).await;
    assert!(!form.says("name=\"despite\""), "nothing is asked before it is refused");
    let needed = Field::new("buckets[1].quantity", "FORECAST", "has 60 left beside its forecast");
    api.script().refuse("ChangeOffer", Error::new(Reason::OFFER_EXCEEDS_CAPACITY).fields(vec![needed]));
    stands(&api, first.clone());
    let page = send(&world, &path, &form, &typed("120", "")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    // The 40 that are offered already, and the 60 that are to spare.
    assert!(page.says("除预测需求外只余 100 小时") && page.says("value=\"120\""), "{}", page.html);
    stands(&api, first.clone());
    let again = [&typed("120", "")[..], &[("despite", "yes"), ("asked", "yes")]].concat();
    assert_eq!(send(&world, &path, &page, &again).await.status, StatusCode::SEE_OTHER);
    assert!(api.asked::<ChangeOfferRequest>("ChangeOffer").despite_forecast);

    api.script().refuse("ChangeOffer", Error::new(Reason::CAPACITY_SHORT));
    stands(&api, first.clone());
    let page = send(&world, &path, &form, &typed("8", "")).await;
    assert!(page.says("已被预占 10 小时") && page.says("value=\"8\""), "{}", page.html);
    let past = Offer { buckets: vec![bucket("2026-12-28", "144000", "0")], ..offer() };
    stands(&api, [past]);
    api.calls();
    let page = send(&world, &path, &form, &typed("", "")).await;
    assert!(page.says("请至少填写一周的发布量"), "{}", page.html);
    api.unchanged("nothing is offered");
}

#[tokio::test]
async fn slots_stay_as_they_are_or_go() {
    let (api, world) = Hostile::start(false, None).await;
    let buckets = vec![slot(1_798_765_200, "one"), slot(1_798_851_600, "two")];
    let slotted = Offer { buckets, ..offer() };
    stands(&api, [slotted.clone(), slotted]);
    let form = world.get(&path("offers"), SALES).await;
    assert!(form.says("value=\"one\" checked") && form.says("value=\"two\" checked"), "{}", form.html);
    assert!(!form.says("name=\"w-"), "no weeks beside slots");
    let ticked = [("slot", "two"), ("shown", "one"), ("shown", "two")];
    let fields = [&typed("", "")[..7], &ticked].concat();
    let page = send(&world, &path("offers"), &form, &fields).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
    let asked: ChangeOfferRequest = api.asked("ChangeOffer");
    let begins: Vec<_> = asked.buckets.iter().map(|one| one.starts_at.unwrap().seconds).collect();
    assert_eq!((begins, quantities(&asked.buckets)), (vec![1_798_851_600], vec![(28, "10800".to_string())]));
}

/// A request of the own firm that only one firm sees.
fn need() -> CapacityRequest {
    let content = RequestContent {
        process: "注塑".into(),
        materials: vec!["PP".into()],
        quantity: wire("80"),
        // Of no unit that the form offers by itself.
        unit_code: "SEC".into(),
        first_monday: day("2026-12-21"),
        last_monday: day("2027-01-04"),
        price_ceiling: wire("20"),
        currency: "EUR".into(),
        ..RequestContent::default()
    };
    CapacityRequest {
        id: ID.into(),
        requester_id: ID.into(),
        version: 5,
        content: Some(content),
        visibility: OfferVisibility::Named.into(),
        firm_ids: vec![OTHER.into()],
        ..CapacityRequest::default()
    }
}

#[tokio::test]
async fn a_request_is_changed_and_a_stale_form_keeps_what_was_typed() {
    let (api, world) = Hostile::start(false, None).await;
    let path = path("requests");
    let other = CapacityRequest { version: 6, ..need() };
    api.script().answer("GetCapacityRequest", [need(), need(), other.clone(), other].map(Ok));
    let form = world.get(&path, SALES).await;
    for said in ["value=\"80\"", "value=\"2026-12-21\"", "<option value=\"SEC\" selected>", "EUR"] {
        assert!(form.says(said), "{said}: {}", form.html);
    }
    let fields = [
        ("process", "注塑"),
        ("materials", "PP、ABS"),
        ("quantity", "90"),
        ("unit", "SEC"),
        ("first", "2026-12-23"),
        ("last", "2027-01-04"),
        ("price", "20"),
        ("to", "named"),
        ("firm", OTHER),
    ];
    api.script().refuse("ChangeCapacityRequest", Error::new(Reason::STALE_ETAG).with("version", 6));
    let page = send(&world, &path, &form, &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.html);
    for said in ["其他人刚修改过这项需求", "现为 80", "value=\"90\"", "name=\"version\" value=\"6\""]
    {
        assert!(page.says(said), "{said}: {}", page.html);
    }
    let page = send(&world, &path, &page, &fields).await;
    assert_eq!(page.header("location"), "/capacity/requests?done=changed", "{}", page.html);
    let asked: ChangeCapacityRequestRequest = api.asked("ChangeCapacityRequest");
    assert_eq!((asked.version, &asked.firm_ids), (6, &vec![OTHER.to_string()]));
    let content = asked.content.unwrap();
    assert_eq!((content.quantity, content.currency.as_str()), (wire("90"), "EUR"));
    assert_eq!((content.materials.len(), content.first_monday), (2, day("2026-12-21")), "its week");
}

#[tokio::test]
async fn the_board_counts_matches_by_state_and_not_where_they_are_about_few() {
    let (api, world) = Hostile::start(false, None).await;
    let count = |state: MatchState, matches| MatchCount { state: state.into(), matches };
    let counts = vec![count(MatchState::Proposed, Some(7)), count(MatchState::Delivered, None)];
    let counted = CountMatchesResponse { counts };
    let cluster = |name: &str, state: ClusterMembershipState| Cluster {
        name: name.into(),
        own_state: state.into(),
        ..Cluster::default()
    };
    let clusters = vec![
        cluster("南汀集群", ClusterMembershipState::Joined),
        cluster("北汀集群", ClusterMembershipState::Invited),
    ];
    {
        let mut script = api.script();
        script.answer("CountMatches", [Ok(counted.clone()), Ok(counted)]);
        script.answer("ListClusters", [Ok(ListClustersResponse { clusters, ..Default::default() })]);
    }
    let page = world.get("/capacity/requests", SALES).await;
    assert!(page.says("本企业的撮合") && page.says("南汀集群") && !page.says("北汀集群"), "{}", page.html);
    assert_eq!(page.html.matches("data-label=\"待答复\">7<").count(), 2, "{}", page.html);
    assert_eq!(page.html.matches("data-label=\"已交付\">–<").count(), 2, "fewer than five firms");
}
