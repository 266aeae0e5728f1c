//! What holds of every page, whoever asks for it and whatever the API answers: nothing on it acts where it stands, and it
//! speaks one language.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use axum::{body::Body, http::StatusCode};
use tonic::Code;

use crate::{Page, attacks::routes, fake::SALES, hostile::Hostile, request};

/// What a browser is told that a page may do, to the letter: a source more is a door more.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Whole pages that are shown, at least: fewer, and what is looked at are refusals.
const SHOWN: usize = 90;

/// Looks at every route, and at one that there is not, as a member and as anybody, and hands over what came.
async fn each(language: &str, mut look: impl FnMut(&str, &Page)) {
    let (api, world) = Hostile::start(false, None).await;
    let mut paths: Vec<String> =
        routes().into_iter().filter(|route| route.shows).map(|route| route.path).collect();
    paths.push("/no-such-page".into());
    let mut shown = BTreeSet::new();
    for (last, refused) in [(false, None), (true, None), (false, Some(("", Code::NotFound)))] {
        {
            let mut script = api.script();
            (script.last, script.refused) = (last, refused);
        }
        for path in &paths {
            for session in [SALES, ""] {
                let request = request("GET", path, session).header("accept-language", language);
                let page = world.send(request.body(Body::empty()).unwrap()).await;
                if page.status == StatusCode::OK && is_whole(&page) {
                    shown.insert(path.clone());
                }
                look(path, &page);
            }
        }
    }
    assert!(shown.len() >= SHOWN, "only {} pages were shown: {shown:?}", shown.len());
}

/// Whether it is a page, and no part of one and no file.
fn is_whole(page: &Page) -> bool {
    page.header("content-type").starts_with("text/html") && page.says("<html ")
}

// ---- What a browser is told ----

#[tokio::test]
async fn every_page_keeps_the_browser_on_a_short_leash() {
    let mut loose = BTreeSet::new();
    each("zh-CN", |path, page| {
        assert_eq!(page.header("content-security-policy"), POLICY, "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("referrer-policy"), "same-origin", "{path}");
        assert!(page.header("strict-transport-security").is_empty(), "{path}: plain http has none");
        if page.header("content-type").starts_with("text/html") {
            assert_eq!(page.header("cache-control"), "no-store", "{path}");
            assert_eq!(is_whole(page), page.says("</html>"), "{path} ends where it begins");
            loose.extend(inline(&page.html).into_iter().map(|what| format!("{path}: {what}")));
        }
    })
    .await;
    assert!(loose.is_empty(), "scripts, handlers and styles of their own: {loose:#?}");
}

/// What would act where it stands, whether or not a browser obeys its policy: scripts and styles that are on the page itself,
/// and attributes that are either.
fn inline(html: &str) -> Vec<String> {
    let html = html.to_ascii_lowercase();
    let acts = |tag: &String| {
        let mut words = tag.split([' ', '\n', '\t', '/']).filter(|word| !word.is_empty());
        let element = words.next().unwrap_or_default();
        let mut names = words.map(|word| word.split('=').next().unwrap_or_default());
        element == "style"
            || names.any(|name| {
                name == "style" || ["on", "hx-on", "data-hx-on"].iter().any(|on| name.starts_with(on))
            })
    };
    let mut found: Vec<String> = read(&html).tags.into_iter().filter(acts).collect();
    let scripts = html.split("<script").skip(1).filter_map(|rest| rest.split_once('>'));
    let own = scripts.filter(|(of, rest)| !of.contains(" src=\"/static/") || !rest.starts_with("</script>"));
    found.extend(own.map(|(of, _)| format!("script{of}")));
    found
}

/// A page without its structure.
#[derive(Default)]
struct Parts {
    /// Elements with the names of their attributes; what these have is left out, since it is a text whatever it looks like.
    tags: Vec<String>,
    /// What stands between tags.
    texts: Vec<String>,
}

fn read(html: &str) -> Parts {
    let mut parts = Parts::default();
    let (mut text, mut tag, mut quote) = (String::new(), None::<String>, None);
    for c in html.chars() {
        let Some(within) = &mut tag else {
            if c == '<' {
                parts.texts.push(std::mem::take(&mut text));
                tag = Some(String::new());
            } else {
                text.push(c);
            }
            continue;
        };
        match quote {
            Some(end) if c == end => {
                within.push(' ');
                quote = None;
            }
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == '>' => parts.tags.extend(tag.take()),
            None => within.push(c),
        }
    }
    parts.texts.push(text);
    parts
}

#[test]
fn what_acts_where_it_stands_is_noticed() {
    let calm = "<p title='<b style=\"\">' class=\"on\">a style=\"b\" onclick=c</p>\
                <script src=\"/static/a.js\" defer></script>";
    assert_eq!(inline(calm), Vec::<String>::new());
    for loose in [
        "<p style=\"color: red\">",
        "<style>p {}</style>",
        "<b class=\"a\"onclick=\"b()\">",
        "<svg/ONLOAD=a()>",
        "<i hx-on:click=\"a()\">",
        "<script>a()</script>",
        "<script src=\"/static/a.js\">a()</script>",
        "<script src=\"https://evil.example/a.js\"></script>",
    ] {
        assert!(!inline(loose).is_empty(), "{loose}");
    }
}

// ---- What people read ----

/// The one word of Chinese that English pages have: the name of the language, where it is chosen.
const CHINESE: &str = " lang=\"zh-CN\">中文<";

#[tokio::test]
async fn every_page_speaks_english_without_a_chinese_word_of_ours() {
    let mut said = BTreeSet::new();
    each("en-GB,en;q=0.9", |path, page| {
        if is_whole(page) {
            assert!(page.says("<html lang=\"en-GB\">"), "{path}");
        }
        // All that others write, the API answers in ASCII. Lists as files are texts here, too.
        if page.header("content-type").starts_with("text/") {
            let html = page.html.replace(CHINESE, "");
            let words = html.split(|c: char| !is_chinese(c)).filter(|word| !word.is_empty());
            said.extend(words.map(|word| format!("{path}: {word}")));
        }
    })
    .await;
    assert!(said.is_empty(), "Chinese on English pages: {said:#?}");
}

/// Letters that Chinese is written with, its punctuation and its wide forms of others.
fn is_chinese(c: char) -> bool {
    let letters =
        ['\u{2e80}'..='\u{9fff}', '\u{f900}'..='\u{faff}', '\u{fe30}'..='\u{fe4f}', '\u{ff00}'..='\u{ffef}'];
    letters.iter().any(|range| range.contains(&c))
}

/// A message that is not there is shown as its name; those of one word are words that people read as well.
#[tokio::test]
async fn every_page_speaks_chinese_and_names_no_message() {
    let names = names();
    let mut said = BTreeSet::new();
    each("zh-CN", |path, page| {
        if !page.header("content-type").starts_with("text/html") {
            return;
        }
        let whole = is_whole(page);
        assert!(!whole || page.says("<html lang=\"zh-CN\">"), "{path}");
        assert!(!whole || page.html.chars().any(is_chinese), "{path} says nothing in Chinese");
        let read_out = ["aria-label", "placeholder", "title", "alt"].into_iter();
        let read_out = read_out.flat_map(|name| values(&page.html, name));
        for text in read(&page.html).texts.iter().map(String::as_str).chain(read_out) {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_./".contains(c));
            said.extend(words.filter(|word| names.contains(*word)).map(|word| format!("{path}: {word}")));
        }
    })
    .await;
    assert!(said.is_empty(), "names of messages in place of what they say: {said:#?}");
}

/// What each attribute of a name has.
fn values<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let mark = format!(" {name}=\"");
    html.split(mark.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The names of messages, of several words each.
fn names() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("i18n");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder.join("zh")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.push(folder.join("zh.ftl"));
    let mut names = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let known = text.lines().filter_map(|line| line.split_once(" =").map(|(name, _)| name));
        let of_words = |name: &&str| {
            name.contains('-')
                && name.bytes().all(|b| b == b'-' || b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        names.extend(known.filter(of_words).map(str::to_owned));
    }
    assert!(names.len() > 1_000, "only {} messages were found: are they still recognised?", names.len());
    names
}
