//! What it means for capacity that a member or key is narrowed to some of its firm's sites. Pure.
//!
//! | of                     | concerns, of the customer            | concerns, of the supplier                        |
//! |------------------------|--------------------------------------|--------------------------------------------------|
//! | demand, its versions   | where the goods go                   | where they are expected from; unsaid: every site |
//! | group, weeks, alerts, volatility, versions | –                | its locations                                    |
//! | group as it is disclosed | where the series go that it sums   | –                                                |
//! | comment                | as what it is about                  | as what it is about                              |
//! | payload of Catena-X    | as what is in it                     | as what is in it                                 |
//! | promise                | –                                    | the groups that are looked at                    |
//! | offer                  | every site                           | its group                                        |
//! | reservation            | the own group that it strengthens    | its offer                                        |
//! | match                  | every site                           | its offer                                        |
//! | request for capacity   | every site                           | every site                                       |
//! | capability, counts of a cluster | every site                  | every site                                       |
//! | disclosure policy      | –                                    | every site, whose groups it shows: set by the unnarrowed |
//!
//! What names no site concerns every one, and what names several is seen in full from each, as an order is. What is out of
//! sight is not there: lists leave it out, and asking for it or writing to it answers NOT_FOUND. What is stated anew, changed
//! or left out lies at own sites, or the field is named. Events say which sites they concern of which firm. Nothing of
//! capacity is of a purchasing group, so that these narrow nothing here.

use std::collections::BTreeSet;

use chassis::{Error, Field, Result, caller::Caller, service::Deps};

use crate::demand::{Demand, SeriesKey, Weeks};

/// The sites that the caller is narrowed to; empty: all. By our own decision, which tests switch off to see the second wall
/// alone.
pub fn sites<'a>(deps: &Deps, caller: &'a Caller) -> &'a [String] {
    if deps.checks_ownership() { &caller.sites } else { &[] }
}

/// Whether something with these locations concerns one of the sites.
pub fn covers(sites: &[String], locations: &[String]) -> bool {
    sites.is_empty() || locations.is_empty() || locations.iter().any(|location| sites.contains(location))
}

/// INVALID_ARGUMENT naming the field, unless all of what changes lies at one of the sites.
///
/// # Errors
/// Naming each place that does not.
pub fn check<'a>(sites: &[String], path: &str, places: impl IntoIterator<Item = &'a String>) -> Result<()> {
    if sites.is_empty() {
        return Ok(());
    }
    let strange: BTreeSet<&String> = places.into_iter().filter(|place| !sites.contains(place)).collect();
    if strange.is_empty() {
        return Ok(());
    }
    let field = |place: &String| Field::new(path, "SCOPE", format!("{place} is none of your own sites"));
    Err(Error::invalid(strange.into_iter().map(field).collect()))
}

/// Where a demand states something else than before.
pub fn moved<'a>(before: Option<&'a Demand>, after: &'a Demand) -> Vec<&'a String> {
    let stated = |of: Option<&'a Demand>| of.into_iter().flat_map(|demand| &demand.series);
    let missing = |other: Option<&Demand>, key: &SeriesKey, weeks: &Weeks| {
        other.and_then(|demand| demand.series.get(key)) != Some(weeks)
    };
    let new = stated(Some(after)).filter(|(key, weeks)| missing(before, key, weeks));
    let gone = stated(before).filter(|(key, weeks)| missing(Some(after), key, weeks));
    new.chain(gone).map(|(key, _)| &key.customer_location).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use time::macros::date;

    use super::*;
    use crate::week::Category;

    fn owned(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    fn demand(series: &[(&str, i64)]) -> Demand {
        let one = |(location, quantity): &(&str, i64)| {
            let key = SeriesKey {
                customer_location: location.to_string(),
                category: Category::Default,
                expected_supplier_location: String::new(),
            };
            (key, Weeks::from([(date!(2026 - 12 - 21), (*quantity).into())]))
        };
        Demand {
            material_number_customer: "X".into(),
            material_number_supplier: String::new(),
            description: String::new(),
            global_asset_id: String::new(),
            unit: None,
            inactive: false,
            series: series.iter().map(one).collect::<BTreeMap<_, _>>(),
        }
    }

    #[test]
    fn what_names_no_site_concerns_every_one() {
        for (sites, locations, seen) in [
            (&[][..], &["B"][..], true),
            (&["A"][..], &[][..], true),
            (&["A"][..], &["A", "B"][..], true),
            (&["A"][..], &["B"][..], false),
            (&["A", "C"][..], &["B", "C"][..], true),
        ] {
            assert_eq!(covers(&owned(sites), &owned(locations)), seen, "{sites:?} {locations:?}");
        }
    }

    #[test]
    fn what_changes_is_what_is_new_other_or_gone() {
        let before = demand(&[("A", 1), ("B", 2)]);
        for (after, places) in [
            (demand(&[("A", 1), ("B", 2)]), &[][..]),
            (demand(&[("A", 9), ("B", 2)]), &["A"][..]),
            (demand(&[("A", 1)]), &["B"][..]),
            (demand(&[("A", 1), ("B", 2), ("C", 3)]), &["C"][..]),
        ] {
            let found: BTreeSet<&String> = moved(Some(&before), &after).into_iter().collect();
            assert_eq!(found.into_iter().collect::<Vec<_>>(), owned(places).iter().collect::<Vec<_>>());
        }
        assert_eq!(moved(None, &before), ["A", "B"], "all of it is new");
    }

    #[test]
    fn each_strange_place_is_named_once() {
        let places = owned(&["B", "A", "B", "C"]);
        assert!(check(&[], "series", &places).is_ok(), "who is not narrowed states everything");
        assert!(check(&owned(&["A", "B", "C"]), "series", &places).is_ok());
        let refused = check(&owned(&["A"]), "series", &places).unwrap_err();
        assert_eq!(refused.fields.len(), 2);
    }
}
