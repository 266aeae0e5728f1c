//! Links: what a browser gets, in parts, and what it does not.

use chassis::clock::FixedClock;
use harness::{
    Options, World,
    file::{CHUNK, Content},
};
use http::{Method, header};
use reqwest::{Client, Response};

use super::{downloads::logged, opened};

async fn ask(client: &Client, method: Method, url: &str, headers: &[(header::HeaderName, &str)]) -> Response {
    let mut request = client.request(method, url);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    request.send().await.expect("an answer")
}

fn said<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// What tells a browser to keep the file and to show nothing of it.
fn nothing_to_draw(response: &Response) {
    for (name, value) in [
        ("content-type", "application/pdf"),
        (
            "content-disposition",
            "attachment; filename=\"__ B.pdf\"; filename*=UTF-8''%E6%94%AF%E6%9E%B6%20B.pdf",
        ),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, no-cache"),
    ] {
        assert_eq!(said(response, name), value, "{name}");
    }
}

#[tokio::test]
async fn a_link_gives_a_browser_the_file_and_nothing_to_draw() {
    let clock = FixedClock::new(chassis::clock::system().now());
    let world = World::with(Options { clock: clock.clone(), ..Options::default() }).await;
    let (buyer, supplier) = world.pair().await;
    let owner = buyer.session();
    // A PDF by its beginning, and a page with a script to whoever looks further.
    let content = Content::new(2 * CHUNK + 5, b"%PDF-1.7\n<html><script>alert(1)</script></html>");
    let (_, file, entitlement) = opened(owner, &supplier.id, &content).await;
    let url = supplier.link_to(&file, 60).await.expect("a link");
    let client = Client::builder().no_proxy().build().expect("a client");

    let head = ask(&client, Method::HEAD, &url, &[]).await;
    assert_eq!(
        (head.status().as_u16(), said(&head, "content-length")),
        (200, content.size.to_string().as_str())
    );
    let whole = ask(&client, Method::GET, &url, &[]).await;
    let etag = said(&whole, "etag").to_owned();
    nothing_to_draw(&whole);
    assert!(whole.bytes().await.expect("bytes") == content.bytes(0..content.size));
    let size = content.size;
    let part = ask(&client, Method::GET, &url, &[(header::RANGE, "bytes=100-199")]).await;
    assert_eq!(
        (part.status().as_u16(), said(&part, "content-range")),
        (206, format!("bytes 100-199/{size}").as_str())
    );
    assert!(part.bytes().await.expect("bytes") == content.bytes(100..200));
    let rest = [(header::RANGE, "bytes=-5"), (header::IF_RANGE, etag.as_str())];
    let rest = ask(&client, Method::GET, &url, &rest).await;
    assert!(rest.bytes().await.expect("bytes") == content.bytes(size - 5..size));
    let other = [(header::RANGE, "bytes=-5"), (header::IF_RANGE, "\"other\"")];
    assert_eq!(ask(&client, Method::HEAD, &url, &other).await.status(), 200, "another content: the whole");
    let known = ask(&client, Method::GET, &url, &[(header::IF_NONE_MATCH, etag.as_str())]).await;
    assert_eq!(known.status(), 304);
    let beyond = ask(&client, Method::GET, &url, &[(header::RANGE, "bytes=99999999-")]).await;
    assert_eq!(
        (beyond.status().as_u16(), said(&beyond, "content-range")),
        (416, format!("bytes */{size}").as_str())
    );
    assert_eq!(ask(&client, Method::POST, &url, &[]).await.status(), 405);
    // What was sent is in the owner's log, and what was only asked about is not.
    let mut sent: Vec<i64> = logged(owner, 3).await.into_iter().map(|(_, sent)| sent).collect();
    sent.sort_unstable();
    assert_eq!(sent, [5, 100, size as i64]);

    // What is not ours, was changed, is late, or whose right has ended, is all the same.
    let (base, token) = url.rsplit_once('/').expect("a token");
    let none = ask(&client, Method::GET, &format!("{base}/{}", "A".repeat(token.len())), &[]).await;
    let nothing = (none.status(), none.headers().len(), none.text().await.expect("text"));
    assert_eq!(nothing.0, 404);
    let second = supplier.link_to(&file, 3_600).await.expect("a link");
    let mut changed = url.clone();
    let last = if changed.ends_with('A') { "B" } else { "A" };
    changed.replace_range(changed.len() - 1.., last);
    clock.advance(time::Duration::seconds(61));
    for url in [&changed, &url, &format!("{base}/../{token}"), &format!("{url}/x")] {
        let got = ask(&client, Method::GET, url, &[]).await;
        assert!(matches!(got.status().as_u16(), 404 | 501), "{url}: {}", got.status());
    }
    let late = ask(&client, Method::GET, &url, &[]).await;
    assert_eq!((late.status(), late.headers().len(), late.text().await.expect("text")), nothing);
    assert_eq!(ask(&client, Method::HEAD, &second, &[]).await.status(), 200, "within its hour");
    owner.revoke(&entitlement).await.expect("revoked");
    let ended = ask(&client, Method::GET, &second, &[]).await;
    assert_eq!((ended.status(), ended.headers().len(), ended.text().await.expect("text")), nothing);
    assert_eq!(logged(owner, 3).await.len(), 3);
    world.finish().await;
}
