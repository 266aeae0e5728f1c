//! What firms are called, for tables that people read: JSON has their ids.

use std::collections::{BTreeMap, BTreeSet};

use proto::{
    capacity::ListFirmNamesRequest,
    partners::{ListRelationshipsRequest, TradingRelationship, WhoAmIRequest},
};

use crate::cli::{Session, pages};

/// How many names one request may ask for.
const MAX_NAMES: usize = 1_000;

/// What firms are called, by their ids.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// A firm's name, or its id where that is not known.
    pub fn of(&self, firm: &str) -> String {
        self.0.get(firm).map_or(firm, String::as_str).to_owned()
    }
}

/// What these firms are called: the own one, those with whom there is something about capacity, and partners. A name that
/// cannot be learnt is left out, since everything else is told all the same. Nothing is asked where JSON is written.
pub async fn names<'a>(firms: impl IntoIterator<Item = &'a String>, session: &Session) -> Names {
    let mut names = Names::default();
    let asked: BTreeSet<&String> = firms.into_iter().filter(|firm| !firm.is_empty()).collect();
    if session.out.json() || asked.is_empty() {
        return names;
    }
    if let Ok(own) = session.connection.sessions().who_am_i(WhoAmIRequest {}).await {
        let own = own.into_inner();
        names.0.insert(own.firm_id, own.firm_name);
    }
    for some in unknown(&asked, &names).chunks(MAX_NAMES) {
        let request = ListFirmNamesRequest { firm_ids: some.to_vec() };
        if let Ok(list) = session.connection.capabilities().list_firm_names(request).await {
            names.0.extend(list.into_inner().firms.into_iter().map(|one| (one.firm_id, one.name)));
        }
    }
    if !unknown(&asked, &names).is_empty() {
        names.0.extend(partners(session).await);
    }
    names
}

fn unknown(asked: &BTreeSet<&String>, names: &Names) -> Vec<String> {
    asked.iter().filter(|firm| !names.0.contains_key(**firm)).map(|firm| (*firm).clone()).collect()
}

/// Both sides of every relationship.
async fn partners(session: &Session) -> Vec<(String, String)> {
    let mut client = session.connection.relationships();
    let page = async |page_token| {
        let request = ListRelationshipsRequest {
            page_size: pages::SIZE,
            page_token,
            ..ListRelationshipsRequest::default()
        };
        let page = client.list_relationships(request).await?.into_inner();
        Ok((page.relationships, page.next_page_token))
    };
    let all = pages::all(session, page).await.unwrap_or_default();
    let sides =
        |one: TradingRelationship| [(one.buyer_id, one.buyer_name), (one.supplier_id, one.supplier_name)];
    all.into_iter().flat_map(sides).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_firm_is_told_by_its_name_where_it_has_one() {
        let names = Names([("f-1".to_owned(), "顺模塑料制品(示例)厂".to_owned())].into());
        assert_eq!((names.of("f-1").as_str(), names.of("f-2").as_str()), ("顺模塑料制品(示例)厂", "f-2"));
        let asked = ["f-1".to_owned(), "f-2".to_owned()];
        assert_eq!(unknown(&asked.iter().collect(), &names), ["f-2"]);
    }
}
