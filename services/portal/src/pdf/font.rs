//! The font that documents are set in: one with Chinese characters, of the machine, found when the first is asked for. It is
//! large and has a licence of its own, so that no binary holds it.

use std::sync::{Arc, OnceLock};

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::{
    FontRef, MetadataProvider as _,
    charmap::Charmap,
    instance::{LocationRef, Size},
    metrics::GlyphMetrics,
    string::StringId,
};

/// Where systems keep it that have Noto Sans CJK: Debian and Ubuntu, Fedora, Arch.
const PLACES: [&str; 4] = [
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
];

/// The font of a process, read once; what is installed meanwhile is found the next time.
#[derive(Default)]
pub struct Shelf(OnceLock<Arc<Typeface>>);

impl Shelf {
    /// The font in the file of this path; where it is empty, the first in the places where systems keep it.
    pub fn get(&self, path: &str) -> Option<Arc<Typeface>> {
        if let Some(found) = self.0.get() {
            return Some(found.clone());
        }
        let found = match path {
            "" => PLACES.into_iter().find_map(Typeface::read),
            path => Typeface::read(path),
        };
        let Some(found) = found else {
            tracing::warn!(
                path,
                "no font with Chinese characters: install fonts-noto-cjk or set portal.font"
            );
            return None;
        };
        Some(self.0.get_or_init(|| Arc::new(found)).clone())
    }
}

/// A font's file.
pub struct Typeface {
    data: Arc<Vec<u8>>,
    /// Which of the fonts in the file.
    index: u32,
}

impl Typeface {
    /// Reads a file, where it is a font; of several in it, the one with the forms of simplified Chinese.
    pub fn read(path: &str) -> Option<Self> {
        let data = std::fs::read(path).ok()?;
        let index = simplified(&data)?;
        Some(Self { data: Arc::new(data), index })
    }
}

/// `Noto Sans CJK SC` beside its sisters; else the first.
fn simplified(data: &[u8]) -> Option<u32> {
    let mut first = None;
    for (index, face) in (0..).zip(FontRef::fonts(data)) {
        let Ok(face) = face else { continue };
        let mut names = face.localized_strings(StringId::FAMILY_NAME);
        if names.any(|name| name.to_string().split(' ').any(|word| word == "SC")) {
            return Some(index);
        }
        first = first.or(Some(index));
    }
    first
}

/// A font that is written with.
pub struct Face<'a> {
    characters: Charmap<'a>,
    metrics: GlyphMetrics<'a>,
    /// As the writer has it.
    pub font: Font,
}

impl<'a> Face<'a> {
    /// Of a file. `None` where it is damaged.
    pub fn new(typeface: &'a Typeface) -> Option<Self> {
        let face = FontRef::from_index(&typeface.data, typeface.index).ok()?;
        let font = Font::new(typeface.data.clone().into(), typeface.index)?;
        let metrics = face.glyph_metrics(Size::unscaled(), LocationRef::default());
        Some(Self { characters: face.charmap(), metrics, font })
    }

    /// How wide a character is, in ems.
    pub fn width(&self, c: char) -> f32 {
        self.advance(self.glyph(c))
    }

    /// A text as the writer takes it. Each glyph knows its character, so that the text can be copied.
    pub fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let each = text.char_indices().map(|(at, c)| {
            let glyph = self.glyph(c);
            let id = GlyphId::new(glyph.to_u32());
            KrillaGlyph::new(id, self.advance(glyph), 0.0, 0.0, 0.0, at..at + c.len_utf8(), None)
        });
        each.collect()
    }

    /// The first glyph, an empty box, where the font does not have the character.
    fn glyph(&self, c: char) -> skrifa::GlyphId {
        self.characters.map(c).unwrap_or(skrifa::GlyphId::NOTDEF)
    }

    fn advance(&self, glyph: skrifa::GlyphId) -> f32 {
        self.metrics.advance_width(glyph).unwrap_or_default() / self.font.units_per_em()
    }
}
