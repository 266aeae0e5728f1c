//! Members, keys and their scopes.

use chassis::{Result, caller::Role, value};
use proto::partners as wire;

use super::{CODE, Check, NAME, etag};
use crate::member::{ApiKey, Member, MemberChange, NewKey, NewMember, Scope};

/// The most sites or purchasing groups of one scope.
const SCOPE: usize = 100;

pub(super) fn check_locale(check: &mut Check, path: &str, given: &str) -> String {
    match given {
        "" | "zh" => "zh".to_string(),
        "en" => "en".to_string(),
        _ => {
            check.bad(path, "LOCALE", "must be zh or en");
            String::new()
        }
    }
}

/// A language that somebody chooses; here empty chooses nothing.
pub(crate) fn locale(given: &str) -> Result<String> {
    let mut check = Check::default();
    if given.is_empty() {
        check.bad("locale", "REQUIRED", "must be zh or en");
    }
    let locale = check_locale(&mut check, "locale", given);
    check.done(locale)
}

/// The name of a device; anything that does not read is cut, since nobody types it.
pub(crate) fn device(given: &str) -> String {
    given.chars().filter(|c| !chassis::value::is_hidden(*c)).take(100).collect()
}

fn check_roles(check: &mut Check, path: &str, given: &[i32]) -> Vec<Role> {
    if given.is_empty() {
        check.bad(path, "REQUIRED", "must name at least one role");
    }
    let mut roles = Vec::new();
    for (i, number) in given.iter().enumerate().take(10) {
        match Role::try_from(*number) {
            Ok(Role::Unspecified) | Err(_) => check.bad(format!("{path}[{i}]"), "ROLE", "is no role"),
            Ok(role) => roles.push(role),
        }
    }
    if given.len() > 10 {
        check.bad(path, "TOO_MANY", "must have at most 10 entries");
    }
    roles.sort();
    roles.dedup();
    roles
}

fn check_scope(check: &mut Check, path: &str, given: Option<&wire::Scope>) -> Scope {
    let Some(given) = given else { return Scope::default() };
    let mut list = |name: &str, values: &[String]| {
        if values.len() > SCOPE {
            check.bad(format!("{path}.{name}"), "TOO_MANY", format!("must have at most {SCOPE} entries"));
            return Vec::new();
        }
        let mut all: Vec<String> = values
            .iter()
            .enumerate()
            .map(|(i, value)| check.text(&format!("{path}.{name}[{i}]"), value, CODE))
            .collect();
        all.sort();
        all.dedup();
        all
    };
    Scope {
        sites: list("sites", &given.sites),
        purchasing_groups: list("purchasing_groups", &given.purchasing_groups),
    }
}

pub(crate) fn new_member(request: &wire::CreateMemberRequest) -> Result<NewMember> {
    let mut check = Check::default();
    let new = NewMember {
        name: check.text("name", &request.name, NAME),
        roles: check_roles(&mut check, "roles", &request.roles),
        scope: check_scope(&mut check, "scope", request.scope.as_ref()),
        locale: check_locale(&mut check, "locale", &request.locale),
    };
    check.done(new)
}

pub(crate) fn member_change(request: &wire::UpdateMemberRequest) -> Result<MemberChange> {
    let given = request.member.clone().unwrap_or_default();
    let mut check = Check::default();
    if given.etag.is_empty() {
        check.bad("member.etag", "REQUIRED", "is required; send back the one that came with the member");
    }
    let change = MemberChange {
        id: uuid::Uuid::nil(),
        roles: check_roles(&mut check, "member.roles", &given.roles),
        scope: check_scope(&mut check, "member.scope", given.scope.as_ref()),
        disabled: given.disabled,
        etag: given.etag.clone(),
    };
    let change = check.done(change)?;
    Ok(MemberChange { id: value::id(&given.id)?, ..change })
}

pub(crate) fn new_key(request: &wire::CreateApiKeyRequest) -> Result<NewKey> {
    let mut check = Check::default();
    let expires_at = request.expires_at.as_ref().and_then(value::time);
    if request.expires_at.is_some() && expires_at.is_none() {
        check.bad("expires_at", "TIMESTAMP", "is no time that can be kept");
    }
    let new = NewKey {
        name: check.text("name", &request.name, NAME),
        roles: check_roles(&mut check, "roles", &request.roles),
        scope: check_scope(&mut check, "scope", request.scope.as_ref()),
        expires_at,
    };
    check.done(new)
}

pub(crate) fn member(member: &Member) -> wire::Member {
    wire::Member {
        id: member.id.to_string(),
        name: member.name.clone(),
        roles: roles(&member.roles),
        scope: Some(scope(&member.scope)),
        locale: member.locale.clone(),
        disabled: member.disabled,
        created_at: Some(value::timestamp(member.created_at)),
        etag: etag(member.version),
    }
}

pub(crate) fn api_key(key: &ApiKey) -> wire::ApiKey {
    wire::ApiKey {
        id: key.id.clone(),
        name: key.name.clone(),
        roles: roles(&key.roles),
        scope: Some(scope(&key.scope)),
        created_at: Some(value::timestamp(key.created_at)),
        expires_at: key.expires_at.map(value::timestamp),
        revoked_at: key.revoked_at.map(value::timestamp),
    }
}

fn roles(roles: &[Role]) -> Vec<i32> {
    roles.iter().map(|role| i32::from(*role)).collect()
}

pub(crate) fn scope(scope: &Scope) -> wire::Scope {
    wire::Scope { sites: scope.sites.clone(), purchasing_groups: scope.purchasing_groups.clone() }
}

/// The name of the person who accepts an invitation.
pub(crate) fn new_member_name(check: &mut Check, given: &str) -> String {
    check.text("member_name", given, NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_known_and_named_once() {
        let request = |roles: &[i32]| wire::CreateMemberRequest {
            name: "林".into(),
            roles: roles.to_vec(),
            ..Default::default()
        };
        assert_eq!(new_member(&request(&[3, 1, 3])).unwrap().roles, [Role::Admin, Role::Sales]);
        for bad in [&[][..], &[0], &[6], &[-1], &[1; 11]] {
            assert!(new_member(&request(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_change_needs_its_etag() {
        let member = wire::Member { id: uuid::Uuid::nil().to_string(), roles: vec![1], ..Default::default() };
        let request = |etag: &str| wire::UpdateMemberRequest {
            request_id: "1".into(),
            member: Some(wire::Member { etag: etag.into(), ..member.clone() }),
        };
        assert!(member_change(&request("1")).is_ok());
        assert_eq!(member_change(&request("")).unwrap_err().fields[0].path, "member.etag");
    }

    #[test]
    fn a_device_is_cut_and_not_refused() {
        assert_eq!(device("Fire\nfox"), "Firefox");
        assert_eq!(device(&"长".repeat(500)).chars().count(), 100);
    }
}
