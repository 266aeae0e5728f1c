//! What the database finds the best against the rule itself: over offers and needs that are made up, the same answer both ways.

use std::time::Duration;

use harness::{Firm, World, booking::offer, capacity::group, decimal, need::needed, request_id, until};
use proto::capacity::{
    MatchCapacityRequestRequest, MatchCapacityRequestResponse, OfferLimits, OfferVisibility as Visible,
    PublishCapacityRequestRequest, PublishOfferRequest, UploadCapacityGroupRequest,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::{golden, need::cluster};

const WEEKS: [&str; 6] = ["2026-11-23", "2026-11-30", "2026-12-07", "2026-12-14", "2026-12-21", "2026-12-28"];
const UNITS: [&str; 6] = ["SEC", "HUR", "MIN", "H87", "LBR", "KGM"];
const REGIONS: [&str; 7] = ["", "44", "4419", "441900", "440100", "330200", "3302"];
/// Of each of two suppliers.
const OFFERS: usize = 24;
const NEEDS: usize = 80;

/// Some of these, in their order.
fn some(random: &mut StdRng, names: &[&str], chance: f64) -> Vec<String> {
    names.iter().filter(|_| random.random_bool(chance)).map(ToString::to_string).collect()
}

fn limits(random: &mut StdRng, chance: f64) -> OfferLimits {
    let mut one = |choices: &[&str]| {
        let chosen = choices.choose(random).copied().unwrap_or_default();
        random.random_bool(chance).then(|| decimal(chosen))
    };
    OfferLimits {
        length_mm: one(&["100", "250.5"]),
        width_mm: one(&["100", "99.9"]),
        height_mm: one(&["50"]),
        weight_kg: one(&["1.8", "1.80"]),
        precision_mm: one(&["0.02", "0.05"]),
        tonnage_t: one(&["160", "650", "650.0"]),
    }
}

/// An offer of a group: a process, materials and certificates in some writing, one to six weeks of some quantity.
fn made_up(random: &mut StdRng, group: &str, cluster: Option<&str>, buyer: &str) -> PublishOfferRequest {
    let weeks: Vec<&str> = WEEKS.iter().copied().filter(|_| random.random_bool(0.6)).collect();
    let weeks = if weeks.is_empty() { vec![WEEKS[2]] } else { weeks };
    let quantities = ["1", "3", "60", "100", "3600", "7200.5", "100000", "0.0000001"];
    let weeks: Vec<(&str, &str)> =
        weeks.into_iter().map(|monday| (monday, *quantities.choose(random).unwrap_or(&"1"))).collect();
    let mut request = offer(group, &weeks);
    match random.random_range(0..4) {
        0 => request.visibility = Visible::Partners.into(),
        1 => {
            if let Some(cluster) = cluster {
                (request.visibility, request.cluster_id) = (Visible::Cluster.into(), cluster.into());
            }
        }
        2 => (request.visibility, request.firm_ids) = (Visible::Named.into(), vec![buyer.into()]),
        _ => {}
    }
    let price = random.random_bool(0.6).then(|| random.random_range(0..400));
    if let Some(content) = &mut request.content {
        content.process = (*["注塑", "注 塑", "冲压"].choose(random).unwrap_or(&"注塑")).into();
        content.materials = some(random, &["PP", "p p", "ABS", "PA66-GF30"], 0.6);
        content.certificates = some(random, &["ISO 9001:2015", "iso14001", "IATF 16949：2016", "CE"], 0.5);
        content.limits = Some(limits(random, 0.7));
        content.region = (*REGIONS.choose(random).unwrap_or(&"")).into();
        content.price_hint = price.map(|cents| decimal(&format!("{}.{:02}", cents / 100, cents % 100)));
        let currency = if random.random_bool(0.8) { "CNY" } else { "EUR" };
        content.currency = price.map(|_| currency.into()).unwrap_or_default();
    }
    request
}

fn wanted(random: &mut StdRng) -> PublishCapacityRequestRequest {
    let first = random.random_range(0..WEEKS.len());
    let last = random.random_range(first..WEEKS.len());
    let quantity = ["0.01", "1", "2", "100", "0.0000001", "5000"].choose(random).copied().unwrap_or("1");
    let mut request = needed(quantity, (WEEKS[first], WEEKS[last]));
    if let Some(content) = &mut request.content {
        content.unit_code = (*UNITS.choose(random).unwrap_or(&"HUR")).into();
        content.materials = some(random, &["pp", "ABS"], 0.3);
        content.certificates = some(random, &["ISO9001", "CE"], 0.15);
        content.wished_certificates =
            some(random, &["ISO 9001", "ISO 14001:2015", "IATF 16949", "CE", "ce"], 0.4);
        content.limits = Some(limits(random, 0.1));
        content.region = (*REGIONS.choose(random).unwrap_or(&"")).into();
        if random.random_bool(0.6) {
            content.price_ceiling = Some(decimal(["0", "0.05", "1.5", "180"].choose(random).unwrap_or(&"1")));
            content.currency = "CNY".into();
        }
    }
    request
}

/// Offers of a supplier from groups in every unit, some of them sold in part, some sold out, some the same but for their ids;
/// and one of the groups has less in some weeks than it promised.
async fn offered(random: &mut StdRng, supplier: &Firm, buyer: &Firm, cluster: Option<&str>) {
    let weeks = WEEKS.map(|monday| (monday, "9999999", "9999999"));
    let mut groups = Vec::new();
    for unit in UNITS {
        groups.push(supplier.state_group(counted(unit, &weeks)).await.expect("a group").id);
    }
    for n in 0..OFFERS {
        // Most in units of time.
        let place = if n % 4 == 3 { random.random_range(0..UNITS.len()) } else { random.random_range(0..3) };
        let request = made_up(random, &groups[place], cluster, &buyer.id);
        if n % 6 < 2 {
            let twin = PublishOfferRequest { request_id: request_id(), ..request.clone() };
            supplier.publish_offer(twin).await.expect("the same offer once more");
        }
        let offer = supplier.publish_offer(request).await.expect("an offer");
        if n % 3 == 0 && buyer.offer(&offer.id).await.is_ok() {
            let free = offer.buckets[0].total.as_ref().map(|total| total.value.clone()).unwrap_or_default();
            let part = if n % 2 == 0 || free.len() < 3 { free.as_str() } else { "0.3" };
            buyer.hold(&offer, &[(0, part)], 0).await.expect("a hold");
        }
    }
    let scarce = WEEKS.map(|monday| (monday, "80", if monday < WEEKS[3] { "80" } else { "9999999" }));
    let lower = UploadCapacityGroupRequest { group_id: groups[1].clone(), ..counted(UNITS[1], &scarce) };
    supplier.state_group(lower).await.expect("a group that has less");
}

/// A group of this unit, by which it is called, too.
fn counted(unit: &str, weeks: &[(&str, &str, &str)]) -> UploadCapacityGroupRequest {
    let mut request = group(unit, weeks);
    if let Some(content) = &mut request.content {
        content.unit_code = unit.into();
    }
    request
}

/// What a need finds: by the rule alone, and by what the database compares.
async fn both_ways(buyer: &Firm, need: &str, limit: i32) -> [MatchCapacityRequestResponse; 2] {
    let ask = async |near_misses, limit| {
        let request = MatchCapacityRequestRequest { capacity_request_id: need.into(), limit, near_misses };
        buyer.capacity_requests().match_capacity_request(request).await.expect("a search").into_inner()
    };
    let mut ruled = ask(true, 100).await;
    ruled.results.retain(|one| one.fits);
    ruled.results.truncate(usize::try_from(limit).unwrap_or_default());
    [ruled, ask(false, limit).await]
}

#[tokio::test]
async fn the_best_are_the_same_by_what_is_compared_and_by_the_rule() {
    let world = World::with(golden()).await;
    let (buyer, first) = world.pair().await;
    let second = world.firm("邻益注塑(示例)有限公司").await;
    let cluster = cluster(&world, &[&buyer, &second]).await;
    let mut random = StdRng::seed_from_u64(15);
    offered(&mut random, &first, &buyer, None).await;
    offered(&mut random, &second, &buyer, Some(&cluster)).await;
    let (mut answers, mut most) = (0, 0);
    let mut needs = Vec::new();
    for n in 0..NEEDS {
        let request = wanted(&mut random);
        let content = request.content.clone();
        let need = buyer.publish_need(request).await.expect("a need").id;
        let [ruled, found] = both_ways(&buyer, &need, [1, 3, 100][n % 3]).await;
        assert_eq!(found, ruled, "of the need {content:?}");
        answers += usize::from(found.fitting > 0);
        most = most.max(found.fitting);
        needs.push(need);
    }
    assert!(answers > NEEDS / 3 && most > 10, "{answers} needs are met, the best by {most}");

    let owner = world.owner_pool().await;
    let same = async || {
        let mut same = 0;
        for need in needs.iter().step_by(8) {
            let [ruled, found] = both_ways(&buyer, need, 3).await;
            same += usize::from(found == ruled);
        }
        same
    };
    // What is compared decides, so that it would show if it were wrong.
    let wrong = "update capacity.offer set material_keys = '{}', region = '', tonnage_t = 0";
    sqlx::query(wrong).execute(owner).await.expect("an update");
    assert!(same().await < NEEDS / 8);
    // Offers of a process that knows nothing of what is compared; then the loop has noted it.
    sqlx::query("update capacity.offer set facts_version = null").execute(owner).await.expect("an update");
    assert_eq!(same().await, NEEDS / 8);
    until("what is compared is noted", Duration::from_secs(30), async || {
        let left = "select count(*) from capacity.offer where facts_version is distinct from version";
        let left: i64 = sqlx::query_scalar(left).fetch_one(owner).await.ok()?;
        (left == 0).then_some(())
    })
    .await;
    assert_eq!(same().await, NEEDS / 8);
    world.finish().await;
}
