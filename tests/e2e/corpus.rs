//! Real orders by others: the command line publishes all of them, each reaches its invited supplier once, and each
//! comes out with the business content that it went in with.

mod xml;

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};

use futures::{StreamExt as _, stream};
use harness::{Access, Firm, World, binary, chaos, order, tell};
use proto::{
    interchange::{DocumentFormat, ExportDocumentRequest},
    orders::{Identifier, SupplierAddress},
};
use serde_json::Value;
use tokio::process::Command;
use uuid::Uuid;

use xml::{Content, differences, read, with_another_note};

const FOLDERS: [&str; 4] = ["ubl", "peppol-bis3", "peppol-national", "oioubl"];
/// How many command lines run at once.
const AT_ONCE: usize = 4;
const NOTE: &str = "changed 更改";

/// A document and where it came from.
struct Document {
    folder: &'static str,
    name: String,
    path: PathBuf,
    bytes: Vec<u8>,
    content: Content,
    /// Numbered by a system of its own, since others number their orders alike.
    source_system: String,
}

/// What became of a document; each is counted.
#[derive(Default)]
struct Journey {
    published: bool,
    delivered_once: bool,
    exported_same: bool,
    has_note: bool,
    note_alone: bool,
    faults: Vec<String>,
}

/// Every well-formed UBL order; files of single rules are no whole orders.
fn documents() -> Option<Vec<Document>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    if !corpus.is_dir() {
        tell::skipped(format_args!("no corpus of documents beside the repository at {}", corpus.display()));
        return None;
    }
    let mut documents = Vec::new();
    for folder in FOLDERS {
        let listed = fs::read_dir(corpus.join(folder)).expect("a folder of the corpus");
        let mut paths: Vec<PathBuf> = listed.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let bytes = fs::read(&path).expect("a file");
            let Ok((root, content)) = read(&bytes) else { continue };
            if root == xml::ORDER && !name.contains("unit") {
                let source_system = format!("{folder}-{}", documents.len());
                documents.push(Document { folder, name, path, bytes, content, source_system });
            }
        }
    }
    Some(documents)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_the_corpus_goes_through() {
    let Some(documents) = documents() else { return };
    let changed = chaos::folder("corpus-changed").await;
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let journeys = documents.iter().map(|document| journey(&world, &buyer, document, &changed));
    let results: Vec<Journey> = stream::iter(journeys).buffered(AT_ONCE).collect().await;

    let mut faults = Vec::new();
    for folder in FOLDERS {
        let of_folder = || documents.iter().zip(&results).filter(|(document, _)| document.folder == folder);
        let count = |kept: fn(&Journey) -> bool| of_folder().filter(|(_, result)| kept(result)).count();
        println!(
            "{folder}: {} orders, {} published, {} in the supplier's feed exactly once, {} exported with the same \
             content, {} of {} changed notes the only difference",
            of_folder().count(),
            count(|result| result.published),
            count(|result| result.delivered_once),
            count(|result| result.exported_same),
            count(|result| result.note_alone),
            count(|result| result.has_note),
        );
        assert!(of_folder().count() > 0, "{folder} has orders");
        for (document, result) in of_folder() {
            faults.extend(result.faults.iter().map(|fault| format!("{folder}/{}: {fault}", document.name)));
        }
    }
    world.finish().await;
    chaos::remove(&changed).await;
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// One document all the way, and once more with one note changed.
async fn journey(world: &World, buyer: &Firm, document: &Document, changed: &Path) -> Journey {
    let mut result = Journey::default();
    let api = world.node().api;
    let row = match publish(api, &buyer.key, &document.source_system, &document.path).await {
        Ok(row) => row,
        Err(fault) => return Journey { faults: vec![fault], ..result },
    };
    result.published = true;
    let order = row["order_id"].as_str().unwrap_or_default();
    match delivered(world, &row).await {
        1 => result.delivered_once = true,
        times => result.faults.push(format!("stands {times} times in the feed of the supplier")),
    }
    let exported = match export(buyer, order).await {
        Ok(exported) => exported,
        Err(fault) => return with(result, fault),
    };
    let (lost, gained) = differences(&document.content, &exported);
    result.exported_same = lost.is_empty() && gained.is_empty();
    if !result.exported_same {
        result.faults.push(format!("lost {lost:?}, gained {gained:?}"));
    }
    let text = std::str::from_utf8(&document.bytes).unwrap_or_default();
    let Some(other) = with_another_note(text, NOTE) else { return result };
    result.has_note = true;
    let path = changed.join(format!("{}.xml", document.source_system));
    fs::write(&path, other).expect("the target directory can be written");
    let system = format!("{}-note", document.source_system);
    let row = match publish(api, &buyer.key, &system, &path).await {
        Ok(row) => row,
        Err(fault) => return with(result, format!("with another note: {fault}")),
    };
    match export(buyer, row["order_id"].as_str().unwrap_or_default()).await {
        Ok(changed) => match only_the_note(&exported, &changed) {
            Ok(()) => result.note_alone = true,
            Err(fault) => result.faults.push(fault),
        },
        Err(fault) => result.faults.push(fault),
    }
    result
}

fn with(mut result: Journey, fault: String) -> Journey {
    result.faults.push(fault);
    result
}

/// Publishes one file as a buyer's people do; answers what the command line printed.
async fn publish(api: SocketAddr, key: &str, source_system: &str, file: &Path) -> Result<Value, String> {
    let mut command = Command::new(binary::path());
    command.args(["orders", "publish", "--format", "ubl", "--source-system", source_system]);
    command.args(["--invite-unknown", "--output", "json", "--api", &format!("http://{api}")]).arg(file);
    command.env("TANDEM_KEY", key).env_remove("TANDEM_API").env_remove("TANDEM_LOCALE").stdin(Stdio::null());
    let output = command.kill_on_drop(true).output().await.map_err(|error| error.to_string())?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    let row: Value = serde_json::from_str(&printed).map_err(|_| format!("no JSON: {printed} {complaint}"))?;
    match (output.status.success(), row["outcome"].as_str()) {
        (true, Some("published")) => Ok(row),
        _ => Err(row["error"].to_string()),
    }
}

/// How often the order's publication stands in the feed of the supplier, who has no login yet.
async fn delivered(world: &World, row: &Value) -> i64 {
    world.settled().await;
    let supplier = row["supplier_id"].as_str().and_then(|id| Uuid::try_parse(id).ok());
    let count = sqlx::query_scalar(
        "select count(*) from event.feed_entry e join event.event_log l using (log_pos, month)
          where e.feed = $1 and l.subject = $2 and l.type = 'tandem.orders.order.published.v1'",
    );
    let subject = format!("orders/{}", row["order_id"].as_str().unwrap_or_default());
    let counted =
        count.bind(supplier.unwrap_or_default()).bind(subject).fetch_one(world.stream_pool().await).await;
    counted.expect("tandem_stream reads the feeds")
}

async fn export(access: &Access, order_id: &str) -> Result<Content, String> {
    let request =
        ExportDocumentRequest { order_id: order_id.into(), format: DocumentFormat::UblOrder.into() };
    let answer =
        access.documents().export_document(request).await.map_err(|status| format!("export: {status:?}"))?;
    Ok(read(&answer.into_inner().content).map_err(|fault| format!("export: {fault}"))?.1)
}

/// Whether two documents differ in the text of one note and nothing else.
fn only_the_note(before: &Content, after: &Content) -> Result<(), String> {
    let (lost, gained) = differences(before, after);
    if let ([lost], [gained]) = (lost.as_slice(), gained.as_slice()) {
        let note = lost.0.ends_with("}Note") && lost.0 == gained.0;
        if note && gained.1 == NOTE && lost.2 == gained.2 {
            return Ok(());
        }
    }
    Err(format!("with another note: lost {lost:?}, gained {gained:?}"))
}

/// Buyers send many documents at once, and their people do not write a name twice alike.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_meet_invite_their_seller_once() {
    const AT_ONCE: usize = 6;
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    for round in 0..5 {
        let gln = Identifier { scheme: "0088".into(), value: format!("73023472311{round}") };
        let publications = (0..AT_ONCE).map(|n| {
            let address = SupplierAddress {
                party_ids: vec![gln.clone()],
                invite_as: format!("{round} 号塑料制品厂{}", ".".repeat(n)),
                ..SupplierAddress::default()
            };
            buyer
                .publish(order(&format!("PO-{round}-{n}")).line("10", "P-1", "5", "1.00").to_address(address))
        });
        let receipts = futures::future::join_all(publications).await;
        let suppliers: BTreeSet<String> =
            receipts.into_iter().map(|receipt| receipt.expect("an order").supplier_id).collect();
        assert_eq!(suppliers.len(), 1, "round {round}: one firm has this number");
    }
    world.finish().await;
}

#[test]
fn the_difference_of_one_note_is_told_from_others() {
    let of = |body: &str| read(format!("<r xmlns='urn:x'>{body}</r>").as_bytes()).expect("well-formed").1;
    let before = of("<Note>a</Note><Name>b</Name>");
    assert!(only_the_note(&before, &of(&format!("<Note>{NOTE}</Note><Name>b</Name>"))).is_ok());
    for other in ["<Note>a</Note><Name>b</Name>", "<Note>a</Note>", "<Note>changed 更改</Note><Name>c</Name>"]
    {
        assert!(only_the_note(&before, &of(other)).is_err(), "{other}");
    }
    assert_eq!(before.values().sum::<usize>(), 3);
}
