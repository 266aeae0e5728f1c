//! Lists of suppliers as spreadsheets write them, and the result as spreadsheets read it.

use proto::partners::{SupplierRow, SupplierRowOutcome, SupplierRowResult};

use crate::cli::output::short;

/// The most rows of a file.
const MAX_ROWS: usize = 5_000;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Name,
    VendorNumber,
    Uscc,
    ContactName,
    Phone,
    Mail,
    Language,
}

impl Column {
    const ALL: [(Column, &'static [&'static str]); 7] = [
        (Column::Name, &["name", "名称", "企业名称", "供应商名称", "供应商"]),
        (Column::VendorNumber, &["vendor_number", "vendor number", "供应商编码", "供应商代码", "供应商编号"]),
        (Column::Uscc, &["uscc", "统一社会信用代码", "信用代码"]),
        (Column::ContactName, &["contact_name", "contact", "联系人"]),
        (Column::Phone, &["phone", "mobile", "手机", "电话", "联系电话", "手机号"]),
        (Column::Mail, &["mail", "email", "e-mail", "邮箱", "邮件", "电子邮箱"]),
        (Column::Language, &["language", "语言"]),
    ];

    fn named(header: &str) -> Option<Column> {
        let header = header.trim().to_lowercase();
        Self::ALL.into_iter().find(|(_, names)| names.contains(&header.as_str())).map(|(column, _)| column)
    }
}

/// The text of a file: UTF-8, with or without its mark, or else GB18030.
fn decode(bytes: &[u8]) -> Result<String, String> {
    let plain = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(plain) {
        return Ok(text.to_string());
    }
    let (text, _, broken) = encoding_rs::GB18030.decode(plain);
    if broken {
        return Err("is neither UTF-8 nor GB18030; save it as CSV UTF-8".to_string());
    }
    Ok(text.into_owned())
}

/// The suppliers of a file.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<SupplierRow>, String> {
    let text = decode(bytes)?;
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let mut columns = Vec::with_capacity(headers.len());
    for header in &headers {
        let column = Column::named(header);
        if column.is_none() && !header.is_empty() {
            return Err(format!("the column {header:?} is not known; see `tandem partners invite --help`"));
        }
        if column.is_some() && columns.contains(&column) {
            return Err(format!("the column {header:?} is there twice"));
        }
        columns.push(column);
    }
    for needed in [Column::Name, Column::VendorNumber] {
        if !columns.contains(&Some(needed)) {
            return Err(
                "the first line must name the columns name and vendor_number (名称 and 供应商编码)".into()
            );
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cell = |column: Column| {
            let place = columns.iter().position(|other| *other == Some(column));
            place.and_then(|place| record.get(place)).map(unescaped).unwrap_or_default()
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        if rows.len() >= MAX_ROWS {
            return Err(format!("has more than {MAX_ROWS} rows; send it in parts"));
        }
        rows.push(SupplierRow {
            name: cell(Column::Name),
            vendor_number: cell(Column::VendorNumber),
            uscc: cell(Column::Uscc),
            contact_name: cell(Column::ContactName),
            phone: cell(Column::Phone),
            mail: cell(Column::Mail),
            language: language(&cell(Column::Language)),
        });
    }
    if rows.is_empty() {
        return Err("has no rows".into());
    }
    Ok(rows)
}

/// Excel keeps leading zeros of a number only behind an apostrophe, or as a formula of a text.
fn unescaped(cell: &str) -> String {
    let inner = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    inner.or_else(|| cell.strip_prefix('\'')).unwrap_or(cell).to_string()
}

fn language(cell: &str) -> String {
    match cell {
        "中文" => "zh".into(),
        "英文" | "English" => "en".into(),
        other => other.to_lowercase(),
    }
}

/// The rows with what became of each, in UTF-8 with its mark, so that spreadsheets know it.
pub(super) fn write(rows: &[SupplierRow], results: &[SupplierRowResult], portal: &str) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "name",
        "vendor_number",
        "uscc",
        "contact_name",
        "phone",
        "mail",
        "language",
        "outcome",
        "link",
        "message",
    ];
    let mut lines = vec![header.map(str::to_string)];
    lines.extend(rows.iter().zip(results).map(|(row, result)| {
        let outcome: SupplierRowOutcome = result.outcome();
        let link = match result.invitation_path.as_str() {
            "" => String::new(),
            path => format!("{portal}{path}"),
        };
        [
            &row.name,
            &row.vendor_number,
            &row.uscc,
            &row.contact_name,
            &row.phone,
            &row.mail,
            &row.language,
            short(outcome.as_str_name(), "SUPPLIER_ROW_OUTCOME_"),
            &link,
            &message(outcome, result),
        ]
        .map(escaped)
    }));
    for line in lines {
        // Writing to memory does not fail.
        let _ = writer.write_record(line);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    format!("\u{feff}{}", String::from_utf8_lossy(&bytes))
}

fn message(outcome: SupplierRowOutcome, result: &SupplierRowResult) -> String {
    match outcome {
        SupplierRowOutcome::Refused => {
            let faults = result.faults.iter().map(|fault| format!("{} {}", fault.field, fault.message));
            faults.collect::<Vec<_>>().join("; ")
        }
        SupplierRowOutcome::DuplicateInFile => format!("same number as row {}", result.same_as_row + 2),
        SupplierRowOutcome::Pending if result.invitation_path.is_empty() => {
            "invited before; --renew-links makes a new link".into()
        }
        SupplierRowOutcome::Invited if result.invitation_path.is_empty() => {
            "sent before, and links are shown once; --renew-links makes a new one".into()
        }
        _ => String::new(),
    }
}

/// A cell that no spreadsheet takes for a formula.
fn escaped(cell: impl AsRef<str>) -> String {
    let cell = cell.as_ref();
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_string() }
}

#[cfg(test)]
mod tests {
    use proto::partners::RowFault;

    use super::*;

    const LIST: &str = "供应商名称,供应商编码,统一社会信用代码,联系人,手机,邮箱\n\
                        清禾包装(示例)有限公司,0000410882,91990000MA0000074U,何姐,100-0000-0001,he@example.invalid\n\
                        ,,,,,\n\
                        \"恒铆,五金\",\"=\"\"007\"\"\",,,,\n";

    #[test]
    fn both_encodings_are_read_and_zeros_stay() {
        let (gb, _, broken) = encoding_rs::GB18030.encode(LIST);
        assert!(!broken && std::str::from_utf8(&gb).is_err());
        for bytes in [LIST.as_bytes().to_vec(), format!("\u{feff}{LIST}").into_bytes(), gb.into_owned()] {
            let rows = read(&bytes).unwrap();
            assert_eq!(rows.len(), 2, "an empty line is no supplier");
            assert_eq!((&*rows[0].name, &*rows[0].vendor_number), ("清禾包装(示例)有限公司", "0000410882"));
            assert_eq!((&*rows[0].mail, &*rows[0].contact_name), ("he@example.invalid", "何姐"));
            assert_eq!((&*rows[1].name, &*rows[1].vendor_number), ("恒铆,五金", "007"));
        }
    }

    #[test]
    fn what_is_no_list_is_refused_in_words() {
        for (text, part) in [
            ("name\nx\n", "must name the columns"),
            ("name,vendor_number,colour\nx,1,red\n", "colour"),
            ("name,vendor_number,名称\nx,1,y\n", "twice"),
            ("name,vendor_number\n", "no rows"),
        ] {
            let wrong = read(text.as_bytes()).unwrap_err();
            assert!(wrong.contains(part), "{text:?}: {wrong}");
        }
        assert!(read(b"name,vendor_number\n\xff\xff\xff,1\n").unwrap_err().contains("GB18030"));
    }

    #[test]
    fn the_result_is_read_by_spreadsheets_and_runs_nothing() {
        let row = SupplierRow {
            name: "=HYPERLINK(\"x\")".into(),
            vendor_number: "007".into(),
            phone: "+86 100".into(),
            ..Default::default()
        };
        let invited = SupplierRowResult {
            outcome: SupplierRowOutcome::Invited.into(),
            invitation_path: "/i/abc".into(),
            ..Default::default()
        };
        let refused = SupplierRowResult {
            outcome: SupplierRowOutcome::Refused.into(),
            faults: vec![RowFault {
                field: "mail".into(),
                reason: "FORMAT".into(),
                message: "is none".into(),
            }],
            ..Default::default()
        };
        let text = write(&[row.clone(), row], &[invited, refused], "https://p.example");
        let lines: Vec<&str> = text.lines().collect();
        assert!(text.starts_with('\u{feff}') && lines.len() == 3);
        assert!(lines[1].contains("'=HYPERLINK") && lines[1].contains(",'+86 100,"), "{}", lines[1]);
        assert!(lines[1].ends_with("INVITED,https://p.example/i/abc,"), "{}", lines[1]);
        assert!(lines[2].ends_with("REFUSED,,mail is none"), "{}", lines[2]);
    }
}
