//! A client that books, confirms, orders and gives back, over the API or by the functions of the schema, and writes down what
//! it saw and when.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chassis::Reason;
use harness::{
    Access, booking,
    history::{Outcome, outcome},
    refusal::{metadata, reason},
    request_id,
};
use proto::capacity::{
    ConfirmReservationRequest, HoldCapacityRequest, ReleaseReservationRequest, Reservation, ReservationState,
};
use rand::{Rng as _, rngs::StdRng};
use time::OffsetDateTime;
use tonic::Status;
use uuid::Uuid;

use super::{
    BUCKETS, STALLED, Stage,
    direct::{Said, Wanted},
    judge::{Seen, What},
};

/// How long a client waits for an answer before it asks again.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it waits before it asks again where nobody answers.
const PAUSE: Duration = Duration::from_millis(10);

/// How many holds a client gives back in one go.
const TOGETHER: usize = 3;

/// What happened of it, by how often.
#[derive(Debug, Default)]
pub struct Counts {
    /// Requests over the API.
    pub api: AtomicUsize,
    /// Tries that nobody answered.
    pub unanswered: AtomicUsize,
    /// Holds that stood already when the try began that was answered.
    replayed: AtomicUsize,
    /// Confirmed while the time ran out.
    pub confirmed: AtomicUsize,
    /// Too late for that.
    pub late: AtomicUsize,
    /// Consumed by an order while the holder gave it back.
    pub consumed: AtomicUsize,
    /// Given back before that order came to it.
    pub given_back: AtomicUsize,
}

fn count(count: &AtomicUsize) {
    count.fetch_add(1, Ordering::Relaxed);
}

fn now() -> OffsetDateTime {
    chassis::clock::system().now()
}

/// A hold of the client.
#[derive(Clone, Copy)]
struct Mine {
    id: Uuid,
    /// When it ends unless it is confirmed.
    over: OffsetDateTime,
    short: bool,
}

/// A request that may be sent again as it is.
#[derive(Clone)]
enum Wish {
    Hold(HoldCapacityRequest),
    Confirm(ConfirmReservationRequest),
    Release(ReleaseReservationRequest),
}

impl Wish {
    async fn send(&self, access: &Access) -> Result<Reservation, Status> {
        let mut reservations = access.reservations();
        let answer = match self.clone() {
            Wish::Hold(request) => reservations.hold_capacity(request).await,
            Wish::Confirm(request) => reservations.confirm_reservation(request).await,
            Wish::Release(request) => reservations.release_reservation(request).await,
        };
        answer.map(tonic::Response::into_inner)
    }
}

pub struct Client {
    stage: Arc<Stage>,
    firm: Uuid,
    apis: Vec<Access>,
    rng: StdRng,
    /// Which of the processes is asked next.
    turn: usize,
    mine: Vec<Mine>,
    /// What orders consumed.
    consumed: Vec<Uuid>,
    /// Holds that were refused while a try that nobody answered may still have been under way, and when each was first sent.
    doubtful: Vec<(OffsetDateTime, Wish)>,
    seen: Vec<Seen>,
    faults: Vec<String>,
}

/// What became of a request that was sent until it was answered.
struct Insisted {
    /// When the try began that was answered.
    sent: OffsetDateTime,
    answer: Result<Reservation, Status>,
    /// Whether a try before it was not answered, so that it may take effect after this answer.
    doubtful: bool,
}

impl Client {
    pub fn new(stage: Arc<Stage>, firm: Uuid, apis: Vec<Access>, rng: StdRng) -> Self {
        Self {
            stage,
            firm,
            apis,
            rng,
            turn: 0,
            mine: Vec::new(),
            consumed: Vec::new(),
            doubtful: Vec::new(),
            seen: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Works until all operations are done, gives back what it has, and answers what it saw, and what went wrong.
    pub async fn run(mut self) -> (Vec<Seen>, Vec<String>) {
        let left = self.stage.clone();
        while left.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
            if !self.consumed.is_empty() && self.rng.random_ratio(1, 4) {
                self.give_back().await;
                continue;
            }
            match (self.mine.len(), self.rng.random_range(0..40)) {
                (1.., 0) => self.consume().await,
                (1.., 1..8) => self.confirm().await,
                (1.., 8..28) => {
                    let some = self.rng.random_range(1..=self.mine.len().min(TOGETHER));
                    let some = (0..some).map(|_| {
                        let one = self.rng.random_range(0..self.mine.len());
                        self.mine.swap_remove(one)
                    });
                    let some: Vec<Mine> = some.collect();
                    self.release(&some).await;
                }
                _ => self.hold().await,
            }
        }
        self.clear_doubts().await;
        for some in std::mem::take(&mut self.mine).chunks(TOGETHER) {
            self.release(some).await;
        }
        self.give_back().await;
        (self.seen, self.faults)
    }

    /// Asks again what became of holds that were refused while an earlier try may have been under way: a refusal is kept
    /// nowhere, so that it says nothing of that try. The same request answers with the hold that it took, or takes one now,
    /// or is refused with nothing under way.
    async fn clear_doubts(&mut self) {
        for (from, wish) in std::mem::take(&mut self.doubtful) {
            loop {
                let Insisted { answer, doubtful, .. } = self.ask(&wish).await;
                match answer {
                    Ok(held) => match Uuid::try_parse(&held.id) {
                        Ok(id) => {
                            self.mine.push(Mine { id, over: time(held.expires_at), short: false });
                            self.saw(from, now(), What::Held(id));
                        }
                        Err(error) => self.faults.push(error.to_string()),
                    },
                    Err(status) if is_short(&status) && doubtful => continue,
                    Err(status) if is_short(&status) => {}
                    Err(status) => self.faults.push(format!("asked again: {status:?}")),
                }
                break;
            }
        }
    }

    fn by_api(&mut self) -> bool {
        self.stage.api.is_some_and(|each| self.rng.random_ratio(1, each))
    }

    fn saw(&mut self, from: OffsetDateTime, until: OffsetDateTime, what: What) {
        self.seen.push(Seen { from, until, what });
    }

    /// Sends the same request until it is answered. Some clients go away in the middle of the first try.
    async fn insist(&mut self, wish: &Wish) -> Insisted {
        count(&self.stage.counts.api);
        let left = self.rng.random_ratio(1, 10);
        if left {
            let patience = Duration::from_micros(self.rng.random_range(0..50_000));
            let _ = tokio::time::timeout(patience, wish.send(&self.apis[0])).await;
        }
        let insisted = self.ask(wish).await;
        Insisted { doubtful: insisted.doubtful || left, ..insisted }
    }

    /// Sends the same request until it is answered, now to one process, now to the other.
    async fn ask(&mut self, wish: &Wish) -> Insisted {
        let began = Instant::now();
        let mut doubtful = false;
        loop {
            self.turn = (self.turn + 1) % self.apis.len();
            let sent = now();
            let answer = tokio::time::timeout(PATIENCE, wish.send(&self.apis[self.turn])).await;
            let answer = answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("nobody answered")));
            if outcome(&answer) != Outcome::Unknown || began.elapsed() > STALLED {
                return Insisted { sent, answer, doubtful };
            }
            doubtful = true;
            count(&self.stage.counts.unanswered);
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn hold(&mut self) {
        let first = self.rng.random_range(0..BUCKETS);
        // In any order, so that it is the server's business to lock in one.
        let mut buckets: Vec<usize> =
            (0..self.rng.random_range(1..=3)).map(|n| (first + n) % BUCKETS).collect();
        if self.rng.random() {
            buckets.reverse();
        }
        let parts: Vec<(usize, i64)> =
            buckets.into_iter().map(|bucket| (bucket, self.rng.random_range(1..=6))).collect();
        let short = self.rng.random_ratio(1, 3);
        let seconds = if short { 1 } else { 60 };
        let from = now();
        let held = match self.by_api() {
            true => self.hold_by_api(from, &parts, seconds).await,
            false => self.hold_directly(&parts, seconds).await,
        };
        let until = now();
        match held {
            Ok(Ok((id, over))) => {
                self.mine.push(Mine { id, over, short });
                self.saw(from, until, What::Held(id));
            }
            Ok(Err(bucket)) => {
                let offered = &self.stage.offer.buckets;
                let at = offered.iter().position(|one| one.id == bucket.to_string()).expect("a bucket");
                let quantity = parts.iter().find(|(one, _)| *one == at).expect("asked for").1;
                self.saw(from, until, What::Short(bucket, quantity));
            }
            Err(wrong) => self.faults.push(format!("after {}: {wrong}", until - from)),
        }
    }

    async fn hold_by_api(
        &mut self,
        from: OffsetDateTime,
        parts: &[(usize, i64)],
        seconds: i32,
    ) -> Result<Result<(Uuid, OffsetDateTime), Uuid>, String> {
        let quantities: Vec<String> = parts.iter().map(|(_, quantity)| quantity.to_string()).collect();
        let parts: Vec<(usize, &str)> =
            parts.iter().map(|(bucket, _)| *bucket).zip(quantities.iter().map(String::as_str)).collect();
        let wish = Wish::Hold(booking::hold(&self.stage.offer, &parts, seconds));
        let Insisted { sent, answer, doubtful } = self.insist(&wish).await;
        let held = match answer {
            Err(status) if is_short(&status) => {
                if doubtful {
                    self.doubtful.push((from, wish));
                }
                let bucket = metadata(&status).remove("bucket_id").unwrap_or_default();
                return Ok(Err(Uuid::try_parse(&bucket).map_err(|_| format!("{status:?}"))?));
            }
            Err(status) => return Err(format!("refused: {status:?}")),
            Ok(held) => {
                let at = time(held.held_at);
                if at < sent {
                    count(&self.stage.counts.replayed);
                }
                held
            }
        };
        if self.rng.random_ratio(1, 20) {
            let again = self.insist(&wish).await.answer;
            if again.as_ref().ok() != Some(&held) {
                return Err(format!("another hold for the same id: {again:?}"));
            }
        }
        let id = Uuid::try_parse(&held.id).map_err(|error| error.to_string())?;
        Ok(Ok((id, time(held.expires_at))))
    }

    async fn hold_directly(
        &mut self,
        parts: &[(usize, i64)],
        seconds: i32,
    ) -> Result<Result<(Uuid, OffsetDateTime), Uuid>, String> {
        let offered = &self.stage.offer.buckets;
        let buckets: Vec<Uuid> =
            parts.iter().map(|(bucket, _)| Uuid::try_parse(&offered[*bucket].id).expect("an id")).collect();
        let quantities = parts.iter().map(|(_, quantity)| *quantity).collect();
        let id = chassis::clock::system().id();
        let wanted = Wanted { id, buckets, quantities, seconds };
        let held = self.stage.direct.hold(self.firm, &wanted).await?;
        Ok(held.map(|over| (id, over)))
    }

    /// Confirms one of the client's holds. Of those that end soon some are confirmed at the very moment, while the supplier
    /// ends them too.
    async fn confirm(&mut self) {
        let place = self.rng.random_range(0..self.mine.len());
        let one = self.mine[place];
        let close = one.short && self.rng.random();
        let mut end = None;
        if close {
            // It is a race with the clock, and begins when the clock says so: of half of them so early that some are in time
            // where a machine is busy and every call waits for its turn.
            let window = if self.rng.random() { -5_000..100_000 } else { 100_000..600_000 };
            let early = time::Duration::microseconds(self.rng.random_range(window));
            let wait = one.over - early - now();
            tokio::time::sleep(wait.try_into().unwrap_or_default()).await;
            let stage = self.stage.clone();
            end = Some(tokio::spawn(async move { stage.direct.expire(one.id).await }));
        }
        let from = now();
        let said = match self.by_api() {
            true => {
                let (request_id, reservation_id) = (request_id(), one.id.to_string());
                let wish = Wish::Confirm(ConfirmReservationRequest { request_id, reservation_id });
                said(self.insist(&wish).await.answer)
            }
            false => self.stage.direct.confirm(self.firm, one.id).await,
        };
        let until = now();
        if let Some(end) = end
            && let Err(wrong) = end.await.expect("it ends")
        {
            self.faults.push(wrong);
        }
        match said.as_deref() {
            Ok("done" | "confirmed") => {
                if close {
                    count(&self.stage.counts.confirmed);
                }
                self.mine[place].short = false;
                self.saw(from, until, What::Confirmed(one.id));
            }
            Ok("expired" | "ended") => {
                if close {
                    count(&self.stage.counts.late);
                }
                // It is given back later, whoever ended it.
                self.mine[place].short = false;
            }
            other => self.faults.push(format!("confirming a hold: {other:?}")),
        }
    }

    /// An order consumes one of the client's holds, whose time may be over. Of some the holder gives the hours back at the same
    /// time: one of the two has them.
    async fn consume(&mut self) {
        let place = self.rng.random_range(0..self.mine.len());
        let one = self.mine.swap_remove(place);
        let [order, release] = [(); 2].map(|()| Duration::from_micros(self.rng.random_range(0..2_000)));
        let torn: bool = self.rng.random();
        let (stage, firm) = (self.stage.clone(), self.firm);
        let from = now();
        let consume = async {
            tokio::time::sleep(order).await;
            stage.direct.consume(firm, one.id, chassis::clock::system().id()).await
        };
        let give_back = async {
            if !torn {
                return None;
            }
            tokio::time::sleep(release).await;
            Some(stage.direct.release(firm, &[one.id]).await.map(|said| said.concat()))
        };
        let (consumed, released) = tokio::join!(consume, give_back);
        let until = now();
        match (consumed.as_deref(), released.as_ref().map(Result::as_deref)) {
            (Ok("done"), None | Some(Ok("consumed"))) => {
                if torn {
                    count(&self.stage.counts.consumed);
                }
                self.consumed.push(one.id);
                self.saw(from, until, What::Consumed(one.id));
            }
            (Ok(stood @ ("released" | "expired")), Some(Ok("done"))) => {
                if stood == "released" {
                    count(&self.stage.counts.given_back);
                }
                self.saw(from, until, What::Released(one.id));
            }
            // It is given back later, whoever ended it.
            (Ok("expired"), None | Some(Ok("expired"))) => self.mine.push(Mine { short: false, ..one }),
            other => self.faults.push(format!("consuming a hold: {other:?}")),
        }
    }

    /// The supplier gives back what orders of this client consumed.
    async fn give_back(&mut self) {
        let ids = std::mem::take(&mut self.consumed);
        let from = now();
        match self.stage.direct.give_back(&ids).await {
            Ok(()) => {
                let until = now();
                for id in ids {
                    self.saw(from, until, What::Released(id));
                }
            }
            Err(wrong) => self.faults.push(format!("giving back what was consumed: {wrong}")),
        }
    }

    /// Gives back holds, whose time may be over.
    async fn release(&mut self, some: &[Mine]) {
        if !self.by_api() {
            let ids: Vec<Uuid> = some.iter().map(|one| one.id).collect();
            let from = now();
            match self.stage.direct.release(self.firm, &ids).await {
                Ok(said) => {
                    for (id, said) in ids.into_iter().zip(said) {
                        self.released(from, id, Ok(said));
                    }
                }
                Err(wrong) => self.faults.push(format!("giving back holds: {wrong}")),
            }
            return;
        }
        for one in some {
            let from = now();
            let (request_id, reservation_id) = (request_id(), one.id.to_string());
            let wish = Wish::Release(ReleaseReservationRequest { request_id, reservation_id });
            let said = said(self.insist(&wish).await.answer);
            self.released(from, one.id, said);
        }
    }

    fn released(&mut self, from: OffsetDateTime, id: Uuid, said: Said) {
        match said.as_deref() {
            Ok("done" | "released") => self.saw(from, now(), What::Released(id)),
            Ok("expired") => {}
            other => self.faults.push(format!("giving back a hold: {other:?}")),
        }
    }
}

/// Whether too little was left.
fn is_short(status: &Status) -> bool {
    reason(status) == Reason::CAPACITY_SHORT.as_str()
}

/// The state that the service answers, in the words of the functions; `ended` where it refuses.
fn said(answer: Result<Reservation, Status>) -> Said {
    match answer {
        Ok(reservation) => Ok(match reservation.state() {
            ReservationState::Confirmed => "confirmed".into(),
            ReservationState::Released => "released".into(),
            ReservationState::Expired => "expired".into(),
            other => other.as_str_name().into(),
        }),
        Err(status) if reason(&status) == Reason::RESERVATION_ENDED.as_str() => Ok("ended".into()),
        Err(status) => Err(format!("refused: {status:?}")),
    }
}

fn time(stamp: Option<prost_types::Timestamp>) -> OffsetDateTime {
    stamp.as_ref().and_then(chassis::value::time).expect("the service says when")
}
