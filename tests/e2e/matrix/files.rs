//! Rows of files: the supplier's, in a revision that is granted to the buyer.

use harness::{file::Content, request_id, resource::drawing};
use proto::resources::*;

use super::{
    cast::{Cast, Side},
    rows::{Row, build, made, named, object, shared},
};

fn content() -> Content {
    Content::pdf(100)
}

/// A draft of the supplier's, of a resource that is granted to the buyer.
async fn drafted(cast: &Cast) -> String {
    let supplier = cast.supplier.session();
    let resource = supplier.publish_resource(drawing(&cast.number())).await.expect("a resource");
    supplier.grant_resource(&resource, &cast.buyer.id).await.expect("a grant");
    supplier.drafted(&resource, "A").await
}

/// An upload to it, of which so many bytes were sent.
async fn begun(cast: &Cast, sent: usize) -> String {
    let (supplier, revision) = (cast.supplier.session(), drafted(cast).await);
    let upload = supplier.begin_upload(&revision, "a.pdf", &content()).await.expect("begun").id;
    if sent > 0 {
        supplier.send(&upload, &content(), 0..sent).await.expect("sent");
    }
    upload
}

/// A file in a draft.
async fn put(cast: &Cast) -> (String, String) {
    let revision = drafted(cast).await;
    let file = cast.supplier.session().put_file(&revision, "a.pdf", &content()).await.expect("a file");
    (revision, file.id)
}

/// A file that the buyer may use.
async fn released(cast: &Cast) -> String {
    let (revision_id, file) = put(cast).await;
    let request = ReleaseRevisionRequest { request_id: request_id(), revision_id, ..Default::default() };
    cast.supplier.session().revisions().release_revision(request).await.expect("released");
    file
}

/// The row of a method of TransferService.
pub fn row(method: &str) -> Option<Row> {
    upload(method).or_else(|| kept(method))
}

/// Of an upload.
fn upload(method: &str) -> Option<Row> {
    Some(match method {
        "BeginUpload" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let revision_id = made(object, drafted(cast)).await;
                let request = BeginUploadRequest {
                    request_id: request_id(),
                    revision_id: revision_id.clone(),
                    file_name: "a.pdf".into(),
                    media_type: "application/pdf".into(),
                    size_bytes: 100,
                    sha256: content().sha256(),
                };
                named(&revision_id, request)
            }),
        ),
        "GetUpload" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let upload_id = made(object, begun(cast, 0)).await;
                named(&upload_id.clone(), GetUploadRequest { upload_id })
            }),
        ),
        "UploadChunks" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let upload_id = made(object, begun(cast, 0)).await;
                let data = content().chunk(0);
                named(&upload_id.clone(), UploadChunk { upload_id, offset_bytes: 0, data })
            }),
        ),
        "FinishUpload" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let upload_id = made(object, begun(cast, 100)).await;
                named(&upload_id.clone(), FinishUploadRequest { request_id: request_id(), upload_id })
            }),
        ),
        "AbortUpload" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let upload_id = made(object, begun(cast, 0)).await;
                named(&upload_id.clone(), AbortUploadRequest { request_id: request_id(), upload_id })
            }),
        ),
        _ => return None,
    })
}

/// Of a file that is there.
fn kept(method: &str) -> Option<Row> {
    Some(match method {
        "RemoveFile" => object(
            Side::Supplier,
            build!(|cast, _, object| {
                let file_id = made(object, async { put(cast).await.1 }).await;
                named(&file_id.clone(), RemoveFileRequest { request_id: request_id(), file_id })
            }),
        ),
        "Download" => shared(
            Side::Supplier,
            build!(|cast, _, object| {
                let file_id = made(object, released(cast)).await;
                named(&file_id.clone(), DownloadRequest { file_id, ..DownloadRequest::default() })
            }),
        ),
        "CreateDownloadLink" => shared(
            Side::Supplier,
            build!(|cast, _, object| {
                let file_id = made(object, released(cast)).await;
                named(&file_id.clone(), CreateDownloadLinkRequest { file_id, valid_seconds: 60 })
            }),
        ),
        _ => return None,
    })
}
