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

use std::{sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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

/// How many are drawn at a time: each takes a core and the memory of all its pages.
const AT_ONCE: usize = 2;
/// How long a turn is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Turns to draw.
pub struct Drawing(Arc<Semaphore>);

impl Default for Drawing {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Drawing {
    /// A turn, over when it is dropped.
    ///
    /// # Errors
    /// `PDF_BUSY` where none comes in time.
    async fn turn(&self, patience: Duration) -> Result<OwnedSemaphorePermit, Failure> {
        match tokio::time::timeout(patience, self.0.clone().acquire_owned()).await {
            Ok(turn) => turn.map_err(Failure::internal),
            Err(_) => Err(Failure::pdf_busy()),
        }
    }
}

/// A document to be saved as PDF under its title.
///
/// # Errors
/// `FONT_MISSING` where the machine has no font with Chinese characters; `PDF_BUSY` where too many are drawn.
pub async fn save(member: &Member, document: Document) -> Result<Response, Failure> {
    let (app, t) = (member.visitor.app.clone(), member.text().clone());
    let name = file_name(&document.title);
    let turn = app.drawing.turn(PATIENCE).await?;
    // Twenty megabytes of font are read the first time, and hundreds of pages take a while.
    let drawing = tokio::task::spawn_blocking(move || {
        // Whoever asked may be gone; the turn lasts as long as the work.
        let _turn = turn;
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
