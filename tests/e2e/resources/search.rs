//! What is found by words, codes and pages.

use harness::{World, resource::shown};
use proto::resources::*;

#[tokio::test]
async fn words_of_both_languages_codes_and_pages_find() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    for (name, name_en, number, industry, region) in [
        ("转向柱支架图纸", "Steering column bracket", "YZ-10022", "C3670", "440600"),
        ("收纳箱箱体图纸", "Storage box", "CY-BX-0450", "C2929", "441900"),
        ("线束护套检验规范", "Grommet inspection", "", "C2929", "440100"),
    ] {
        let mut request = shown(name);
        request.resource_number = number.into();
        if let Some(content) = &mut request.content {
            (content.name_en, content.region) = (name_en.into(), region.into());
            content.industry_codes = vec![industry.into()];
        }
        buyer.publish_resource(request).await.expect("published");
    }
    let (bracket, storage, spec) = ("转向柱支架图纸", "收纳箱箱体图纸", "线束护套检验规范");
    let text = |text: &str| ListResourcesRequest { text: text.into(), ..ListResourcesRequest::default() };
    let code = |industry_code: &str, region: &str| ListResourcesRequest {
        industry_code: industry_code.into(),
        region: region.into(),
        ..ListResourcesRequest::default()
    };
    for (request, expected) in [
        (text(""), vec![spec, storage, bracket]),
        (text("图纸"), vec![storage, bracket]),
        (text("支架 图纸"), vec![bracket]),
        (text("规"), vec![spec]),
        (text("图规"), vec![]),
        (text("YZ10022"), vec![bracket]),
        (text("0450"), vec![storage]),
        (text("BOX storage"), vec![storage]),
        (text("inspect"), vec![spec]),
        (text("箱体 column"), vec![]),
        (code("C29", ""), vec![spec, storage]),
        (code("C", "4419"), vec![storage]),
        (code("", "44"), vec![spec, storage, bracket]),
    ] {
        assert_eq!(supplier.finds(request.clone()).await, expected, "{request:?}");
        let own = ListResourcesRequest { own: true, ..request.clone() };
        assert_eq!(buyer.finds(own).await, expected, "its owner: {request:?}");
    }
    let mut page = ListResourcesRequest { page_size: 2, ..ListResourcesRequest::default() };
    let mut found = Vec::new();
    loop {
        let listed = supplier.resources().list_resources(page.clone()).await.unwrap().into_inner();
        found.extend(listed.resources.into_iter().map(|one| one.content.unwrap_or_default().name));
        page.page_token = listed.next_page_token;
        if page.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found, [spec, storage, bracket]);
    world.finish().await;
}
