//! An order as PDF, where that is built in.

use super::*;
use crate::fake::HOLDER;

/// Whether there is a file; not where the machine has no font, which must be there in CI.
fn drawn(status: StatusCode) -> bool {
    if status == StatusCode::SERVICE_UNAVAILABLE {
        assert!(std::env::var_os("CI").is_none(), "fonts-noto-cjk is not installed");
        eprintln!("skipped: fonts-noto-cjk is not installed");
        return false;
    }
    assert_eq!(status, StatusCode::OK);
    true
}

#[tokio::test]
async fn an_order_is_saved_under_its_number() {
    let world = World::start().await;
    let page = world.get(ORDER, SALES).await;
    let path = format!("{ORDER}/pdf");
    assert!(page.html.contains(&format!("href=\"{path}\"")) && page.says("下载 PDF"));
    let saved = world.get(&path, SALES).await;
    if !drawn(saved.status) {
        return;
    }
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
    let page = request("GET", &format!("{ORDER}/pdf"), SALES).header("user-agent", agent);
    let page = world.send(page.body(Body::empty()).unwrap()).await;
    assert!(page.says("请在浏览器中打开") && page.html.contains(&format!("{ORDER}/pdf")));
    assert!(page.says("登录后"));
    let link = request("GET", &format!("/d/{HOLDER}/pdf"), "").header("user-agent", agent);
    let page = world.send(link.body(Body::empty()).unwrap()).await;
    assert!(page.says("请在浏览器中打开") && page.html.contains(&format!("/d/{HOLDER}/pdf")));
    assert!(!page.says("登录后"), "the link alone opens it");
}

#[tokio::test]
async fn who_holds_a_document_link_saves_it_too() {
    let world = World::start().await;
    let page = world.get(&format!("/d/{HOLDER}"), "").await;
    let path = format!("/d/{HOLDER}/pdf");
    assert!(page.html.contains(&format!("href=\"{path}\"")));
    let saved = world.get(&path, "").await;
    if drawn(saved.status) {
        assert_eq!(saved.header("content-type"), "application/pdf");
        assert!(saved.html.starts_with("%PDF-"));
    }
    assert_eq!(world.get("/d/tdm_doc_other/pdf", "").await.status, StatusCode::NOT_FOUND);
}

#[cfg(feature = "pdf-testing")]
#[tokio::test]
async fn a_long_order_is_read_once_and_all_its_lines_are_on_it() {
    let world = World::start().await;
    world.api.change(ORDER.trim_start_matches("/orders/"), |order| {
        let content = order.content.as_mut().unwrap();
        let (line, standing) = (content.lines[0].clone(), order.schedule[0].clone());
        let numbered = (1..=250).map(|n| {
            let (mut line, mut standing) = (line.clone(), standing.clone());
            line.line_number = format!("{n}0");
            line.item.get_or_insert_default().name = format!("L{n}/");
            standing.line_number.clone_from(&line.line_number);
            (line, standing)
        });
        let (lines, schedule): (Vec<_>, Vec<_>) = numbered.unzip();
        content.lines = lines;
        order.schedule = schedule;
    });
    let request = request("GET", &format!("{ORDER}/pdf"), SALES).body(Body::empty()).unwrap();
    let response = world.app.clone().oneshot(request).await.unwrap();
    assert_eq!(world.api.calls().read.len(), 1);
    if !drawn(response.status()) {
        return;
    }
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let file = lopdf::Document::load_mem(&bytes).unwrap();
    let pages: Vec<u32> = file.get_pages().into_keys().collect();
    let text = file.extract_text(&pages).unwrap().replace(char::is_whitespace, "");
    for n in 1..=250 {
        assert!(text.contains(&format!("L{n}/")), "line {n}");
    }
}
