//! Orders and capacity as PDF, for whoever files them; where that is built in. Paper itself every build can: pages are printed
//! by the browser.

#[cfg(feature = "pdf")]
mod save;

use std::sync::Arc;

use axum::Router;

use crate::{App, i18n::Text, page::link, pages::order::Fact};

/// Where the files are had; nowhere in other builds.
pub fn routes() -> Router<Arc<App>> {
    let router = Router::new();
    #[cfg(feature = "pdf")]
    let router = router
        .route("/orders/{id}/pdf", axum::routing::get(save::order))
        .route("/d/{token}/pdf", axum::routing::get(save::document))
        .route("/capacity/pdf", axum::routing::get(save::capacity));
    router
}

/// The link to the file of the order whose page is `here`; `None` where that is not built in.
pub fn order(t: &Text, here: &str) -> Option<Fact> {
    way(t, format!("{here}/pdf"))
}

/// The link to the file of the own groups that a page shows by this query; `None` where that is not built in.
pub fn capacity(t: &Text, query: &[(&str, &str)]) -> Option<Fact> {
    way(t, link("/capacity/pdf", query))
}

#[cfg(feature = "pdf")]
fn way(t: &Text, path: String) -> Option<Fact> {
    Some(Fact { label: t.say(crate::i18n::key::PDF_SAVE), value: path })
}

#[cfg(not(feature = "pdf"))]
fn way(_: &Text, _: String) -> Option<Fact> {
    None
}
