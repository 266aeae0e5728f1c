//! What the services do of a hold, a confirmation, a release and an order that consumes under locks: the same functions in
//! transactions of the same firms, with the same second try after holds that are over were ended.

use proto::capacity::Offer;
use rand::Rng as _;
use sqlx::{AssertSqlSafe, PgPool, Row as _, postgres::PgRow};
use time::OffsetDateTime;
use uuid::Uuid;

/// As the service looks for holds that are over.
const DUE: i32 = 200;
/// One transaction of so many stays open until the client says so, as the service's do; the others end with their call.
const LINGER: u32 = 8;

/// What a function says of a hold that is over.
const OVER: &str = "TC410";

/// What a function says: done, or the state that stands.
pub type Said = Result<String, String>;

pub struct Direct {
    pool: PgPool,
    supplier: Uuid,
    offer: Uuid,
}

/// What is to be held.
pub struct Wanted {
    pub id: Uuid,
    pub buckets: Vec<Uuid>,
    pub quantities: Vec<i64>,
    pub seconds: i32,
}

impl Direct {
    pub fn new(pool: PgPool, offer: &Offer) -> Self {
        let id = |id: &str| Uuid::try_parse(id).expect("an id");
        Self { pool, supplier: id(&offer.supplier_id), offer: id(&offer.id) }
    }

    /// When the hold ends; or the bucket of which too little is left.
    pub async fn hold(&self, firm: Uuid, wanted: &Wanted) -> Result<Result<OffsetDateTime, Uuid>, String> {
        let first = self.try_hold(firm, wanted).await?;
        if first.is_ok() {
            return Ok(first);
        }
        let buckets = list(&wanted.buckets);
        let due = format!("select id from capacity.reservations_due('{buckets}', {DUE})");
        let due = self.call(None, &due).await.map_err(|error| error.to_string())?;
        for row in due {
            self.expire(row.try_get(0).map_err(|error| error.to_string())?).await?;
        }
        self.try_hold(firm, wanted).await
    }

    async fn try_hold(&self, firm: Uuid, wanted: &Wanted) -> Result<Result<OffsetDateTime, Uuid>, String> {
        let Wanted { id, buckets, quantities, seconds } = wanted;
        let count = buckets.len();
        let places = list(&(1..=count).collect::<Vec<_>>());
        // All are of the one offer.
        let offers = list(&vec![1; count]);
        let (buckets, quantities) = (list(buckets), list(quantities));
        let hold = format!(
            "select outcome, bucket, expires_at from capacity.hold_many('{{{}}}', '{{{id}}}', '{{1}}', '{{{seconds}}}', \
             '{{{count}}}', '{buckets}', '{offers}', '{places}', '{quantities}')",
            self.offer
        );
        let rows = self.call(Some(firm), &hold).await.map_err(|error| error.to_string())?;
        let row = rows.first().ok_or("nothing was said of a hold")?;
        let outcome: String = row.try_get(0).map_err(|error| error.to_string())?;
        match outcome.as_str() {
            "held" => row.try_get(2).map(Ok).map_err(|error| error.to_string()),
            "short" => row.try_get(1).map(Err).map_err(|error| error.to_string()),
            other => Err(other.to_owned()),
        }
    }

    /// As holder.
    pub async fn confirm(&self, firm: Uuid, id: Uuid) -> Said {
        let said = self.settle(firm, &[id], "confirmed").await?;
        said.into_iter().next().ok_or_else(|| "nothing was said of a hold".to_owned())
    }

    /// As holder: several in one go, in any order.
    pub async fn release(&self, firm: Uuid, ids: &[Uuid]) -> Result<Vec<String>, String> {
        self.settle(firm, ids, "released").await
    }

    async fn settle(&self, firm: Uuid, ids: &[Uuid], want: &str) -> Result<Vec<String>, String> {
        let wants = list(&vec![want; ids.len()]);
        let settle = format!(
            "select distinct on (place) outcome from capacity.settle_many('{}', '{wants}') order by place",
            list(ids)
        );
        let rows = self.call(Some(firm), &settle).await;
        let said = rows.and_then(|rows| rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<_>, _>>());
        let said: Vec<String> = said.map_err(|error| error.to_string())?;
        if said.len() == ids.len() { Ok(said) } else { Err(format!("of {ids:?} it says {said:?}")) }
    }

    /// As holder, of whose order a line names it: looked at under its lock and taken where it may be, as orders do.
    pub async fn consume(&self, firm: Uuid, id: Uuid, order: Uuid) -> Said {
        let consume = format!(
            "select case when state not in ('held', 'confirmed') then state
                         when capacity.take_hold(id, '{order}', '10') is not null then 'done' end
             from capacity.lock_holds('{}')",
            list(&[id])
        );
        let over = |error: &sqlx::Error| {
            error.as_database_error().and_then(|refusal| refusal.code()).as_deref() == Some(OVER)
        };
        match self.call(Some(firm), &consume).await {
            Ok(rows) => rows[0].try_get(0).map_err(|error| error.to_string()),
            // Its time was over between the two.
            Err(error) if over(&error) => Ok("expired".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// As supplier: what order lines consumed and take nothing of any more, though nothing was delivered.
    pub async fn give_back(&self, ids: &[Uuid]) -> Result<(), String> {
        let delivered = list(&vec![false; ids.len()]);
        let back =
            format!("select capacity.give_back_consumed('{}', '{delivered}', current_date)", list(ids));
        let rows = self.call(Some(self.supplier), &back).await.map_err(|error| error.to_string())?;
        if rows.len() == ids.len() { Ok(()) } else { Err(format!("of {ids:?} {} came back", rows.len())) }
    }

    /// As supplier.
    pub async fn expire(&self, id: Uuid) -> Said {
        let end = format!("select capacity.end_reservation('{}', '{id}', 'expired')", self.supplier);
        self.say(self.supplier, &end).await
    }

    async fn say(&self, firm: Uuid, call: &str) -> Said {
        let said = self.call(Some(firm), call).await.and_then(|rows| rows[0].try_get(0));
        said.map_err(|error| error.to_string())
    }

    /// Calls a function in a transaction of a firm, or of none: the rows that it answers.
    async fn call(&self, firm: Option<Uuid>, call: &str) -> Result<Vec<PgRow>, sqlx::Error> {
        let firm = firm.map(|firm| firm.to_string()).unwrap_or_default();
        let linger = rand::rng().random_ratio(1, LINGER);
        // Statements that are sent together are one transaction, unless one of them begins it.
        let begin = if linger { "begin; " } else { "" };
        let text = format!("{begin}select set_config('tandem.firm', '{firm}', true); {call}");
        let mut connection = self.pool.acquire().await?;
        let answer = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(&mut *connection).await;
        if linger {
            let end = if answer.is_ok() { "commit" } else { "rollback" };
            sqlx::raw_sql(end).execute(&mut *connection).await?;
        }
        let mut rows = answer?;
        // What was set comes first.
        rows.remove(0);
        Ok(rows)
    }
}

/// As an array is written.
fn list(of: &[impl ToString]) -> String {
    format!("{{{}}}", of.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
}
