//! Files of revisions, up and down. Both go on where they were cut off, and both check the content by its SHA-256: an upload
//! is known again by what is uploaded, a download by the part of it that lies there.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use indicatif::{ProgressBar, ProgressStyle};
use proto::resources::{
    BeginUploadRequest, DownloadRequest, FinishUploadRequest, GetRevisionRequest, GetUploadRequest, Revision,
    RevisionFile, Upload, UploadChunk,
};
use sha2::{Digest as _, Sha256};
use tonic::Status;

use super::{
    Session,
    failure::{Exit, Failure},
};

/// How much is read, hashed and sent at once.
const CHUNK_BYTES: usize = 1024 * 1024;
/// How often an upload is begun again where earlier ones of the same content have ended.
const UPLOADS: usize = 20;
/// How often a stream that broke is begun again.
const STREAMS: usize = 10;

/// Types by the ends of names; what is not here is sent as bytes.
const TYPES: &[(&str, &str)] = &[
    ("pdf", "application/pdf"),
    ("step", "model/step"),
    ("stp", "model/step"),
    ("dwg", "image/vnd.dwg"),
    ("dxf", "image/vnd.dxf"),
    ("stl", "model/stl"),
    ("3mf", "model/3mf"),
    ("igs", "model/iges"),
    ("iges", "model/iges"),
    ("zip", "application/zip"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("csv", "text/csv"),
    ("txt", "text/plain"),
    ("xml", "application/xml"),
    ("mp4", "video/mp4"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
];

fn media_type(name: &str) -> &'static str {
    let end = name.rsplit_once('.').map_or("", |(_, end)| end).to_ascii_lowercase();
    TYPES.iter().find(|(known, _)| *known == end).map_or("application/octet-stream", |(_, kind)| kind)
}

/// How far it is; shown to people alone.
fn bar(session: &Session, name: &str, size: u64) -> ProgressBar {
    if session.out.json() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(size);
    let style = ProgressStyle::with_template("{msg} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(name.to_owned());
    bar
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::local(Exit::Failed, format!("{}: {error}", path.display()))
}

/// The SHA-256 of a file from its beginning.
pub(super) fn hash(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; CHUNK_BYTES]);
    loop {
        match file.read(&mut buffer).map_err(|error| unreadable(path, &error))? {
            0 => return Ok(hash.finalize().to_vec()),
            read => hash.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}

/// A revision as the caller sees it.
pub(super) async fn revision(session: &Session, id: &str) -> Result<Revision, Failure> {
    let request = GetRevisionRequest { revision_id: id.to_owned() };
    let answer = session.connection.revisions().get_revision(request).await;
    Ok(answer.map_err(|status| session.refused(&status))?.into_inner())
}

/// Uploads files to a draft; those that are in it already are left out.
pub(super) async fn put(
    session: &Session,
    revision_id: &str,
    paths: &[PathBuf],
) -> Result<Vec<RevisionFile>, Failure> {
    let mut known = revision(session, revision_id).await?.files;
    let mut files = Vec::new();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            Failure::local(Exit::Usage, format!("{} has no name that can be sent", path.display()))
        })?;
        let sha256 = hash(path)?;
        let there = known.iter().position(|file| file.name == name && file.sha256 == sha256);
        let file = match there {
            Some(index) => known.swap_remove(index),
            None => put_one(session, revision_id, path, name, &sha256).await?,
        };
        files.push(file);
    }
    Ok(files)
}

/// Uploads one file to a draft, or goes on with what was begun before.
pub(super) async fn put_one(
    session: &Session,
    revision_id: &str,
    path: &Path,
    name: &str,
    sha256: &[u8],
) -> Result<RevisionFile, Failure> {
    let size = path.metadata().map_err(|error| unreadable(path, &error))?.len();
    let bar = bar(session, name, size);
    let upload = begin(session, revision_id, name, size, sha256).await?;
    let mut client = session.connection.transfers();
    for turn in 0.. {
        let request = GetUploadRequest { upload_id: upload.id.clone() };
        let stands =
            client.get_upload(request).await.map_err(|status| session.refused(&status))?.into_inner();
        let at = u64::try_from(stands.offset_bytes).unwrap_or_default();
        bar.set_position(at);
        if at == size {
            break;
        }
        let chunks = read(path, &upload.id, at, bar.clone())?;
        match client.upload_chunks(chunks).await {
            Ok(_) => {}
            // Whatever arrived stands: it goes on from there.
            Err(status) if turn < STREAMS && may_go_on(&status) => {
                tokio::time::sleep(std::time::Duration::from_millis(200 << turn.min(5))).await;
            }
            Err(status) => return Err(session.refused(&status)),
        }
    }
    let request = FinishUploadRequest { request_id: format!("finish-{}", upload.id), upload_id: upload.id };
    let file = client.finish_upload(request).await.map_err(|status| session.refused(&status))?.into_inner();
    bar.finish_and_clear();
    Ok(file)
}

/// Whether the same may do better later, or from where the other side stands.
fn may_go_on(status: &Status) -> bool {
    use tonic::Code::{Aborted, DeadlineExceeded, OutOfRange, Unavailable, Unknown};
    matches!(status.code(), Aborted | DeadlineExceeded | OutOfRange | Unavailable | Unknown)
}

/// The upload of this content, begun now or before: its request is named by what it is about.
async fn begin(
    session: &Session,
    revision_id: &str,
    name: &str,
    size: u64,
    sha256: &[u8],
) -> Result<Upload, Failure> {
    let mut client = session.connection.transfers();
    let about = hex::encode(Sha256::digest(format!("{revision_id} {} {name}", hex::encode(sha256))));
    for number in 0..UPLOADS {
        let request = BeginUploadRequest {
            request_id: format!("put-{}-{number}", about.get(..32).unwrap_or_default()),
            revision_id: revision_id.to_owned(),
            file_name: name.to_owned(),
            media_type: media_type(name).to_owned(),
            size_bytes: i64::try_from(size).unwrap_or(i64::MAX),
            sha256: sha256.to_vec().into(),
        };
        let begun =
            client.begin_upload(request).await.map_err(|status| session.refused(&status))?.into_inner();
        let request = GetUploadRequest { upload_id: begun.id };
        let stands =
            client.get_upload(request).await.map_err(|status| session.refused(&status))?.into_inner();
        if !stands.ended {
            return Ok(stands);
        }
    }
    Err(Failure::local(Exit::Failed, format!("too many uploads of {name} have ended; rename the file")))
}

/// The rest of a file in chunks, each read when it is wanted.
fn read(
    path: &Path,
    upload_id: &str,
    from: u64,
    bar: ProgressBar,
) -> Result<impl futures::Stream<Item = UploadChunk> + Send + use<>, Failure> {
    let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
    file.seek(SeekFrom::Start(from)).map_err(|error| unreadable(path, &error))?;
    let state = (file, from, upload_id.to_owned(), bar);
    Ok(futures::stream::unfold(state, |(mut file, at, upload_id, bar)| async move {
        let mut data = vec![0; CHUNK_BYTES];
        let mut filled = 0;
        while let Some(rest) = data.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            // A file that cannot be read any more ends the stream; what is missing is asked for again.
            match file.read(rest) {
                Ok(0) | Err(_) => break,
                Ok(read) => filled += read,
            }
        }
        data.truncate(filled);
        if data.is_empty() {
            return None;
        }
        bar.set_position(at + filled as u64);
        let offset_bytes = i64::try_from(at).unwrap_or(i64::MAX);
        let chunk = UploadChunk { upload_id: upload_id.clone(), offset_bytes, data: data.into() };
        Some((chunk, (file, at + filled as u64, upload_id, bar)))
    }))
}

/// Downloads files into a folder; where each lies then.
pub(super) async fn fetch(
    session: &Session,
    files: &[RevisionFile],
    folder: &Path,
) -> Result<Vec<PathBuf>, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| unreadable(folder, &error))?;
    let mut paths = Vec::new();
    for file in files {
        // The server's word is not taken for it.
        let name = resources::file::name(&file.name).map_err(|wrong| {
            Failure::local(
                Exit::Failed,
                format!("the server names a file that cannot be kept: its name {wrong}"),
            )
        })?;
        let path = folder.join(&name);
        let there = path.is_file() && hash(&path)? == file.sha256;
        if !there {
            if path.exists() {
                let message = format!("{} is there with another content", path.display());
                return Err(
                    Failure::local(Exit::Failed, message).advise("move it away, or choose another folder")
                );
            }
            fetch_one(session, file, &path).await?;
        }
        paths.push(path);
    }
    Ok(paths)
}

async fn fetch_one(session: &Session, file: &RevisionFile, path: &Path) -> Result<(), Failure> {
    let part = path.with_file_name(format!("{}.{}.part", file.name, short_hash(file)));
    let size = u64::try_from(file.size_bytes).unwrap_or_default();
    let bar = bar(session, &file.name, size);
    for turn in 0.. {
        let mut kept = File::options()
            .create(true)
            .append(true)
            .open(&part)
            .map_err(|error| unreadable(&part, &error))?;
        let at = kept.metadata().map_err(|error| unreadable(&part, &error))?.len();
        bar.set_position(at);
        if at >= size {
            break;
        }
        match stream(session, file, at, &mut kept, &bar).await? {
            Ok(()) => {}
            Err(status) if turn < STREAMS && may_go_on(&status) => {
                tokio::time::sleep(std::time::Duration::from_millis(200 << turn.min(5))).await;
            }
            Err(status) => return Err(session.refused(&status)),
        }
    }
    if hash(&part)? != file.sha256 {
        let _ = std::fs::remove_file(&part);
        let message = format!("{} did not come as it was announced; nothing of it was kept", file.name);
        return Err(Failure::local(Exit::Failed, message).advise("download it again"));
    }
    std::fs::rename(&part, path).map_err(|error| unreadable(path, &error))?;
    bar.finish_and_clear();
    Ok(())
}

fn short_hash(file: &RevisionFile) -> String {
    hex::encode(file.sha256.get(..4).unwrap_or_default())
}

/// Writes what comes from here on; the inner error is how the server ended it.
async fn stream(
    session: &Session,
    file: &RevisionFile,
    at: u64,
    kept: &mut File,
    bar: &ProgressBar,
) -> Result<Result<(), Status>, Failure> {
    let offset_bytes = i64::try_from(at).unwrap_or(i64::MAX);
    let request = DownloadRequest { file_id: file.id.clone(), offset_bytes, length_bytes: 0 };
    let mut chunks = match session.connection.transfers().download(request).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Ok(Err(status)),
    };
    loop {
        match chunks.message().await {
            Ok(Some(chunk)) => {
                kept.write_all(&chunk.data).map_err(Failure::from)?;
                bar.inc(chunk.data.len() as u64);
            }
            Ok(None) => return Ok(Ok(())),
            Err(status) => return Ok(Err(status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_told_by_the_end_of_the_name() {
        assert_eq!(media_type("支架 B.PDF"), "application/pdf");
        assert_eq!(media_type("a.tar.gz"), "application/octet-stream");
        assert_eq!(media_type("README"), "application/octet-stream");
        let known =
            TYPES.iter().all(|(_, kind)| resources::file::media_type(kind).is_ok_and(|same| same == *kind));
        assert!(known);
    }
}
