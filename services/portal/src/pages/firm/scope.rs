//! What a member or key is narrowed to: some of the firm's sites and purchasing groups.

use proto::partners::{ListPurchasingGroupsRequest, ListSitesRequest, Scope};

use crate::{
    ask::{Choice, Kind, Question},
    failure::Failure,
    form::Fields,
    i18n::key,
    session::Member,
};

/// As many as are offered to choose from.
const OFFERED: i32 = 200;

/// Questions for sites and groups, where the firm has any; `prefix` is where the API names the scope.
pub async fn questions(
    member: &Member,
    scope: &Scope,
    [sites_path, groups_path]: [&'static str; 2],
) -> Result<Vec<Question>, Failure> {
    let t = member.text();
    let [sites, groups] = known(member).await?;
    let mut questions = Vec::new();
    let mut add = |name, path, label, hint, known: Vec<(String, String)>, on: &[String]| {
        let choices = choices(known, on);
        if !choices.is_empty() {
            let question = Question::of(name, Kind::Boxes, t.say(label), choices);
            questions.push(question.hint(t.say(hint)).optional().at(path));
        }
    };
    add("site", sites_path, key::SITES, key::SCOPE_SITES_HINT, sites, &scope.sites);
    add("group", groups_path, key::GROUPS, key::SCOPE_GROUPS_HINT, groups, &scope.purchasing_groups);
    Ok(questions)
}

/// Sites and purchasing groups of the own firm by code and name, as many as are offered to choose from.
pub async fn known(member: &Member) -> Result<[Vec<(String, String)>; 2], Failure> {
    let api = &member.app().api;
    let request = ListSitesRequest { page_size: OFFERED, ..Default::default() };
    let sites = api.firms().list_sites(member.call(request)).await?.into_inner().sites;
    let request = ListPurchasingGroupsRequest { page_size: OFFERED, ..Default::default() };
    let groups = api.groups().list_purchasing_groups(member.call(request)).await?.into_inner().groups;
    let sites = sites.into_iter().map(|site| (site.code, site.name)).collect();
    let groups = groups.into_iter().map(|group| (group.code, group.name)).collect();
    Ok([sites, groups])
}

/// What is known, and what is set though nobody named it.
pub fn choices(known: Vec<(String, String)>, on: &[String]) -> Vec<Choice> {
    let unnamed = on.iter().filter(|code| known.iter().all(|(other, _)| other != *code));
    let unnamed: Vec<(String, String)> = unnamed.map(|code| (code.clone(), String::new())).collect();
    let all = known.into_iter().chain(unnamed);
    all.map(|(code, name)| Choice {
        on: on.contains(&code),
        label: if name.is_empty() || name == code { code.clone() } else { format!("{code} · {name}") },
        value: code,
        hint: String::new(),
    })
    .collect()
}

/// What was chosen; nothing chosen narrows nothing.
pub fn read(fields: &Fields) -> Option<Scope> {
    let all = |name: &str| fields.all(name).map(str::to_string).collect();
    Some(Scope { sites: all("site"), purchasing_groups: all("group") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_nobody_named_stays_chosen() {
        let known = vec![("NT-1".to_string(), "一厂".to_string()), ("NT-2".into(), String::new())];
        let choices = choices(known, &["OLD".into(), "NT-2".into()]);
        let shown: Vec<_> = choices.iter().map(|one| (one.label.as_str(), one.on)).collect();
        assert_eq!(shown, [("NT-1 · 一厂", false), ("NT-2", true), ("OLD", true)]);
    }
}
