//! What a service is to the process that runs it, and what it is given.

use std::sync::Arc;
#[cfg(feature = "testing")]
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use futures::future::BoxFuture;
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use crate::{clock::SharedClock, db::TenantPool, outbox::Wake, secret::SigningKeys};

/// What every service is given. Nothing is global: several worlds run in one process.
#[derive(Clone)]
pub struct Deps {
    /// Connections of tandem_app.
    pub pool: TenantPool,
    /// Connections of tandem_stream; only the stream service may use them.
    pub stream_pool: PgPool,
    /// Time and ids.
    pub clock: SharedClock,
    /// Signs cursors and page tokens.
    pub keys: SigningKeys,
    /// Wakes the sequencer after a commit.
    pub wake: Wake,
    /// Other services, by the caller's own token. Connects when it is first used.
    pub api: Channel,
    /// Cancelled when the process drains.
    pub shutdown: CancellationToken,
    /// Finds out who calls.
    pub resolver: crate::caller::Resolver,
    /// What is left to each firm; the gate takes from it, and so does whatever answers beside the gate.
    pub rates: crate::rates::Rates,
    /// The way to other servers.
    pub dialer: crate::dial::SharedDialer,
    /// Switches that tests use to break things on purpose.
    #[cfg(feature = "testing")]
    pub testing: Arc<Testing>,
}

/// What tests may break on purpose. Absent from the shipped binary.
#[cfg(feature = "testing")]
#[derive(Debug, Default)]
pub struct Testing {
    /// The services' own decision on whose row it is says yes to all: row-level security stands alone.
    pub ownership_unchecked: bool,
    /// The sequencer runs only when the test says so.
    pub sequencer_by_hand: bool,
    /// Hints to the readers of the stream are lost, doubled, reordered and invented.
    pub unruly_hints: bool,
    /// How often each of these befell them.
    pub befallen: Mutex<BTreeMap<Mischief, usize>>,
}

/// What befalls those who wake the readers of the stream.
#[cfg(feature = "testing")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mischief {
    /// Nobody hears of what the sequencer moved.
    BatchLost,
    /// What it moved comes twice.
    BatchDoubled,
    /// It comes after what was moved later.
    BatchLate,
    /// Nobody hears that the log may have grown.
    HintLost,
    /// Somebody says so of a log that has not.
    HintInvented,
    /// Readers of what came live sleep on.
    WakeLost,
    /// They wake for nothing.
    WakeInvented,
    /// What came live is kept for them no longer.
    RingForgotten,
}

#[cfg(feature = "testing")]
impl Mischief {
    /// All that there is.
    pub const ALL: [Self; 8] = [
        Self::BatchLost,
        Self::BatchDoubled,
        Self::BatchLate,
        Self::HintLost,
        Self::HintInvented,
        Self::WakeLost,
        Self::WakeInvented,
        Self::RingForgotten,
    ];
}

#[cfg(feature = "testing")]
impl Testing {
    /// Counts what befell somebody.
    pub fn count(&self, mischief: Mischief) {
        let mut befallen = self.befallen.lock().unwrap_or_else(PoisonError::into_inner);
        *befallen.entry(mischief).or_default() += 1;
    }

    /// What befell nobody so far.
    pub fn never(&self) -> Vec<Mischief> {
        let befallen = self.befallen.lock().unwrap_or_else(PoisonError::into_inner);
        Mischief::ALL.into_iter().filter(|mischief| !befallen.contains_key(mischief)).collect()
    }
}

impl Deps {
    /// Whether services decide whose row it is; tests switch it off to prove the second wall.
    pub fn checks_ownership(&self) -> bool {
        #[cfg(feature = "testing")]
        return !self.testing.ownership_unchecked;
        #[cfg(not(feature = "testing"))]
        true
    }

    /// The present moment as the database keeps it: to the microsecond.
    pub fn now(&self) -> OffsetDateTime {
        crate::value::micros(self.clock.now())
    }
}

/// A service, built: its methods, and what runs beside them until shutdown.
pub struct Service {
    /// Its context, such as `orders`.
    pub name: &'static str,
    /// Its gRPC services, such as `tandem.orders.v1.OrderService`, for health.
    pub grpc: &'static [&'static str],
    /// Its methods.
    pub routes: axum::Router,
    /// What runs in the background; each ends by itself on `Deps::shutdown`.
    pub tasks: Vec<BoxFuture<'static, ()>>,
}

/// gRPC methods as routes to be merged with others'.
pub fn routes(routes: tonic::service::Routes) -> axum::Router {
    routes.into_axum_router().reset_fallback()
}

/// Shared by clones of a service's state.
pub type Shared<T> = Arc<T>;
