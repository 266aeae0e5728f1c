//! Orders by the words that are looked for.

use chassis::{
    Result,
    db::TenantTx,
    search::{self, Wanted},
};
use proto::orders::Side;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// One way in which an order may have all words: by itself, or with the name of its partner.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    /// Of the order itself. Empty: no condition.
    pub wanted: Wanted,
    /// Partners whose names have the other words. `None`: whoever the partner is.
    pub firms: Option<Vec<Uuid>>,
}

/// Which orders have the words.
#[derive(Clone, Debug)]
pub(crate) enum Matching {
    /// These: they are few.
    Among(Vec<Uuid>),
    /// Those that have them in one of these ways: so many that a page is full soon.
    Each(Vec<Way>),
}

/// The ways that go by partners of the tenant.
pub(crate) async fn named(tx: &mut TenantTx, side: Side, words: &[String]) -> Result<Vec<Way>> {
    let rows = sqlx::query!(
        r#"select rest as "rest!", firms as "firms!" from orders.named($1, $2)"#,
        side == Side::Buyer,
        words
    )
    .fetch_all(tx.conn())
    .await?;
    let way = |rest: Vec<String>| search::wanted(&rest.join(" "));
    Ok(rows.into_iter().map(|row| Way { wanted: way(row.rest), firms: Some(row.firms) }).collect())
}

/// At most so many of the tenant's orders that have the words in this way.
pub(crate) async fn found(tx: &mut TenantTx, side: Side, way: &Way, most: i64) -> Result<Vec<Uuid>> {
    let keys = Some(way.wanted.keys.as_slice()).filter(|keys| !keys.is_empty());
    let found = sqlx::query_scalar!(
        r#"select id as "id!" from orders.found($1, $2, $3, $4, $5)"#,
        side == Side::Buyer,
        keys,
        &way.wanted.words,
        way.firms.as_deref(),
        most
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found)
}

impl Matching {
    /// Narrows a statement that reads orders `o`, whose partner stands in the column `other`.
    pub(super) fn push(&self, query: &mut QueryBuilder<Postgres>, id: &str, other: &str) {
        match self {
            Self::Among(ids) => {
                query.push(format!(" and {id} = any(")).push_bind(ids.clone()).push(")");
            }
            Self::Each(ways) => {
                query.push(" and (false");
                for way in ways {
                    query.push(" or (true");
                    way.push(query, other);
                    query.push(")");
                }
                query.push(")");
            }
        }
    }
}

impl Way {
    fn push(&self, query: &mut QueryBuilder<Postgres>, other: &str) {
        if let Some(firms) = &self.firms {
            query.push(format!(" and o.{other} = any(")).push_bind(firms.clone()).push(")");
        }
        if !self.wanted.keys.is_empty() {
            query.push(" and o.search_keys @> ").push_bind(self.wanted.keys.clone());
        }
        if !self.wanted.words.is_empty() {
            // Words are letters, digits and Chinese characters alone.
            let patterns: Vec<String> = self.wanted.words.iter().map(|word| format!("%{word}%")).collect();
            query.push(" and o.search_text like all(").push_bind(patterns).push(")");
        }
    }
}
