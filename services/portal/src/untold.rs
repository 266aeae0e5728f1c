//! What no feed tells of: members, keys, webhooks, what else is set up, and what the operator does.
//!
//! Pages that show such things are told by their kind as soon as a colleague has changed some of them through this portal,
//! and every [`EVERY`] that they may have changed elsewhere: by the API, through another portal, or with time.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use chassis::secret;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, MissedTickBehavior},
};

use crate::App;

/// The kind of all of it; the script knows it, too, and leaves pages that nobody sees alone.
const UNTOLD: &str = "untold";
/// How often such pages are read anew while somebody sees them.
const EVERY: Duration = Duration::from_secs(20);
/// So many changes wait for a stream that is slow; after more of them it is told of everything at once.
const BEHIND: usize = 64;

/// The words by which addresses name what is changed there; pages that show it name the same.
const KINDS: [&str; 14] = [
    "aliases",
    "channels",
    "clusters",
    "disclosure",
    "filters",
    "keys",
    "members",
    "operator",
    "partners",
    "purchasing-groups",
    "share",
    "sites",
    "tolerances",
    "webhooks",
];

/// What is changed through this portal, by firm and kind.
pub struct Changes {
    made: broadcast::Sender<Change>,
}

#[derive(Clone, Debug)]
struct Change {
    firm: String,
    kind: &'static str,
}

impl Default for Changes {
    fn default() -> Self {
        Self { made: broadcast::channel(BEHIND).0 }
    }
}

impl Changes {
    /// The kinds of what a firm's members change from now on, and in between the kind of all of it. Needs a tokio runtime.
    pub fn of(&self, firm: String) -> BoxStream<'static, &'static str> {
        let [part] = secret::random();
        let mut clock = tokio::time::interval_at(Instant::now() + first(part), EVERY);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let begin = (self.made.subscribe(), clock, firm);
        stream::unfold(begin, |(mut made, mut clock, firm)| async move {
            let kind = loop {
                tokio::select! {
                    change = made.recv() => match change {
                        Ok(change) if change.firm == firm => break change.kind,
                        Ok(_) => {}
                        Err(RecvError::Lagged(_)) => break UNTOLD,
                        Err(RecvError::Closed) => return None,
                    },
                    _ = clock.tick() => break UNTOLD,
                }
            };
            Some((kind, (made, clock, firm)))
        })
        .boxed()
    }
}

/// When such pages are read anew for the first time: at random, as by `part` of 256, within the second half of [`EVERY`],
/// since all of them follow anew at once where the portal was started again.
fn first(part: u8) -> Duration {
    EVERY * (256 + u32::from(part)) / 512
}

/// The firm of whoever posts, which is known once the session is looked up.
#[derive(Clone, Default)]
pub struct Poster(Arc<OnceLock<String>>);

impl Poster {
    /// Acts for this firm.
    pub fn is_of(&self, firm: &str) {
        self.0.get_or_init(|| firm.to_string());
    }
}

/// Tells the pages that a firm has open what one of its members has changed. A form that came back has changed nothing.
pub async fn tell(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let kind = if *request.method() == Method::POST { kind(request.uri().path()) } else { None };
    let Some(kind) = kind else { return next.run(request).await };
    let poster = Poster::default();
    request.extensions_mut().insert(poster.clone());
    let response = next.run(request).await;
    let done = response.status().is_success() || response.status().is_redirection();
    if let Some(firm) = poster.0.get().filter(|_| done) {
        // Nobody may have a page open.
        let _ = app.changes.made.send(Change { firm: firm.clone(), kind });
    }
    response
}

fn kind(path: &str) -> Option<&'static str> {
    path.split('/').find_map(|word| KINDS.into_iter().find(|kind| *kind == word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_the_kind_of_what_is_changed_there() {
        assert_eq!(kind("/members/new"), Some("members"));
        assert_eq!(kind("/partners/0192f000/terms"), Some("partners"));
        assert_eq!(kind("/orders/0192f000/share/0192f001/revoke"), Some("share"));
        assert_eq!(kind("/orders/0192f000/accept"), None, "the feed tells of it");
    }

    #[test]
    fn pages_that_follow_at_once_are_not_read_anew_at_once() {
        assert_eq!(first(0), EVERY / 2);
        assert!(first(u8::MAX) > EVERY * 9 / 10 && first(u8::MAX) < EVERY);
    }

    #[tokio::test]
    async fn a_firm_hears_of_its_own_changes_alone() {
        let changes = Changes::default();
        let mut heard = changes.of("a".to_string());
        let change = |firm: &str, kind| changes.made.send(Change { firm: firm.to_string(), kind }).unwrap();
        change("b", "keys");
        change("a", "members");
        assert_eq!(heard.next().await, Some("members"));
        for _ in 0..=BEHIND {
            change("b", "keys");
        }
        assert_eq!(heard.next().await, Some(UNTOLD), "what was missed may have been its own");
    }
}
