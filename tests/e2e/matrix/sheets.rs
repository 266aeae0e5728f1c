//! Rows of the methods that read and write tables.

use harness::request_id;
use proto::{
    interchange::{
        ExportAnswersRequest, ExportOrdersRequest, GetTemplateRequest, ImportAnswersRequest,
        ImportChangesRequest, MarkErrorsRequest, ReadOrdersRequest, ReadTableRequest, SheetFile, SheetFormat,
        TableColumn, WriteTableRequest,
    },
    orders::{ListOrdersRequest, Side as OrderSide},
};

use super::{
    cast::{Cast, Side},
    rows::{Row, build, list, own, plain},
};

/// A table of one order, which is wrong; it is only read.
fn table(cast: &Cast) -> SheetFile {
    let text = format!("订单号,物料编码,数量,含税,供应商编码\n{},X,one,否,V100\n", cast.number());
    SheetFile { content: text.into_bytes().into(), ..SheetFile::default() }
}

pub fn row(method: &str) -> Option<Row> {
    Some(match method {
        "ReadOrders" => own(build!(|cast, _, _| plain(ReadOrdersRequest {
            file: Some(table(cast)),
            ..ReadOrdersRequest::default()
        }))),
        "MarkErrors" => own(build!(|cast, _, _| plain(MarkErrorsRequest {
            file: Some(table(cast)),
            keep_rows: vec![2],
            ..MarkErrorsRequest::default()
        }))),
        "GetTemplate" => own(build!(|_, _, _| plain(GetTemplateRequest::default()))),
        "ReadTable" => own(build!(|cast, _, _| plain(ReadTableRequest {
            file: Some(table(cast)),
            ..ReadTableRequest::default()
        }))),
        "WriteTable" => own(build!(|_, _, _| plain(WriteTableRequest {
            name: "A".into(),
            columns: vec![TableColumn { heading: "A".into(), ..TableColumn::default() }],
            ..WriteTableRequest::default()
        }))),
        // What waits for the supplier shows in its own table and in nobody else's.
        "ExportAnswers" => Row {
            owner: Side::Supplier,
            ..list(
                |_| "UBL-1".into(),
                false,
                build!(|_, _, _| plain(ExportAnswersRequest {
                    format: SheetFormat::Csv.into(),
                    ..ExportAnswersRequest::default()
                })),
            )
        },
        // Rows about orders of others are wrong rows and no refusal; tests/e2e/sheets.rs sees that nothing is answered.
        "ImportAnswers" => Row {
            owner: Side::Supplier,
            ..own(build!(|cast, _, object| plain(ImportAnswersRequest {
                request_id: request_id(),
                file: Some(answers(cast, object)),
                ..ImportAnswersRequest::default()
            })))
        },
        // The buyer's own purchases, and nobody else's.
        "ExportOrders" => list(
            |cast| cast.order.0.clone(),
            false,
            build!(|_, _, _| plain(ExportOrdersRequest {
                format: SheetFormat::Csv.into(),
                orders: Some(ListOrdersRequest { side: OrderSide::Buyer.into(), ..Default::default() }),
                ..ExportOrdersRequest::default()
            })),
        ),
        // As ImportAnswers: rows about orders of others are wrong rows.
        "ImportChanges" => own(build!(|cast, _, object| plain(ImportChangesRequest {
            request_id: request_id(),
            file: Some(changes(cast, object)),
            ..ImportChangesRequest::default()
        }))),
        _ => return None,
    })
}

/// A table that changes an order of the buyer at a line that it does not have, or one that nobody has.
fn changes(cast: &Cast, object: super::rows::Object) -> SheetFile {
    let order = match object {
        super::rows::Object::Real => cast.order.0.clone(),
        super::rows::Object::Nothing => request_id(),
    };
    let text = format!("数量,修订号,行标识(勿改)\n5,1,{order}/{}/1/10/2026-12-28/\n", request_id());
    SheetFile { content: text.into_bytes().into(), ..SheetFile::default() }
}

/// A table that answers an order of the buyer which was answered before, or one that nobody has.
fn answers(cast: &Cast, object: super::rows::Object) -> SheetFile {
    let order = match object {
        super::rows::Object::Real => cast.order.0.clone(),
        super::rows::Object::Nothing => request_id(),
    };
    let text = format!("答复,修订号,行标识(勿改)\n接受,1,{order}/{}/1/10/2026-12-28\n", request_id());
    SheetFile { content: text.into_bytes().into(), ..SheetFile::default() }
}
