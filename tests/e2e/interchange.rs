//! Documents of the field: in as UBL, published as an order, out again as they came.

use std::collections::BTreeMap;

use chassis::Reason;
use harness::{
    Access, World, accept_all, order,
    refusal::{bad_fields, refused},
    request_id,
};
use interchange::ubl::{self, Element};
use proto::{
    interchange::{
        Document, DocumentFormat, ExportDocumentRequest, GetDocumentRequest, ImportDocumentRequest,
        ImportDocumentResponse,
    },
    partners::ClaimInvitationRequest,
};
use tonic::Status;

const UBL: i32 = DocumentFormat::UblOrder as i32;

/// An order of two lines with deliveries and things that the canonical order has no field for.
fn document(number: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<o:Order xmlns:o="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
         xmlns="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
         xmlns:a="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2">
  <UBLVersionID>2.3</UBLVersionID>
  <ID schemeAgencyName="ERP">{number}</ID>
  <UUID>0195f0c3-0000-7000-8000-000000000001</UUID>
  <IssueDate>2026-11-23</IssueDate>
  <Note languageID="zh">请在周三前答复</Note>
  <DocumentCurrencyCode>CNY</DocumentCurrencyCode>
  <a:BuyerCustomerParty><a:Party><a:PartyName><Name>另一家公司</Name></a:PartyName></a:Party></a:BuyerCustomerParty>
  <a:SellerSupplierParty>
    <CustomerAssignedAccountID>V100</CustomerAssignedAccountID>
    <a:Party><a:PartyName><Name>顺模</Name></a:PartyName></a:Party>
  </a:SellerSupplierParty>
  <a:OrderLine><a:LineItem>
    <ID>00010</ID><Quantity unitCode="H87">100.0</Quantity><LineExtensionAmount currencyID="CNY">685.00</LineExtensionAmount>
    <a:Delivery><Quantity unitCode="H87">40</Quantity><a:RequestedDeliveryPeriod><EndDate>2026-12-28</EndDate></a:RequestedDeliveryPeriod></a:Delivery>
    <a:Delivery><Quantity unitCode="H87">60</Quantity><a:RequestedDeliveryPeriod><EndDate>2027-01-11</EndDate></a:RequestedDeliveryPeriod></a:Delivery>
    <a:Price><PriceAmount currencyID="CNY">6850</PriceAmount><BaseQuantity unitCode="H87">1000</BaseQuantity></a:Price>
    <a:Item><Name>收纳箱</Name><BrandName>JN</BrandName></a:Item>
  </a:LineItem></a:OrderLine>
  <a:OrderLine><a:LineItem><ID>00020</ID><a:Item><Name>service, as needed</Name></a:Item></a:LineItem></a:OrderLine>
</o:Order>
"#
    )
}

fn request(content: impl Into<Vec<u8>>) -> ImportDocumentRequest {
    let content: Vec<u8> = content.into();
    ImportDocumentRequest {
        request_id: request_id(),
        format: UBL,
        content: content.into(),
        ..ImportDocumentRequest::default()
    }
}

async fn import(firm: &Access, request: ImportDocumentRequest) -> Result<ImportDocumentResponse, Status> {
    let mut documents = firm.documents().max_encoding_message_size(32 << 20);
    Ok(documents.import_document(request).await?.into_inner())
}

async fn export(firm: &Access, order_id: &str) -> Result<Vec<u8>, Status> {
    let request = ExportDocumentRequest { order_id: order_id.into(), format: UBL };
    Ok(firm.documents().export_document(request).await?.into_inner().content.to_vec())
}

async fn get(firm: &Access, document_id: &str) -> Result<Document, Status> {
    let request = GetDocumentRequest { document_id: document_id.into() };
    Ok(firm.documents().get_document(request).await?.into_inner())
}

/// An element: its path without positions, its text, its attributes.
type Leaf = (String, String, Vec<(String, String)>);

/// How often each element with its text and attributes occurs.
fn content(bytes: &[u8]) -> BTreeMap<Leaf, usize> {
    fn collect(element: &Element<'_>, parent: &str, all: &mut BTreeMap<Leaf, usize>) {
        let path = format!("{parent}/{}", element.name.to_text());
        let named = |found: &ubl::Attribute<'_>| (found.name.to_text(), found.value.to_string());
        let mut attributes: Vec<_> = element.attributes.iter().map(named).collect();
        attributes.sort();
        *all.entry((path.clone(), element.text.to_string(), attributes)).or_default() += 1;
        element.children.iter().for_each(|child| collect(child, &path, all));
    }
    let mut all = BTreeMap::new();
    collect(&ubl::parse(bytes).expect("well-formed").root, "", &mut all);
    all
}

#[tokio::test]
async fn a_document_becomes_an_order_and_comes_out_again_for_both_sides() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let bytes = document("CY26110240").into_bytes();
    let answer = import(&buyer, request(bytes.clone())).await.expect("imported");
    let receipt = answer.receipt.expect("a receipt");
    assert_eq!((answer.order_number.as_str(), receipt.supplier_id.as_str()), ("CY26110240", &*supplier.id));
    assert_eq!(receipt.lines.len(), 3, "two deliveries of one line, one line without any");
    let warned: Vec<_> = receipt.warnings.iter().map(|warning| (&*warning.reason, &*warning.field)).collect();
    assert_eq!(warned, [("BUYER_DIFFERS", "/Order/cac:BuyerCustomerParty")]);

    for firm in [&buyer, &supplier] {
        let order = firm.order(&receipt.order_id).await.expect("both sides see the order");
        assert_eq!(order.content.as_ref().map(|content| content.price_includes_tax), Some(Some(false)));
        let kept = get(firm, &answer.document_id).await.expect("both sides see the document");
        assert_eq!((kept.content.as_ref(), kept.sha256.clone()), (bytes.as_slice(), answer.sha256.clone()));
        assert_eq!((kept.order_id.as_str(), kept.standard.as_str()), (&*receipt.order_id, "UBL 2.3"));
        let out = export(firm, &receipt.order_id).await.expect("exported");
        assert_eq!(content(&out), content(&bytes), "the same business content");
        assert!(out.starts_with(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Order xmlns="));
    }
    supplier.respond(accept_all(&receipt.order_id)).await.expect("the order is answered as any other");

    let stranger = world.firm("陌生企业(示例)").await;
    let unseen = refused(get(&stranger, &answer.document_id).await, Reason::NOT_FOUND);
    let absent = refused(get(&stranger, &request_id()).await, Reason::NOT_FOUND);
    assert_eq!(harness::refusal::visible(&unseen), harness::refusal::visible(&absent));
    refused(export(&stranger, &receipt.order_id).await, Reason::NOT_FOUND);
    world.finish().await;
}

#[tokio::test]
async fn a_repeated_import_takes_effect_once_wherever_it_stopped() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let import_request = request(document("CY26110241"));
    let first = import(&buyer, import_request.clone()).await.expect("imported");
    let again = import(&buyer, import_request.clone()).await.expect("repeated");
    assert_eq!(again.document_id, first.document_id);
    let (first_receipt, receipt) = (first.receipt.expect("a receipt"), again.receipt.expect("a receipt"));
    assert_eq!((receipt.order_id.as_str(), receipt.replayed), (first_receipt.order_id.as_str(), true));

    // As if the process had died after the order was published and before the document learnt of it.
    let owner = world.owner_pool().await;
    let cut = sqlx::query("update interchange.document set order_id = null, supplier = null");
    assert_eq!(cut.execute(owner).await.expect("the owner may").rows_affected(), 1);
    refused(get(&supplier, &first.document_id).await, Reason::NOT_FOUND);
    import(&buyer, import_request.clone()).await.expect("completed");
    assert_eq!(get(&supplier, &first.document_id).await.expect("linked").order_id, receipt.order_id);

    let other =
        ImportDocumentRequest { content: document("CY26110242").into_bytes().into(), ..import_request };
    refused(import(&buyer, other).await, Reason::IDEMPOTENCY_KEY_REUSED);
    refused(import(&buyer, request(document("CY26110241"))).await, Reason::ORDER_EXISTS);
    world.finish().await;
}

#[tokio::test]
async fn a_refused_order_leaves_its_document_and_can_be_tried_again() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    let import_request = request(document("CY26110243"));
    refused(import(&buyer, import_request.clone()).await, Reason::SUPPLIER_UNKNOWN);
    let stored = "select count(*) from interchange.document where order_id is null and supplier is null";
    let stored: i64 = sqlx::query_scalar(stored).fetch_one(world.owner_pool().await).await.expect("counted");
    assert_eq!(stored, 1);
    world.partner(&buyer, &supplier, "V100").await;
    let answer = import(&buyer, import_request).await.expect("the same request, now with a partner");
    assert_eq!(answer.receipt.expect("a receipt").supplier_id, supplier.id);
    world.finish().await;
}

#[tokio::test]
async fn what_orders_refuses_is_named_by_its_place_in_the_document() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let long = document(&"9".repeat(300)).replace("CNY", "Yuan");
    bad_fields(
        import(&buyer, request(long)).await,
        &[("/Order/cbc:ID", "TOO_LONG"), ("/Order/cbc:DocumentCurrencyCode", "CURRENCY")],
    );
    let negative = document("CY26110244").replace("6850", "-1");
    bad_fields(
        import(&buyer, request(negative)).await,
        &[("/Order/cac:OrderLine[1]/cac:LineItem/cac:Price/cbc:PriceAmount", "NEGATIVE")],
    );
    let doctype = document("CY26110244").replace("<o:Order ", "<!DOCTYPE Order><o:Order ");
    refused(import(&buyer, request(doctype)).await, Reason::XML_DOCTYPE);
    bad_fields(
        import(&buyer, ImportDocumentRequest { format: 0, ..request(document("1")) }).await,
        &[("format", "UNKNOWN")],
    );
    let events = buyer.events().await;
    assert!(
        events.iter().all(|event| !harness::events::short(event).starts_with("order.")),
        "nothing happened"
    );
    world.finish().await;
}

#[tokio::test]
async fn checking_a_document_changes_nothing() {
    let world = World::start().await;
    let (buyer, _) = world.pair().await;
    let check = ImportDocumentRequest { validate_only: true, ..request(document("CY26110245")) };
    let answer = import(&buyer, check).await.expect("it is fine");
    assert_eq!((answer.order_number.as_str(), answer.document_id.as_str()), ("CY26110245", ""));
    assert!(answer.receipt.is_none() && answer.sha256.len() == 32);
    let stored: i64 = sqlx::query_scalar("select count(*) from interchange.document")
        .fetch_one(world.owner_pool().await)
        .await
        .expect("counted");
    assert_eq!(stored, 0);
    world.finish().await;
}

#[tokio::test]
async fn who_claims_a_placeholder_gets_its_documents_too() {
    let world = World::start().await;
    let buyer = world.firm("澄屿家居用品(示例)有限公司").await;
    let (_, path) = world.invite(&buyer, "顺模", "V100").await;
    let bytes = document("CY26110246").into_bytes();
    let answer = import(&buyer, request(bytes.clone())).await.expect("published to the placeholder");
    let order_id = answer.receipt.expect("a receipt").order_id;

    let supplier = world.firm("顺模塑料制品(示例)厂").await;
    refused(get(&supplier, &answer.document_id).await, Reason::NOT_FOUND);
    let token = path.rsplit('/').next().expect("a token").to_string();
    let claim = ClaimInvitationRequest { request_id: request_id(), token, ..Default::default() };
    supplier.relationships().claim_invitation(claim).await.expect("claimed");
    world.settled().await;
    assert_eq!(get(&supplier, &answer.document_id).await.expect("its own now").order_id, order_id);
    assert_eq!(content(&export(&supplier, &order_id).await.expect("exported")), content(&bytes));
    world.finish().await;
}

#[tokio::test]
async fn an_order_of_no_document_is_rendered_by_itself() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let publish = order("4500001").line("10", "CY-BX-0450", "20000", "6.85").to("V100");
    let receipt = buyer.publish(publish).await.expect("published");
    let out = export(&supplier, &receipt.order_id).await.expect("exported");
    let read = ubl::import(&out, "default").expect("it is a UBL order");
    assert_eq!(
        (read.content.order_number.as_str(), read.supplier.vendor_number.as_str()),
        ("4500001", "V100")
    );
    assert_eq!(read.stated_buyer.expect("a buyer").name, buyer.name);
    assert_eq!(
        read.content.lines[0].price.as_ref().and_then(|price| price.amount.clone()),
        Some(harness::decimal("6.85"))
    );
    world.finish().await;
}
