//! What comes of a request: which state follows which, and which side says so. Pure; the database holds the same.

/// Where a match stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Proposed,
    Accepted,
    Declined,
    Contracted,
    Delivered,
}

impl State {
    pub const ALL: [State; 5] =
        [State::Proposed, State::Accepted, State::Declined, State::Contracted, State::Delivered];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Proposed => "proposed",
            State::Accepted => "accepted",
            State::Declined => "declined",
            State::Contracted => "contracted",
            State::Delivered => "delivered",
        }
    }

    /// As it was stored.
    pub fn from_name(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// Who says so, of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    pub requester: bool,
    pub proposed: bool,
}

/// Whether a side may move a match from one state to another.
pub fn may(side: Side, from: State, to: State) -> bool {
    match (from, to) {
        (State::Proposed, State::Accepted) => !side.proposed,
        // The proposer takes it back by declining it.
        (State::Proposed | State::Accepted, State::Declined) => true,
        (State::Accepted, State::Contracted) | (State::Contracted, State::Delivered) => side.requester,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_side_accepts_and_the_requester_tells_the_rest() {
        use State::*;
        // from, to, the requester that proposed, the requester that did not, the supplier that proposed, the one that did not
        let table = [
            (Proposed, Accepted, [false, true, false, true]),
            (Proposed, Declined, [true; 4]),
            (Accepted, Declined, [true; 4]),
            (Accepted, Contracted, [true, true, false, false]),
            (Contracted, Delivered, [true, true, false, false]),
        ];
        let sides = [(true, true), (true, false), (false, true), (false, false)];
        for from in State::ALL {
            for to in State::ALL {
                let row = table.iter().find(|(a, b, _)| (*a, *b) == (from, to));
                let expected = row.map_or([false; 4], |(_, _, sides)| *sides);
                let found = sides.map(|(requester, proposed)| may(Side { requester, proposed }, from, to));
                assert_eq!(found, expected, "{from:?} to {to:?}");
            }
        }
    }
}
