//! What the file half of the service works with, beside the rest.

use std::sync::Arc;

use chassis::{Error, Reason, Result, config::Config, outbox::Wake};

use crate::{commands::Context, link::Links, scan, share::Shares, store::Store, watch::Watch};

/// Streams of chunks that a firm may send at once; each holds a part in memory.
const RECEIVING: usize = 32;
/// Downloads that a firm may read at once.
const SENDING: usize = 256;
/// Contents that a firm may have put together at once; each is written anew.
const GATHERING: usize = 4;

/// Store, running downloads and links; cheap to clone.
#[derive(Clone)]
pub(crate) struct Files {
    pub context: Context,
    store: Option<Store>,
    pub watch: Arc<Watch>,
    pub receiving: Arc<Shares>,
    pub sending: Arc<Shares>,
    pub gathering: Arc<Shares>,
    pub links: Arc<Links>,
    /// Wakes the sweeping of uploads that ended, in the same process; others look by themselves.
    pub ended: Wake,
    /// The largest file, in bytes.
    pub max_bytes: u64,
    /// The program that looks at each content before it becomes a file, with its arguments; empty: none.
    pub scanner: Arc<[String]>,
}

impl Files {
    /// As the settings say.
    ///
    /// # Errors
    /// Names the setting that is wrong.
    pub(crate) fn new(context: Context, config: &Config) -> anyhow::Result<Files> {
        scan::check(&config.resources.scanner)?;
        Ok(Files {
            store: Store::open(&config.resources)?,
            watch: Arc::default(),
            receiving: Shares::new(RECEIVING),
            sending: Shares::new(SENDING),
            gathering: Shares::new(GATHERING),
            links: Arc::new(Links::new(&context.deps.keys, &config.link_url())?),
            context,
            ended: Wake::default(),
            max_bytes: config.resources.max_file_bytes,
            scanner: config.resources.scanner.clone().into(),
        })
    }

    /// FAILED_PRECONDITION where the deployment keeps no files.
    pub(crate) fn store(&self) -> Result<&Store> {
        self.store.as_ref().ok_or_else(|| Error::new(Reason::FILES_NOT_SET_UP))
    }
}
