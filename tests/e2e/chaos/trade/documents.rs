//! Orders that come in as documents and go out again as they came.

use harness::{Access, request_id};
use proto::{
    interchange::{DocumentFormat, ExportDocumentRequest, GetDocumentRequest, ImportDocumentRequest},
    orders::{ListOrdersRequest, Side},
};

use super::{Desk, Trader};

#[derive(Clone)]
struct Imported {
    number: String,
    document_id: String,
    order_id: String,
}

pub struct Documents {
    buyer: Access,
    supplier: Access,
    imported: Vec<Imported>,
    faults: Vec<String>,
}

impl Documents {
    pub fn new(buyer: Access, supplier: Access) -> Self {
        Self { buyer, supplier, imported: Vec::new(), faults: Vec::new() }
    }
}

impl Trader for Documents {
    async fn trade(&mut self, desk: &Desk, number: usize) {
        let number = format!("UBL-{number}");
        let request = ImportDocumentRequest {
            request_id: request_id(),
            format: DocumentFormat::UblOrder.into(),
            content: document(&number).into_bytes().into(),
            ..ImportDocumentRequest::default()
        };
        let send = |access: Access, request| async move { access.documents().import_document(request).await };
        let answer = desk.insist(&self.buyer, request, send).await;
        let order_id = answer.receipt.unwrap_or_default().order_id;
        let request =
            ExportDocumentRequest { order_id: order_id.clone(), format: DocumentFormat::UblOrder.into() };
        let send = |access: Access, request| async move { access.documents().export_document(request).await };
        let content = desk.ask(&self.supplier, request, send).await.content;
        if !String::from_utf8_lossy(&content).contains(&number) {
            self.faults.push(format!("{number} came out as something else"));
        }
        self.imported.push(Imported { number, document_id: answer.document_id, order_id });
    }

    fn invent(&mut self) -> String {
        let imported = self.imported.first().cloned().expect("something came in");
        let number = "UBL-0".to_owned();
        self.imported.push(Imported { number: number.clone(), ..imported });
        number
    }

    async fn judge(mut self, desk: &Desk) -> Vec<String> {
        for Imported { number, document_id, order_id } in self.imported {
            let request = GetDocumentRequest { document_id };
            let send =
                |access: Access, request| async move { access.documents().get_document(request).await };
            let kept = desk.ask(&self.buyer, request, send).await;
            if kept.content != document(&number).as_bytes() || kept.order_id != order_id {
                self.faults.push(format!("the document of {number} is not what came in"));
            }
            let request = ListOrdersRequest {
                side: Side::Buyer.into(),
                order_number: number.clone(),
                ..ListOrdersRequest::default()
            };
            let send = |access: Access, request| async move { access.orders().list_orders(request).await };
            let orders = desk.ask(&self.buyer, request, send).await.orders;
            let ids: Vec<&str> = orders.iter().map(|order| &*order.id).collect();
            if ids != [&*order_id] {
                self.faults.push(format!("{number} is {ids:?} and was acknowledged as {order_id}"));
            }
        }
        self.faults
    }
}

/// An order of one line in UBL 2.3.
fn document(number: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<o:Order xmlns:o="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
         xmlns="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
         xmlns:a="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2">
  <UBLVersionID>2.3</UBLVersionID>
  <ID>{number}</ID>
  <IssueDate>2026-11-23</IssueDate>
  <DocumentCurrencyCode>CNY</DocumentCurrencyCode>
  <a:SellerSupplierParty><CustomerAssignedAccountID>V100</CustomerAssignedAccountID></a:SellerSupplierParty>
  <a:OrderLine><a:LineItem>
    <ID>10</ID><Quantity unitCode="H87">100</Quantity>
    <a:Delivery><Quantity unitCode="H87">100</Quantity><a:RequestedDeliveryPeriod><EndDate>2026-12-28</EndDate></a:RequestedDeliveryPeriod></a:Delivery>
    <a:Price><PriceAmount currencyID="CNY">6.85</PriceAmount></a:Price>
    <a:Item><Name>收纳箱</Name></a:Item>
  </a:LineItem></a:OrderLine>
</o:Order>
"#
    )
}
