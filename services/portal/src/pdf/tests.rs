//! From blocks to pages without a font, and to a file that is read again with the machine's, where it has one.

use std::time::Duration;

use super::{
    Drawing,
    document::{Block, Document, Side, Table},
    draw, file_name,
    font::{Shelf, Typeface},
    layout::{self, Page, Words},
    wrap,
};
use crate::{
    i18n::{Catalogue, Lang, Text},
    pages::order::Fact,
    qr,
};

/// Where rows end and the foot of a page begins.
const FOOT: f32 = 790.0;

/// Ideographs as wide as high, everything else half of it.
fn width(c: char) -> f32 {
    if c.is_ascii() { 0.5 } else { 1.0 }
}

fn lines(rows: usize) -> Block {
    let columns = [("行", Side::Left), ("物料", Side::Left), ("订购数量", Side::Right)];
    let mut table = Table::new(columns.map(|(head, side)| (head.to_string(), side)));
    let row =
        |n: usize| vec![format!("L{n}"), format!("转向柱支架 YZ-{n}\n表面黑色电泳"), format!("{n},000 个")];
    table.rows = (1..=rows).map(row).collect();
    Block::Table(table)
}

fn document(blocks: Vec<Block>) -> Document {
    Document {
        title: "订单 4500001234".into(),
        over: "携手".into(),
        code: qr::code("https://portal.example.com/orders/1"),
        blocks,
        foot: "订单 4500001234".into(),
        language: "zh-CN",
    }
}

fn order(rows: usize) -> Document {
    let pairs = [("采购方", "澄屿家居用品（示例）有限公司"), ("供应商", "顺模塑料制品（示例）厂")];
    let pairs = pairs.map(|(label, value)| Fact { label: label.into(), value: value.into() });
    let heading = Block::Heading("订单行".into());
    document(vec![Block::Pairs(pairs.into()), heading, lines(rows), Block::Note("不构成交付义务".into())])
}

fn pages(document: &Document) -> Vec<Page> {
    layout::pages(document, &width, &|page, pages| format!("{page} / {pages}"))
}

fn count(page: &Page, text: &str) -> usize {
    page.texts.iter().filter(|words| words.text == text).count()
}

fn end(words: &Words) -> f32 {
    words.x + wrap::length(&words.text, &width) * words.size
}

#[test]
fn every_page_says_its_number_and_repeats_the_head() {
    let pages = pages(&order(120));
    assert!(pages.len() > 3, "{} pages", pages.len());
    for (at, page) in pages.iter().enumerate() {
        assert_eq!(count(page, &format!("{} / {}", at + 1, pages.len())), 1);
        assert_eq!(count(page, "订购数量"), 1, "page {}", at + 1);
        // A row that a page holds is on one page.
        let items = page.texts.iter().filter(|words| words.text.starts_with("转向柱支架")).count();
        assert_eq!(items, count(page, "表面黑色电泳"), "page {}", at + 1);
    }
    for row in 1..=120 {
        assert_eq!(pages.iter().map(|page| count(page, &format!("L{row}"))).sum::<usize>(), 1, "row {row}");
    }
}

#[test]
fn nothing_leaves_the_page_and_quantities_end_below_each_other() {
    let pages = pages(&order(120));
    let words = || pages.iter().flat_map(|page| &page.texts);
    for one in words() {
        assert!(one.x >= 47.9 && end(one) <= 547.1 && one.y > 48.0 && one.y < 842.0 - 24.0, "{}", one.text);
    }
    let quantities: Vec<&Words> = words().filter(|one| one.text.ends_with(",000 个")).collect();
    assert_eq!(quantities.len(), 120);
    assert!(quantities.iter().all(|one| (end(one) - 547.0).abs() < 0.1));
}

#[test]
fn a_row_that_no_page_holds_goes_on_over_several() {
    let mut table = Table::new([("备注".to_string(), Side::Left)]);
    let text: Vec<String> = (1..=200).map(|n| format!("第{n}条")).collect();
    table.rows = vec![vec![text.join("\n")]];
    let pages = pages(&document(vec![Block::Table(table)]));
    assert!(pages.len() > 3 && pages.iter().all(|page| count(page, "备注") == 1));
    for one in &text {
        assert_eq!(pages.iter().map(|page| count(page, one)).sum::<usize>(), 1, "{one}");
    }
}

#[test]
fn a_heading_is_never_the_last_on_a_page() {
    for rows in 1..60 {
        let pages = pages(&document(vec![lines(rows), Block::Heading("合计".into()), lines(2)]));
        let page = pages.iter().find(|page| count(page, "合计") == 1).unwrap();
        let heading = page.texts.iter().find(|words| words.text == "合计").unwrap();
        let below = page.texts.iter().filter(|words| words.y > heading.y && words.y < FOOT);
        // The head of the table and its first row at least.
        assert!(below.count() >= 6, "{rows} rows");
    }
}

#[test]
fn the_code_stands_once_in_its_corner() {
    let pages = pages(&order(120));
    let code = qr::code("https://portal.example.com/orders/1").unwrap();
    assert_eq!(pages[0].code.len(), code.runs.len());
    assert!(pages[1..].iter().all(|page| page.code.is_empty()));
    for bar in &pages[0].code {
        assert!(bar.x > 547.0 - 76.0 && bar.x + bar.width < 547.0 && bar.y > 48.0);
        assert!(bar.y + bar.height < 48.0 + 76.0);
    }
    let mut beside = pages[0].texts.iter().filter(|words| words.y < 48.0 + 76.0);
    assert!(beside.all(|words| end(words) <= 547.0 - 76.0));
}

#[test]
fn an_empty_document_is_a_page() {
    let pages = pages(&Document { code: None, ..document(Vec::new()) });
    assert_eq!(pages.len(), 1);
    assert_eq!(count(&pages[0], "1 / 1"), 1);
}

#[test]
fn a_name_is_no_path() {
    assert_eq!(file_name("订单 45/1\\2"), "订单 45-1-2.pdf");
}

#[tokio::test]
async fn who_gets_no_turn_to_draw_is_told_so() {
    let (drawing, soon) = (Drawing::default(), Duration::from_millis(1));
    let first = drawing.turn(soon).await.unwrap();
    let _second = drawing.turn(soon).await.unwrap();
    assert!(drawing.turn(soon).await.unwrap_err().is("PDF_BUSY"));
    drop(first);
    assert!(drawing.turn(soon).await.is_ok());
}

#[test]
fn what_is_no_font_is_none() {
    assert!(Typeface::read("/nowhere/font.ttc").is_none());
    assert!(Typeface::read(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).is_none());
    assert!(Shelf::default().get("/nowhere/font.ttc").is_none());
}

/// The file of an order; `None` where the machine has no font, which must be there in CI.
fn file(rows: usize) -> Option<Vec<u8>> {
    let Some(typeface) = Shelf::default().get("") else {
        assert!(std::env::var_os("CI").is_none(), "fonts-noto-cjk is not installed");
        eprintln!("skipped: fonts-noto-cjk is not installed");
        return None;
    };
    let t = Text::new(Catalogue::load().unwrap(), Lang::Zh);
    Some(draw(&order(rows), &typeface, &t).unwrap())
}

#[test]
fn a_file_holds_the_characters_that_it_shows_and_not_the_font() {
    let Some(file) = file(120) else { return };
    assert!(file.starts_with(b"%PDF-"));
    assert!(file.len() < 300_000, "{} bytes", file.len());
}

#[cfg(feature = "pdf-testing")]
#[test]
fn what_a_file_shows_can_be_copied_out_of_it() {
    let Some(file) = file(120) else { return };
    let read = lopdf::Document::load_mem(&file).unwrap();
    let pages: Vec<u32> = read.get_pages().into_keys().collect();
    assert!(pages.len() > 3, "{} pages", pages.len());
    for (at, page) in pages.iter().enumerate() {
        let text = read.extract_text(&[*page]).unwrap().replace(char::is_whitespace, "");
        let number = format!("第{}页，共{}页", at + 1, pages.len());
        for expected in ["订单4500001234", "订购数量", "转向柱支架YZ-", "表面黑色电泳", &number]
        {
            assert!(text.contains(expected), "page {}: no {expected} in {text}", at + 1);
        }
        assert_eq!(text.contains("澄屿家居用品（示例）有限公司"), at == 0);
        assert_eq!(text.contains("不构成交付义务"), at + 1 == pages.len());
    }
}
