//! Offers, groups and partners by words of what people see of them: parts of words, in both languages, signs as they are, and
//! nothing that the caller may not see.

use harness::{
    Access, Firm, World,
    booking::{named, offer},
    capacity::{demand, for_customer, group, link, linking},
    cli,
    refusal::bad_fields,
    request_id,
};
use proto::{
    capacity::{
        ListCapacityGroupsRequest, ListDisclosedGroupsRequest, ListOffersRequest, Offer, OfferContent,
        PublishOfferRequest, WithdrawOfferRequest,
    },
    partners::ListRelationshipsRequest,
};

const W53: &str = "2026-12-28";

/// Vendor numbers of the partners that are found, page by page.
async fn partners(firm: &Access, text: &str) -> Vec<String> {
    let mut request = ListRelationshipsRequest { page_size: 1, text: text.into(), ..Default::default() };
    let mut found = Vec::new();
    loop {
        let page =
            firm.relationships().list_relationships(request.clone()).await.expect("a page").into_inner();
        found.extend(page.relationships.into_iter().map(|one| one.vendor_number));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            found.sort();
            return found;
        }
    }
}

/// Machines of the offers that are found, or processes where there is none, page by page.
async fn offers(firm: &Access, own: bool, text: &str) -> Vec<String> {
    let mut request = ListOffersRequest { own, page_size: 1, text: text.into(), ..Default::default() };
    let mut found = Vec::new();
    loop {
        let page = firm.offers().list_offers(request.clone()).await.expect("a page").into_inner();
        let content = page.offers.into_iter().filter_map(|one| one.content);
        found.extend(content.map(|it| if it.machine.is_empty() { it.process } else { it.machine }));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            found.sort();
            return found;
        }
    }
}

/// Names of the own groups that are found, page by page.
async fn groups(firm: &Access, text: &str) -> Vec<String> {
    let mut request = ListCapacityGroupsRequest { page_size: 1, text: text.into(), ..Default::default() };
    let mut found = Vec::new();
    loop {
        let page =
            firm.capacity_groups().list_capacity_groups(request.clone()).await.expect("a page").into_inner();
        found.extend(page.groups.into_iter().map(|one| one.name));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            found.sort();
            return found;
        }
    }
}

/// Names of the groups that suppliers show and that are found.
async fn disclosed(firm: &Access, text: &str) -> Vec<String> {
    let request = ListDisclosedGroupsRequest { page_size: 100, text: text.into(), ..Default::default() };
    let list = firm.capacity_groups().list_disclosed_groups(request).await.expect("a list").into_inner();
    list.groups.into_iter().map(|one| one.name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partners_are_found_by_name_and_number_and_only_the_own() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let other = world.firm("邻益注塑(示例)有限公司").await;
    let odd = world.firm("百分百_50%(示例)厂").await;
    let rival = world.firm("对手家居(示例)有限公司").await;
    world.partner(&buyer, &other, "V200").await;
    world.partner(&buyer, &odd, "V_300").await;
    world.partner(&rival, &supplier, "X9").await;
    for (text, found) in [
        ("", &["V100", "V200", "V_300"][..]),
        ("顺模", &["V100"]),
        ("模塑", &["V100"]),
        ("塑模", &[]),
        ("顺模 v100", &["V100"]),
        ("顺模v100", &["V100"]),
        ("顺模 V200", &[]),
        ("顺\0模", &["V100"]),
        ("v10", &["V100"]),
        ("Ｖ２００", &["V200"]),
        ("（示例）厂", &["V100", "V_300"]),
        ("EXAMPLE", &["V100", "V200", "V_300"]),
        ("%", &["V_300"]),
        ("_", &["V_300"]),
        ("50%", &["V_300"]),
        ("V%0", &[]),
        ("\\", &[]),
        ("'", &[]),
        // The own name, and a firm that is no partner.
        ("澄屿", &[]),
        ("对手", &[]),
    ] {
        assert_eq!(partners(&buyer, text).await, found, "{text:?}");
    }
    assert_eq!(partners(&supplier, "澄屿").await, ["V100"]);
    assert_eq!(partners(&supplier, "家居").await, ["V100", "X9"]);
    let said = cli::run(&world, &buyer.key, &["partners", "list", "--text", "邻益"]).await.done().json();
    assert!(said.len() == 1 && said[0]["vendorNumber"] == "V200", "{said:?}");
    let long = ListRelationshipsRequest { text: "模".repeat(101), ..Default::default() };
    bad_fields(buyer.relationships().list_relationships(long).await, &[("text", "TOO_LONG")]);
    world.finish().await;
}

/// The same offer of a machine, for a process.
fn of(request: PublishOfferRequest, process: &str, machine: &str) -> PublishOfferRequest {
    let content = OfferContent { process: process.into(), machine: machine.into(), ..Default::default() };
    PublishOfferRequest { content: Some(content), ..request }
}

/// Three offers of a new group: for the buyer, for all, and for another firm; the second.
async fn offered(supplier: &Firm, buyer: &Firm, other: &Firm) -> Offer {
    let made = supplier.state_group(group("机组", &[(W53, "100", "100")])).await.expect("a group").id;
    let request = || offer(&made, &[(W53, "10")]);
    let mut full = named(of(request(), "注塑", "海天 650T"), &[buyer]);
    if let Some(content) = &mut full.content {
        content.materials = vec!["PP".into(), "ABS".into()];
        content.certificates = vec!["IATF 16949".into()];
        content.note = "夜班 100%".into();
    }
    supplier.publish_offer(full).await.expect("an offer");
    let all = supplier.publish_offer(of(request(), "CNC_铣削", "")).await.expect("an offer");
    supplier.publish_offer(named(of(request(), "注塑", "海天 250T"), &[other])).await.expect("an offer");
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offers_are_found_by_what_they_say_and_only_those_that_may_be_seen() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let other = world.firm("邻益注塑(示例)有限公司").await;
    world.partner(&other, &supplier, "V300").await;
    let all = offered(&supplier, &buyer, &other).await;
    let (large, mill, small) = ("海天 650T", "CNC_铣削", "海天 250T");
    for (text, found) in [
        ("", &[mill, large][..]),
        ("注塑", &[large]),
        ("海天", &[large]),
        ("650t", &[large]),
        ("pp 夜班", &[large]),
        ("iatf 16949", &[large]),
        ("顺模", &[mill, large]),
        ("cnc", &[mill]),
        ("铣", &[mill]),
        ("100%", &[large]),
        ("%", &[large]),
        ("_", &[mill]),
        ("海天 250", &[]),
        ("注塑 CNC", &[]),
        ("邻益", &[]),
    ] {
        assert_eq!(offers(&buyer, false, text).await, found, "{text:?}");
    }
    assert_eq!(offers(&supplier, true, "海天").await, [small, large]);
    assert!(offers(&supplier, true, "顺模").await.is_empty(), "whose they are is no word of the own");
    assert!(offers(&supplier, false, "").await.is_empty());
    let said = cli::run(&world, &buyer.key, &["capacity", "offers", "--text", "海天"]).await.done().json();
    assert!(said.len() == 1 && said[0]["content"]["machine"] == large, "{said:?}");
    let withdraw = WithdrawOfferRequest { request_id: request_id(), offer_id: all.id };
    supplier.offers().withdraw_offer(withdraw).await.expect("withdrawn");
    assert!(offers(&buyer, false, "CNC").await.is_empty(), "it stands no more");
    assert_eq!(offers(&supplier, true, "CNC").await, [mill]);
    for own in [true, false] {
        let long = ListOffersRequest { own, text: "模".repeat(101), ..Default::default() };
        bad_fields(buyer.offers().list_offers(long).await, &[("text", "TOO_LONG")]);
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_found_by_name_and_by_whom_they_are_for() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    for name in ["大机组 650T", "小机_250"] {
        supplier.state_group(group(name, &[(W53, "80", "100")])).await.expect("a group");
    }
    let line =
        linking(for_customer(group("专线 A", &[(W53, "80", "100")]), &buyer.id), vec![link("", "M", "2")]);
    supplier.state_group(line).await.expect("a group");
    buyer.state_demand(demand("M", &[(W53, "10")])).await.expect("a demand");
    world.settled().await;
    for (text, found) in [
        ("机", &["大机组 650T", "小机_250"][..]),
        ("650t 大", &["大机组 650T"]),
        ("_", &["小机_250"]),
        ("%", &[]),
        ("澄屿", &["专线 A"]),
        ("专线 澄屿", &["专线 A"]),
        ("澄屿 机组", &[]),
    ] {
        assert_eq!(groups(&supplier, text).await, found, "{text:?}");
    }
    assert!(groups(&buyer, "机").await.is_empty(), "they are the supplier's");
    for (text, found) in
        [("", &["专线 A"][..]), ("专线", &["专线 A"]), ("顺模 a", &["专线 A"]), ("大机", &[])]
    {
        assert_eq!(disclosed(&buyer, text).await, found, "{text:?}");
    }
    let said = cli::run(&world, &supplier.key, &["capacity", "show", "--text", "小机"]).await.done().json();
    assert!(said.len() == 1 && said[0]["name"] == "小机_250", "{said:?}");
    let text = "模".repeat(101);
    let long = ListCapacityGroupsRequest { text: text.clone(), ..Default::default() };
    bad_fields(supplier.capacity_groups().list_capacity_groups(long).await, &[("text", "TOO_LONG")]);
    let long = ListDisclosedGroupsRequest { text, ..Default::default() };
    bad_fields(buyer.capacity_groups().list_disclosed_groups(long).await, &[("text", "TOO_LONG")]);
    world.finish().await;
}
