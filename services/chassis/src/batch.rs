//! Group commit: commands of one firm that wait while its last transaction runs go into the next one together.
//!
//! The first command of an idle firm runs at once and alone. Each firm has one transaction at a time, so that its
//! own commands never wait for each other's locks; firms do not wait for each other.
//!
//! Callers that are answered often ask again at once. A slice that began the moment the last one ended would go without
//! them, so that of sixteen callers one and fifteen took turns, and every second transaction was made for one command.
//! So where several are under way, the next slice waits for as many, but never long: `PATIENCE`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use crate::{Error, Reason, Result};

/// Runs a slice of commands of one firm; answers one result for each, in order.
pub type Run<C, R> = Arc<dyn Fn(Uuid, Vec<C>) -> BoxFuture<'static, Vec<Result<R>>> + Send + Sync>;

/// How long a slice waits for those who were just answered: half as long as the last one ran, between these. Sixteen
/// callers on a busy machine were not back within a millisecond, and went in two halves that took turns, with twice the
/// transactions. The timer ticks in milliseconds: it may be one more.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(5));
/// Callers under way below which nothing waits for anybody.
const COMPANY: usize = 4;
/// Slices that do not wait after one for which nobody came: their callers come once, and not again and again.
const UNCALLED: u32 = 15;

/// What waits, by firm. A lane exists while its firm's transaction runs.
type Lanes<C, R> = Arc<Mutex<HashMap<Uuid, Queue<C, R>>>>;

/// What waits of one firm.
struct Queue<C, R> {
    waiting: Vec<Waiting<C, R>>,
    /// So many make the next slice complete, which waits for them.
    wanted: Option<usize>,
    /// Tells the lane that they are there.
    complete: Arc<Notify>,
}

impl<C, R> Queue<C, R> {
    fn of(waiting: Vec<Waiting<C, R>>) -> Self {
        Self { waiting, wanted: None, complete: Arc::default() }
    }

    fn add(&mut self, more: impl IntoIterator<Item = Waiting<C, R>>) {
        self.waiting.extend(more);
        if self.wanted.is_some_and(|wanted| self.waiting.len() >= wanted) {
            self.wanted = None;
            self.complete.notify_one();
        }
    }
}

/// Collects commands of a firm into slices.
pub struct Batcher<C, R> {
    lanes: Lanes<C, R>,
    run: Run<C, R>,
    max: usize,
    patience: (Duration, Duration),
}

struct Waiting<C, R> {
    command: C,
    answer: oneshot::Sender<Result<R>>,
}

impl<C: Send + 'static, R: Send + 'static> Batcher<C, R> {
    /// A batcher of slices of at most `max`.
    pub fn new(max: usize, run: Run<C, R>) -> Self {
        Self { lanes: Arc::default(), run, max, patience: PATIENCE }
    }

    /// Runs the command in the firm's next slice.
    pub async fn submit(&self, firm: Uuid, command: C) -> Result<R> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { command, answer };
        let idle = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            match lanes.get_mut(&firm) {
                Some(lane) => {
                    lane.add([waiting]);
                    None
                }
                None => {
                    lanes.insert(firm, Queue::of(Vec::new()));
                    Some(waiting)
                }
            }
        };
        if let Some(first) = idle {
            self.open(firm, vec![first]);
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
                    lane.add(waiting);
                    Vec::new()
                }
                None if waiting.is_empty() => Vec::new(),
                None => {
                    let later = waiting.split_off(waiting.len().min(self.max));
                    lanes.insert(firm, Queue::of(later));
                    waiting
                }
            }
        };
        if !first.is_empty() {
            self.open(firm, first);
        }
        let answers = answers
            .into_iter()
            .map(async |answered| answered.await.unwrap_or_else(|_| Err(Error::new(Reason::UNAVAILABLE))));
        futures::future::join_all(answers).await
    }

    /// Runs slices of the firm, from this one on, until nothing waits.
    fn open(&self, firm: Uuid, first: Vec<Waiting<C, R>>) {
        let lane = Lane {
            firm,
            lanes: self.lanes.clone(),
            max: self.max,
            patience: self.patience,
            uncalled: 0,
            closed: false,
        };
        tokio::spawn(drain(lane, first, self.run.clone()));
    }
}

/// Closes the lane even where a slice panics, so that the firm is not stuck for ever.
struct Lane<C, R> {
    firm: Uuid,
    lanes: Lanes<C, R>,
    max: usize,
    patience: (Duration, Duration),
    /// Slices that go without waiting for anybody.
    uncalled: u32,
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

async fn drain<C, R>(mut lane: Lane<C, R>, mut slice: Vec<Waiting<C, R>>, run: Run<C, R>) {
    loop {
        let (commands, answers): (Vec<_>, Vec<_>) =
            slice.into_iter().map(|waiting| (waiting.command, waiting.answer)).unzip();
        let answered = answers.len();
        let began = Instant::now();
        let results = run(lane.firm, commands).await;
        let took = began.elapsed();
        for (answer, result) in answers.into_iter().zip(results) {
            // The caller may have gone meanwhile; its command took effect all the same, and a repeat replays it.
            let _ = answer.send(result);
        }
        lane.gather(answered, took).await;
        match lane.next() {
            Some(next) => slice = next,
            None => return,
        }
    }
}

impl<C, R> Lane<C, R> {
    fn lanes(&self) -> MutexGuard<'_, HashMap<Uuid, Queue<C, R>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until as many wait as were under way when `answered` were answered, or as fit into a slice. `took` is how long
    /// their slice ran.
    async fn gather(&mut self, answered: usize, took: Duration) {
        if self.uncalled > 0 {
            self.uncalled -= 1;
            return;
        }
        let complete = {
            let mut lanes = self.lanes();
            let Some(queue) = lanes.get_mut(&self.firm) else { return };
            let under_way = answered + queue.waiting.len();
            let wanted = under_way.min(self.max);
            if under_way < COMPANY || queue.waiting.len() >= wanted {
                return;
            }
            queue.wanted = Some(wanted);
            queue.complete.clone()
        };
        let patience = (took / 2).clamp(self.patience.0, self.patience.1);
        if tokio::time::timeout(patience, complete.notified()).await.is_err() {
            let mut lanes = self.lanes();
            let waiting = lanes.get_mut(&self.firm).map_or(0, |queue| {
                queue.wanted = None;
                queue.waiting.len()
            });
            drop(lanes);
            // Where most came, the others were only slow.
            if waiting < answered.div_ceil(2) {
                self.uncalled = UNCALLED;
            }
        }
    }

    /// What goes into the next slice; closes the lane where nothing waits.
    fn next(&mut self) -> Option<Vec<Waiting<C, R>>> {
        let shared = self.lanes.clone();
        let mut lanes = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = lanes.get_mut(&self.firm).map(|queue| &mut queue.waiting);
        let next: Vec<_> = waiting.map_or_else(Vec::new, |waiting| {
            // Whose caller went away before it began has no effect: what the caller asks elsewhere meanwhile would be
            // refused for the sake of what nobody waits for.
            waiting.retain(|one| !one.answer.is_closed());
            let take = waiting.len().min(self.max);
            waiting.drain(..take).collect()
        });
        if next.is_empty() {
            lanes.remove(&self.firm);
            self.closed = true;
            return None;
        }
        Some(next)
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
    async fn those_who_ask_again_and_again_go_together() {
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let seen = sizes.clone();
        let run: Run<u32, u32> = Arc::new(move |_, commands: Vec<u32>| {
            seen.lock().unwrap().push(commands.len());
            Box::pin(async move {
                tokio::task::yield_now().await;
                commands.into_iter().map(Ok).collect()
            })
        });
        // As long as it takes on a busy machine.
        let hour = Duration::from_secs(3_600);
        let batcher = Arc::new(Batcher { patience: (hour, hour), ..Batcher::new(100, run) });
        for _ in 0..3 {
            batcher.submit(Uuid::nil(), 0).await.unwrap();
        }
        assert_eq!(std::mem::take(&mut *sizes.lock().unwrap()), [1, 1, 1], "who is alone waits for nobody");
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..16 {
            let batcher = batcher.clone();
            callers.spawn(async move {
                loop {
                    batcher.submit(Uuid::nil(), caller).await.unwrap();
                }
            });
        }
        while sizes.lock().unwrap().len() < 4 {
            tokio::task::yield_now().await;
        }
        assert_eq!(sizes.lock().unwrap()[..4], [1, 16, 16, 16], "the first finds nobody");
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
