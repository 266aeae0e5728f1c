//! Lists as files, and files as what they state.

use axum::http::StatusCode;
use prost::Message as _;
use proto::{
    capacity::{
        CapacityGroup, CapacityReceipt, DisclosedGroup, DisclosedWeek, GroupContent, GroupSummary,
        ListCapacityGroupsResponse, ListCommentsResponse, ListDisclosedGroupsResponse, ListOffersResponse,
        Offer,
    },
    interchange::{ReadTableResponse, TableRow},
    notices::ListChannelsResponse,
    orders::ListScoreEvidenceRequest,
    partners::{FindFirmsResponse, Firm, ListRelationshipsResponse, OperatedFirm, TradingRelationship},
    resources::ListAcknowledgementsResponse,
    stream::{ListWebhooksResponse, Webhook},
};
use tonic::Code;

use crate::{
    Page, World,
    attacks::{HOME, minted, routes, upload},
    fake::{BUYER, SALES, wire},
    hostile::{Hostile, ID},
};

#[tokio::test]
async fn a_list_is_saved_as_it_is_shown() {
    let world = World::start().await;
    let page = world.get("/partners", BUYER).await;
    for path in ["/partners/export", "/partners/export?format=csv"] {
        assert!(page.says(&format!("href=\"{path}\"")), "{path}");
    }
    let saved = world.get("/partners/export", BUYER).await;
    assert!(saved.header("content-disposition").starts_with("attachment"));
    let lines: Vec<&str> = saved.html.lines().collect();
    assert_eq!(lines.len(), 5, "headings and four partners: {lines:?}");
    assert!(lines[0].starts_with("伙伴|关系|供应商编码|"), "{}", lines[0]);
    assert!(lines[1].starts_with("顺模塑料制品（示例）厂|供应商|V10027|"), "{}", lines[1]);
    assert!(lines[3].ends_with("|已邀请，未加入"), "{}", lines[3]);
    let csv = world.get("/partners/export?format=csv", BUYER).await;
    assert!(csv.header("content-disposition").contains(".2"), "as csv");
    assert_eq!(world.get("/partners/export", "").await.status, StatusCode::UNAUTHORIZED);
}

/// Pages with a table that have no file, by what their addresses begin with, and why.
const WITHOUT_FILE: [(&str, &str); 12] = [
    ("/d/", "one order, for somebody without an account: it is printed"),
    ("/orders/", "one order: it is printed, and its lines leave in the tables of the lists"),
    ("/practice", "an order that is made up"),
    ("/search", "the first few of each list, which leads to the list itself"),
    ("/capacity/edit", "a form; its weeks leave on /capacity, and to be filled in on /capacity/sheets"),
    ("/capacity/groups/", "one group: its weeks leave on /capacity"),
    ("/capacity/offers/", "one offer, or the choice of a group for a new one"),
    ("/operator/firms/", "one firm: what was done to it stands among /operator/actions"),
    ("/resources/0", "one resource, whose revisions have files of their own"),
    ("/resources/compare", "two revisions side by side"),
    ("/resources/policy", "a form"),
    ("/resources/revisions/", "a form, or the files of one revision, which are saved themselves"),
];

#[tokio::test]
async fn every_page_with_a_list_saves_it() {
    let (_, world) = Hostile::start(false, None).await;
    let (mut faults, mut files) = (Vec::new(), 0);
    let routes = routes();
    for route in routes.iter().filter(|route| route.shows) {
        let path = &route.path;
        let page = world.get(path, SALES).await;
        let lists = page.header("content-type").starts_with("text/html") && page.says("<table");
        let file = format!("{path}/export");
        if page.says(&format!("href=\"{file}")) {
            files += 1;
            let saved = world.get(&file, SALES).await;
            if !saved.header("content-disposition").starts_with("attachment") {
                faults.push(format!("{file}: {}", saved.status));
            }
        } else if lists && routes.iter().any(|route| route.path == file) {
            faults.push(format!("{path} does not lead to {file}"));
        } else if lists && !WITHOUT_FILE.iter().any(|(begins, _)| path.starts_with(begins)) {
            faults.push(format!("{path} shows a list that nobody can save"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(files > 30, "only {files} lists are saved: are they still recognised?");
}

/// What stands first in each row of a file.
fn first(saved: &Page) -> Vec<&str> {
    saved.html.lines().skip(1).map(|line| line.split('|').next().unwrap()).collect()
}

#[tokio::test]
async fn the_inbox_is_saved_by_its_state_and_what_is_looked_for() {
    let world = World::start().await;
    for (query, orders) in [
        ("", &["MM2610-0049", "CY26110232", "YZ-PO-771201", "CY26110233", "CY26110231"][..]),
        ("?show=proposed&format=csv", &["CY26110228"]),
        ("?show=all&q=cy2611023&page=any", &["CY26110232", "CY26110233", "CY26110231"]),
    ] {
        let saved = world.get(&format!("/inbox/export{query}"), SALES).await;
        assert_eq!(first(&saved), orders, "{query}: {}", saved.html);
    }
    let page = world.get("/inbox?show=all&q=cy2611023", SALES).await;
    let gb = "q=cy2611023&#38;format=csv&#38;encoding=gb18030\"";
    for file in ["q=cy2611023\"", "q=cy2611023&#38;format=csv\"", gb] {
        assert!(page.says(&format!("href=\"/inbox/export?show=all&#38;{file}")), "{file}: {}", page.html);
    }
    let saved = world.get("/inbox/export", SALES).await;
    assert!(saved.header("content-disposition").contains("filename*=UTF-8''%E5%BE%85"), "named as the page");
    assert!(saved.html.lines().next().unwrap().starts_with("订单|物料|采购方|"), "{}", saved.html);
}

#[tokio::test]
async fn whoever_may_not_see_a_list_does_not_save_it() {
    let world = World::start().await;
    let saved = world.get("/members/export", BUYER).await;
    assert_eq!(first(&saved), ["王敏", "李强", "赵工", "周经理"], "{}", saved.html);
    let refused = world.get("/members/export", SALES).await;
    assert_eq!((refused.status, refused.header("content-disposition")), (StatusCode::FORBIDDEN, ""));
    assert_eq!(world.get("/members/export", "").await.status, StatusCode::UNAUTHORIZED);
}

/// A page of so many firms of a name.
fn firms(name: &str, count: usize, next: &str) -> FindFirmsResponse {
    let firm = Firm { name: name.into(), ..Firm::default() };
    let one = OperatedFirm { firm: Some(firm), ..OperatedFirm::default() };
    FindFirmsResponse { firms: vec![one; count], next_page_token: next.into() }
}

#[tokio::test]
async fn a_list_is_saved_on_all_its_pages_and_says_where_a_file_takes_no_more() {
    let (api, world) = Hostile::start(false, None).await;
    let asked = || api.calls().iter().filter(|call| call.rpc == "FindFirms").count();
    let page = world.get("/operator/firms?q=a&state=active", SALES).await;
    assert!(page.says("href=\"/operator/firms/export?q=a&#38;state=active\""), "{}", page.html);
    asked();
    api.script().answer("FindFirms", [Ok(firms("甲", 2, "more")), Ok(firms("乙", 1, ""))]);
    let saved = world.get("/operator/firms/export?q=a&state=active", SALES).await;
    assert_eq!((first(&saved), asked()), (vec!["甲", "甲", "乙"], 2), "{}", saved.html);
    api.script().answer("FindFirms", [Ok(firms("甲", 2, "more")), Err(Code::PermissionDenied)]);
    let refused = world.get("/operator/firms/export", SALES).await;
    assert!(!refused.status.is_success(), "half of a list is none: {}", refused.html);
    asked();
    api.script().answer("FindFirms", (0..41).map(|_| Ok(firms("甲", 500, "more"))));
    let saved = world.get("/operator/firms/export", SALES).await;
    let rows = first(&saved);
    assert_eq!((rows.len(), asked()), (20_000, 40));
    assert!(rows[19_998] == "甲" && rows[19_999].contains("20,000 行"), "{:?}", rows.last());
}

#[tokio::test]
async fn what_suppliers_show_of_their_weeks_is_saved_as_far_as_they_show_it() {
    let (api, world) = Hostile::start(false, None).await;
    let page = world.get("/capacity", SALES).await;
    for file in ["/capacity/export?", "/capacity/shown/export?"] {
        assert!(page.says(&format!("href=\"{file}from=")), "{file}: {}", page.html);
    }
    let week = DisclosedWeek {
        monday: Some(chassis::value::wire_date(time::macros::date!(2026 - 11 - 23))),
        sufficient: Some(false),
        ..DisclosedWeek::default()
    };
    let figures = DisclosedWeek {
        demand: wire("1234.50"),
        maximum_capacity: wire("20000"),
        sufficient: Some(true),
        ..week.clone()
    };
    let group = |name: &str, week| DisclosedGroup {
        name: name.into(),
        unit_code: "H87".into(),
        weeks: vec![week],
        ..DisclosedGroup::default()
    };
    let groups = vec![group("注塑", week), group("冲压", figures)];
    let list = ListDisclosedGroupsResponse { groups, ..Default::default() };
    api.script().answer("ListDisclosedGroups", [Ok(list)]);
    let saved = world.get("/capacity/shown/export?from=2026-11-23", SALES).await;
    let row = |at| saved.html.lines().nth(at).unwrap().split('|').collect::<Vec<&str>>();
    assert!(row(0)[2].ends_with("需求") && row(0)[3].ends_with("最大产能"), "{}", saved.html);
    assert_eq!((row(1)[0], &row(1)[2..5]), ("注塑", &["不够", "", ""][..]), "{}", saved.html);
    assert_eq!((row(2)[0], &row(2)[2..5]), ("冲压", &["1234.5", "20000", ""][..]), "to compute with");
}

#[tokio::test]
async fn what_a_figure_counts_is_saved_by_hundreds_and_nothing_is_counted_for_it() {
    let (api, world) = Hostile::start(false, None).await;
    let saved = world.get(&format!("/partners/{ID}/score/answered/export"), SALES).await;
    assert!(saved.header("content-disposition").starts_with("attachment"), "{}", saved.html);
    let calls = api.calls();
    assert!(calls.iter().all(|call| call.rpc != "GetScorecard"), "{calls:?}");
    let evidence = calls.iter().find(|call| call.rpc == "ListScoreEvidence").unwrap();
    let asked = ListScoreEvidenceRequest::decode(evidence.message.as_slice()).unwrap();
    assert_eq!(asked.page_size, 100);
}

#[tokio::test]
async fn of_a_list_whose_beginning_a_page_shows_a_file_has_all() {
    let (api, world) = Hostile::start(false, None).await;
    {
        let mut script = api.script();
        let next_page_token = "more".to_string();
        let page = ListCommentsResponse { next_page_token: next_page_token.clone(), ..Default::default() };
        script.answer("ListComments", [Ok(page)]);
        let page =
            ListAcknowledgementsResponse { next_page_token: next_page_token.clone(), ..Default::default() };
        script.answer("ListAcknowledgements", [Ok(page)]);
        let page = ListChannelsResponse { next_page_token: next_page_token.clone(), ..Default::default() };
        script.answer("ListChannels", [Ok(page)]);
        let page = ListWebhooksResponse { next_page_token: next_page_token.clone(), ..Default::default() };
        script.answer("ListWebhooks", [Ok(page)]);
        let page =
            ListCapacityGroupsResponse { next_page_token: next_page_token.clone(), ..Default::default() };
        script.answer("ListCapacityGroups", [Ok(page)]);
        let page = ListDisclosedGroupsResponse { next_page_token, ..Default::default() };
        script.answer("ListDisclosedGroups", [Ok(page)]);
    }
    let acknowledgements = format!("/resources/revisions/{ID}/acknowledgements");
    let comments = format!("/capacity/comments/demand/{ID}");
    for (path, rpc) in [
        (comments.as_str(), "ListComments"),
        (acknowledgements.as_str(), "ListAcknowledgements"),
        ("/channels", "ListChannels"),
        ("/webhooks", "ListWebhooks"),
        ("/capacity", "ListCapacityGroups"),
        ("/capacity/shown", "ListDisclosedGroups"),
    ] {
        let saved = world.get(&format!("{path}/export"), SALES).await;
        assert!(saved.header("content-disposition").starts_with("attachment"), "{path}: {}", saved.html);
        assert_eq!(api.calls().iter().filter(|call| call.rpc == rpc).count(), 2, "{path}");
    }
}

#[tokio::test]
async fn both_lists_of_a_page_are_saved_to_their_ends() {
    let (api, world) = Hostile::start(false, None).await;
    let offers = |count, next: &str| ListOffersResponse {
        offers: vec![Offer::default(); count],
        next_page_token: next.into(),
    };
    let pages = [offers(2, "more"), offers(1, "more"), offers(1, ""), offers(3, "")];
    api.script().answer("ListOffers", pages.map(Ok));
    let saved = world.get("/capacity/offers/export", SALES).await;
    assert_eq!(first(&saved).len(), 2 + 3 + 2, "{}", saved.html);
    assert_eq!(api.calls().iter().filter(|call| call.rpc == "ListOffers").count(), 4);
}

#[tokio::test]
async fn of_a_webhooks_address_no_more_is_saved_than_is_shown() {
    let (api, world) = Hostile::start(false, None).await;
    let url = "https://erp.example/hook?token=geheim".to_string();
    let webhook = Webhook { id: "w1".into(), name: "ERP".into(), url, ..Webhook::default() };
    let list = ListWebhooksResponse { webhooks: vec![webhook], ..ListWebhooksResponse::default() };
    api.script().answer("ListWebhooks", [Ok(list)]);
    let saved = world.get("/webhooks/export", SALES).await;
    assert!(saved.says("|ERP|https://erp.example|") && !saved.says("geheim"), "{}", saved.html);
}

#[tokio::test]
async fn what_is_looked_for_reaches_the_list_and_stays_on_its_pages_and_in_its_file() {
    let (api, world) = Hostile::start(false, None).await;
    let next = || "more".to_string();
    let partners = || ListRelationshipsResponse {
        relationships: vec![TradingRelationship::default()],
        next_page_token: next(),
    };
    let offers = || ListOffersResponse { offers: vec![Offer::default()], next_page_token: next() };
    let groups = || ListCapacityGroupsResponse {
        groups: vec![GroupSummary::default()],
        next_page_token: next(),
        ..ListCapacityGroupsResponse::default()
    };
    let (query, text) = ("q=%E7%9B%96%E6%9D%BF+50%25", "盖板 50%");
    for (path, rpc) in [
        ("/partners", "ListRelationships"),
        ("/capacity/offers", "ListOffers"),
        ("/capacity", "ListCapacityGroups"),
        ("/capacity", "ListDisclosedGroups"),
    ] {
        // Of each list the first page.
        match rpc {
            "ListRelationships" => api.script().answer(rpc, [Ok(partners())]),
            "ListOffers" => api.script().answer(rpc, [Ok(offers())]),
            _ => api.script().answer("ListCapacityGroups", [Ok(groups())]),
        }
        let texts = || -> Vec<String> {
            api.calls().into_iter().filter(|call| call.rpc == rpc).map(|call| call.text).collect()
        };
        let page = world.get(&format!("{path}?{query}"), BUYER).await;
        assert!(page.says(&format!("name=\"q\" type=\"search\" value=\"{text}\"")), "{}", page.html);
        assert!(page.says(&format!("{query}&#38;page=more\"")), "{}", page.html);
        assert!(page.says(&format!("{query}&#38;format=csv\"")), "{}", page.html);
        let asked = texts();
        assert!(!asked.is_empty() && asked.iter().all(|one| one == text), "{path} {rpc}: {asked:?}");
        world.get(&format!("{path}?{query}&page=more"), BUYER).await;
        let asked = texts();
        assert!(!asked.is_empty() && asked.iter().all(|one| one == text), "{path} {rpc}: {asked:?}");
        world.get(&format!("{path}/export?{query}"), BUYER).await;
        let asked = texts();
        assert!(asked.iter().all(|one| one == text), "{path} {rpc}: {asked:?}");
        assert_eq!(asked.is_empty(), rpc == "ListDisclosedGroups", "the own groups are saved");
    }
}

/// A table that states a week of two groups.
fn weeks() -> ReadTableResponse {
    let row = |(at, cells): (usize, [&str; 3])| TableRow {
        row: at as i32 + 1,
        cells: cells.map(String::from).into(),
    };
    let rows = [
        ["Monday", "Planned", "Row (do not change)"],
        ["2026-12-28", "204", "g1/1"],
        ["2026-12-28", "180", "g2/1"],
    ];
    ReadTableResponse {
        rows: rows.into_iter().enumerate().map(row).collect(),
        ..ReadTableResponse::default()
    }
}

#[tokio::test]
async fn of_a_table_that_is_saved_in_part_the_page_says_what_is_saved() {
    let (api, world) = Hostile::start(false, None).await;
    let content = GroupContent { unit_code: "HUR".into(), ..GroupContent::default() };
    let group = CapacityGroup { content: Some(content), version: 1, ..CapacityGroup::default() };
    let saved = || Ok(CapacityReceipt::default());
    let late = || Err(Code::DeadlineExceeded);
    let send = async |answers: [Result<CapacityReceipt, Code>; 2]| {
        {
            let mut script = api.script();
            script.answer("ReadTable", [Ok(weeks())]);
            script.answer("GetCapacityGroup", [Ok(group.clone()), Ok(group.clone())]);
            script.answer("UpdateCapacityWeeks", answers);
        }
        let token = minted(SALES, "/capacity/sheets");
        world.send(upload("/capacity/sheets", SALES, HOME, &token, ("weeks.csv", "any"))).await
    };
    let page = send([saved(), late()]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    assert!(page.says("已保存 1 周产能") && page.says("请核对后再试"), "{}", page.html);
    assert_eq!(send([late(), late()]).await.status, StatusCode::GATEWAY_TIMEOUT, "nothing was saved");
    let page = send([saved(), saved()]).await;
    assert!(page.says("已保存 2 周产能") && !page.says("请核对后再试"), "{}", page.html);
}
