//! Uploads and downloads in and out.

use std::ops::Range;

use chassis::{Error, Field, Reason, Result, value};
use proto::resources as wire;
use uuid::Uuid;

use crate::{
    db::{
        download::{Ended, File},
        upload::{Content, Upload},
    },
    file,
};

/// The largest chunk of an upload, in bytes.
pub(crate) const CHUNK_BYTES: usize = 1024 * 1024;
/// How long a link is good where nothing is said, and at most, in seconds.
const LINK_SECONDS: (i32, i32) = (300, 3_600);

/// A file that is to be uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewUpload {
    pub revision: Uuid,
    pub name: String,
    pub media_type: String,
    /// `None`: it becomes what arrives.
    pub announced: Option<Content>,
}

/// INVALID_ARGUMENT naming every bad field.
pub(crate) fn new_upload(request: &wire::BeginUploadRequest, max_bytes: u64) -> Result<NewUpload> {
    let mut wrong = Vec::new();
    let mut note = |path: &str, reason, message: String| wrong.push(Field::new(path, reason, message));
    let name = file::name(&request.file_name).unwrap_or_else(|message| {
        note("file_name", if request.file_name.is_empty() { "REQUIRED" } else { "NAME" }, message.into());
        String::new()
    });
    let media_type = file::media_type(&request.media_type).unwrap_or_else(|message| {
        note("media_type", "FORMAT", message.into());
        String::new()
    });
    let announced = request.size_bytes != 0 || !request.sha256.is_empty();
    if announced && !u64::try_from(request.size_bytes).is_ok_and(|size| (1..=max_bytes).contains(&size)) {
        note("size_bytes", "RANGE", format!("must lie between 1 and {max_bytes}"));
    }
    if announced && request.sha256.len() != 32 {
        note("sha256", "FORMAT", "must have 32 bytes".into());
    }
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong));
    }
    let revision = value::id(&request.revision_id)?;
    let content = Content { size_bytes: request.size_bytes, sha256: request.sha256.to_vec() };
    Ok(NewUpload { revision, name, media_type, announced: announced.then_some(content) })
}

/// An upload as its owner sees it.
pub(crate) fn upload_out(upload: &Upload) -> wire::Upload {
    wire::Upload {
        id: upload.id.to_string(),
        revision_id: upload.revision_id.to_string(),
        file_name: upload.name.clone(),
        size_bytes: upload.size_bytes.unwrap_or_default(),
        offset_bytes: upload.offset_bytes,
        chunk_bytes: CHUNK_BYTES as i32,
        expires_at: Some(value::timestamp(upload.expires_at)),
        ended: upload.state != "open",
    }
}

/// The part of a file that is asked for: from `offset` on, `length` bytes of it or what there is; 0: to the end.
pub(crate) fn part(size: u64, offset: i64, length: i64) -> Result<Range<u64>> {
    let (Ok(from), Ok(length)) = (u64::try_from(offset), u64::try_from(length)) else {
        let path = if offset < 0 { "offset_bytes" } else { "length_bytes" };
        return Err(Error::field(path, "RANGE", "must be at least 0"));
    };
    if from >= size {
        return Err(Error::new(Reason::FILE_OFFSET).with("size_bytes", size));
    }
    let until = if length == 0 { size } else { from.saturating_add(length).min(size) };
    Ok(from..until)
}

/// For how long a link is to be good.
pub(crate) fn link_seconds(request: &wire::CreateDownloadLinkRequest) -> Result<i64> {
    let (usual, most) = LINK_SECONDS;
    match request.valid_seconds {
        0 => Ok(usual.into()),
        seconds if (1..=most).contains(&seconds) => Ok(seconds.into()),
        _ => Err(Error::field("valid_seconds", "RANGE", format!("must lie between 1 and {most}"))),
    }
}

/// A file of a revision.
pub(crate) fn file_out(file: &File) -> wire::RevisionFile {
    wire::RevisionFile {
        id: file.id.to_string(),
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        size_bytes: file.size_bytes,
        sha256: file.sha256.clone().into(),
    }
}

/// A download in the owner's access log.
pub(crate) fn downloaded_out(ended: &Ended) -> wire::AccessEntry {
    wire::AccessEntry {
        id: ended.id.to_string(),
        at: Some(value::timestamp(ended.at)),
        kind: wire::AccessKind::Downloaded.into(),
        firm_id: ended.firm.to_string(),
        firm_name: ended.firm_name.clone(),
        actor_name: ended.actor_name.clone(),
        resource_id: ended.resource_id.to_string(),
        resource_name: ended.resource_name.clone(),
        resource_number: ended.resource_number.clone(),
        revision_id: ended.revision_id.to_string(),
        revision_label: ended.revision_label.clone(),
        file_id: ended.file_id.to_string(),
        file_name: ended.file_name.clone(),
        sent_bytes: ended.sent_bytes,
        entitlement_id: ended.entitlement_id.map(|id| id.to_string()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_lies_within_the_file() {
        let table = [
            ((0, 0), Some(0..10)),
            ((3, 4), Some(3..7)),
            ((3, 100), Some(3..10)),
            ((9, i64::MAX), Some(9..10)),
            ((10, 0), None),
            ((i64::MAX, 1), None),
            ((-1, 0), None),
            ((0, -1), None),
        ];
        for ((offset, length), expected) in table {
            assert_eq!(part(10, offset, length).ok(), expected, "{offset} {length}");
        }
    }

    #[test]
    fn every_bad_field_of_an_upload_is_named() {
        let request = wire::BeginUploadRequest {
            file_name: "../x".into(),
            media_type: "x".into(),
            size_bytes: 11,
            ..Default::default()
        };
        let error = new_upload(&request, 10).unwrap_err();
        let paths: Vec<&str> = error.fields.iter().map(|field| field.path.as_str()).collect();
        assert_eq!(paths, ["file_name", "media_type", "size_bytes", "sha256"]);
        for (size, fits) in [(-1, false), (0, false), (1, true), (10, true), (11, false), (i64::MAX, false)] {
            let request = wire::BeginUploadRequest {
                revision_id: Uuid::nil().to_string(),
                file_name: "a".into(),
                size_bytes: size,
                sha256: vec![0; 32].into(),
                ..Default::default()
            };
            assert_eq!(new_upload(&request, 10).is_ok(), fits, "{size}");
        }
        let unknown = wire::BeginUploadRequest {
            revision_id: Uuid::nil().to_string(),
            file_name: "a".into(),
            ..Default::default()
        };
        assert_eq!(
            new_upload(&unknown, 10).map(|new| new.announced).ok(),
            Some(None),
            "what arrives is taken"
        );
    }
}
