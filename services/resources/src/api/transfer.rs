//! The methods of TransferService.

use chassis::{Error, Result, caller::Caller, idempotency::Key, value};
use futures::{StreamExt as _, stream::BoxStream};
use prost::Message;
use proto::resources::{
    AbortUploadRequest, BeginUploadRequest, CreateDownloadLinkRequest, DownloadChunk, DownloadLink,
    DownloadRequest, FinishUploadRequest, GetUploadRequest, RemoveFileRequest, RemoveFileResponse,
    RevisionFile, Upload, UploadChunk, transfer_service_server::TransferService,
};
use tonic::{Request, Response, Status, Streaming};

use crate::{
    commands::{
        download::{self, Reader},
        upload,
    },
    convert::transfer::{file_out, link_seconds, new_upload, part},
    files::Files,
    receive,
};

/// What the methods work with.
pub(crate) struct Transfers(pub Files);

fn parts<T>(request: Request<T>) -> Result<(Caller, T)> {
    let caller = chassis::caller::of(&request)?;
    Ok((caller, request.into_inner()))
}

fn key(request_id: &str, request: &impl Message) -> Result<Key> {
    chassis::idempotency::check_id(request_id)?;
    Ok(Key::of(request_id, request))
}

#[tonic::async_trait]
impl TransferService for Transfers {
    async fn begin_upload(&self, request: Request<BeginUploadRequest>) -> Result<Response<Upload>, Status> {
        let (caller, request) = parts(request)?;
        let key = key(&request.request_id, &request)?;
        let new = new_upload(&request, self.0.max_bytes)?;
        Ok(Response::new(upload::begin(&self.0, &caller, key, &new).await?))
    }

    async fn get_upload(&self, request: Request<GetUploadRequest>) -> Result<Response<Upload>, Status> {
        let (caller, request) = parts(request)?;
        Ok(Response::new(upload::get(&self.0, &caller, value::id(&request.upload_id)?).await?))
    }

    async fn upload_chunks(
        &self,
        request: Request<Streaming<UploadChunk>>,
    ) -> Result<Response<Upload>, Status> {
        let (caller, chunks) = parts(request)?;
        // A task of its own: a client that goes away ends the call, and what it sent is kept all the same.
        let received = tokio::spawn(receive::run(self.0.clone(), caller, chunks));
        received.await.map_err(Error::internal)?.map(Response::new)
    }

    async fn finish_upload(
        &self,
        request: Request<FinishUploadRequest>,
    ) -> Result<Response<RevisionFile>, Status> {
        let (caller, request) = parts(request)?;
        let key = key(&request.request_id, &request)?;
        let id = value::id(&request.upload_id)?;
        // A task of its own: whoever asks again after the deadline finds it done.
        let finished = tokio::spawn(upload::finish(self.0.clone(), caller, key, id));
        Ok(Response::new(finished.await.map_err(Error::internal)??))
    }

    async fn abort_upload(&self, request: Request<AbortUploadRequest>) -> Result<Response<Upload>, Status> {
        let (caller, request) = parts(request)?;
        let key = key(&request.request_id, &request)?;
        Ok(Response::new(upload::abort(&self.0, &caller, key, value::id(&request.upload_id)?).await?))
    }

    async fn remove_file(
        &self,
        request: Request<RemoveFileRequest>,
    ) -> Result<Response<RemoveFileResponse>, Status> {
        let (caller, request) = parts(request)?;
        let key = key(&request.request_id, &request)?;
        Ok(Response::new(upload::remove_file(&self.0, &caller, key, value::id(&request.file_id)?).await?))
    }

    type DownloadStream = BoxStream<'static, Result<DownloadChunk, Status>>;

    async fn download(
        &self,
        request: Request<DownloadRequest>,
    ) -> Result<Response<Self::DownloadStream>, Status> {
        let (caller, request) = parts(request)?;
        let found = download::file(&self.0, caller.firm, value::id(&request.file_id)?).await?;
        let size = u64::try_from(found.size_bytes).map_err(Error::internal)?;
        let part = part(size, request.offset_bytes, request.length_bytes)?;
        let begun = download::begin(&self.0, Reader::of(&caller), &found, part).await?;
        let (mut at, mut file) = (request.offset_bytes, Some(file_out(&found)));
        let chunks = begun.pieces().map(move |piece| {
            let data = piece?;
            let chunk = DownloadChunk { offset_bytes: at, file: file.take(), data };
            at += chunk.data.len() as i64;
            Ok(chunk)
        });
        Ok(Response::new(chunks.boxed()))
    }

    async fn create_download_link(
        &self,
        request: Request<CreateDownloadLinkRequest>,
    ) -> Result<Response<DownloadLink>, Status> {
        let (caller, request) = parts(request)?;
        let seconds = link_seconds(&request)?;
        let found = download::file(&self.0, caller.firm, value::id(&request.file_id)?).await?;
        let expires = self.0.context.deps.now() + time::Duration::seconds(seconds);
        let url = self.0.links.make(found.id, Reader::of(&caller), expires)?;
        Ok(Response::new(DownloadLink {
            url: url.reveal().clone(),
            expires_at: Some(value::timestamp(expires)),
        }))
    }
}
