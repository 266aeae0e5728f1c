//! Every firm's own ordered, gapless feed: how committed commands get into it, and how readers follow it.
//!
//! The outbox's rows become facts ([`command`]), the sequencer gives them their places ([`sequencer`], [`chain`]), hands them
//! over ([`handoff`]) and sees to it that dead rows do not pile up before it ([`halves`]), the tail offers them to the hub
//! ([`tail`], [`following`], [`hub`], [`ring`], [`slot`]), and an open stream ([`subscription`], [`reader`]) takes what follows
//! its place from there or from Postgres ([`catch_up`]), by one rule ([`merge`]). Where Kafka is configured, one process
//! publishes the log to it and the tails of all take it from there (`publisher`, `publication`, [`carried`]; `kafka` alone
//! knows its client). What decides is apart from what reads and writes, so that `simulation` can run it through any
//! interleaving. [`api`], [`convert`] and [`frame`] are the wire, [`chassis::feed::start`] and [`filter`] say what a reader
//! gets, [`keep`] is what falls due by time, [`retention`] how far back the log reaches, and [`db`] has every SQL statement.
//!
//! A subscription that lasts ([`durable`]) is a named place that its reader acknowledges. Webhooks ([`webhook`]) are readers
//! with a place of their own ([`place`]): [`deliver`] claims one where its firm may have one more ([`shares`]), and sends as
//! [`sending`] decides what follows its place as [`envelope`] writes it by [`hooks`], and goes on as [`ladder`] decides.
//! [`commands`] and [`queries`] are the management of both.
//!
//! **Invariant:** Postgres is the record. Rings, hand-offs, hints and any other source of live entries may lose or
//! repeat anything, and only latency changes.

pub mod api;
pub mod carried;
pub mod catch_up;
pub mod chain;
mod command;
mod commands;
pub mod convert;
pub mod db;
mod deliver;
mod durable;
pub mod entry;
mod envelope;
pub mod filter;
mod following;
pub mod frame;
pub mod gateway;
mod halves;
pub mod handoff;
mod hooks;
pub mod hub;
#[cfg(feature = "kafka")]
mod kafka;
mod keep;
mod ladder;
pub mod merge;
mod place;
#[cfg(any(test, feature = "kafka"))]
mod publication;
#[cfg(feature = "kafka")]
mod publisher;
mod queries;
pub mod reader;
pub mod retention;
pub mod ring;
#[cfg(test)]
mod sample;
mod sending;
pub mod sequencer;
mod shares;
#[cfg(test)]
mod simulation;
pub mod slot;
pub mod subscription;
pub mod tail;
#[cfg(feature = "testing")]
mod unruly;
mod webhook;

use std::sync::Arc;

use chassis::{
    config::Config,
    service::{Deps, Service, routes},
};
use futures::future::BoxFuture;
use proto::stream::{
    subscription_service_server::SubscriptionServiceServer, webhook_service_server::WebhookServiceServer,
};
use tokio::sync::Notify;
use tonic::service::Routes;

pub use chain::verify_chain;
pub use sequencer::{Known, Outcome, drain, sequence_once};

use crate::{
    api::Api, gateway::Gateway, handoff::Handoff, hooks::Hooks, hub::Hub, sequencer::Sequencer, tail::Tail,
};

/// The stream service: sequencer, live reader, gateway, and what falls due by time.
///
/// # Errors
/// Where Kafka is configured and this binary was built without it, or without what protects its connections, and where events
/// are to be kept for too short a time.
pub fn build(deps: &Deps, config: &Config) -> anyhow::Result<Service> {
    if !cfg!(feature = "kafka") && !config.kafka.bootstrap.is_empty() {
        anyhow::bail!(
            "kafka.bootstrap is set, and this binary was built without Kafka; build it with --features kafka"
        );
    }
    #[cfg(feature = "kafka")]
    if !config.kafka.bootstrap.is_empty() {
        kafka::check(&config.kafka)?;
    }
    let kept = retention::keep(config.stream.keep_days)?;
    let hub = Hub::new(config.limits.streams_per_firm);
    let gateway = Gateway::new(deps.pool.clone(), deps.keys.clone(), deps.clock.clone(), hub.clone());
    let hooks = Arc::new(Hooks::new(deps, config)?);
    let mut tasks = tasks(deps, config, &hub);
    tasks.push(Box::pin(deliver::run(hooks.clone())));
    tasks.push(Box::pin(keep::deliveries(
        deps.stream_pool.clone(),
        deps.clock.clone(),
        deps.shutdown.clone(),
    )));
    tasks.push(Box::pin(keep::months(deps.stream_pool.clone(), kept, deps.shutdown.clone())));
    let webhooks = WebhookServiceServer::new(api::webhook::Api(hooks));
    let subscriptions = SubscriptionServiceServer::new(api::subscription::Api(deps.clone()));
    let all = Routes::new(Api(gateway)).add_service(webhooks).add_service(subscriptions);
    Ok(Service {
        name: "stream",
        grpc: &[api::NAME, "tandem.stream.v1.SubscriptionService", "tandem.stream.v1.WebhookService"],
        routes: routes(all),
        tasks,
    })
}

fn tasks(deps: &Deps, config: &Config, hub: &Arc<Hub>) -> Vec<BoxFuture<'static, ()>> {
    let (pool, shutdown) = (&deps.stream_pool, &deps.shutdown);
    let handoff = Arc::new(handoff(deps, hub));
    let hint = Arc::new(Notify::new());
    // Tells this process's hints from others'.
    let holder = deps.clock.id();
    let process = holder.to_string();
    let tail = Tail::new(pool.clone(), hub.clone(), handoff.clone());
    let mut tasks: Vec<BoxFuture<'static, ()>> = vec![
        Box::pin(tail.run(shutdown.clone())),
        Box::pin(tail::listen(pool.clone(), handoff.clone(), process.clone(), shutdown.clone())),
        Box::pin(keep::watch_credentials(hub.clone(), deps.resolver.clone(), shutdown.clone())),
        Box::pin(keep::tick(hub.clone(), shutdown.clone())),
        Box::pin(keep::drain(hub.clone(), shutdown.clone())),
        Box::pin(keep::backlog(pool.clone(), shutdown.clone())),
        Box::pin(keep::partitions(pool.clone(), shutdown.clone())),
        Box::pin(keep::receipts(pool.clone(), deps.clock.clone(), shutdown.clone())),
    ];
    #[cfg(feature = "kafka")]
    if !config.kafka.bootstrap.is_empty() {
        let (settings, handoff) = (config.kafka.clone(), handoff.clone());
        let publisher = publisher::Publisher {
            pool: pool.clone(),
            settings: settings.clone(),
            keys: deps.keys.clone(),
            handoff: handoff.clone(),
            holder,
        };
        tasks.push(Box::pin(publisher.run(shutdown.clone())));
        tasks.push(Box::pin(publisher::receive(settings, handoff, shutdown.clone())));
    }
    #[cfg(not(feature = "kafka"))]
    let _ = (config, holder);
    #[cfg(feature = "testing")]
    if deps.testing.unruly_hints {
        let testing = deps.testing.clone();
        tasks.push(Box::pin(unruly::invent(testing, handoff.clone(), hub.clone(), shutdown.clone())));
    }
    if sequencer_runs(deps) {
        let sequencer =
            Sequencer { pool: pool.clone(), clock: deps.clock.clone(), handoff, hint: hint.clone() };
        tasks.push(Box::pin(sequencer.run(deps.wake.clone(), shutdown.clone())));
        tasks.push(Box::pin(sequencer::send_hints(pool.clone(), process, hint, shutdown.clone())));
    }
    tasks
}

#[cfg(feature = "testing")]
fn handoff(deps: &Deps, hub: &Hub) -> Handoff {
    if !deps.testing.unruly_hints {
        return Handoff::default();
    }
    hub.make_unruly(deps.testing.clone());
    Handoff::unruly(unruly::Unruly::new(deps.testing.clone()))
}

#[cfg(not(feature = "testing"))]
fn handoff(_: &Deps, _: &Hub) -> Handoff {
    Handoff::default()
}

#[cfg(feature = "testing")]
fn sequencer_runs(deps: &Deps) -> bool {
    !deps.testing.sequencer_by_hand
}

#[cfg(not(feature = "testing"))]
fn sequencer_runs(_: &Deps) -> bool {
    true
}
