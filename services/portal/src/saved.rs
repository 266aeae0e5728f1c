//! Whatever a page lists, as a file: the page is read as a browser reads it, from its first to its last one, and hands its
//! tables over instead of showing them. So permissions, filters and what is looked for are the page's own.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::{Query, Request, State},
    handler::Handler,
    http::{Uri, request::Parts},
    response::Response,
    routing::{MethodRouter, get},
};

use crate::{
    App,
    ask::Way,
    download::Saves,
    failure::Failure,
    i18n::Text,
    page::link,
    session::{Member, Saving},
    sheet::{self, Kind, List, ROWS, Table},
};

/// What follows a page's address in that of its file.
const ENDING: &str = "/export";
/// What a page is asked, and a list is not: where it is, how it looks, and which kind of file.
const OF_PAGE: [&str; 6] = ["page", "done", "choose", "select", "format", "encoding"];
/// The longest name that a worksheet has, in characters.
const NAME: usize = 31;
/// How long a list is read for a file: whoever saves it waits, and so does what stands in between.
const LONGEST: Duration = Duration::from_secs(60);

/// What a page hands over.
#[derive(Clone)]
struct Tables {
    name: String,
    tables: Vec<Table>,
}

/// What a page lists, as its answer where it is to be saved.
pub fn tables(name: impl Into<String>, tables: Vec<Table>) -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Tables { name: name.into(), tables });
    response
}

/// Whether a list of which a page shows the beginning alone is read on: for a file, until that takes no more `rows`.
pub fn reads_on(member: &Member, rows: usize, next: &str) -> bool {
    member.visitor.saving && !next.is_empty() && rows <= ROWS
}

/// Links to what the page at `here` lists, as a workbook and as csv in either encoding.
pub fn ways(t: &Text, here: &str) -> Vec<Way> {
    let (path, query) = here.split_once('?').unwrap_or((here, ""));
    let kept = kept(query);
    let query: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    sheet::ways(t, &format!("{path}{ENDING}"), &query)
}

/// What a list is asked for by.
fn kept(query: &str) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.into_owned().filter(|(name, _)| !OF_PAGE.contains(&name.as_str())).collect()
}

/// Where the page begins whose file is asked for.
fn first(file: &Uri) -> String {
    let kept = kept(file.query().unwrap_or_default());
    let query: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    link(file.path().strip_suffix(ENDING).unwrap_or_else(|| file.path()), &query)
}

/// What `page` lists, as a file; its address is the page's with `/export` behind it.
pub fn file_of<H, T>(page: H) -> MethodRouter<Arc<App>>
where
    H: Handler<T, Arc<App>>,
    T: 'static,
{
    get(
        move |State(app): State<Arc<App>>,
              member: Member,
              _: Saves,
              Query(kind): Query<Kind>,
              request: Request| {
            let page = page.clone();
            async move { whole(page, app, &member, &kind, request).await }
        },
    )
}

/// Reads the page, and each table of it to its end, as far as a file goes, or for [`LONGEST`]. What the page answers else,
/// such as that somebody may not see it, is the answer.
async fn whole<H, T>(
    page: H,
    app: Arc<App>,
    member: &Member,
    kind: &Kind,
    request: Request,
) -> Result<Response, Failure>
where
    H: Handler<T, Arc<App>>,
    T: 'static,
{
    let until = Instant::now() + LONGEST;
    let (parts, _) = request.into_parts();
    let mut response = page.clone().call(asked(&parts, &first(&parts.uri))?, app.clone()).await;
    let Some(Tables { name, mut tables }) = response.extensions_mut().remove::<Tables>() else {
        return Ok(response);
    };
    for at in 0..tables.len() {
        while tables[at].goes_on() && !sheet::is_full(&tables) && Instant::now() < until {
            let next = tables[at].take_next();
            let mut response = page.clone().call(asked(&parts, &next)?, app.clone()).await;
            let Some(turned) = response.extensions_mut().remove::<Tables>() else { return Ok(response) };
            let same = |one: &Table| one.title == tables[at].title;
            let Some(turned) = turned.tables.into_iter().find(same) else { break };
            tables[at].extend(turned);
        }
    }
    let t = member.text();
    let more = tables.iter().any(Table::goes_on);
    sheet::save(member, kind, List::joined(t, named(&name), tables).cut(t, more)).await
}

/// The request of a page that hands its lists over.
fn asked(file: &Parts, path: &str) -> Result<Request, Failure> {
    let mut parts = file.clone();
    parts.uri = Uri::try_from(path).map_err(Failure::internal)?;
    parts.extensions.insert(Saving);
    Ok(Request::from_parts(parts, Body::empty()))
}

/// A heading as a worksheet may be called.
fn named(heading: &str) -> String {
    let plain = |c: &char| !"[]:*?/\\'".contains(*c) && !c.is_control();
    heading.chars().filter(plain).take(NAME).collect::<String>().trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::{Catalogue, Lang};

    #[test]
    fn a_file_is_of_the_page_with_its_filters_from_its_beginning() {
        let t = Text::new(Catalogue::load().unwrap(), Lang::En);
        let ways = ways(&t, "/inbox?show=all&q=A+1%2F2&page=token&select=all");
        let file = "/inbox/export?show=all&q=A+1%2F2&format=csv";
        assert_eq!(ways[1].href, file);
        assert_eq!(ways[2].href, format!("{file}&encoding=gb18030"));
        assert_eq!(first(&Uri::from_static(file)), "/inbox?show=all&q=A+1%2F2");
    }

    #[test]
    fn a_worksheet_is_called_as_one_may_be() {
        assert_eq!(named("R/2: [A]? it\\s 'x'*"), "R2 A its x");
        assert_eq!(named(&"长".repeat(40)).chars().count(), 31);
    }
}
