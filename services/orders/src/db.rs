//! Every SQL statement of orders: free functions over the tenant transaction. Each names its side or its id; row
//! security is the second wall, not the first.

pub(crate) mod action;
pub(crate) mod alias;
pub(crate) mod change;
pub(crate) mod claim;
pub(crate) mod deadline;
pub(crate) mod follow;
pub(crate) mod group;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod load;
pub(crate) mod pending;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod promised;
pub(crate) mod publish;
pub(crate) mod read;
pub(crate) mod reminder;
pub(crate) mod reservation;
pub(crate) mod respond;
pub(crate) mod scorecard;
pub(crate) mod search;
pub(crate) mod terms;
pub(crate) mod thread;
pub(crate) mod tolerance;
pub(crate) mod trading_terms;
pub(crate) mod volatility;

/// Stands for "no requested day" in order_state, so that undated orders sort last in an index.
pub(crate) const UNDATED: time::Date = time::macros::date!(9999 - 12 - 31);
