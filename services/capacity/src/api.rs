//! The gRPC methods: caller → convert → command or query → convert.

mod disclosure;

use chassis::{Result, caller::Caller, idempotency::Key, service::Deps};
use prost::Message;
use tonic::Request;

use crate::commands::Single;

/// What the methods work with.
pub(crate) struct Api {
    pub deps: Deps,
}

impl Api {
    fn single<'a>(
        &'a self,
        caller: &'a Caller,
        method: &'static str,
        request_id: &str,
        request: &impl Message,
    ) -> Result<Single<'a>> {
        chassis::idempotency::check_id(request_id)?;
        Ok(Single { deps: &self.deps, caller, method, key: Key::of(request_id, request) })
    }
}

/// The caller and the message of a request.
fn parts<T>(request: Request<T>) -> Result<(Caller, T)> {
    let caller = chassis::caller::of(&request)?;
    Ok((caller, request.into_inner()))
}
