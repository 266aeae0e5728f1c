//! What is there without a caller: the description of the API, and the page to read and try it.

use std::process::Stdio;

use chassis::gate;
use harness::{World, http::answer, tell};
use http::Method;
use tokio::{io::AsyncWriteExt as _, process::Command};

#[tokio::test]
async fn the_description_is_there_for_anybody_and_complete() {
    let world = World::start().await;
    let nobody = world.http("");
    let described = nobody.get("/openapi.json").await;
    assert_eq!((described.status, described.header("content-type")), (200, "application/json"));
    let document = &described.body;
    assert_eq!(document["openapi"], "3.1.0");
    for (path, method) in gate::methods().expect("the contract") {
        let operation = &document["paths"][&path]["post"];
        assert_eq!(operation["x-permission"], method.permission.as_str_name(), "{path}");
    }
    let reasons = document["x-reasons"].as_array().expect("all of them");
    assert_eq!(reasons.len(), chassis::Reason::ALL.len());

    let again =
        nobody.request(Method::GET, "/openapi.json").header("if-none-match", described.header("etag"));
    assert_eq!(answer(again).await.status, 304);
    world.finish().await;
}

#[tokio::test]
async fn the_page_is_its_own() {
    let world = World::start().await;
    let nobody = world.http("");
    let page = nobody.get("/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for path in ["/docs", "/docs/docs.js", "/docs/docs.css"] {
        let file = nobody.get(path).await;
        let text = file.body.as_str().expect("a text");
        assert_eq!((file.status, file.header("x-content-type-options")), (200, "nosniff"), "{path}");
        for other in ["http://", "https://", "innerHTML", "eval(", "style=", "onclick="] {
            assert!(!text.contains(other), "{path} has {other}");
        }
    }
    // Redirects are followed.
    assert!(nobody.get("/").await.body.as_str().expect("a text").contains("/docs/docs.js"));
    world.finish().await;
}

#[tokio::test]
async fn a_validator_of_others_finds_nothing_wrong() {
    let python = harness::cluster::target().join("python/bin/python");
    let mut import = Command::new(&python);
    import.args(["-c", "import openapi_spec_validator"]).stderr(Stdio::null());
    if !import.status().await.is_ok_and(|status| status.success()) {
        let place = python.display();
        tell::lacks(format_args!("no openapi-spec-validator at {place}; tests/run installs it"));
        return;
    }
    let world = World::start().await;
    let document = world.http("").get("/openapi.json").await.body;
    let script = "import json, sys; from openapi_spec_validator import OpenAPIV31SpecValidator as V; \
                  found = [f'{list(e.absolute_path)}: {e.message}' for e in V(json.load(sys.stdin)).iter_errors()]; \
                  print('\\n'.join(found[:20])); sys.exit(bool(found))";
    let mut child = Command::new(&python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("python runs");
    child
        .stdin
        .take()
        .expect("its input")
        .write_all(document.to_string().as_bytes())
        .await
        .expect("it reads");
    let output = child.wait_with_output().await.expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    world.finish().await;
}
