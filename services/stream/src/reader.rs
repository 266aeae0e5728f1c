//! What one open stream does next: a small state machine without a database, a transport or a clock, which
//! [`crate::subscription`] drives and the simulation as well.
//!
//! It catches up page by page, then lives from its feed's ring; falling off the ring is catching up again. While a reader who
//! is quick takes a page, the one behind it is read, so that neither the database nor the reader waits for the other.

use std::sync::Arc;

use chassis::cursor::Cursor;

use crate::{
    catch_up::{Asked, Held, Verify},
    chain::Chain,
    entry::Entry,
    filter::Sight,
    frame::Message,
    hub::Registration,
    ring::Next,
    slot::{End, HELD_MS},
};

/// About the most bytes of one message, so that a reader who stalls in the middle of one holds little.
const MESSAGE_BYTES: usize = 8 * 1024;

/// How a stream begins.
pub struct Begin {
    /// After this place, which was verified.
    pub at: Cursor,
    /// Where the feed stood then.
    pub present: i64,
    /// And its chain there.
    pub chain: Chain,
    /// End there.
    pub until_head: bool,
    /// What the caller sees.
    pub sight: Sight,
}

/// An open stream's state.
pub(crate) struct Reader {
    pub place: Registration,
    pub at: Cursor,
    /// The whole chain there, known when it is live.
    chain: Chain,
    sight: Sight,
    mode: Mode,
    /// It reads because something newer came by that is not at hand any more.
    gone: bool,
    /// It took the page before within the time for which one is held.
    quick: bool,
    /// Everything up to here was present when the stream began, if it still is.
    present: i64,
    live_said: bool,
    until_head: bool,
    generation: u32,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    /// The page after its place is to be read.
    Behind,
    /// It is being read, or waits to be told of.
    Reading,
    /// It was read, and `ahead` says whether the one behind it was asked for.
    Holding { held: Held, ahead: bool },
    /// All that Postgres had was read: the ring has what follows.
    Live,
}

/// What a stream does next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Sends a message.
    Send(Message),
    /// Begins to read the page after a place into its slot, instead of one that was asked for before, and goes on.
    Read(Cursor, Verify),
    /// Waits for the page that it asked for and tells [`Reader::take`], or until it is woken.
    Wait,
    /// Ends, since everything that was asked for was sent.
    Done,
    /// Ends because it has to.
    End(End),
}

impl Reader {
    /// The stream of a registered reader. The place must have been read after the registration.
    pub fn new(place: Registration, begin: Begin) -> Self {
        let Begin { at, present, chain, until_head, sight } = begin;
        let mode = if at.seq >= present { Mode::Live } else { Mode::Behind };
        let generation = place.generation;
        Self {
            place,
            at,
            chain,
            sight,
            mode,
            gone: false,
            quick: false,
            present,
            live_said: false,
            until_head,
            generation,
        }
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
            let generation = self.place.hub.generation();
            if generation != self.generation {
                return self.again(generation);
            }
            let entries = match self.mode {
                Mode::Behind => return self.read(Verify::No),
                Mode::Reading => return self.wait(now_ms),
                Mode::Holding { held, ahead } if self.at.seq >= held.upto.seq => {
                    self.used_up(held, ahead, now_ms);
                    continue;
                }
                Mode::Holding { held, ahead: false } if held.more && self.quick => {
                    self.mode = Mode::Holding { held, ahead: true };
                    return Step::Read(held.upto, Verify::No);
                }
                Mode::Holding { .. } => {
                    let entries = self.place.slot.take(self.at.seq, MESSAGE_BYTES);
                    if entries.is_empty() {
                        // A page that was dropped because nobody asked for it is read again.
                        (self.mode, self.quick) = (Mode::Behind, false);
                    }
                    entries
                }
                Mode::Live => match self.place.feed.after(self.at.seq, &self.chain, MESSAGE_BYTES) {
                    Next::Entries(entries) => entries,
                    Next::Nothing => return self.wait(now_ms),
                    Next::Gone => {
                        self.gone = true;
                        return self.read(Verify::Yes);
                    }
                    Next::Other => {
                        // Whose history is the feed's, only Postgres knows, and others may have the wrong one as well.
                        self.place.hub.read_again();
                        continue;
                    }
                },
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

    /// The page that it asked for and waits for was left in its slot.
    pub fn take(&mut self, held: Held) {
        if std::mem::take(&mut self.gone) && held.upto.seq == self.at.seq {
            // Nothing comes by before it is committed: it was lost since, and to read on would be to read for ever.
            self.place.hub.read_again();
        }
        self.mode = Mode::Holding { held, ahead: false };
    }

    /// Whether it has read all that Postgres had.
    pub fn is_live(&self) -> bool {
        matches!(self.mode, Mode::Live)
    }

    /// It is past the last entry of the page that it held. A message may have had the first of the page behind it as well.
    fn used_up(&mut self, held: Held, ahead: bool, now_ms: u64) {
        self.quick = held.more && now_ms < held.left_ms + HELD_MS;
        self.mode = match (ahead, held.more) {
            (true, _) => Mode::Reading,
            (false, true) => Mode::Behind,
            (false, false) => Mode::Live,
        };
        if self.is_live() {
            // Less than there was when the stream began, where the log has another history since.
            self.present = self.present.min(self.at.seq);
        }
    }

    /// The log may have another history than what was read of it and not sent.
    fn again(&mut self, generation: u32) -> Step {
        (self.generation, self.gone, self.quick) = (generation, false, false);
        self.place.slot.forget();
        self.read(Verify::Yes)
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
            self.chain = last.chain;
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
    use crate::{
        catch_up::Page,
        db::read::Stretch,
        hub::Hub,
        ring::KEPT_MS,
        sample::{chain, entry, entry_of},
    };
    use chassis::{
        caller::{Credential, CredentialKind, Grants},
        serve::Leaving,
    };
    use uuid::Uuid;

    const FEED: Uuid = Uuid::from_u128(1);

    fn at(seq: i64) -> Cursor {
        Cursor::new(FEED, seq, &chain(FEED, seq))
    }

    fn register(hub: &Arc<Hub>) -> Registration {
        let credential = Credential { kind: CredentialKind::ApiKey, id: "a".into() };
        hub.register(FEED, credential, &Grants::default(), Leaving::default()).unwrap()
    }

    fn reader(place: Registration, seq: i64, present: i64) -> Reader {
        let (at, chain) = (at(seq), chain(FEED, present));
        Reader::new(place, Begin { at, present, chain, until_head: false, sight: Sight::default() })
    }

    /// Leaves a page of two entries, of which there are more, in its slot.
    fn leave(reader: &Reader, after: i64, now_ms: u64) -> Held {
        let entries = (after + 1..=after + 2).map(|seq| entry(FEED, seq)).collect();
        let stretch = Stretch { before: Some(chain(FEED, after).into()), entries };
        let page = Page::after(at(after), stretch, 2, i64::MAX).expect("they follow");
        page.leave(&reader.place.slot, at(after), now_ms)
    }

    /// After which place it reads a page now.
    fn read(reader: &mut Reader, now_ms: u64) -> i64 {
        match reader.step(now_ms) {
            Step::Read(after, Verify::No) => after.seq,
            other => panic!("{other:?}"),
        }
    }

    /// What it sends now.
    fn sent(reader: &mut Reader, now_ms: u64) -> Vec<i64> {
        match reader.step(now_ms) {
            Step::Send(message) => message.entries.iter().map(|entry| entry.seq).collect(),
            other => panic!("{other:?}"),
        }
    }

    /// A reader who took its first page in so long, and was left the next one then.
    fn after_a_page(took_ms: u64) -> Reader {
        let mut reader = reader(register(&Hub::new(9)), 0, 100);
        assert_eq!(read(&mut reader, 0), 0);
        let held = leave(&reader, 0, 0);
        reader.take(held);
        assert_eq!(sent(&mut reader, 0), [1, 2], "nothing is known of it yet");
        assert_eq!(read(&mut reader, took_ms), 2);
        let held = leave(&reader, 2, took_ms);
        reader.take(held);
        reader
    }

    #[test]
    fn what_a_new_tail_passes_over_before_a_stream_begins_is_read() {
        let hub = Hub::new(9);
        let place = register(&hub);
        // It has read that its feed stands at 5; then the tail looks for the first time, and begins behind what came since.
        hub.read_again();
        let mut reader = reader(place, 5, 5);
        assert!(matches!(reader.step(0), Step::Send(message) if message.live));
        assert!(matches!(reader.step(0), Step::Read(after, Verify::Yes) if after == at(5)));
    }

    #[test]
    fn whatever_it_does_it_reads_again_from_its_place_where_the_log_may_be_another() {
        let again = |mut reader: Reader, seq| {
            reader.place.hub.read_again();
            let step = reader.step(0);
            assert!(matches!(&step, Step::Read(after, Verify::Yes) if *after == at(seq)), "{step:?}");
            assert_eq!(reader.place.slot.kept(), 0, "what was read and not sent is of the history before");
            assert!(matches!(reader.step(0), Step::Wait), "once");
        };
        let behind = || reader(register(&Hub::new(9)), 3, 9);
        again(behind(), 3);
        let mut reading = behind();
        assert_eq!(read(&mut reading, 0), 3);
        again(reading, 3);
        again(after_a_page(HELD_MS), 2);
        let mut ahead = after_a_page(0);
        assert_eq!(read(&mut ahead, 0), 4);
        leave(&ahead, 4, 0);
        again(ahead, 2);
    }

    #[test]
    fn what_follows_another_history_than_its_own_is_not_sent() {
        let hub = Hub::new(9);
        let mut live = reader(register(&hub), 5, 5);
        assert!(matches!(live.step(0), Step::Send(message) if message.live));
        hub.offer([entry_of(FEED, 6, &[1; 32], b"other".to_vec())]);
        assert!(matches!(live.step(0), Step::Read(after, Verify::Yes) if after == at(5)));
        // Postgres knows its place, and has nothing behind it: what came by is of no use.
        let held = Page::after(at(5), Stretch::default(), 2, i64::MAX).expect("nothing follows");
        let held = held.leave(&live.place.slot, at(5), 0);
        live.take(held);
        assert!(matches!(live.step(0), Step::Wait), "it is live again");
        hub.offer([entry(FEED, 6)]);
        assert_eq!(sent(&mut live, 0), [6]);
    }

    #[test]
    fn what_came_by_and_is_lost_is_not_looked_for_again_and_again() {
        let hub = Hub::new(9);
        let mut live = reader(register(&hub), 5, 5);
        assert!(matches!(live.step(0), Step::Send(message) if message.live));
        hub.offer([entry(FEED, 6), entry(FEED, 7)]);
        hub.tick_at(hub.now_ms() + KEPT_MS);
        for what in ["it came by and is not at hand", "so it was of another history, and others look as well"]
        {
            assert!(matches!(live.step(0), Step::Read(after, Verify::Yes) if after == at(5)), "{what}");
            let nothing = Page::after(at(5), Stretch::default(), 2, i64::MAX).expect("nothing follows");
            let held = nothing.leave(&live.place.slot, at(5), 0);
            live.take(held);
        }
        assert!(matches!(live.step(0), Step::Wait));
        assert_eq!(hub.generation(), 1);
    }

    #[test]
    fn it_is_live_where_the_log_ends_before_what_was_present_when_it_began() {
        let mut reader = reader(register(&Hub::new(9)), 3, 9);
        assert_eq!(read(&mut reader, 0), 3);
        let stretch =
            Stretch { before: Some(chain(FEED, 3).into()), entries: vec![entry(FEED, 4), entry(FEED, 5)] };
        let page = Page::after(at(3), stretch, 9, i64::MAX).expect("they follow");
        let held = page.leave(&reader.place.slot, at(3), 0);
        reader.take(held);
        assert_eq!(sent(&mut reader, 0), [4, 5]);
        assert!(matches!(reader.step(0), Step::Send(message) if message.live && message.at == at(5)));
    }

    #[test]
    fn a_reader_who_is_quick_gets_the_next_page_read_ahead() {
        let mut reader = after_a_page(HELD_MS - 1);
        let now = HELD_MS;
        assert_eq!(read(&mut reader, now), 4, "before it takes the one that is there");
        assert_eq!(sent(&mut reader, now), [3, 4]);
        assert!(matches!(reader.step(now), Step::Wait), "one page ahead and no more");
        let held = leave(&reader, 4, now);
        reader.take(held);
        assert_eq!(read(&mut reader, now), 6);
        let ahead = leave(&reader, 6, now);
        assert_eq!(sent(&mut reader, now), [5, 6, 7, 8], "a message does not end where a page does");
        assert!(matches!(reader.step(now), Step::Wait));
        reader.take(ahead);
        assert_eq!(read(&mut reader, now), 8);
    }

    #[test]
    fn a_reader_who_takes_its_time_has_one_page_at_most() {
        let mut reader = after_a_page(HELD_MS);
        assert_eq!(sent(&mut reader, HELD_MS), [3, 4]);
        assert_eq!(read(&mut reader, HELD_MS), 4);
    }

    #[test]
    fn what_was_read_ahead_of_a_page_that_was_dropped_is_not_sent_before_it() {
        let mut reader = after_a_page(0);
        assert_eq!(read(&mut reader, 0), 4);
        reader.place.slot.tick(HELD_MS);
        // What was under way comes all the same.
        leave(&reader, 4, HELD_MS);
        assert_eq!(read(&mut reader, HELD_MS), 2);
        let held = leave(&reader, 2, HELD_MS);
        reader.take(held);
        assert_eq!(sent(&mut reader, HELD_MS), [3, 4], "and it is no longer taken to be quick");
        assert_eq!(read(&mut reader, HELD_MS), 4);
    }
}
