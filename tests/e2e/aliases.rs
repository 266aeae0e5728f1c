//! What a buyer's ERP writes, and what it means: the tables, and orders read by them.

use chassis::Reason;
use harness::{
    World, cli, decimal, number, order,
    refusal::{bad_fields, refused},
    request_id,
};
use proto::{
    orders::{PublishOrderRequest, Tax},
    partners::{
        Alias, AliasKind, DeleteAliasRequest, DeletePurchasingGroupRequest, ListAliasesRequest,
        ListPurchasingGroupsRequest, PurchasingGroup, Role, Scope, SetAliasesRequest,
        SetPurchasingGroupRequest,
    },
};

fn alias(kind: AliasKind, system: &str, written: &str, meaning: &str, rate: Option<&str>) -> Alias {
    Alias {
        kind: kind.into(),
        source_system: system.into(),
        written: written.into(),
        meaning: meaning.into(),
        tax_rate: rate.map(decimal),
    }
}

fn set(aliases: Vec<Alias>) -> SetAliasesRequest {
    SetAliasesRequest { request_id: request_id(), aliases }
}

/// An order of one line as an ERP writes it.
fn written(number: &str, unit: &str, site: &str, tax: &str) -> PublishOrderRequest {
    let mut request =
        order(number).line("10", "X", "10", "11.30").schedule("1", "10", "2026-12-28", site).to("V100");
    let content = request.content.as_mut().unwrap();
    content.price_includes_tax = Some(true);
    let line = &mut content.lines[0];
    line.unit_code = unit.into();
    line.unit_text.clear();
    line.tax = Some(Tax { category: tax.into(), rate: None });
    request
}

#[tokio::test]
async fn an_order_is_read_by_its_buyers_own_tables() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let tables = set(vec![
        alias(AliasKind::Unit, "", "件", "H87", None),
        alias(AliasKind::Unit, "legacy", "件", "SET", None),
        alias(AliasKind::Site, "", "1000", "NT-1", None),
        alias(AliasKind::Tax, "", "J1", "S", Some("0.13")),
    ]);
    let tally = buyer.aliases().set_aliases(tables.clone()).await.expect("set").into_inner();
    assert_eq!((tally.added, tally.changed, tally.unchanged), (4, 0, 0));
    let again = SetAliasesRequest { request_id: request_id(), ..tables.clone() };
    let tally = buyer.aliases().set_aliases(again).await.unwrap().into_inner();
    assert_eq!((tally.added, tally.changed, tally.unchanged), (0, 0, 4));
    let replay = buyer.aliases().set_aliases(tables).await.unwrap().into_inner();
    assert_eq!(replay.added, 4, "the first receipt");

    let receipt = buyer.publish(written("A1", "件", "1000", "J1")).await.expect("published");
    assert!(receipt.warnings.is_empty(), "{:?}", receipt.warnings);
    for firm in [&buyer, &supplier] {
        let seen = firm.order(&receipt.order_id).await.expect("both see it");
        let line = &seen.content.as_ref().unwrap().lines[0];
        assert_eq!((&*line.unit_code, &*line.unit_original), ("H87", "件"));
        assert_eq!((line.tax.as_ref().unwrap().category.as_str(), &*line.tax_original), ("S", "J1"));
        assert_eq!(line.tax.as_ref().unwrap().rate, Some(decimal("0.13")));
        let planned = &line.schedule_lines[0];
        assert_eq!((&*planned.ship_to_site, &*planned.ship_to_site_original), ("NT-1", "1000"));
        assert_eq!(number(seen.net_amount.as_ref()), number(Some(&decimal("100"))), "with the table's rate");
    }
    let mut legacy = written("A2", "件", "", "");
    legacy.content.as_mut().unwrap().source_system = "legacy".into();
    let receipt = buyer.publish(legacy).await.expect("published");
    let seen = supplier.order(&receipt.order_id).await.unwrap();
    assert_eq!(seen.content.unwrap().lines[0].unit_code, "SET", "the order's own system goes first");

    // The supplier's tables are its own.
    let receipt = {
        world.partner(&supplier, &buyer, "V100").await;
        supplier.publish(written("B1", "件", "1000", "S")).await.expect("published")
    };
    assert_eq!(receipt.warnings.iter().map(|w| &*w.reason).collect::<Vec<_>>(), ["UNIT_UNKNOWN"]);
    world.finish().await;
}

#[tokio::test]
async fn a_member_of_a_site_publishes_by_the_sites_own_code() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let site = alias(AliasKind::Site, "", "1000", "NT-1", None);
    buyer.aliases().set_aliases(set(vec![site])).await.expect("set");
    let scope = Scope { sites: vec!["NT-1".into()], ..Scope::default() };
    let narrow = buyer.key_with(&[Role::Buyer], Some(scope)).await;
    narrow.publish(written("A1", "H87", "1000", "S")).await.expect("1000 is NT-1");
    refused(narrow.publish(written("A2", "H87", "2000", "S")).await, Reason::PERMISSION_DENIED);
    world.finish().await;
}

#[tokio::test]
async fn an_unknown_unit_is_published_with_a_warning() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let request = written("A1", "箱子", "1000", "S");
    let receipt = buyer.publish(request.clone()).await.expect("published all the same");
    let warned: Vec<_> = receipt.warnings.iter().map(|w| (&*w.field, &*w.reason)).collect();
    assert_eq!(warned, [("content.lines[0].unit_code", "UNIT_UNKNOWN")]);
    let seen = supplier.order(&receipt.order_id).await.unwrap().content.unwrap();
    assert_eq!((&*seen.lines[0].unit_code, &*seen.lines[0].unit_original), ("箱子", ""));
    let replay = buyer.publish(request).await.expect("replayed");
    assert!(replay.replayed);

    let forged = {
        let mut request = written("A2", "H87", "", "S");
        request.content.as_mut().unwrap().lines[0].unit_original = "forged".into();
        request
    };
    let receipt = buyer.publish(forged).await.unwrap();
    let seen = supplier.order(&receipt.order_id).await.unwrap().content.unwrap();
    assert_eq!(seen.lines[0].unit_original, "", "only the platform sets it");
    world.finish().await;
}

#[tokio::test]
async fn tables_are_listed_and_taken_out() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let many: Vec<Alias> =
        (0..120).map(|n| alias(AliasKind::Unit, "", &format!("U{n:03}"), "H87", None)).collect();
    buyer.aliases().set_aliases(set(many)).await.expect("set");
    let site = alias(AliasKind::Site, "sap", "1000", "NT-1", None);
    buyer.aliases().set_aliases(set(vec![site.clone()])).await.expect("set");
    let mut found = Vec::new();
    let mut request =
        ListAliasesRequest { page_size: 50, kind: AliasKind::Unit.into(), ..Default::default() };
    loop {
        let page = buyer.aliases().list_aliases(request.clone()).await.expect("listed").into_inner();
        found.extend(page.aliases);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(found.len(), 120);
    assert!(found.is_sorted_by_key(|alias| alias.written.clone()));
    let all =
        buyer.aliases().list_aliases(ListAliasesRequest { page_size: 1_000, ..Default::default() }).await;
    assert!(all.unwrap().into_inner().aliases.contains(&site));
    let others = supplier.aliases().list_aliases(ListAliasesRequest::default()).await.unwrap().into_inner();
    assert_eq!(others.aliases, []);

    let delete = |system: &str| DeleteAliasRequest {
        request_id: request_id(),
        kind: AliasKind::Site.into(),
        source_system: system.into(),
        written: "1000".into(),
    };
    refused(buyer.aliases().delete_alias(delete("")).await, Reason::NOT_FOUND);
    refused(supplier.aliases().delete_alias(delete("sap")).await, Reason::NOT_FOUND);
    buyer.aliases().delete_alias(delete("sap")).await.expect("deleted");
    refused(buyer.aliases().delete_alias(delete("sap")).await, Reason::NOT_FOUND);
    let again = buyer.aliases().set_aliases(set(vec![site])).await.expect("set anew").into_inner();
    assert_eq!(again.added, 1);

    let bad = set(vec![
        alias(AliasKind::Unit, "", "个", "pcs", None),
        alias(AliasKind::Tax, "", "J1", "S", None),
        alias(AliasKind::Unspecified, "", "x", "H87", None),
    ]);
    let expected = [
        ("aliases[0].meaning", "CODE"),
        ("aliases[1].tax_rate", "REQUIRED"),
        ("aliases[2].kind", "REQUIRED"),
    ];
    bad_fields(buyer.aliases().set_aliases(bad).await, &expected);
    let viewer = buyer.key_with(&[Role::Viewer], None).await;
    let one = set(vec![alias(AliasKind::Unit, "", "x", "H87", None)]);
    refused(viewer.aliases().set_aliases(one).await, Reason::PERMISSION_DENIED);
    world.finish().await;
}

#[tokio::test]
async fn purchasing_groups_have_names() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let set = |code: &str, name: &str| SetPurchasingGroupRequest {
        request_id: request_id(),
        group: Some(PurchasingGroup { code: code.into(), name: name.into() }),
    };
    for (code, name) in [("P02", "采购二组"), ("P01", "采购组"), ("P01", "采购一组")] {
        buyer.groups().set_purchasing_group(set(code, name)).await.expect("set");
    }
    let list = || ListPurchasingGroupsRequest::default();
    let groups = buyer.groups().list_purchasing_groups(list()).await.unwrap().into_inner().groups;
    let found: Vec<_> = groups.iter().map(|group| (&*group.code, &*group.name)).collect();
    assert_eq!(found, [("P01", "采购一组"), ("P02", "采购二组")]);
    assert_eq!(supplier.groups().list_purchasing_groups(list()).await.unwrap().into_inner().groups, []);
    let delete = |code: &str| DeletePurchasingGroupRequest { request_id: request_id(), code: code.into() };
    buyer.groups().delete_purchasing_group(delete("P02")).await.expect("deleted");
    refused(buyer.groups().delete_purchasing_group(delete("P02")).await, Reason::NOT_FOUND);
    bad_fields(
        buyer.groups().set_purchasing_group(set("", "")).await,
        &[("group.code", "REQUIRED"), ("group.name", "REQUIRED")],
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_kept_from_the_command_line() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let run = async |arguments: &[&str]| cli::run(&world, &buyer.key, arguments).await;
    let set = run(&["aliases", "set", "tax", "J1", "S", "--rate", "0.13"]).await.done();
    assert_eq!(set.json()[0]["added"], 1);
    run(&["aliases", "set", "unit", "件", "H87", "--source-system", "sap"]).await.done();
    let wrong = run(&["aliases", "set", "unit", "件", "pcs"]).await;
    assert_eq!(wrong.code, Some(3), "{wrong:?}");
    let listed = run(&["aliases", "list"]).await.done().json();
    let found: Vec<(&str, &str)> = listed
        .iter()
        .map(|one| (one["written"].as_str().unwrap(), one["meaning"].as_str().unwrap()))
        .collect();
    assert_eq!(found, [("J1", "S"), ("件", "H87")]);
    run(&["aliases", "delete", "unit", "件", "--source-system", "sap"]).await.done();
    assert_eq!(run(&["aliases", "list"]).await.done().json().len(), 1);
    world.finish().await;
}
