//! Files to upload: bytes that are known by their place, so that any size of them needs no memory; and the steps of an
//! upload and a download.

use std::ops::Range;

use bytes::Bytes;
use proto::resources::{
    BeginUploadRequest, CreateDownloadLinkRequest, DownloadChunk, DownloadRequest, FinishUploadRequest,
    GetUploadRequest, RevisionFile, Upload, UploadChunk, transfer_service_client::TransferServiceClient,
};
use ring::digest;
use tonic::{Status, Streaming};

use crate::{Access, Client, refusal::reason, request_id, resource::draft};

/// What is sent at once.
pub const CHUNK: usize = 1024 * 1024;

/// A file of so many bytes, each known by its place: a megabyte that repeats, with its number at its beginning.
#[derive(Clone, Debug)]
pub struct Content {
    pub size: usize,
    block: Bytes,
    head: Bytes,
}

impl Content {
    /// A file that begins like this.
    pub fn new(size: usize, head: &[u8]) -> Content {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut block = Vec::with_capacity(CHUNK);
        while block.len() < CHUNK {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            block.extend_from_slice(&state.to_le_bytes());
        }
        Content { size, block: block.into(), head: Bytes::copy_from_slice(head) }
    }

    /// A PDF, as far as its first bytes say.
    pub fn pdf(size: usize) -> Content {
        Content::new(size, b"%PDF-1.7\n")
    }

    /// The chunk at a place that is a multiple of [`CHUNK`], or the rest of one.
    pub fn chunk(&self, at: usize) -> Bytes {
        let (number, from) = (at / CHUNK, at % CHUNK);
        let mut chunk = self.block.to_vec();
        chunk[..8].copy_from_slice(&(number as u64).to_le_bytes());
        if number == 0 {
            chunk[..self.head.len()].copy_from_slice(&self.head);
        }
        chunk.truncate(CHUNK.min(self.size - number * CHUNK));
        Bytes::from(chunk).slice(from..)
    }

    /// Bytes of it, for small ones.
    pub fn bytes(&self, range: Range<usize>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let chunk = self.chunk(at);
            bytes.extend_from_slice(&chunk[..chunk.len().min(range.end - at)]);
            at += chunk.len();
        }
        bytes
    }

    /// Its SHA-256.
    pub fn sha256(&self) -> Bytes {
        let mut hash = digest::Context::new(&digest::SHA256);
        for at in (0..self.size).step_by(CHUNK) {
            hash.update(&self.chunk(at));
        }
        Bytes::copy_from_slice(hash.finish().as_ref())
    }

    /// The chunks of a range, as an upload sends them.
    pub fn chunks(
        &self,
        upload_id: &str,
        range: Range<usize>,
    ) -> impl Iterator<Item = UploadChunk> + Send + use<> {
        let (content, upload_id) = (self.clone(), upload_id.to_owned());
        let mut at = range.start;
        std::iter::from_fn(move || {
            if at >= range.end {
                return None;
            }
            let mut data = content.chunk(at);
            data.truncate(range.end - at);
            let chunk = UploadChunk { upload_id: upload_id.clone(), offset_bytes: at as i64, data };
            at += chunk.data.len();
            Some(chunk)
        })
    }
}

impl Access {
    pub fn transfers(&self) -> TransferServiceClient<Client> {
        TransferServiceClient::new(self.client())
    }

    /// A draft of a resource; its id.
    pub async fn drafted(&self, resource: &str, label: &str) -> String {
        let made = self.revisions().create_revision(draft(resource, label)).await;
        made.expect("a draft").into_inner().revision_id
    }

    /// Begins to upload a PDF.
    pub async fn begin_upload(
        &self,
        revision: &str,
        name: &str,
        content: &Content,
    ) -> Result<Upload, Status> {
        let request = BeginUploadRequest {
            request_id: request_id(),
            revision_id: revision.into(),
            file_name: name.into(),
            media_type: "application/pdf".into(),
            size_bytes: content.size as i64,
            sha256: content.sha256(),
        };
        Ok(self.transfers().begin_upload(request).await?.into_inner())
    }

    /// Sends a range of a file.
    pub async fn send(&self, upload: &str, content: &Content, range: Range<usize>) -> Result<Upload, Status> {
        let chunks = futures::stream::iter(content.chunks(upload, range));
        Ok(self.transfers().upload_chunks(chunks).await?.into_inner())
    }

    /// Sends what is missing of a file, from where the upload stands, whoever else still sends.
    pub async fn resume(&self, upload: &str, content: &Content) -> Result<Upload, Status> {
        loop {
            let at = self.upload(upload).await?.offset_bytes as usize;
            match self.send(upload, content, at..content.size).await {
                Err(status) if ["UPLOAD_OFFSET", "CONFLICT"].contains(&reason(&status).as_str()) => {}
                sent => return sent,
            }
        }
    }

    /// How far an upload is.
    pub async fn upload(&self, id: &str) -> Result<Upload, Status> {
        Ok(self.transfers().get_upload(GetUploadRequest { upload_id: id.into() }).await?.into_inner())
    }

    /// Makes a file of an upload.
    pub async fn finish_upload(&self, id: &str) -> Result<RevisionFile, Status> {
        let request = FinishUploadRequest { request_id: request_id(), upload_id: id.into() };
        Ok(self.transfers().finish_upload(request).await?.into_inner())
    }

    /// A whole file in a draft.
    pub async fn put_file(
        &self,
        revision: &str,
        name: &str,
        content: &Content,
    ) -> Result<RevisionFile, Status> {
        let upload = self.begin_upload(revision, name, content).await?;
        self.send(&upload.id, content, 0..content.size).await?;
        self.finish_upload(&upload.id).await
    }

    /// A part of a file as a stream.
    pub async fn open(
        &self,
        file: &str,
        offset: i64,
        length: i64,
    ) -> Result<Streaming<DownloadChunk>, Status> {
        let request = DownloadRequest { file_id: file.into(), offset_bytes: offset, length_bytes: length };
        Ok(self.transfers().download(request).await?.into_inner())
    }

    /// A part of a file, whole.
    pub async fn fetch(&self, file: &str, offset: i64, length: i64) -> Result<Vec<u8>, Status> {
        let mut stream = self.open(file, offset, length).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.message().await? {
            assert_eq!(chunk.offset_bytes as usize, offset as usize + bytes.len());
            bytes.extend_from_slice(&chunk.data);
        }
        Ok(bytes)
    }

    /// The address of a link to a file.
    pub async fn link_to(&self, file: &str, valid_seconds: i32) -> Result<String, Status> {
        let request = CreateDownloadLinkRequest { file_id: file.into(), valid_seconds };
        Ok(self.transfers().create_download_link(request).await?.into_inner().url)
    }
}
