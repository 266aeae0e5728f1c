//! Files by plain HTTP, as an integrator sends them with curl: begun and finished in JSON, the bytes as the body of a PUT.

use harness::{
    World,
    file::{CHUNK, Content},
    http::{Answer, Http, answer},
    request_id,
    resource::drawing,
};
use http::Method;
use serde_json::json;

async fn put(
    http: &Http,
    upload: &str,
    content: &Content,
    range: std::ops::Range<usize>,
    header: &str,
) -> Answer {
    let request = http.request(Method::PUT, &format!("/files/uploads/{upload}"));
    let request = if header.is_empty() { request } else { request.header("content-range", header) };
    answer(request.body(content.bytes(range))).await
}

#[tokio::test]
async fn a_file_goes_up_with_curl() {
    let world = World::start().await;
    let (buyer, supplier) = world.pair().await;
    let resource = buyer.publish_resource(drawing("支架图纸")).await.expect("a resource");
    let revision = buyer.session().drafted(&resource, "B").await;
    let (http, nobody, other) = (world.http(&buyer.key), world.http(""), world.http(&supplier.key));
    let content = Content::pdf(3 * CHUNK + 77);
    let begin = json!({
        "requestId": request_id(), "revisionId": revision, "fileName": "支架 B.pdf", "mediaType": "application/pdf",
    });
    let begun = http.ok("resources.v1.TransferService/BeginUpload", &begin).await;
    let upload = begun["id"].as_str().expect("an id");

    // Nobody else sends to it, and it goes on where it stands, whatever a client says.
    assert_eq!(put(&nobody, upload, &content, 0..10, "").await.refusal(), (401, "UNAUTHENTICATED"));
    assert_eq!(put(&other, upload, &content, 0..10, "").await.refusal(), (404, "NOT_FOUND"));
    assert_eq!(
        put(&http, upload, &content, 0..10, "bytes 9-3/*").await.fields(),
        [("content-range", "FORMAT")]
    );
    let half = put(&http, upload, &content, 0..CHUNK + 9, "").await;
    assert_eq!((half.status, half.body["offsetBytes"].as_str()), (200, Some("1048585")), "{half:?}");
    let again = put(&http, upload, &content, 0..10, "").await;
    assert_eq!(again.refusal(), (416, "UPLOAD_OFFSET"));
    assert_eq!(again.body["metadata"]["offset_bytes"], "1048585");
    let rest = format!("bytes {}-{}/*", CHUNK + 9, content.size - 1);
    let sent = put(&http, upload, &content, CHUNK + 9..content.size, &rest).await;
    assert_eq!(sent.body["offsetBytes"], content.size.to_string(), "{sent:?}");

    // It becomes what arrived.
    let finish = json!({ "requestId": request_id(), "uploadId": upload });
    let file = http.ok("resources.v1.TransferService/FinishUpload", &finish).await;
    assert_eq!(file["sizeBytes"], content.size.to_string());
    let id = file["id"].as_str().expect("an id");
    assert!(buyer.fetch(id, 0, 0).await.expect("the file") == content.bytes(0..content.size));
    assert_eq!(put(&http, upload, &content, 0..10, "").await.refusal(), (400, "UPLOAD_ENDED"));

    // Nothing is no file, and what is no PDF is none however it came.
    let begin = json!({ "requestId": request_id(), "revisionId": revision, "fileName": "a.pdf", "mediaType": "application/pdf" });
    let begun = http.ok("resources.v1.TransferService/BeginUpload", &begin).await;
    let upload = begun["id"].as_str().expect("an id");
    let finish = || json!({ "requestId": request_id(), "uploadId": upload });
    let empty = http.post("resources.v1.TransferService/FinishUpload", finish()).await;
    assert_eq!(empty.reason(), "UPLOAD_INCOMPLETE");
    let page = Content::new(300, b"<html><script>");
    assert_eq!(put(&http, upload, &page, 0..300, "").await.status, 200);
    let refused = http.post("resources.v1.TransferService/FinishUpload", finish()).await;
    assert_eq!(refused.fields(), [("uploadId", "MEDIA_TYPE")]);
    assert_eq!(put(&http, upload, &content, 0..CHUNK, "").await.status, 200, "it began anew");
    world.finish().await;
}
