//! What one open stream does next: a small state machine without a database, a transport or a clock, which
//! [`crate::subscription`] drives and the simulation as well.
//!
//! It catches up page by page, then lives from its feed's ring; falling off the ring is catching up again.

use std::sync::Arc;

use chassis::cursor::Cursor;

use crate::{
    catch_up::{Asked, Held, Verify},
    entry::Entry,
    filter::Sight,
    frame::Message,
    hub::Registration,
    ring::Next,
    slot::End,
};

/// About the most bytes of one message, so that a reader who stalls in the middle of one holds little.
const MESSAGE_BYTES: usize = 8 * 1024;

/// How a stream begins.
pub struct Begin {
    /// After this place, which was verified.
    pub at: Cursor,
    /// Where the feed stood then.
    pub present: i64,
    /// End there.
    pub until_head: bool,
    /// What the caller sees.
    pub sight: Sight,
}

/// An open stream's state.
pub(crate) struct Reader {
    pub place: Registration,
    pub at: Cursor,
    sight: Sight,
    mode: Mode,
    /// Everything up to here was present when the stream began.
    present: i64,
    live_said: bool,
    until_head: bool,
    generation: u32,
}

#[derive(Debug)]
enum Mode {
    /// A page is being read.
    Reading,
    /// A page was read.
    Holding(Held),
    /// All that Postgres had was read: the ring has what follows.
    Live,
}

/// What a stream does next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Sends a message.
    Send(Message),
    /// Reads the page after a place into its slot, and tells [`Reader::take`].
    Read(Cursor, Verify),
    /// Waits for the page that it asked for, or until it is woken.
    Wait,
    /// Ends, since everything that was asked for was sent.
    Done,
    /// Ends because it has to.
    End(End),
}

impl Reader {
    /// The stream of a registered reader. The place must have been read after the registration.
    pub fn new(place: Registration, begin: Begin) -> Self {
        let Begin { at, present, until_head, sight } = begin;
        let mode =
            if at.seq >= present { Mode::Live } else { Mode::Holding(Held { upto: at.seq, more: true }) };
        let generation = place.generation;
        Self { place, at, sight, mode, present, live_said: false, until_head, generation }
    }

    /// What it does next. Whoever asks is woken once there is more to do after a [`Step::Wait`], if its waker was
    /// registered before it asked.
    pub fn step(&mut self, now_ms: u64) -> Step {
        loop {
            if let Some(why) = self.place.slot.ended() {
                return Step::End(why);
            }
            if !self.live_said && self.at.seq >= self.present {
                self.live_said = true;
                return self.send(Vec::new(), true, now_ms);
            }
            if self.live_said && self.until_head {
                return Step::Done;
            }
            let entries = match &self.mode {
                Mode::Reading => return self.wait(now_ms),
                Mode::Holding(held) => {
                    let entries = self.place.slot.take(MESSAGE_BYTES);
                    if entries.is_empty() {
                        // A page that was dropped because nobody asked for it is read again.
                        if held.more || self.at.seq < held.upto {
                            return self.read(Verify::No);
                        }
                        self.mode = Mode::Live;
                    }
                    entries
                }
                Mode::Live => {
                    let generation = self.place.hub.generation();
                    if generation != self.generation {
                        self.generation = generation;
                        return self.read(Verify::Yes);
                    }
                    match self.place.feed.after(self.at.seq, MESSAGE_BYTES) {
                        Next::Entries(entries) => entries,
                        Next::Nothing => return self.wait(now_ms),
                        Next::Gone => return self.read(Verify::Yes),
                    }
                }
            };
            let shown = self.pass(entries);
            if !shown.is_empty() {
                return self.send(shown, false, now_ms);
            }
        }
    }

    /// The page that it wants, for [`crate::catch_up::page`].
    pub fn asked(&self, at: Cursor, verify: Verify) -> Asked {
        let Registration { feed, slot, .. } = &self.place;
        Asked { feed: feed.clone(), slot: slot.clone(), sight: self.sight.clone(), at, verify }
    }

    /// The page that it asked for was left in its slot.
    pub fn take(&mut self, held: Held) {
        self.mode = Mode::Holding(held);
    }

    /// Whether it has read all that Postgres had.
    pub fn is_live(&self) -> bool {
        matches!(self.mode, Mode::Live)
    }

    fn read(&mut self, verify: Verify) -> Step {
        self.mode = Mode::Reading;
        Step::Read(self.at, verify)
    }

    fn wait(&self, now_ms: u64) -> Step {
        if self.place.slot.bookmark_due(now_ms) { self.send(Vec::new(), false, now_ms) } else { Step::Wait }
    }

    /// Moves past entries and answers those that the caller sees.
    fn pass(&mut self, mut entries: Vec<Arc<Entry>>) -> Vec<Arc<Entry>> {
        if let Some(last) = entries.last() {
            self.at = Cursor::new(self.at.feed, last.seq, &last.chain);
        }
        let narrowed = self.place.slot.narrowed();
        entries.retain(|entry| self.sight.shows(&entry.fact, entry.feed, narrowed.as_deref()));
        entries
    }

    fn send(&self, entries: Vec<Arc<Entry>>, live: bool, now_ms: u64) -> Step {
        self.place.slot.sent(now_ms);
        Step::Send(Message { entries, at: self.at, live })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Hub;
    use chassis::caller::{Credential, CredentialKind, Grants};
    use uuid::Uuid;

    const FEED: Uuid = Uuid::from_u128(1);

    #[test]
    fn what_a_new_tail_passes_over_before_a_stream_begins_is_read() {
        let hub = Hub::new(9);
        let credential = Credential { kind: CredentialKind::ApiKey, id: "a".into() };
        let place = hub.register(FEED, credential, &Grants::default()).unwrap();
        // It has read that its feed stands at 5; then the tail looks for the first time, and begins behind what came since.
        hub.read_again();
        let at = Cursor::new(FEED, 5, &[5; 32]);
        let begin = Begin { at, present: 5, until_head: false, sight: Sight::default() };
        let mut reader = Reader::new(place, begin);
        assert!(matches!(reader.step(0), Step::Send(message) if message.live));
        assert!(matches!(reader.step(0), Step::Read(after, Verify::Yes) if after == at));
    }
}
