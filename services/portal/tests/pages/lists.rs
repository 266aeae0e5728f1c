//! Lists as files.

use axum::http::StatusCode;

use crate::{World, fake::BUYER};

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
