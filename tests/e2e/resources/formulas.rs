//! What others named in a way that a spreadsheet would run, in the list that an owner saves of its access log.

use harness::Options;
use tandem::node;

use super::*;

/// Rows of a list that a spreadsheet reads (RFC 4180).
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut within, mut chars) = (false, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' if within && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => within = !within,
            ',' if !within => row.push(std::mem::take(&mut cell)),
            '\r' if !within => {}
            '\n' if !within => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    rows
}

#[tokio::test]
async fn a_saved_log_has_no_formula_in_it() {
    let world = World::with(Options { roles: node::ALL.to_vec(), ..Options::default() }).await;
    let (buyer, supplier) = world.pair().await;
    // Group H of the attack cases, as names that a firm gives.
    let names = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(1+1)",
        "\t=1",
        "\r=1",
        "=HYPERLINK(\"http://x.invalid\",\"图纸\")",
        "=WEBSERVICE(\"http://x.invalid\")",
        "=cmd|' /C calc'!A0",
        "＝1+1",
        "＋1",
        "引\"号\",\"=1",
        "两\n=1 行",
    ];
    let (mut shown_as, mut refusals) = (BTreeMap::new(), 0);
    for (number, name) in names.iter().enumerate() {
        let resource_number = format!("={number}");
        let request = PublishResourceRequest { resource_number, ..drawing(name) };
        match buyer.publish_resource(request).await {
            Ok(id) => {
                buyer.grant_resource(&id, &supplier.id).await.expect("a grant");
                supplier.resource(&id).await.expect("looked at");
                shown_as.insert(format!("'={number}"), *name);
            }
            Err(status) => {
                assert_eq!(status.code(), tonic::Code::InvalidArgument, "{name:?}");
                refusals += 1;
            }
        }
    }
    let url = format!("http://{}/resources/access/export", world.node().portal);
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let cookie = format!("tandem_dev={}", buyer.session().token());
    let saved = client.get(url).header("cookie", cookie).send().await.expect("an answer");
    assert_eq!(saved.status(), 200);
    let text = saved.text().await.expect("a list");
    let rows = rows(text.strip_prefix('\u{feff}').expect("what Excel knows UTF-8 by"));
    let runs = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(runs), "{cell:?} would run");
    }
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "no name makes a column of its own");
    // Granted and looked at, of each: named as it is, an apostrophe aside.
    for (number, name) in &shown_as {
        let of: Vec<_> = rows.iter().filter(|row| row.contains(number)).collect();
        assert!(
            of.len() == 2 && of.iter().all(|row| row.iter().any(|cell| cell.ends_with(name))),
            "{name:?}: {of:?}"
        );
    }
    println!("{} names were neutralised, {refusals} refused", shown_as.len());
    assert_eq!((shown_as.len(), rows.len()), (names.len() - refusals, 2 * shown_as.len() + 1));
    assert!(shown_as.len() >= 9, "{refusals}");
    world.finish().await;
}
