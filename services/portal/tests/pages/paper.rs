//! An order as PDF, where that is built in.

use super::*;

#[tokio::test]
async fn an_order_is_saved_under_its_number() {
    let world = World::start().await;
    let page = world.get(ORDER, SALES).await;
    let path = format!("{ORDER}/pdf");
    assert!(page.html.contains(&format!("href=\"{path}\"")) && page.says("下载 PDF"));
    let saved = world.get(&path, SALES).await;
    if saved.status == StatusCode::SERVICE_UNAVAILABLE {
        assert!(saved.says("fonts-noto-cjk") && saved.says("FONT_MISSING"));
        eprintln!("skipped: fonts-noto-cjk is not installed");
        return;
    }
    assert_eq!(saved.status, StatusCode::OK);
    assert_eq!(saved.header("content-type"), "application/pdf");
    let disposition = saved.header("content-disposition");
    assert!(disposition.starts_with("attachment") && disposition.contains("UTF-8''%E8%AE%A2%E5%8D%95"));
    assert!(saved.html.starts_with("%PDF-"));
}

#[tokio::test]
async fn a_machine_without_a_font_says_what_to_install() {
    let world = World::with_font("/nowhere/font.ttc").await;
    let page = world.get(&format!("{ORDER}/pdf"), SALES).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.says("fonts-noto-cjk") && page.says("FONT_MISSING"));
}

#[tokio::test]
async fn a_file_is_for_those_who_see_the_page() {
    let world = World::start().await;
    let path = format!("{ORDER}/pdf");
    assert_eq!(world.get(&path, "").await.status, StatusCode::UNAUTHORIZED);
    let unknown = "/orders/0192f000-0000-7000-8000-0000000000ff";
    let page = world.get(unknown, SALES).await.status;
    assert_eq!(world.get(&format!("{unknown}/pdf"), SALES).await.status, page);
    assert_eq!(page, StatusCode::NOT_FOUND);
    // The seller has no part in capacity.
    assert_eq!(world.get("/capacity/pdf", SALES).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn wechat_is_told_to_open_it_in_a_browser() {
    let world = World::start().await;
    let agent = "Mozilla/5.0 (Linux; Android 14) Chrome/116 Mobile MicroMessenger/8.0.47";
    let request = request("GET", &format!("{ORDER}/pdf"), SALES).header("user-agent", agent);
    let page = world.send(request.body(Body::empty()).unwrap()).await;
    assert!(page.says("请在浏览器中打开") && page.html.contains(&format!("{ORDER}/pdf")));
}
