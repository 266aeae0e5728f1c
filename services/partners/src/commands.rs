//! One function a command: idempotency and effect in one transaction, the event last, then COMMIT. Secrets are made
//! before the transaction and put into the answer after it, so that no recorded receipt holds one.

mod alias;
mod announcement;
mod cluster;
mod filter;
mod firm;
mod invitation;
mod key;
mod member;
mod operator;
mod relationship;
mod session;

pub(crate) use alias::{delete_alias, delete_group, set_aliases, set_group};
pub(crate) use announcement::{
    dismiss_announcement, publish_announcement, update_announcement, withdraw_announcement,
};
use chassis::command::Begun;
pub(crate) use chassis::command::Single as Command;
pub(crate) use cluster::{create_cluster, invite_to_cluster, move_membership};
pub(crate) use filter::{delete_filter, save_filter};
pub(crate) use firm::{create_firm, create_site};
pub(crate) use invitation::{How, invite_suppliers};
pub(crate) use key::{create_api_key, revoke_api_key};
pub(crate) use member::{create_member, create_sign_in_link, update_member};
pub(crate) use operator::{merge_firms, operate, reset_last_admin};
pub(crate) use relationship::{claim_invitation, invite_supplier, renew_invitation, update_relationship};
pub(crate) use session::{Acceptance, accept_invitation, end_session, redeem_sign_in_link, set_locale};
