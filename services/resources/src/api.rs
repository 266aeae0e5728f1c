//! The gRPC methods: caller → convert → command or query → convert.

mod access;
mod binding;
mod entitlement;
mod following;
mod resource;
mod revision;
pub(crate) mod transfer;

use chassis::{Result, caller::Caller, idempotency::Key, service::Deps};
use prost::Message;
use tonic::Request;

use crate::commands::{Command, Context};

/// What the methods work with.
pub(crate) struct Api {
    pub context: Context,
}

impl Api {
    fn deps(&self) -> &Deps {
        &self.context.deps
    }

    /// INVALID_ARGUMENT unless the request's id is well-formed.
    fn command<'a>(
        &'a self,
        caller: &'a Caller,
        method: &'static str,
        request_id: &str,
        request: &impl Message,
    ) -> Result<Command<'a>> {
        chassis::idempotency::check_id(request_id)?;
        Ok(Command { context: &self.context, caller, method, key: Key::of(request_id, request) })
    }
}

/// The caller and the message of a request.
fn parts<T>(request: Request<T>) -> Result<(Caller, T)> {
    let caller = chassis::caller::of(&request)?;
    Ok((caller, request.into_inner()))
}
