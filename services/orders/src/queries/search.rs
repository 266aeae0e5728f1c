//! Which orders have the words that are looked for.

use chassis::{
    Result,
    db::TenantTx,
    search::{self, Wanted},
};
use proto::orders::Side;

use crate::db::{
    plan::FEW,
    search::{self as db, Matching, Way},
};

/// What a list looks for.
pub(crate) fn wanted(text: &str) -> Result<Wanted> {
    search::check(text)?;
    Ok(search::wanted(text))
}

/// Which of the tenant's orders have the words; `None` where nothing is looked for. It decides nothing on what the caller
/// may see of them: the list does, as of any other order.
pub(crate) async fn matching(tx: &mut TenantTx, side: Side, wanted: Wanted) -> Result<Option<Matching>> {
    if wanted.words.is_empty() {
        return Ok(None);
    }
    let by_partner = db::named(tx, side, &wanted.words).await?;
    let mut ways = vec![Way { wanted, firms: None }];
    ways.extend(by_partner);
    let mut among = Vec::new();
    for way in &ways {
        among.extend(db::found(tx, side, way, FEW + 1).await?);
        if among.len() as i64 > FEW {
            return Ok(Some(Matching::Each(ways)));
        }
    }
    among.sort_unstable();
    among.dedup();
    Ok(Some(Matching::Among(among)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_an_end_and_may_have_many_words() {
        assert_eq!(wanted(&"支".repeat(100)).unwrap().words.len(), 1);
        assert!(wanted(&"支".repeat(101)).is_err());
        assert_eq!(wanted("0a1b2c3d-4e5f-6a7b").unwrap().words.len(), 16, "a number may be a UUID");
        assert!(wanted(" - ").unwrap().words.is_empty());
    }
}
