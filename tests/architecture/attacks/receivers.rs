//! By whoever receives webhooks: each is done with in bounded time and memory, and tried again as the ladder says.

use super::{Attack, attack};

const HOOK_TESTS: &str = "services/chassis/src/hook/tests.rs";
const SENDING: &str = "tests/e2e/webhooks/sending.rs";

const HOOK: (&str, &str) = (HOOK_TESTS, "every_receiver_is_done_with_in_bounded_time_and_memory");
const TLS: (&str, &str) = (HOOK_TESTS, "a_certificate_proves_the_host_that_was_named");
const NAME: (&str, &str) = (HOOK_TESTS, "a_name_that_changes_is_looked_at_once_for_each_attempt");
const LADDER: (&str, &str) =
    ("services/stream/src/ladder.rs", "what_a_receiver_answers_decides_what_follows");
const SENT: (&str, &str) = (SENDING, "events_arrive_signed_and_in_order_whatever_the_receiver_does");
const GONE: (&str, &str) = (SENDING, "a_receiver_that_is_gone_is_left_alone_until_it_is_enabled_again");
const FLAPPING: (&str, &str) = (SENDING, "a_receiver_that_refuses_every_other_call_gets_everything_in_order");
const SIMULATED: (&str, &str) =
    ("services/stream/src/simulation/delivery.rs", "every_promise_holds_over_10_000_interleavings");

/// All of them, in the order of their ids.
pub(super) const ATTACKS: &[Attack] = &[
    attack("N01", "200 after 14.9 s", &[HOOK]),
    attack("N02", "200 after 15.1 s", &[HOOK, LADDER]),
    attack("N03", "204", &[HOOK, LADDER]),
    attack("N04", "301", &[HOOK, LADDER]),
    attack("N05", "302", &[HOOK, LADDER, SENT]),
    attack("N06", "307", &[HOOK, LADDER]),
    attack("N07", "308", &[HOOK, LADDER]),
    attack("N08", "400", &[LADDER]),
    attack("N09", "401", &[LADDER]),
    attack("N10", "410", &[LADDER, GONE]),
    attack("N11", "429, again in 30 s", &[LADDER]),
    attack("N12", "429, again at a date", &[LADDER]),
    attack("N13", "429, again at a word", &[LADDER]),
    attack("N14", "429, again in a year", &[LADDER]),
    attack("N15", "500", &[LADDER, SENT]),
    attack("N16", "503", &[LADDER]),
    attack("N17", "a connection that is broken off in the middle of the answer", &[HOOK, LADDER]),
    attack("N18", "a certificate that has expired", &[TLS, LADDER]),
    attack("N19", "a certificate of another host", &[TLS, LADDER]),
    attack("N20", "an answer in pieces without an end", &[HOOK]),
    attack("N21", "headers without an end", &[HOOK, LADDER]),
    attack("N22", "an answer as before HTTP/1.0", &[HOOK, LADDER]),
    attack("N23", "a refusal of every other call", &[FLAPPING, SIMULATED]),
    attack("N24", "a name that is gone", &[NAME, LADDER]),
    attack("N25", "a connection that is taken and closed without an answer", &[HOOK, LADDER]),
];
