//! Every method × every role × own, partner's, stranger's and nothing: generated from the contract, so that a method
//! without a row fails. Run once as shipped, and once with the services' own decisions switched off, when row-level
//! security stands alone and whoever has the permission comes to it.
//!
//! A short run leaves out what is equal by the rule that decides. The gate knows roles and no objects, and rows know firms
//! and no roles: of the roles of trading firms that a method is for, one is asked everything of it, another each day and
//! for each method; the others ask for something that nobody has, and are told that or what the gate says. Of methods in which
//! everybody asks about their own, two firms are tried. `TANDEM_TEST_LONG=1` leaves nothing out, and `TANDEM_TEST_TURN`
//! repeats a day's choice.

mod agree;
mod binding;
mod capacity;
pub mod cast;
mod files;
mod follow;
mod needs;
mod offers;
pub mod payloads;
mod resources;
pub mod rows;
mod sheets;
mod subscriptions;
mod webhooks;
mod widened;

use std::{collections::BTreeMap, iter};

use bytes::Bytes;
use chassis::{Reason, caller::granted, gate};
use futures::future::join_all;
use harness::{Access, Options, World, outside::MailServer, refusal::reason};
use proto::{access::Permission, partners::Role};
use tonic::{Status, metadata::MetadataMap};

use self::{
    cast::{Cast, Side},
    rows::{Expect, Object, Row, row},
};

type Answer = Result<Vec<Bytes>, Status>;

/// Each method is tried by every role and without a credential, and by an owner, its partner, strangers and about nothing. A
/// short run leaves out who else owns, shares or does not know the object among roles that the gate lets through alike.
#[tokio::test]
async fn everybody_gets_what_role_and_relationship_allow() {
    run(false).await;
}

/// One role of each firm, since the wall knows none. A short run asks for what is another firm's alone: what an owner is
/// answered, and methods in which nothing is anybody else's, are as they are with the services' decisions, in the other test.
#[tokio::test]
async fn the_second_wall_holds_by_itself() {
    run(true).await;
}

async fn run(ownership_unchecked: bool) {
    let mail = MailServer::start().await;
    let smtp_url = mail.url();
    let world = World::with(Options { ownership_unchecked, smtp_url, ..Options::default() }).await;
    let cast = Cast::new(&world).await;
    let methods = gate::methods().expect("the contract");
    let turn = harness::turn();
    println!("turn {turn}");
    let mut faults = Vec::new();
    let mut cells = 0;
    for (place, path) in contract().into_iter().enumerate() {
        let permission = methods[&path].permission;
        let Some(row) = row(&path) else {
            faults.push(format!("{path} has no row; say in matrix/rows.rs what it answers to whom"));
            continue;
        };
        let foreign_alone = ownership_unchecked && !harness::long();
        if foreign_alone && row.is_of_the_caller_alone() {
            continue;
        }
        let chosen = chosen(permission, turn + place);
        let mut check = Check {
            cast: &cast,
            path: &path,
            row,
            permission,
            ownership_unchecked,
            foreign_alone,
            faults: &mut faults,
        };
        let roles = roles(permission, ownership_unchecked, chosen);
        let (allowed, denied): (Vec<Role>, Vec<Role>) =
            roles.into_iter().partition(|role| may(*role, permission));
        cells += check.refused(&denied).await;
        for role in allowed {
            let everything = harness::long() || role == Role::Operator || Some(role) == chosen;
            cells += if everything { check.allowed(role).await } else { check.let_through(role).await };
        }
    }
    println!("{cells} cells");
    assert!(faults.is_empty(), "{} of {cells} cells:\n{}", faults.len(), faults.join("\n"));
    world.finish().await;
}

/// Roles of firms that trade, of which each firm has a key.
const TRADING: [Role; 4] = [Role::Admin, Role::Buyer, Role::Sales, Role::Viewer];

/// Who calls a method. Rows know firms and no roles: where the second wall stands alone, one role of each firm that the gate
/// lets through is as good as all of them, and whoever it does not let through never comes to that wall. The other run has
/// every role.
fn roles(permission: Permission, ownership_unchecked: bool, chosen: Option<Role>) -> Vec<Role> {
    if !ownership_unchecked {
        return TRADING.into_iter().chain([Role::Operator]).collect();
    }
    let operator = may(Role::Operator, permission).then_some(Role::Operator);
    chosen.into_iter().chain(operator).collect()
}

/// Whose turn it is among the roles of trading firms that the gate lets through; none where it lets none of them through.
fn chosen(permission: Permission, turn: usize) -> Option<Role> {
    let through: Vec<Role> = TRADING.into_iter().filter(|role| may(*role, permission)).collect();
    through.get(turn % through.len().max(1)).copied()
}

/// Whether the gate lets this role through.
fn may(role: Role, permission: Permission) -> bool {
    permission == Permission::Public || granted(role).contains(&permission)
}

/// Every method of Tandem.
pub fn contract() -> Vec<String> {
    let pool = proto::contract().expect("descriptors");
    let ours = pool.services().filter(|service| service.full_name().starts_with("tandem."));
    let paths: Vec<String> = ours
        .flat_map(|service| {
            let name = service.full_name().to_string();
            service.methods().map(|method| format!("/{name}/{}", method.name())).collect::<Vec<_>>()
        })
        .collect();
    assert!(paths.len() > 25);
    // Last, since whoever claims an invitation is no stranger any more.
    let (claims, mut sorted): (Vec<_>, Vec<_>) =
        paths.into_iter().partition(|path| path.ends_with("/ClaimInvitation"));
    sorted.extend(claims);
    sorted
}

struct Check<'a> {
    cast: &'a Cast,
    path: &'a str,
    row: Row,
    permission: Permission,
    ownership_unchecked: bool,
    /// What an owner is answered is left out.
    foreign_alone: bool,
    faults: &'a mut Vec<String>,
}

impl Check<'_> {
    /// Who is refused whatever a call is about: without a credential, unless the method is public, and with roles that lack
    /// the permission, in the owner's firm and in another one. The refusal comes before anybody asks whose the object is, so
    /// that where the second wall stands alone there is nothing new in it. Nor is what is refused used up: one request is
    /// sent for all, since most of the time of a cell goes into what it is about.
    async fn refused(&mut self, roles: &[Role]) -> usize {
        if self.permission == Permission::Public {
            let answer = self.call(&self.cast.anybody, self.row.owner, Object::Real).await.0;
            self.expect("nobody", &answer, Expect::Ok);
            return 1;
        }
        if self.ownership_unchecked {
            return 0;
        }
        let (cast, path, owner) = (self.cast, self.path, self.row.owner);
        let sides: Vec<(Side, Object)> = iter::once((owner, Object::Real))
            .chain(strangers(owner).map(|side| (side, Object::Nothing)))
            .collect();
        for role in roles {
            let somebody = sides.iter().any(|(side, _)| cast.access(*side, *role).is_some());
            assert!(somebody, "{path} has nobody who is refused as {role:?}");
        }
        let mut cells = 0;
        for (side, object) in sides {
            let keys = roles.iter().filter_map(|role| {
                let who = format!("{role:?}, without the permission ({side:?})");
                Some((who, cast.access(side, *role)?, Reason::PERMISSION_DENIED))
            });
            let nobody = ("nobody".to_string(), &cast.anybody, Reason::UNAUTHENTICATED);
            let callers: Vec<_> = keys.chain((side == owner).then_some(nobody)).collect();
            if callers.is_empty() {
                continue;
            }
            let request = (self.row.request)(cast, side, object).await.0;
            let calls = callers
                .iter()
                .map(|(_, access, _)| access.call_with(path, request.clone(), MetadataMap::new()));
            for ((who, _, reason), answer) in callers.iter().zip(join_all(calls).await) {
                self.expect(who, &answer, Expect::Refused(*reason));
                cells += 1;
            }
        }
        cells
    }

    /// A role that the gate lets through is told of something that nobody has what the row says.
    async fn let_through(&mut self, role: Role) -> usize {
        let Row { owner, nothing, .. } = self.row;
        let Some(access) = self.cast.access(owner, role) else { return 0 };
        let none = self.call(access, owner, Object::Nothing).await.0;
        self.expect(&format!("{role:?}, nonexistent"), &none, nothing);
        1
    }

    async fn allowed(&mut self, role: Role) -> usize {
        let Row { owner, partner, stranger, nothing, .. } = self.row;
        // Everybody is asked about their own: two firms say what a third one would, and there is nothing that nobody has.
        let alike = !harness::long() && self.row.is_of_the_caller_alone() && role != Role::Operator;
        let mut cells = 0;
        if let Some(access) = self.cast.access(owner, role).filter(|_| !self.foreign_alone) {
            let own = self.call(access, owner, Object::Real).await.0;
            self.expect(&format!("{role:?}, own"), &own, Expect::Ok);
            self.shows(&format!("{role:?}, own"), &own, self.row.shows, true);
            cells += 1;
            if !alike {
                let none = self.call(access, owner, Object::Nothing).await.0;
                self.expect(&format!("{role:?}, nonexistent"), &none, nothing);
                cells += 1;
            }
        }
        if let Some(access) = self.cast.access(owner.other(), role) {
            let answer = self.call(access, owner.other(), Object::Real).await.0;
            let expected = match (partner, self.ownership_unchecked) {
                // Which wall it was that stopped the other side shows in the code alone.
                (Expect::Refused(_), true) => Expect::AnyRefusal,
                (expected, _) => expected,
            };
            self.expect(&format!("{role:?}, partner"), &answer, expected);
            self.shows(&format!("{role:?}, partner"), &answer, self.row.shows, self.row.partner_sees);
            cells += 1;
        }
        for stranger_side in strangers(owner).filter(|_| !alike) {
            let Some(access) = self.cast.access(stranger_side, role) else { continue };
            let (answer, id) = self.call(access, stranger_side, Object::Real).await;
            let who = format!("{role:?}, stranger ({stranger_side:?})");
            self.expect(&who, &answer, stranger);
            self.shows(&who, &answer, self.row.shows, false);
            cells += 1;
            if answer.is_err() {
                let (none, no_id) = self.call(access, stranger_side, Object::Nothing).await;
                self.same(&who, (&answer, &id), (&none, &no_id));
                cells += 1;
            }
        }
        cells
    }

    /// Calls the method as a request builder of the row says; the answer and the id that the request named.
    async fn call(&self, access: &Access, caller: Side, object: Object) -> (Answer, String) {
        let (request, id) = (self.row.request)(self.cast, caller, object).await;
        (access.call_with(self.path, request, MetadataMap::new()).await, id)
    }

    fn expect(&mut self, who: &str, answer: &Answer, expected: Expect) {
        let fits = match (&expected, answer) {
            (Expect::Ok, answer) => answer.is_ok(),
            (Expect::Refused(wanted), Err(status)) => {
                reason(status) == wanted.as_str() && status.code() == wanted.code()
            }
            (Expect::AnyRefusal, answer) => answer.is_err(),
            (Expect::Refused(_), Ok(_)) => false,
        };
        if !fits {
            let got = answer.as_ref().map(|_| "an answer".to_string()).unwrap_or_else(reason);
            self.faults.push(format!("{} as {who}: {expected:?} expected, got {got}", self.path));
        }
    }

    /// What a list of the owner's shows must be in an answer, or must not.
    fn shows(&mut self, who: &str, answer: &Answer, what: Option<fn(&Cast) -> String>, wanted: bool) {
        let (Some(what), Ok(messages)) = (what, answer) else { return };
        let what = what(self.cast);
        let found =
            messages.iter().any(|message| message.windows(what.len()).any(|part| part == what.as_bytes()));
        if found != wanted {
            let fault = if wanted { "does not show" } else { "shows" };
            self.faults.push(format!("{} as {who}: the answer {fault} {what}", self.path));
        }
    }

    /// A stranger must not see the difference between what is not for it and what is not there.
    fn same(&mut self, who: &str, (foreign, id): (&Answer, &str), (nothing, no_id): (&Answer, &str)) {
        let (Err(foreign), Err(nothing)) = (foreign, nothing) else { return };
        let shown = |status: &Status, id: &str| {
            let details = String::from_utf8_lossy(status.details()).replace(id, "ID");
            (status.code(), status.message().replace(id, "ID"), details, headers(status))
        };
        let (one, other) = (shown(foreign, id), shown(nothing, no_id));
        if one != other {
            self.faults.push(format!("{} as {who}: {one:?} differs from {other:?}", self.path));
        }
    }
}

/// Firms that have nothing to do with what the owner has.
fn strangers(owner: Side) -> impl Iterator<Item = Side> {
    [Side::Rival, Side::Operator].into_iter().filter(move |side| *side != owner && *side != owner.other())
}

/// Names of the headers of an answer.
fn headers(status: &Status) -> BTreeMap<String, usize> {
    let names = status.metadata().keys().map(|key| match key {
        tonic::metadata::KeyRef::Ascii(name) => name.as_str().to_string(),
        tonic::metadata::KeyRef::Binary(name) => name.as_str().to_string(),
    });
    names.fold(BTreeMap::new(), |mut names, name| {
        *names.entry(name).or_default() += 1;
        names
    })
}
