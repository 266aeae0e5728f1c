//! Group commit: commands of one firm that wait while its last transaction runs go into the next one together.
//!
//! The first command of an idle firm runs at once and alone. Each firm has one transaction at a time, so that its
//! own commands never wait for each other's locks; firms do not wait for each other.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{Error, Reason, Result};

/// Runs a slice of commands of one firm; answers one result for each, in order.
pub type Run<C, R> = Arc<dyn Fn(Uuid, Vec<C>) -> BoxFuture<'static, Vec<Result<R>>> + Send + Sync>;

/// What waits, by firm. A lane exists while its firm's transaction runs.
type Lanes<C, R> = Arc<Mutex<HashMap<Uuid, Vec<Waiting<C, R>>>>>;

/// Collects commands of a firm into slices.
pub struct Batcher<C, R> {
    lanes: Lanes<C, R>,
    run: Run<C, R>,
    max: usize,
}

struct Waiting<C, R> {
    command: C,
    answer: oneshot::Sender<Result<R>>,
}

impl<C: Send + 'static, R: Send + 'static> Batcher<C, R> {
    /// A batcher of slices of at most `max`.
    pub fn new(max: usize, run: Run<C, R>) -> Self {
        Self { lanes: Arc::default(), run, max }
    }

    /// Runs the command in the firm's next slice.
    pub async fn submit(&self, firm: Uuid, command: C) -> Result<R> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { command, answer };
        let idle = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            match lanes.get_mut(&firm) {
                Some(lane) => {
                    lane.push(waiting);
                    None
                }
                None => {
                    lanes.insert(firm, Vec::new());
                    Some(waiting)
                }
            }
        };
        if let Some(first) = idle {
            let (lanes, run, max) = (self.lanes.clone(), self.run.clone(), self.max);
            tokio::spawn(drain(firm, vec![first], lanes, run, max));
        }
        answered.await.unwrap_or_else(|_| Err(Error::new(Reason::UNAVAILABLE)))
    }

    /// Runs commands of one firm in its next slices, together; answers one result for each, in order.
    pub async fn submit_all(&self, firm: Uuid, commands: Vec<C>) -> Vec<Result<R>> {
        let (mut waiting, answers): (Vec<_>, Vec<_>) = commands
            .into_iter()
            .map(|command| {
                let (answer, answered) = oneshot::channel();
                (Waiting { command, answer }, answered)
            })
            .unzip();
        let first = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            match lanes.get_mut(&firm) {
                Some(lane) => {
                    lane.append(&mut waiting);
                    Vec::new()
                }
                None if waiting.is_empty() => Vec::new(),
                None => {
                    let later = waiting.split_off(waiting.len().min(self.max));
                    lanes.insert(firm, later);
                    waiting
                }
            }
        };
        if !first.is_empty() {
            let (lanes, run, max) = (self.lanes.clone(), self.run.clone(), self.max);
            tokio::spawn(drain(firm, first, lanes, run, max));
        }
        let answers = answers
            .into_iter()
            .map(async |answered| answered.await.unwrap_or_else(|_| Err(Error::new(Reason::UNAVAILABLE))));
        futures::future::join_all(answers).await
    }
}

/// Closes the lane even where a slice panics, so that the firm is not stuck for ever.
struct Lane<C, R> {
    firm: Uuid,
    lanes: Lanes<C, R>,
    closed: bool,
}

impl<C, R> Drop for Lane<C, R> {
    fn drop(&mut self) {
        if self.closed {
            // Another lane of the firm may be open by now.
            return;
        }
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.firm);
    }
}

async fn drain<C: Send + 'static, R: Send + 'static>(
    firm: Uuid,
    mut slice: Vec<Waiting<C, R>>,
    lanes: Lanes<C, R>,
    run: Run<C, R>,
    max: usize,
) {
    let mut lane = Lane { firm, lanes, closed: false };
    loop {
        let (commands, answers): (Vec<_>, Vec<_>) =
            slice.into_iter().map(|waiting| (waiting.command, waiting.answer)).unzip();
        let results = run(firm, commands).await;
        for (answer, result) in answers.into_iter().zip(results) {
            // The caller may have gone meanwhile; its command took effect all the same, and a repeat replays it.
            let _ = answer.send(result);
        }
        let lanes = lane.lanes.clone();
        let mut lanes = lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = lanes.entry(firm).or_default();
        // Whose caller went away before it began has no effect: what the caller asks elsewhere meanwhile would be refused
        // for the sake of what nobody waits for.
        waiting.retain(|one| !one.answer.is_closed());
        if waiting.is_empty() {
            lanes.remove(&firm);
            lane.closed = true;
            return;
        }
        let take = waiting.len().min(max);
        slice = waiting.drain(..take).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_waits_goes_together_and_each_gets_its_own_answer() {
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let seen = sizes.clone();
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let held = gate.clone();
        let run: Run<u32, u32> = Arc::new(move |_, commands: Vec<u32>| {
            seen.lock().unwrap().push(commands.len());
            let held = held.clone();
            Box::pin(async move {
                held.acquire().await.unwrap().forget();
                commands.into_iter().map(|c| Ok(c * 2)).collect()
            })
        });
        let batcher = Arc::new(Batcher::new(4, run));
        let mut tasks = tokio::task::JoinSet::new();
        for i in 0..10 {
            let batcher = batcher.clone();
            tasks.spawn(async move { (i, batcher.submit(Uuid::nil(), i).await.unwrap()) });
        }
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(10);
        while let Some(done) = tasks.join_next().await {
            let (i, answer) = done.unwrap();
            assert_eq!(answer, i * 2);
        }
        assert_eq!(*sizes.lock().unwrap(), [1, 4, 4, 1]);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_does_not_begin() {
        let ran = Arc::new(Mutex::new(Vec::new()));
        let seen = ran.clone();
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let held = gate.clone();
        let run: Run<u32, u32> = Arc::new(move |_, commands: Vec<u32>| {
            seen.lock().unwrap().extend(commands.iter().copied());
            let held = held.clone();
            Box::pin(async move {
                held.acquire().await.unwrap().forget();
                commands.into_iter().map(Ok).collect()
            })
        });
        let batcher = Batcher::new(4, run);
        let (first, second) = {
            let (mut first, mut gone, mut second) = (
                Box::pin(batcher.submit(Uuid::nil(), 1)),
                Box::pin(batcher.submit(Uuid::nil(), 2)),
                Box::pin(batcher.submit(Uuid::nil(), 3)),
            );
            assert!(futures::poll!(&mut first).is_pending());
            assert!(futures::poll!(&mut gone).is_pending());
            assert!(futures::poll!(&mut second).is_pending());
            (first, second)
        };
        gate.add_permits(2);
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (1, 3));
        assert_eq!(*ran.lock().unwrap(), [1, 3]);
    }

    #[tokio::test]
    async fn what_comes_together_goes_together() {
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let seen = sizes.clone();
        let run: Run<u32, u32> = Arc::new(move |_, commands: Vec<u32>| {
            seen.lock().unwrap().push(commands.len());
            Box::pin(async move { commands.into_iter().map(|c| Ok(c * 2)).collect() })
        });
        let batcher = Batcher::new(4, run);
        let answers = batcher.submit_all(Uuid::nil(), (0..10).collect()).await;
        let answers: Vec<u32> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, (0..10).map(|i| i * 2).collect::<Vec<_>>(), "each gets its own");
        assert_eq!(*sizes.lock().unwrap(), [4, 4, 2]);
        assert!(batcher.submit_all(Uuid::nil(), Vec::new()).await.is_empty());
        assert_eq!(batcher.submit(Uuid::nil(), 7).await.unwrap(), 14, "the lane is free again");
    }
}
