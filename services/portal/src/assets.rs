//! The style sheet and the script: compressed once at start-up, named after their content, cached for ever.

use std::{io::Write as _, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};

use crate::App;

const STYLE: &str = include_str!("../static/portal.css");
/// htmx 4.0.1 (0BSD, see static/htmx.LICENSE), as its authors publish it.
const HTMX: &str = include_str!("../static/htmx.min.js");
const SCRIPT: &str = include_str!("../static/portal.js");
/// What tables of weeks need; other pages do not load it.
const GRID_STYLE: &str = include_str!("../static/grid.css");
const GRID_SCRIPT: &str = include_str!("../static/grid.js");
/// What pages that send files need.
const SENDING_SCRIPT: &str = include_str!("../static/sending.js");

/// What pages link to.
pub struct Assets {
    style: Asset,
    script: Asset,
    grid_style: Asset,
    grid_script: Asset,
    sending_script: Asset,
}

struct Asset {
    name: String,
    media_type: &'static str,
    plain: Bytes,
    gzip: Bytes,
}

impl Assets {
    /// Compresses and names everything.
    ///
    /// # Errors
    /// None in practice: compression writes to memory.
    pub fn load() -> anyhow::Result<Self> {
        Ok(Self {
            style: Asset::new("portal", "css", without_notes(STYLE))?,
            // One file, since each request costs a slow phone a round trip.
            script: Asset::new("portal", "js", format!("{HTMX}\n{}", without_comments(SCRIPT)))?,
            grid_style: Asset::new("grid", "css", without_notes(GRID_STYLE))?,
            grid_script: Asset::new("grid", "js", without_comments(GRID_SCRIPT))?,
            sending_script: Asset::new("sending", "js", without_comments(SENDING_SCRIPT))?,
        })
    }

    /// The style sheet's path.
    pub fn style(&self) -> String {
        format!("/static/{}", self.style.name)
    }

    /// The script's path.
    pub fn script(&self) -> String {
        format!("/static/{}", self.script.name)
    }

    /// The paths of the style sheet and of the script of tables of weeks.
    pub fn grid(&self) -> (String, String) {
        (format!("/static/{}", self.grid_style.name), format!("/static/{}", self.grid_script.name))
    }

    /// The path of the script that sends files.
    pub fn sending(&self) -> String {
        format!("/static/{}", self.sending_script.name)
    }

    fn find(&self, name: &str) -> Option<&Asset> {
        [&self.style, &self.script, &self.grid_style, &self.grid_script, &self.sending_script]
            .into_iter()
            .find(|asset| asset.name == name)
    }
}

impl Asset {
    fn new(stem: &str, extension: &str, content: String) -> anyhow::Result<Self> {
        let plain = content.into_bytes();
        let hash = chassis::secret::sha256(&plain);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&plain)?;
        Ok(Self {
            name: format!("{stem}.{}.{extension}", hex::encode(&hash[..6])),
            media_type: match extension {
                "css" => "text/css; charset=utf-8",
                _ => "text/javascript; charset=utf-8",
            },
            gzip: encoder.finish()?.into(),
            plain: plain.into(),
        })
    }
}

/// Serves one of the files; an old name is gone, since its page is gone too.
pub async fn serve(State(app): State<Arc<App>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = app.assets.find(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let gzip = headers.get(header::ACCEPT_ENCODING).is_some_and(accepts_gzip);
    let content = if gzip { &asset.gzip } else { &asset.plain };
    let mut response = Response::new(Body::from(content.clone()));
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if gzip {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// A script of ours without the lines that are comments, which no browser needs: a slow phone waits for each of them.
fn without_comments(script: &str) -> String {
    script
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// A style sheet of ours without its comments, for the same reason.
fn without_notes(style: &str) -> String {
    let mut parts = style.split("/*");
    let first = parts.next().unwrap_or_default();
    let others = parts.filter_map(|part| part.split_once("*/")).map(|(_, rest)| rest);
    std::iter::once(first).chain(others).collect()
}

fn accepts_gzip(accepted: &HeaderValue) -> bool {
    accepted.to_str().is_ok_and(|text| {
        text.split(',').any(|part| {
            let (coding, quality) = part.split_once(';').unwrap_or((part, ""));
            coding.trim().eq_ignore_ascii_case("gzip") && quality.trim() != "q=0"
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn htmx_is_the_file_that_its_authors_published() {
        assert_eq!(
            hex::encode(chassis::secret::sha256(HTMX.as_bytes())),
            "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
            "dist/htmx.min.js of htmx.org 4.0.1"
        );
    }

    #[test]
    fn style_and_script_leave_room_for_a_page_in_forty_kilobytes() {
        let assets = Assets::load().unwrap();
        let bytes = assets.style.gzip.len() + assets.script.gzip.len();
        assert!(bytes <= 24 * 1024, "{bytes} bytes compressed");
        let bytes = assets.grid_style.gzip.len() + assets.grid_script.gzip.len();
        assert!(bytes <= 4 * 1024, "{bytes} bytes compressed");
        let bytes = assets.sending_script.gzip.len();
        assert!(bytes <= 4 * 1024, "{bytes} bytes compressed");
    }

    #[test]
    fn comments_are_for_those_who_read_the_source() {
        assert_eq!(without_notes("/* a */\na { b: c; } /* d\n */\ne {}\n"), "\na { b: c; } \ne {}\n");
        assert_eq!(without_comments("a(); // b\n  // c\nd();\n"), "a(); // b\nd();\n");
        let assets = Assets::load().unwrap();
        for style in [&assets.style, &assets.grid_style] {
            let text = std::str::from_utf8(&style.plain).unwrap();
            assert!(text.matches('{').count() > 10 && !text.contains("/*") && !text.contains("*/"));
            assert_eq!(text.matches('{').count(), text.matches('}').count());
        }
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        let accepts = |text: &'static str| accepts_gzip(&HeaderValue::from_static(text));
        assert!(accepts("gzip, deflate, br") && accepts("br;q=1.0, GZIP;q=0.8"));
        assert!(!accepts("identity") && !accepts("gzip;q=0"));
    }
}
