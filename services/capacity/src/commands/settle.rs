//! Confirms and releases of one firm that wait together.

use chassis::{Error, Reason, Result, caller::Caller, db::TenantTx, idempotency::Key, slice::Request};
use uuid::Uuid;

use super::{
    Context,
    together::{Became, Together},
};
pub(crate) use crate::db::settle::Want;
use crate::{
    convert::reservation::reservation_out,
    db::settle::{self as db, Settled},
};

/// A reservation that somebody confirms or releases.
#[derive(Clone)]
pub(crate) struct SettleReservation {
    pub caller: Caller,
    pub key: Key,
    pub id: Uuid,
    pub want: Want,
}

impl Together for SettleReservation {
    fn request(&self) -> Request<'_> {
        let method = match self.want {
            Want::Confirmed => "tandem.capacity.v1.ReservationService/ConfirmReservation",
            Want::Released => "tandem.capacity.v1.ReservationService/ReleaseReservation",
        };
        (method, &self.key)
    }

    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn about(&self) -> Option<Uuid> {
        Some(self.id)
    }

    async fn decide(_: &Context, tx: &mut TenantTx, commands: &[&Self]) -> Result<Vec<Result<Became>>> {
        let wishes: Vec<(Uuid, Want)> = commands.iter().map(|command| (command.id, command.want)).collect();
        let settled = db::settle_many(tx, &wishes).await?;
        Ok(wishes.into_iter().zip(settled).map(|((_, want), settled)| became(want, settled)).collect())
    }
}

/// What is answered of a wish, and whether anything happened.
fn became(want: Want, settled: Option<Settled>) -> Result<Became> {
    let Settled { outcome, head, parts, places } = settled.ok_or_else(Error::not_found)?;
    let reservation = reservation_out(&head, &parts, &places);
    match outcome.as_str() {
        "done" => Ok(Became { reservation, happened: Some(head) }),
        stands if as_good(want, stands) => Ok(Became { reservation, happened: None }),
        stands => Err(Error::new(Reason::RESERVATION_ENDED).with("state", stands)),
    }
}

/// Whether the state that stands is what was wanted.
fn as_good(want: Want, state: &str) -> bool {
    match want {
        Want::Confirmed => ["confirmed", "consumed"].contains(&state),
        Want::Released => ["released", "expired"].contains(&state),
    }
}
