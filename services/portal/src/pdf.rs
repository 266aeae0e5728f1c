//! Orders and capacity as PDF, for firms that file paper: built in where the feature `pdf` is.
//!
//! * [`document`] what is printed, as blocks · [`order`] and [`capacity`] turn what the API says into it
//! * [`wrap`] lines of a text · [`column`] widths of a table · [`layout`] pages, without a font or a file
//! * [`font`] the machine's font · [`write`] pages as a file
//!
//! **Invariants:** the font is the machine's and no part of the binary; a file holds the characters that it shows and no
//! others; whoever copies a text out of it gets the text.

pub mod capacity;
mod column;
pub mod document;
pub mod font;
mod layout;
pub mod order;
#[cfg(test)]
mod tests;
mod wrap;
mod write;

use axum::{body::Body, response::Response};

use crate::{
    download,
    failure::Failure,
    i18n::{Text, key},
    pdf::{
        document::Document,
        font::{Face, Typeface},
    },
    session::Member,
};

/// A document to be saved as PDF under its title.
///
/// # Errors
/// `FONT_MISSING` where the machine has no font with Chinese characters.
pub async fn save(member: &Member, document: Document) -> Result<Response, Failure> {
    let (app, t) = (member.visitor.app.clone(), member.text().clone());
    let name = file_name(&document.title);
    // Twenty megabytes of font are read the first time, and hundreds of pages take a while.
    let drawing = tokio::task::spawn_blocking(move || {
        let typeface = app.font.get(&app.config.font).ok_or_else(Failure::no_font)?;
        draw(&document, &typeface, &t)
    });
    let file = drawing.await.map_err(Failure::internal)??;
    Ok(download::file(&name, "application/pdf", Body::from(file)))
}

fn draw(document: &Document, typeface: &Typeface, t: &Text) -> Result<Vec<u8>, Failure> {
    let face = Face::new(typeface).ok_or_else(Failure::no_font)?;
    let pages = layout::pages(document, &|c| face.width(c), &|page, pages| t.two(key::PDF_PAGE, page, pages));
    write::file(&pages, &face, document).map_err(Failure::internal)
}

/// A title as the name of a file, which no system takes for a path.
fn file_name(title: &str) -> String {
    let kept = title.chars().map(|c| if c.is_control() || r#"/\:*?"<>|"#.contains(c) { '-' } else { c });
    format!("{}.pdf", kept.collect::<String>())
}
