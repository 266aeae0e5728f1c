//! The gRPC methods: caller → convert → command or query → convert.

mod capability;
mod catena;
mod comment;
mod demand;
mod disclosure;
mod group;
mod matched;
mod offer;
mod promise;
mod request;
mod reservation;
mod stream;

use std::sync::Arc;

use chassis::{Error, Reason, Result, batch::Batcher, caller::Caller, idempotency::Key, service::Deps};
use prost::Message;
use proto::capacity::{CapacityReceipt, Reservation};
use tonic::Request;

use crate::{
    commands::{
        Context, Single,
        hold::HoldCapacity,
        settle::SettleReservation,
        slice::{self, Command, Effect},
        together::{self, Together},
    },
    convert::{
        demand::{DemandDelta, NewDemand},
        group::{GroupDelta, NewGroup},
    },
};

/// The most commands that share a transaction.
const SLICE: usize = 100;

/// What the methods work with.
pub(crate) struct Api {
    pub context: Context,
    demands: Batcher<Command<NewDemand>, CapacityReceipt>,
    demand_deltas: Batcher<Command<DemandDelta>, CapacityReceipt>,
    groups: Batcher<Command<NewGroup>, CapacityReceipt>,
    group_deltas: Batcher<Command<GroupDelta>, CapacityReceipt>,
    holds: Batcher<HoldCapacity, Reservation>,
    settles: Batcher<SettleReservation, Reservation>,
}

impl Api {
    pub(crate) fn new(context: Context) -> Self {
        Self {
            demands: batcher(&context),
            demand_deltas: batcher(&context),
            groups: batcher(&context),
            group_deltas: batcher(&context),
            holds: reservations(&context),
            settles: reservations(&context),
            context,
        }
    }

    fn deps(&self) -> &Deps {
        &self.context.deps
    }

    fn single<'a>(
        &'a self,
        caller: &'a Caller,
        method: &'static str,
        request_id: &str,
        request: &impl Message,
    ) -> Result<Single<'a>> {
        Ok(Single { deps: self.deps(), caller, method, key: key(request_id, request)? })
    }
}

fn batcher<C: Effect>(context: &Context) -> Batcher<Command<C>, CapacityReceipt> {
    let context = context.clone();
    Batcher::new(
        SLICE,
        Arc::new(move |firm, commands| {
            let context = context.clone();
            Box::pin(async move { slice::run(&context, firm, &commands).await })
        }),
    )
}

fn reservations<C: Together>(context: &Context) -> Batcher<C, Reservation> {
    let context = context.clone();
    Batcher::new(
        together::SLICE,
        Arc::new(move |firm, commands: Vec<C>| {
            let context = context.clone();
            Box::pin(async move { C::run(&context, firm, &commands).await })
        }),
    )
}

/// The idempotency key of a request whose id is well-formed.
fn key(request_id: &str, request: &impl Message) -> Result<Key> {
    chassis::idempotency::check_id(request_id)?;
    Ok(Key::of(request_id, request))
}

/// The caller and the message of a request.
fn parts<T>(request: Request<T>) -> Result<(Caller, T)> {
    let caller = chassis::caller::of(&request)?;
    Ok((caller, request.into_inner()))
}

/// The part of a stream's item that cannot be left out.
fn item<T>(item: Option<T>, path: &str) -> Result<T> {
    item.ok_or_else(|| {
        Error::new(Reason::INVALID_FIELDS).fields(vec![chassis::Field::new(path, "REQUIRED", "is required")])
    })
}
