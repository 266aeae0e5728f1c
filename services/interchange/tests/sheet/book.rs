//! Workbooks put together by hand, so that they can be wrong.

use std::io::{Cursor, Write as _};

use zip::{ZipWriter, write::SimpleFileOptions};

/// A workbook of one sheet: what stands between its `sheetData`, and its shared texts.
pub struct Book {
    pub rows: String,
    pub strings: String,
    pub workbook: String,
    /// Further parts.
    pub parts: Vec<(String, Vec<u8>)>,
}

impl Default for Book {
    fn default() -> Self {
        Book {
            rows: String::new(),
            strings: "<sst/>".into(),
            workbook: "<workbook><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>"
                .into(),
            parts: Vec::new(),
        }
    }
}

/// A cell of text, such as `A1`.
pub fn text(place: &str, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

/// The headings that the tests use.
pub const HEADINGS: [&str; 6] = ["订单号", "物料编码", "数量", "含税", "供应商编码", "要求交期"];

impl Book {
    /// A workbook with the usual headings and further rows.
    pub fn with(rows: &str) -> Book {
        let headings = HEADINGS.iter().zip("ABCDEF".chars());
        let headings: String =
            headings.map(|(heading, column)| text(&format!("{column}1"), heading)).collect();
        Book { rows: format!("<row r=\"1\">{headings}</row>{rows}"), ..Book::default() }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let relationships = |pairs: &[(&str, &str, &str)]| {
            let all: String = pairs
                .iter()
                .map(|(id, kind, target)| {
                    format!("<Relationship Id=\"{id}\" Type=\"x/{kind}\" Target=\"{target}\"/>")
                })
                .collect();
            format!("<Relationships>{all}</Relationships>")
        };
        let mut parts: Vec<(String, Vec<u8>)> = vec![
            ("_rels/.rels".into(), relationships(&[("m", "officeDocument", "xl/workbook.xml")]).into()),
            ("xl/workbook.xml".into(), self.workbook.clone().into()),
            (
                "xl/_rels/workbook.xml.rels".into(),
                relationships(&[
                    ("a", "worksheet", "worksheets/sheet1.xml"),
                    ("b", "sharedStrings", "sharedStrings.xml"),
                    ("c", "styles", "styles.xml"),
                ])
                .into(),
            ),
            ("xl/sharedStrings.xml".into(), self.strings.clone().into()),
            (
                "xl/styles.xml".into(),
                "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
                    .into(),
            ),
            (
                "xl/worksheets/sheet1.xml".into(),
                format!("<worksheet><sheetData>{}</sheetData></worksheet>", self.rows).into(),
            ),
        ];
        parts.extend(self.parts.iter().cloned());
        zip(&parts)
    }
}

/// An archive of these parts.
pub fn zip(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(name.as_str(), SimpleFileOptions::default().compression_level(Some(1))).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
