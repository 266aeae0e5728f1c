//! Aliases and purchasing groups.

use std::collections::HashSet;

use chassis::{Result, value};
use proto::partners as wire;
use rust_decimal::Decimal;

use super::{CODE, Check, NAME};
use crate::alias::{Alias, AliasKey, AliasKind, MAX_AT_ONCE, is_tax_category, is_unit_code};

fn check_kind(check: &mut Check, path: &str, given: i32) -> AliasKind {
    match wire::AliasKind::try_from(given) {
        Ok(wire::AliasKind::Unit) => AliasKind::Unit,
        Ok(wire::AliasKind::Site) => AliasKind::Site,
        Ok(wire::AliasKind::Tax) => AliasKind::Tax,
        Ok(wire::AliasKind::Unspecified) | Err(_) => {
            check.bad(path, "REQUIRED", "must be UNIT, SITE or TAX");
            AliasKind::Unit
        }
    }
}

fn check_key(check: &mut Check, at: &str, kind: i32, system: &str, written: &str) -> AliasKey {
    AliasKey {
        kind: check_kind(check, &format!("{at}kind"), kind),
        source_system: check.optional_text(&format!("{at}source_system"), system, CODE),
        written: check.text(&format!("{at}written"), written, CODE),
    }
}

fn check_meaning(
    check: &mut Check,
    at: &str,
    kind: AliasKind,
    given: &wire::Alias,
) -> (String, Option<Decimal>) {
    let path = format!("{at}meaning");
    let meaning = check.text(&path, &given.meaning, CODE);
    let wrong = match kind {
        AliasKind::Unit if !is_unit_code(&meaning) => "must be a code of UN/ECE Rec 20 such as H87",
        AliasKind::Tax if !is_tax_category(&meaning) => "must be a category of UNCL5305 such as S",
        _ => "",
    };
    if !wrong.is_empty() && !meaning.is_empty() {
        check.bad(path, "CODE", wrong);
    }
    let path = format!("{at}tax_rate");
    let rate = match value::decimal(given.tax_rate.as_ref()) {
        Ok(rate) => rate,
        Err(wrong) => {
            check.bad(path, "DECIMAL", wrong);
            return (meaning, None);
        }
    };
    match (kind, rate) {
        (AliasKind::Tax, None) => {
            check.bad(path, "REQUIRED", "is required with a tax category; 13 % is 0.13")
        }
        (AliasKind::Tax, Some(rate)) if rate < Decimal::ZERO || rate >= Decimal::ONE => {
            check.bad(path, "RANGE", "must be a fraction from 0 to below 1; 13 % is 0.13");
        }
        (AliasKind::Unit | AliasKind::Site, Some(_)) => check.bad(path, "FORBIDDEN", "belongs to TAX alone"),
        _ => {}
    }
    (meaning, rate)
}

pub(crate) fn aliases(request: &wire::SetAliasesRequest) -> Result<Vec<Alias>> {
    let mut check = Check::default();
    if request.aliases.is_empty() || request.aliases.len() > MAX_AT_ONCE {
        check.bad("aliases", "COUNT", format!("must have 1 to {MAX_AT_ONCE} entries"));
        return check.done(Vec::new());
    }
    let mut keys = HashSet::new();
    let mut aliases = Vec::with_capacity(request.aliases.len());
    for (i, given) in request.aliases.iter().enumerate() {
        let at = format!("aliases[{i}].");
        let key = check_key(&mut check, &at, given.kind, &given.source_system, &given.written);
        let (meaning, tax_rate) = check_meaning(&mut check, &at, key.kind, given);
        if !keys.insert((key.kind, key.source_system.clone(), key.written.clone())) {
            check.bad(format!("{at}written"), "REPEATED", "stands in another entry too");
        }
        aliases.push(Alias { key, meaning, tax_rate });
    }
    check.done(aliases)
}

pub(crate) fn alias_key(request: &wire::DeleteAliasRequest) -> Result<AliasKey> {
    let mut check = Check::default();
    let key = check_key(&mut check, "", request.kind, &request.source_system, &request.written);
    check.done(key)
}

/// The table that a list is about; `None`: all of them.
pub(crate) fn alias_filter(given: i32) -> Result<Option<AliasKind>> {
    let mut check = Check::default();
    let kind = (given != 0).then(|| check_kind(&mut check, "kind", given));
    check.done(kind)
}

pub(crate) fn alias(alias: &Alias) -> wire::Alias {
    let kind = match alias.key.kind {
        AliasKind::Unit => wire::AliasKind::Unit,
        AliasKind::Site => wire::AliasKind::Site,
        AliasKind::Tax => wire::AliasKind::Tax,
    };
    wire::Alias {
        kind: kind.into(),
        source_system: alias.key.source_system.clone(),
        written: alias.key.written.clone(),
        meaning: alias.meaning.clone(),
        tax_rate: alias.tax_rate.map(value::wire_decimal),
    }
}

/// The code and name of a group.
pub(crate) fn group(request: &wire::SetPurchasingGroupRequest) -> Result<(String, String)> {
    let mut check = Check::default();
    let given = request.group.clone().unwrap_or_default();
    let group = (check.text("group.code", &given.code, CODE), check.text("group.name", &given.name, NAME));
    check.done(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(aliases: Vec<wire::Alias>) -> Vec<String> {
        let error = super::aliases(&wire::SetAliasesRequest { request_id: "1".into(), aliases }).unwrap_err();
        error.fields.into_iter().map(|field| field.path).collect()
    }

    #[test]
    fn every_bad_entry_is_named() {
        let unit = |written: &str, meaning: &str| wire::Alias {
            kind: wire::AliasKind::Unit.into(),
            written: written.into(),
            meaning: meaning.into(),
            ..Default::default()
        };
        let tax = |rate: Option<&str>| wire::Alias {
            kind: wire::AliasKind::Tax.into(),
            written: "J1".into(),
            meaning: "S".into(),
            tax_rate: rate.map(|value| proto::Decimal { value: value.into() }),
            ..Default::default()
        };
        assert_eq!(paths(vec![]), ["aliases"]);
        assert_eq!(paths(vec![unit("个", "H87"), unit(" 个 ", "C62")]), ["aliases[1].written"]);
        assert_eq!(paths(vec![unit("", "pcs")]), ["aliases[0].written", "aliases[0].meaning"]);
        assert_eq!(paths(vec![tax(None)]), ["aliases[0].tax_rate"]);
        assert_eq!(paths(vec![tax(Some("13"))]), ["aliases[0].tax_rate"]);
        assert_eq!(paths(vec![tax(Some("1e-1"))]), ["aliases[0].tax_rate"]);
        let good = wire::SetAliasesRequest {
            request_id: "1".into(),
            aliases: vec![unit("个", "H87"), tax(Some("0.13"))],
        };
        assert_eq!(super::aliases(&good).unwrap().len(), 2);
    }
}
