//! Pages as a file.

use krilla::{
    Document as File,
    color::luma,
    error::KrillaResult,
    geom::{PathBuilder, Point, Rect},
    metadata::Metadata,
    paint::Fill,
    surface::Surface,
};

use crate::pdf::{
    document::Document,
    font::Face,
    layout::{Bar, Page},
};

/// From black, 0, to white, 255; pale text still has the contrast that a copy of a copy needs.
const INK: u8 = 0;
const PALE: u8 = 80;
const RULE: u8 = 170;

/// The file of a document's pages.
///
/// # Errors
/// Where the font is damaged or may not be embedded.
pub fn file(pages: &[Page], face: &Face<'_>, document: &Document) -> KrillaResult<Vec<u8>> {
    let mut file = File::new();
    let about = Metadata::new().title(document.title.clone()).language(document.language.to_string());
    file.set_metadata(about.creator("Tandem".to_string()));
    for page in pages {
        // A4 is what it starts without being told.
        let mut sheet = file.start_page();
        let mut surface = sheet.surface();
        draw(&mut surface, page, face);
        surface.finish();
        sheet.finish();
    }
    file.finish()
}

fn draw(surface: &mut Surface<'_>, page: &Page, face: &Face<'_>) {
    fill(surface, &page.rules, RULE);
    // In one path, so that no reader shows seams between its rows.
    fill(surface, &page.code, INK);
    for words in &page.texts {
        surface.set_fill(Some(ink(if words.pale { PALE } else { INK })));
        let (at, glyphs) = (Point::from_xy(words.x, words.y), face.glyphs(&words.text));
        surface.draw_glyphs(at, &glyphs, face.font.clone(), &words.text, words.size, false);
    }
}

fn fill(surface: &mut Surface<'_>, bars: &[Bar], tone: u8) {
    let mut path = PathBuilder::new();
    for bar in bars {
        if let Some(rect) = Rect::from_xywh(bar.x, bar.y, bar.width, bar.height) {
            path.push_rect(rect);
        }
    }
    if let Some(path) = path.finish() {
        surface.set_fill(Some(ink(tone)));
        surface.draw_path(&path);
    }
}

fn ink(tone: u8) -> Fill {
    Fill { paint: luma::Color::new(tone).into(), ..Fill::default() }
}
