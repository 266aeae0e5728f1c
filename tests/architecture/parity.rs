//! Whatever the portal can do, an API key of the same role can do: each form of the portal has RPCs of the same effect.

mod forms;

use std::collections::{BTreeMap, BTreeSet};

use self::forms::FORMS;
use super::source::{files, none};

#[test]
fn every_form_of_the_portal_has_an_rpc() {
    let known: BTreeMap<&str, &str> = FORMS.iter().copied().collect();
    let rpcs = rpcs();
    let forms = forms();
    assert!(forms.len() > 40, "only {} forms were found: are they still recognised?", forms.len());
    let mut faults: Vec<String> = forms
        .iter()
        .filter(|form| !known.contains_key(form.as_str()))
        .map(|form| format!("{form} is in no row of FORMS: name the RPC of the same effect"))
        .collect();
    for (form, names) in &known {
        if !forms.contains(*form) {
            faults.push(format!("{form} is a form no more"));
        }
        let names = names.split(' ').filter(|name| *name != "-");
        faults
            .extend(names.filter(|name| !rpcs.contains(*name)).map(|name| format!("{form}: no RPC {name}")));
    }
    none(&faults, "the portal can do what the API cannot");
}

/// Paths that the portal's routes take posts for.
fn forms() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in files(&["rs"]).iter().filter(|source| source.path.starts_with("services/portal/src/")) {
        for route in source.text.split(".route(").skip(1) {
            let route = route.split(';').next().unwrap_or_default();
            let mut parts = route.splitn(3, '"').skip(1);
            if let (Some(path), Some(methods)) = (parts.next(), parts.next())
                && methods.contains("post(")
            {
                found.insert(path.to_string());
            }
        }
    }
    found
}

/// The RPCs of the contract.
fn rpcs() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in files(&["proto"]) {
        for line in source.text.lines() {
            if let Some(rest) = line.trim().strip_prefix("rpc ") {
                found.extend(rest.split('(').next().map(str::to_string));
            }
        }
    }
    found
}
