//! The way to services that run apart: each call goes to whoever has its service, by the beginning of its path, as the proxy
//! in front of a deployment does it.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    response::Response,
};
use chassis::config::Config;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{
    Status,
    body::Body,
    transport::{Channel, Endpoint},
};
use tower::ServiceExt as _;

/// Where each service is, by its name in the contract.
type Ways = Arc<HashMap<&'static str, Channel>>;

/// The router, at an address of its own until it is dropped.
pub struct Router {
    at: SocketAddr,
    end: CancellationToken,
}

impl Router {
    /// Leads calls of each service to its address, whether somebody listens there yet or not.
    pub async fn start(services: impl IntoIterator<Item = (&'static str, SocketAddr)>) -> Self {
        let ways: HashMap<&'static str, Channel> =
            services.into_iter().map(|(name, at)| (name, channel(at))).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback");
        let at = listener.local_addr().expect("an address");
        let app = axum::Router::new().fallback(forward).with_state(Arc::new(ways));
        let limits = Config::load(None).expect("the defaults are valid").limits;
        let end = CancellationToken::new();
        let ended = end.clone();
        tokio::spawn(async move { chassis::serve::serve(listener, app, &limits, ended).await });
        Self { at, end }
    }

    /// Where it listens.
    pub fn at(&self) -> SocketAddr {
        self.at
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

fn channel(at: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{at}")).expect("an address");
    endpoint.connect_timeout(Duration::from_secs(2)).tcp_nodelay(true).connect_lazy()
}

async fn forward(State(ways): State<Ways>, request: Request) -> Response {
    let Some(way) = service(request.uri().path()).and_then(|name| ways.get(name)) else {
        return Status::unimplemented("no service has this path").into_http();
    };
    match way.clone().oneshot(request.map(Body::new)).await {
        Ok(answer) => answer.map(axum::body::Body::new),
        Err(error) => Status::unavailable(error.to_string()).into_http(),
    }
}

/// The service that a path belongs to: `orders` of `/tandem.orders.v1.OrderService/GetOrder`.
fn service(path: &str) -> Option<&str> {
    path.strip_prefix("/tandem.")?.split('.').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{World, chaos};

    #[test]
    fn a_path_names_its_service() {
        assert_eq!(service("/tandem.orders.v1.OrderService/GetOrder"), Some("orders"));
        assert_eq!(service("/grpc.health.v1.Health/Check"), None);
    }

    #[tokio::test]
    async fn calls_and_streams_reach_whoever_has_their_service() {
        let world = World::start().await;
        let firm = world.firm("澄屿家居用品(示例)有限公司").await;
        world.settled().await;
        let api = world.node().api;
        let router = Router::start([("partners", api), ("stream", api)]).await;
        let access = chaos::access(router.at(), Some(&firm.key));
        let who = access.sessions().who_am_i(proto::partners::WhoAmIRequest {}).await.expect("it is led on");
        assert_eq!(who.into_inner().firm_id, firm.id);
        assert_eq!(access.events().await.len(), firm.events().await.len(), "a stream comes whole");
        let lost = access.order("0195f0c3-0000-7000-8000-000000000001").await.expect_err("nobody has orders");
        assert_eq!(lost.code(), tonic::Code::Unimplemented);
        world.finish().await;
    }
}
