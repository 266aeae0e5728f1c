//! tandem.stream.v1.StreamService. Routed by hand and not by the generated server, since Subscribe has a codec of its
//! own ([`crate::frame`] says why).

pub mod subscription;
pub mod webhook;

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use chassis::{Reason, caller, serve::Leaving};
use futures::future::BoxFuture;
use proto::stream::{GetHeadRequest, GetHeadResponse, SubscribeRequest};
use tonic::{
    Code, Request, Response, Status,
    body::Body,
    codegen::{Service, http},
    server::{Grpc, NamedService, ServerStreamingService, UnaryService},
};
use tonic_prost::ProstCodec;

use crate::{
    convert,
    frame::{FrameCodec, Message},
    gateway::Gateway,
    subscription::{Subscription, retry_after},
};

/// The service's name in the contract.
pub const NAME: &str = "tandem.stream.v1.StreamService";

/// The methods of the service.
#[derive(Clone)]
pub struct Api(pub Arc<Gateway>);

impl NamedService for Api {
    const NAME: &'static str = NAME;
}

impl ServerStreamingService<SubscribeRequest> for Api {
    type Response = Message;
    type ResponseStream = Subscription;
    type Future = BoxFuture<'static, Result<Response<Subscription>, Status>>;

    fn call(&mut self, request: Request<SubscribeRequest>) -> Self::Future {
        let gateway = self.0.clone();
        Box::pin(async move {
            let caller = caller::of(&request)?;
            let leaving: Leaving = request.extensions().get().cloned().unwrap_or_default();
            let stream = gateway.subscribe(&caller, request.into_inner(), leaving).await;
            let stream = stream.map_err(|error| match error.reason {
                // Those whom the database kept waiting together do not return together, nor do those of a process that leaves.
                Reason::UNAVAILABLE | Reason::DRAINING => error.retry_after(retry_after()),
                _ => error,
            })?;
            Ok(Response::new(stream))
        })
    }
}

impl UnaryService<GetHeadRequest> for Api {
    type Response = GetHeadResponse;
    type Future = BoxFuture<'static, Result<Response<GetHeadResponse>, Status>>;

    fn call(&mut self, request: Request<GetHeadRequest>) -> Self::Future {
        let gateway = self.0.clone();
        Box::pin(async move {
            let head = gateway.head(&caller::of(&request)?).await?;
            Ok(Response::new(convert::head(&head, gateway.clock.now(), &gateway.keys)))
        })
    }
}

impl Service<http::Request<Body>> for Api {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let api = self.clone();
        Box::pin(async move {
            let method = request.uri().path().rsplit('/').next().unwrap_or_default();
            Ok(match method {
                "Subscribe" => {
                    let codec = FrameCodec(api.0.keys.clone());
                    Grpc::new(codec).server_streaming(api, request).await
                }
                "GetHead" => Grpc::new(ProstCodec::default()).unary(api, request).await,
                _ => unimplemented(),
            })
        })
    }
}

/// As generated servers answer a method that they do not have.
fn unimplemented() -> http::Response<Body> {
    let mut response = http::Response::new(Body::default());
    let headers = response.headers_mut();
    headers.insert(Status::GRPC_STATUS, (Code::Unimplemented as i32).into());
    headers.insert(http::header::CONTENT_TYPE, tonic::metadata::GRPC_CONTENT_TYPE);
    response
}
