//! Confirms and releases of one firm that wait together.

use chassis::{Error, Reason, Result, caller::Caller, db::TenantTx, idempotency::Key, slice::Request};
use proto::capacity as wire;
use uuid::Uuid;

use super::{
    Context,
    together::{Became, Happened, Together, once},
};
pub(crate) use crate::db::settle::Want;
use crate::{
    convert::reservation::reservation_out,
    db::{
        scope::{About, seen},
        settle::{self as db, Settled},
    },
    scope::sites,
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

    /// Whoever is narrowed away from a reservation meets neither what becomes of it nor a receipt.
    async fn run(context: &Context, firm: Uuid, settles: &[Self]) -> Vec<Result<wire::Reservation>> {
        let mut refused = Vec::with_capacity(settles.len());
        for settle in settles {
            refused.push(settle.out_of_sight(context).await);
        }
        let open: Vec<&Self> = settles
            .iter()
            .zip(&refused)
            .filter(|(_, refusal)| refusal.is_none())
            .map(|(one, _)| one)
            .collect();
        let mut done =
            if open.is_empty() { Vec::new() } else { once(context, firm, &open).await }.into_iter();
        let lost = || Err(Error::new(Reason::UNAVAILABLE));
        let answer = |refusal: Option<Error>| match refusal {
            Some(refusal) => Err(refusal),
            None => done.next().unwrap_or_else(lost),
        };
        refused.into_iter().map(answer).collect()
    }

    async fn decide(_: &Context, tx: &mut TenantTx, commands: &[&Self]) -> Result<Vec<Result<Became>>> {
        let wishes: Vec<(Uuid, Want)> = commands.iter().map(|command| (command.id, command.want)).collect();
        let settled = db::settle_many(tx, &wishes).await?;
        Ok(wishes.into_iter().zip(settled).map(|((_, want), settled)| became(want, settled)).collect())
    }
}

impl SettleReservation {
    async fn out_of_sight(&self, context: &Context) -> Option<Error> {
        let sites = sites(&context.deps, &self.caller);
        if sites.is_empty() {
            return None;
        }
        let looked = async {
            let mut tx = context.deps.pool.begin(self.caller.firm).await?;
            seen(&mut tx, sites, About::Reservation(self.id)).await?;
            tx.commit().await
        };
        looked.await.err()
    }
}

/// What is answered of a wish, and whether anything happened.
fn became(want: Want, settled: Option<Settled>) -> Result<Became> {
    let Settled { outcome, head, parts, places } = settled.ok_or_else(Error::not_found)?;
    let reservation = reservation_out(&head, &parts, &places);
    match outcome.as_str() {
        "done" => Ok(Became { reservation, happened: Some(Happened { head, sites: None }) }),
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
