//! What follows from an attempt: accepted, another one later, or the end. A pure state machine of the number of attempts
//! so far, with time and chance passed in.

use chassis::hook::{Answer, Failure};
use time::{Duration, OffsetDateTime, PrimitiveDateTime, macros::format_description};

use crate::webhook::Disabled;

/// Pauses after the first failure, the second and so on; about eleven days altogether, so that a national holiday of a
/// week passes with days to spare.
pub(crate) const PAUSES: [Duration; 20] = {
    let day = Duration::hours(24);
    [
        Duration::seconds(5),
        Duration::seconds(30),
        Duration::minutes(2),
        Duration::minutes(10),
        Duration::minutes(30),
        Duration::hours(1),
        Duration::hours(2),
        Duration::hours(4),
        Duration::hours(8),
        Duration::hours(12),
        day,
        day,
        day,
        day,
        day,
        day,
        day,
        day,
        day,
        day,
    ]
};
/// The longest pause that a receiver may ask for.
const ASKED_MAX: Duration = Duration::seconds(ASKED_MAX_S);
const ASKED_MAX_S: i64 = 86_400;

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Accepted,
    /// Again then.
    Again(OffsetDateTime),
    /// Never again by itself.
    Disable(Disabled),
}

/// What follows from the answer to the `attempt`-th attempt, which ended `now`. `chance` is any byte: it spreads
/// attempts by a tenth to either side, so that receivers that failed together are not called together.
pub fn step(answer: &Result<Answer, Failure>, attempt: i32, now: OffsetDateTime, chance: u8) -> Step {
    match answer {
        Ok(answer) if (200..300).contains(&answer.status) => return Step::Accepted,
        Ok(answer) if answer.status == 410 => return Step::Disable(Disabled::Gone),
        _ => {}
    }
    let rung = usize::try_from(attempt - 1).unwrap_or_default();
    let Some(pause) = PAUSES.get(rung) else { return Step::Disable(Disabled::Exhausted) };
    let spread = *pause * (0.9 + 0.2 * f64::from(chance) / 255.0);
    let asked = answer.as_ref().ok().and_then(|answer| asked(&answer.retry_after, now)).unwrap_or_default();
    Step::Again(now + spread.max(asked.min(ASKED_MAX)))
}

/// How long a receiver asks to be left alone: seconds, or a date of HTTP. What is neither asks for nothing.
fn asked(text: &str, now: OffsetDateTime) -> Option<Duration> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than a number holds ask for longer than the longest pause.
        return Some(Duration::seconds(text.parse().unwrap_or(ASKED_MAX_S)));
    }
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let at = PrimitiveDateTime::parse(text, format).ok()?.assume_utc();
    Some(at - now)
}

/// The HTTP status of an answer, and why it is no acceptance; empty where it is.
pub fn told(answer: &Result<Answer, Failure>) -> (i32, String) {
    match answer {
        Ok(answer) if (200..300).contains(&answer.status) => (answer.status.into(), String::new()),
        Ok(answer) => (answer.status.into(), format!("HTTP_{}", answer.status)),
        Err(failure) => (0, failure.as_str().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use chassis::hook::address::Fault;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 02:10 UTC);
    /// In the middle of the spread.
    const MIDDLE: u8 = 127;

    fn answer(status: u16, retry_after: &str) -> Result<Answer, Failure> {
        Ok(Answer { status, retry_after: retry_after.into(), body: Vec::new() })
    }

    /// How long until the next attempt, to the nearest second.
    fn pause(answer: &Result<Answer, Failure>, attempt: i32, chance: u8) -> Result<i64, Step> {
        match step(answer, attempt, NOW, chance) {
            Step::Again(at) => Ok((at - NOW).as_seconds_f64().round() as i64),
            other => Err(other),
        }
    }

    #[test]
    fn what_a_receiver_answers_decides_what_follows() {
        let gone = Err(Step::Disable(Disabled::Gone));
        let later = datetime!(2026-11-23 02:12 UTC);
        assert_eq!(later - NOW, Duration::minutes(2));
        for (id, answer, expected) in [
            ("N01", answer(200, ""), Err(Step::Accepted)),
            ("N03", answer(204, ""), Err(Step::Accepted)),
            ("N03", answer(299, "30"), Err(Step::Accepted)),
            ("N05", answer(199, ""), Ok(5)),
            ("N05", answer(300, ""), Ok(5)),
            ("N04", answer(301, ""), Ok(5)),
            ("N05", answer(302, ""), Ok(5)),
            ("N06", answer(307, ""), Ok(5)),
            ("N07", answer(308, ""), Ok(5)),
            ("N08", answer(400, ""), Ok(5)),
            ("N09", answer(401, ""), Ok(5)),
            ("N08", answer(404, ""), Ok(5)),
            ("N10", answer(410, ""), gone),
            ("N10", answer(410, "30"), gone),
            ("N11", answer(429, "30"), Ok(30)),
            ("N12", answer(429, "Mon, 23 Nov 2026 02:12:00 GMT"), Ok(120)),
            ("N12", answer(429, "Mon, 23 Nov 2020 02:12:00 GMT"), Ok(5)),
            ("N13", answer(429, "soon"), Ok(5)),
            ("N13", answer(429, "-30"), Ok(5)),
            ("N13", answer(429, "1.5"), Ok(5)),
            ("N14", answer(429, "31536000"), Ok(86_400)),
            ("N14", answer(429, "99999999999999999999999999"), Ok(86_400)),
            ("N14", answer(429, "Tue, 23 Nov 2027 02:12:00 GMT"), Ok(86_400)),
            ("N15", answer(500, ""), Ok(5)),
            ("N16", answer(503, "60"), Ok(60)),
            ("N02", Err(Failure::Timeout), Ok(5)),
            ("N17, N25", Err(Failure::Interrupted), Ok(5)),
            ("N21, N22", Err(Failure::Malformed), Ok(5)),
            ("N18, N19", Err(Failure::Tls), Ok(5)),
            ("N25", Err(Failure::Unreachable), Ok(5)),
            ("N24", Err(Failure::Address(Fault::NameUnknown)), Ok(5)),
            ("F34", Err(Failure::Address(Fault::NotPublic)), Ok(5)),
        ] {
            assert_eq!(pause(&answer, 1, MIDDLE), expected, "{id}: {answer:?}");
        }
    }

    #[test]
    fn the_ladder_is_climbed_for_about_eleven_days() {
        let failed = answer(500, "");
        let mut whole = 0;
        let pauses: Vec<i64> = (1..).map_while(|attempt| pause(&failed, attempt, MIDDLE).ok()).collect();
        for seconds in &pauses {
            whole += seconds;
        }
        assert_eq!((pauses[0], pauses.len()), (5, 20));
        assert!(pauses.is_sorted());
        assert!((11 * 86_400..12 * 86_400).contains(&whole), "{whole} s");
        assert_eq!(step(&failed, 21, NOW, MIDDLE), Step::Disable(Disabled::Exhausted));
        assert_eq!(step(&answer(200, ""), 21, NOW, MIDDLE), Step::Accepted);
        // A short pause that is asked for moves nothing on.
        assert_eq!(pause(&answer(429, "30"), 10, MIDDLE), pause(&failed, 10, MIDDLE));
    }

    #[test]
    fn chance_spreads_by_a_tenth() {
        let failed = answer(500, "");
        let day = 86_400_f64;
        assert_eq!(pause(&failed, 15, 0), Ok((day * 0.9).round() as i64));
        assert_eq!(pause(&failed, 15, 255), Ok((day * 1.1).round() as i64));
    }

    #[test]
    fn what_was_met_is_told_in_one_word() {
        assert_eq!(told(&answer(204, "")), (204, String::new()));
        assert_eq!(told(&answer(503, "")), (503, "HTTP_503".into()));
        assert_eq!(told(&Err(Failure::Address(Fault::NotPublic))), (0, "ADDRESS_NOT_PUBLIC".into()));
    }
}
