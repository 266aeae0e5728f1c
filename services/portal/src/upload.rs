//! Files that a browser sends along with a form.

use std::sync::Arc;

use axum::{
    extract::{FromRequest, Multipart, Request, multipart::Field},
    http::StatusCode,
};

use crate::{App, failure::Failure, form::Fields};

/// The largest request with files. Beyond what is kept, so that a file that is too large is a sentence beside its
/// field and no broken connection.
pub const LARGEST_BYTES: usize = 64 * 1024 * 1024;
/// What is kept of all files of one request and of what is pasted instead of one, in bytes: as much as the API takes in one
/// message.
const KEPT_BYTES: usize = 15 * 1024 * 1024;
/// The longest text of any other field, in bytes.
const FIELD_BYTES: usize = 64 * 1024;
/// The field of what is pasted instead of a file.
pub const PASTED: &str = "text";

/// A file as it was chosen.
pub struct File {
    /// Its own name, without folders.
    pub name: String,
    pub content: Vec<u8>,
    /// Whether it was too large to be kept; then its content is cut off.
    pub cut: bool,
}

/// A form with files.
pub struct Upload {
    pub fields: Fields,
    pub files: Vec<File>,
}

impl FromRequest<Arc<App>> for Upload {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        let mut parts = Multipart::from_request(request, app)
            .await
            .map_err(|_| Failure::malformed(StatusCode::UNSUPPORTED_MEDIA_TYPE))?;
        let (mut fields, mut files, mut left) = (Vec::new(), Vec::new(), KEPT_BYTES);
        while let Some(mut part) =
            parts.next_field().await.map_err(|error| Failure::malformed(error.status()))?
        {
            let name = part.name().unwrap_or_default().to_string();
            match part.file_name().map(plain_name) {
                // A file field where nothing was chosen.
                Some(file) if file.is_empty() => {}
                Some(file) => {
                    let (content, cut) = read(&mut part, left).await?;
                    left -= content.len();
                    files.push(File { name: file, content, cut });
                }
                None => {
                    let pasted = name == PASTED;
                    let (content, cut) = read(&mut part, if pasted { left } else { FIELD_BYTES }).await?;
                    left -= if pasted { content.len() } else { 0 };
                    match String::from_utf8(content) {
                        Ok(text) if !cut => fields.push((name, text)),
                        _ => return Err(Failure::malformed(StatusCode::BAD_REQUEST)),
                    }
                }
            }
        }
        Ok(Self { fields: Fields::posted(fields), files })
    }
}

/// Reads a part to its end and keeps at most so many bytes.
async fn read(part: &mut Field<'_>, most: usize) -> Result<(Vec<u8>, bool), Failure> {
    let (mut content, mut cut) = (Vec::new(), false);
    while let Some(bytes) = part.chunk().await.map_err(|error| Failure::malformed(error.status()))? {
        let fits = bytes.len().min(most - content.len());
        content.extend_from_slice(&bytes[..fits]);
        cut |= fits < bytes.len();
    }
    Ok((content, cut))
}

/// The file's own name as the API takes it: some browsers send folders along, and phones name files by the clock.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let hidden = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String =
        last.chars().filter(|c| !hidden(*c)).map(|c| if [':', '"'].contains(&c) { '-' } else { c }).collect();
    plain.trim().trim_start_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_files_own() {
        for (sent, kept) in [
            ("图纸 A-1.pdf", "图纸 A-1.pdf"),
            ("C:\\Users\\林\\报价.xlsx", "报价.xlsx"),
            ("../../etc/passwd.pdf", "passwd.pdf"),
            ("照片 10:32:07.jpg", "照片 10-32-07.jpg"),
            ("a\r\n\"b\".png", "a-b-.png"),
            ("fdp.\u{202e}exe.pdf", "fdp.exe.pdf"),
            ("..", ""),
        ] {
            assert_eq!(plain_name(sent), kept, "{sent:?}");
        }
    }
}
