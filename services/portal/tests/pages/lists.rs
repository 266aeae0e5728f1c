//! Lists as files, and files as what they state.

use axum::http::StatusCode;
use proto::{
    capacity::{
        CapacityGroup, CapacityReceipt, GroupContent, GroupSummary, ListCapacityGroupsResponse,
        ListOffersResponse, Offer,
    },
    interchange::{ReadTableResponse, TableRow},
    orders::{LineAtRisk, ListOrdersAtRiskResponse},
    partners::{ListRelationshipsResponse, TradingRelationship},
};
use tonic::Code;

use crate::{
    World,
    attacks::{HOME, minted, upload},
    fake::{BUYER, SALES},
    hostile::Hostile,
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

#[tokio::test]
async fn a_list_that_no_file_takes_is_read_no_further() {
    let (api, world) = Hostile::start(false, None).await;
    let lines = || ListOrdersAtRiskResponse {
        lines: vec![LineAtRisk::default(); 1_000],
        next_page_token: "more".into(),
    };
    api.script().answer("ListOrdersAtRisk", (0..30).map(|_| Ok(lines())));
    let page = world.get("/at-risk/export", BUYER).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.html);
    assert!(page.says("一个文件最多 20,000 行"), "{}", page.html);
    assert_eq!(api.calls().iter().filter(|call| call.rpc == "ListOrdersAtRisk").count(), 21);
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
