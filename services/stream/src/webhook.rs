//! Webhooks: what they are, who may set one up, and when one is given up. Pure.

use chassis::{
    Error, Reason, Result,
    caller::{Caller, Grants},
};
use proto::stream::{WebhookDeliveryKind, WebhookDisabledReason, WebhookOutcome};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    entry::Fact,
    filter::{Filter, Sight},
};

/// The most webhooks of a firm.
pub const MAX: i64 = 20;
/// The most secrets of a webhook that work at a time.
pub const SECRETS: usize = 5;
/// The most events on their way at a time, and how many where nothing is said.
pub const IN_FLIGHT: (i32, i32) = (32, 8);

/// Where a firm's events are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    pub id: Uuid,
    pub name: String,
    /// May hold a secret of the receiver's: stands in no log.
    pub url: String,
    pub filter: Filter,
    /// What it is narrowed to.
    pub scope: Scope,
    pub ordered: bool,
    /// 1 where it is ordered.
    pub in_flight: i32,
    /// Why nothing is sent; `None` while it is enabled.
    pub disabled: Option<Disabled>,
    /// Everything up to here was accepted or left out.
    pub seq: i64,
    pub version: i64,
    pub created_at: OffsetDateTime,
}

impl Webhook {
    /// What the webhook is narrowed to, as readers of the feed are.
    pub fn grants(&self) -> Grants {
        let Scope { sites, purchasing_groups } = self.scope.clone();
        Grants { roles: Vec::new(), sites, purchasing_groups }
    }

    /// Whether its scope covers a fact of the firm's feed, whatever it asks for.
    pub fn covers(&self, fact: &Fact, firm: Uuid) -> bool {
        Sight::default().shows(fact, firm, Some(&self.grants()))
    }
}

/// Own sites and purchasing groups; an empty list narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub sites: Vec<String>,
    pub purchasing_groups: Vec<String>,
}

impl Scope {
    /// What is asked for, or what the caller is narrowed to where nothing is.
    pub fn or_own(self, caller: &Caller) -> Self {
        let or = |wanted: Vec<String>, own: &[String]| if wanted.is_empty() { own.to_vec() } else { wanted };
        Self {
            sites: or(self.sites, &caller.sites),
            purchasing_groups: or(self.purchasing_groups, &caller.purchasing_groups),
        }
    }
}

/// A webhook shows what its scope covers to whoever receives it, so that nobody sets one up, or turns one to another
/// address, that sees more than they do.
///
/// # Errors
/// PERMISSION_DENIED.
pub fn may_manage(caller: &Caller, scope: &Scope) -> Result<()> {
    let within = |wanted: &[String], own: &[String]| {
        own.is_empty() || (!wanted.is_empty() && wanted.iter().all(|one| own.contains(one)))
    };
    let fits =
        within(&scope.sites, &caller.sites) && within(&scope.purchasing_groups, &caller.purchasing_groups);
    if fits {
        return Ok(());
    }
    Err(Error::new(Reason::PERMISSION_DENIED)
        .message("the webhook's scope reaches beyond your own sites and purchasing groups"))
}

/// Why a webhook sends nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disabled {
    ByFirm,
    /// The receiver answered 410.
    Gone,
    /// One event was not accepted for about eleven days.
    Exhausted,
}

impl Disabled {
    const ALL: [(Disabled, &'static str, WebhookDisabledReason); 3] = [
        (Disabled::ByFirm, "by_firm", WebhookDisabledReason::ByFirm),
        (Disabled::Gone, "gone", WebhookDisabledReason::Gone),
        (Disabled::Exhausted, "exhausted", WebhookDisabledReason::Exhausted),
    ];

    fn row(self) -> (Disabled, &'static str, WebhookDisabledReason) {
        Self::ALL[self as usize]
    }

    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// From the database; `None` for the empty text of one that is enabled.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word, _)| *word == text).map(|(disabled, ..)| *disabled)
    }

    /// For the wire.
    pub fn wire(self) -> WebhookDisabledReason {
        self.row().2
    }
}

/// How a webhook stands in its feed, beside where.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The newest place of the feed.
    pub head: i64,
    /// Attempts of the oldest event that was not accepted.
    pub attempts: i32,
    pub retry_at: Option<OffsetDateTime>,
    /// When each secret that works was made, and when it ends; the newest first.
    pub secrets: Vec<(OffsetDateTime, Option<OffsetDateTime>)>,
}

/// One attempt, or one that is being made.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub id: Uuid,
    pub webhook: Uuid,
    pub kind: WebhookDeliveryKind,
    pub outcome: WebhookOutcome,
    /// As the receiver knows it.
    pub event_id: String,
    pub r#type: String,
    /// 0 for a test.
    pub seq: i64,
    pub attempt: i32,
    pub at: OffsetDateTime,
    pub duration_ms: i32,
    /// 0 where nobody answered.
    pub status: i32,
    /// Empty where it was accepted.
    pub failure: String,
    pub answer: String,
    pub retry_at: Option<OffsetDateTime>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::tests::caller;

    #[test]
    fn nobody_sets_up_a_webhook_that_sees_more_than_they_do() {
        let me = Uuid::from_u128(1);
        let scope = |sites: &[&str], groups: &[&str]| Scope {
            sites: sites.iter().map(ToString::to_string).collect(),
            purchasing_groups: groups.iter().map(ToString::to_string).collect(),
        };
        let (all, one) = (caller(me, &[], &[]), caller(me, &["W1"], &["G1"]));
        for (who, wanted, fits) in [
            (&all, scope(&[], &[]), true),
            (&all, scope(&["W9"], &[]), true),
            (&one, scope(&["W1"], &["G1"]), true),
            (&one, scope(&[], &["G1"]), false),
            (&one, scope(&["W1", "W2"], &["G1"]), false),
            (&one, scope(&["W1"], &["G2"]), false),
        ] {
            assert_eq!(may_manage(who, &wanted).is_ok(), fits, "{wanted:?}");
        }
        assert_eq!(scope(&[], &["G9"]).or_own(&one), scope(&["W1"], &["G9"]));
        assert_eq!(scope(&[], &[]).or_own(&one), scope(&["W1"], &["G1"]));
    }

    #[test]
    fn reasons_are_read_as_they_are_written() {
        for (disabled, ..) in Disabled::ALL {
            assert_eq!(Disabled::parse(disabled.as_str()), Some(disabled));
        }
        assert_eq!(Disabled::parse(""), None);
    }
}
