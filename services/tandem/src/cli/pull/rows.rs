//! Schedule lines as rows of a file: ids are text, quantities are numbers.

use interchange::sheet::{
    Language,
    table::{Column, Kind, Table, Value},
    write,
};
use proto::{
    Decimal as WireDecimal,
    interchange::{SheetFormat, TextEncoding},
    orders::{Commitment, ScheduleLineRow},
};

use super::PullFormat;
use crate::cli::failure::{Exit, Failure};

/// Name for programs, headings, kind, width.
const COLUMNS: &[(&str, &str, &str, Kind, u16)] = &[
    ("order_number", "采购订单号", "PO No", Kind::Text, 18),
    ("source_system", "来源系统", "Source System", Kind::Text, 12),
    ("line_number", "行号", "Line", Kind::Text, 8),
    ("schedule_line_number", "计划行号", "Schedule Line", Kind::Text, 8),
    ("partner", "合作伙伴", "Partner", Kind::Text, 24),
    ("buyer_item_id", "物料编码", "Material", Kind::Text, 16),
    ("seller_item_id", "供应商物料编码", "Vendor Material", Kind::Text, 16),
    ("item_name", "物料名称", "Description", Kind::Text, 24),
    ("unit_code", "单位代码", "Unit Code", Kind::Text, 8),
    ("requested_delivery_date", "要求交期", "Requested Date", Kind::Day, 12),
    ("revision", "修订号", "Revision", Kind::Number, 8),
    ("version", "版本", "Version", Kind::Number, 8),
    ("ordered", "订购数量", "Ordered", Kind::Number, 12),
    ("accepted", "已接受", "Accepted", Kind::Number, 12),
    ("rejected", "已拒绝", "Rejected", Kind::Number, 12),
    ("proposed", "协商中", "Proposed", Kind::Number, 12),
    ("unanswered", "未答复", "Unanswered", Kind::Number, 12),
    ("cancelled", "已取消", "Cancelled", Kind::Number, 12),
    ("commitment", "承诺序号", "Commitment", Kind::Number, 8),
    ("committed_quantity", "承诺数量", "Committed Qty", Kind::Number, 12),
    ("committed_delivery_date", "承诺交期", "Committed Date", Kind::Day, 12),
    ("order_id", "订单标识", "Order Id", Kind::Text, 38),
    ("schedule_line_id", "计划行标识", "Schedule Line Id", Kind::Text, 38),
];

/// The file's content.
pub(super) fn write(
    rows: &[ScheduleLineRow],
    format: PullFormat,
    encoding: TextEncoding,
    locale: &str,
) -> Result<Vec<u8>, Failure> {
    let lines = rows.iter().flat_map(flat);
    let format = match format {
        PullFormat::Json => return Ok(json(lines)),
        PullFormat::Csv => SheetFormat::Csv,
        PullFormat::Xlsx => SheetFormat::Xlsx,
    };
    let language = Language::of(locale);
    let columns = COLUMNS.iter().map(|(name, zh, en, kind, width)| {
        // Programs read csv, people workbooks.
        let heading = if format == SheetFormat::Csv { name } else { language.pick(zh, en) };
        Column::new(*heading, *kind, *width)
    });
    let table = Table {
        name: language.pick("计划行", "Schedule lines").into(),
        columns: columns.collect(),
        rows: lines.collect(),
        protected: false,
    };
    let written = write::write(&[table], format, encoding)
        .map_err(|error| Failure::local(Exit::Failed, format!("no file can be made of the rows: {error}")))?;
    Ok(written.bytes)
}

/// One row a promise; one without any where there is none.
fn flat(row: &ScheduleLineRow) -> Vec<Vec<Value>> {
    let promises =
        row.commitments.iter().enumerate().map(|(index, commitment)| (index as u64 + 1, Some(commitment)));
    let mut promises: Vec<(u64, Option<&Commitment>)> = promises.collect();
    if promises.is_empty() {
        promises.push((0, None));
    }
    promises.into_iter().map(|(number, promise)| values(row, number, promise)).collect()
}

fn values(row: &ScheduleLineRow, number: u64, promise: Option<&Commitment>) -> Vec<Value> {
    let quantities = row.quantities.clone().unwrap_or_default();
    let day = |date: Option<&proto::Date>| Value::from(date.and_then(|date| chassis::value::date(date).ok()));
    vec![
        row.order_number.as_str().into(),
        row.source_system.as_str().into(),
        row.line_number.as_str().into(),
        row.schedule_line_number.as_str().into(),
        row.counterparty_name.as_str().into(),
        row.buyer_item_id.as_str().into(),
        row.seller_item_id.as_str().into(),
        row.item_name.as_str().into(),
        row.unit_code.as_str().into(),
        day(row.requested_delivery_date.as_ref()),
        Value::Number(row.revision.into()),
        Value::Number(row.version.into()),
        number_of(quantities.ordered.as_ref()),
        number_of(quantities.accepted.as_ref()),
        number_of(quantities.rejected.as_ref()),
        number_of(quantities.proposed.as_ref()),
        number_of(quantities.unanswered.as_ref()),
        number_of(quantities.cancelled.as_ref()),
        if promise.is_some() { Value::Number(number.into()) } else { Value::Empty },
        number_of(promise.and_then(|promise| promise.quantity.as_ref())),
        day(promise.and_then(|promise| promise.committed_delivery_date.as_ref())),
        row.order_id.as_str().into(),
        row.schedule_line_id.as_str().into(),
    ]
}

fn number_of(decimal: Option<&WireDecimal>) -> Value {
    chassis::value::decimal(decimal).ok().flatten().into()
}

/// One object a line. Numbers stand as they are, never as binary fractions; what is empty is left out.
fn json(lines: impl Iterator<Item = Vec<Value>>) -> Vec<u8> {
    let mut text = String::new();
    for line in lines {
        text.push('{');
        let mut first = true;
        for ((name, ..), value) in COLUMNS.iter().zip(line) {
            let value = match value {
                Value::Empty => continue,
                Value::Text(text) => serde_json::Value::from(text).to_string(),
                Value::Number(number) => number.to_string(),
                Value::Day(day) => format!("\"{day}\""),
            };
            if !first {
                text.push(',');
            }
            first = false;
            text.push_str(&format!("\"{name}\":{value}"));
        }
        text.push_str("}\n");
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use proto::orders::Quantities;

    use super::*;

    fn decimal(text: &str) -> Option<WireDecimal> {
        Some(WireDecimal { value: text.into() })
    }

    fn promise(quantity: &str, day: i32) -> Commitment {
        Commitment {
            quantity: decimal(quantity),
            committed_delivery_date: Some(proto::Date { year: 2026, month: 12, day }),
            ..Commitment::default()
        }
    }

    #[test]
    fn a_promise_is_a_row_and_ids_are_text() {
        let row = ScheduleLineRow {
            order_number: "000450".into(),
            line_number: "10".into(),
            quantities: Some(Quantities { ordered: decimal("17600.500"), ..Quantities::default() }),
            commitments: vec![promise("16000", 21), promise("1600.5", 28)],
            ..ScheduleLineRow::default()
        };
        let rows = [row, ScheduleLineRow { order_number: "=X".into(), ..ScheduleLineRow::default() }];
        let text =
            String::from_utf8(write(&rows, PullFormat::Json, TextEncoding::Utf8, "en").unwrap()).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!((&lines[0]["order_number"], &lines[0]["commitment"]), (&"000450".into(), &1.into()));
        assert!(
            text.contains("\"ordered\":17600.500,") && text.contains("\"committed_quantity\":1600.5,"),
            "{text}"
        );
        assert_eq!(lines[1]["committed_delivery_date"], "2026-12-28");
        assert!(lines[2].get("ordered").is_none(), "absent is not zero");
        let csv =
            String::from_utf8(write(&rows, PullFormat::Csv, TextEncoding::Utf8, "en").unwrap()).unwrap();
        assert!(csv.starts_with("\u{feff}order_number,source_system,line_number"), "{csv}");
        assert!(csv.contains("\n000450,,10,") && csv.contains("\n\"'=X\","), "{csv}");
    }
}
