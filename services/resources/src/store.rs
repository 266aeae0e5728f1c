//! Where the bytes of files stand: a local folder, or a bucket of an S3-compatible server. Both are written to a name of
//! their own and then renamed into place, so that what stands under a content's name is whole.
//!
//! **Invariant:** a content is named by its owner and its SHA-256. The hash alone would tell one firm that another has the
//! same file; and every name is made of ids and hexadecimal digits, whatever people call their files.

use std::{os::unix::fs::FileExt as _, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use bytes::Bytes;
use chassis::{Error, Reason, Result, config, secret::Redacted};
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use object_store::{
    GetOptions, GetRange, GetResultPayload, ObjectStore, PutPayload, WriteMultipart, aws::AmazonS3Builder,
    local::LocalFileSystem, path::Path,
};
use uuid::Uuid;

/// How much is read at once of a local file.
const READ_BYTES: usize = 256 * 1024;
/// How much of a content is written at once: S3 takes no smaller part but the last.
const WRITE_BYTES: usize = 5 * 1024 * 1024;
/// How many of them are on their way while the next is collected.
const WRITES: usize = 1;
/// How long the store may take to take something away, while a row of the database is locked.
const DROP: Duration = Duration::from_secs(20);

/// The store of a deployment; cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    inner: Arc<dyn ObjectStore>,
    /// Before every name.
    prefix: Path,
    /// Where the folder is, for a local one.
    root: Option<PathBuf>,
}

/// What names an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartName {
    pub owner: Uuid,
    pub upload: Uuid,
    pub attempt: i32,
    pub number: i32,
    /// The stream that wrote it.
    pub writer: Uuid,
}

impl Store {
    /// The store of the settings; none for an empty one.
    ///
    /// # Errors
    /// Names the setting that is no store, or the folder that cannot be made.
    pub(crate) fn open(settings: &config::Resources) -> anyhow::Result<Option<Store>> {
        let at = settings.store.as_str();
        if at.is_empty() {
            return Ok(None);
        }
        if let Some(folder) = at.strip_prefix("file://") {
            let root = PathBuf::from(folder);
            std::fs::create_dir_all(&root)
                .with_context(|| format!("resources.store: cannot make {folder}"))?;
            let inner = LocalFileSystem::new_with_prefix(&root).context("resources.store")?;
            return Ok(Some(Store {
                inner: Arc::new(inner),
                prefix: Path::default(),
                root: Some(root.canonicalize()?),
            }));
        }
        let Some(place) = at.strip_prefix("s3://") else {
            anyhow::bail!("resources.store = {at:?} is neither file:///folder nor s3://bucket/prefix");
        };
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let secret = Redacted::new(settings.s3_secret.clone());
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(&settings.s3_region)
            .with_access_key_id(&settings.s3_key)
            .with_secret_access_key(secret.reveal());
        if !settings.s3_endpoint.is_empty() {
            // Without TLS for loopback alone.
            let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
            let plain = loopback.iter().any(|start| settings.s3_endpoint.starts_with(start));
            builder = builder.with_endpoint(&settings.s3_endpoint).with_allow_http(plain);
        }
        let inner = builder.build().context("resources.store")?;
        let prefix = Path::parse(prefix).context("resources.store: the prefix")?;
        Ok(Some(Store { inner: Arc::new(inner), prefix, root: None }))
    }

    fn path(&self, name: &str) -> Path {
        name.split('/').fold(self.prefix.clone(), |path, part| path.child(part))
    }

    fn content(&self, owner: Uuid, sha256: &[u8]) -> Path {
        let hash = hex::encode(sha256);
        self.path(&format!("content/{owner}/{}/{hash}", hash.get(..2).unwrap_or_default()))
    }

    fn part(&self, name: &PartName) -> Path {
        let PartName { owner, upload, attempt, number, writer } = name;
        self.path(&format!("uploads/{owner}/{upload}/{attempt}-{number:06}-{writer}"))
    }

    /// Keeps a part of an upload.
    pub(crate) async fn put_part(&self, name: &PartName, bytes: Vec<Bytes>) -> Result<()> {
        let payload: PutPayload = bytes.into_iter().collect();
        self.inner.put(&self.part(name), payload).await.map_err(unavailable)?;
        Ok(())
    }

    /// A part of an upload, which is small.
    pub(crate) async fn get_part(&self, name: &PartName) -> Result<Bytes> {
        let got = self.inner.get(&self.part(name)).await.map_err(unavailable)?;
        got.bytes().await.map_err(unavailable)
    }

    /// Forgets a part, where that is easy: whatever stays goes with its upload.
    pub(crate) async fn drop_part(&self, name: &PartName) {
        let _ = self.inner.delete(&self.part(name)).await;
    }

    /// Whether a content stands, whole.
    pub(crate) async fn has_content(&self, owner: Uuid, sha256: &[u8], size_bytes: u64) -> Result<bool> {
        match self.inner.head(&self.content(owner, sha256)).await {
            Ok(meta) => Ok(meta.size == size_bytes),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Takes a content away, whether or not it stands.
    pub(crate) async fn drop_content(&self, owner: Uuid, sha256: &[u8]) -> Result<()> {
        let gone = tokio::time::timeout(DROP, self.inner.delete(&self.content(owner, sha256))).await;
        match gone.map_err(unavailable)? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Begins to write a content out of an upload's parts.
    pub(crate) async fn write(&self, owner: Uuid, upload: Uuid, run: Uuid) -> Result<Writing> {
        let draft = self.path(&format!("uploads/{owner}/{upload}/whole-{run}"));
        let upload = self.inner.put_multipart(&draft).await.map_err(unavailable)?;
        Ok(Writing {
            store: self.clone(),
            draft,
            upload: WriteMultipart::new_with_chunk_size(upload, WRITE_BYTES),
        })
    }

    /// Bytes of a content from `from` until before `until`.
    pub(crate) async fn read(
        &self,
        owner: Uuid,
        sha256: &[u8],
        from: u64,
        until: u64,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        let options = GetOptions { range: Some(GetRange::Bounded(from..until)), ..GetOptions::default() };
        let got = self.inner.get_opts(&self.content(owner, sha256), options).await.map_err(unavailable)?;
        Ok(match got.payload {
            GetResultPayload::File(file, _) => local(file, from, until).boxed(),
            GetResultPayload::Stream(stream) => stream.map_err(unavailable).boxed(),
        })
    }

    /// Removes whatever arrived of an upload.
    pub(crate) async fn sweep(&self, owner: Uuid, upload: Uuid) -> Result<()> {
        if let Some(root) = &self.root {
            // The folder, with what a process left that was killed while it wrote.
            let folder = root.join("uploads").join(owner.to_string()).join(upload.to_string());
            return match tokio::fs::remove_dir_all(folder).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unavailable(error)),
                _ => Ok(()),
            };
        }
        let folder = self.path(&format!("uploads/{owner}/{upload}"));
        let names = self.inner.list(Some(&folder)).map_ok(|meta| meta.location).boxed();
        self.inner.delete_stream(names).try_for_each(|_| async { Ok(()) }).await.map_err(unavailable)
    }
}

/// A content on its way into the store.
pub(crate) struct Writing {
    store: Store,
    draft: Path,
    upload: WriteMultipart,
}

impl Writing {
    /// The next bytes.
    pub(crate) async fn put(&mut self, bytes: Bytes) -> Result<()> {
        self.upload.wait_for_capacity(WRITES).await.map_err(unavailable)?;
        self.upload.put(bytes);
        Ok(())
    }

    /// Puts it into its place.
    pub(crate) async fn finish(self, owner: Uuid, sha256: &[u8]) -> Result<()> {
        self.upload.finish().await.map_err(unavailable)?;
        if let Some(root) = &self.store.root {
            // A rename may else stand before the bytes do, after a power cut.
            let draft = root.join(self.draft.as_ref());
            let synced = async { tokio::fs::File::open(&draft).await?.sync_all().await };
            synced.await.map_err(unavailable)?;
        }
        let content = self.store.content(owner, sha256);
        self.store.inner.rename(&self.draft, &content).await.map_err(unavailable)
    }

    /// Gives it up.
    pub(crate) async fn abort(self) {
        let _ = self.upload.abort().await;
    }
}

/// A local file in pieces, each read on a thread that may wait.
fn local(file: std::fs::File, from: u64, until: u64) -> impl futures::Stream<Item = Result<Bytes>> + Send {
    futures::stream::try_unfold((Arc::new(file), from), move |(file, at)| async move {
        if at >= until {
            return Ok(None);
        }
        let size = usize::try_from(until - at).unwrap_or(READ_BYTES).min(READ_BYTES);
        let reader = file.clone();
        let read = tokio::task::spawn_blocking(move || -> std::io::Result<Bytes> {
            let mut bytes = vec![0; size];
            reader.read_exact_at(&mut bytes, at)?;
            Ok(bytes.into())
        });
        let bytes = read.await.map_err(unavailable)?.map_err(unavailable)?;
        Ok(Some((bytes, (file, at + size as u64))))
    })
}

fn unavailable(error: impl Into<anyhow::Error>) -> Error {
    let mut unavailable = Error::new(Reason::UNAVAILABLE);
    unavailable.source = Some(error.into().context("the store of files"));
    unavailable
}
