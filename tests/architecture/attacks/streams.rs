//! By whoever reads streams: each is told a reason that has a name, misses nothing, and gets nothing of another feed.

use super::{Attack, attack};

const RESUME: &str = "tests/e2e/resume.rs";
const LIMITS: &str = "tests/e2e/gateway/limits.rs";
const SUBSCRIPTIONS: &str = "tests/e2e/subscriptions.rs";
const RETENTION: &str = "tests/e2e/retention.rs";
const CURSORS: &str = "services/chassis/src/cursor.rs";

const FOREIGN: (&str, &str) = (RESUME, "a_cursor_that_is_not_of_this_feed_is_refused");
const HISTORY: (&str, &str) = (RESUME, "a_cursor_of_another_history_is_never_skipped_over");
const EXPIRED: (&str, &str) = (RESUME, "a_cursor_that_the_log_no_longer_reaches_says_where_to_begin");
const RESUMED: (&str, &str) = (RESUME, "every_cursor_resumes_with_exactly_what_follows_it");
const RESET: (&str, &str) =
    (RESUME, "a_reader_who_leaves_after_every_so_many_events_misses_none_and_gets_none_twice");
const CURSOR: (&str, &str) = (CURSORS, "a_cursor_fits_its_feed_and_key_only");
const VERSION: (&str, &str) =
    (CURSORS, "what_is_signed_and_of_another_version_or_before_the_feed_is_no_cursor");
const RESTORED: (&str, &str) =
    ("tests/e2e/gateway.rs", "a_restored_database_is_noticed_by_readers_who_come_back");
const BEGUN: (&str, &str) = (LIMITS, "ten_thousand_streams_begun_over_many_connections_keep_nobody_waiting");
const THOUSAND: (&str, &str) =
    (LIMITS, "a_thousand_streams_of_one_key_get_their_events_and_keep_nobody_waiting");
const STALLED: (&str, &str) = (LIMITS, "readers_who_do_not_read_keep_nobody_waiting_and_miss_nothing");
const SLOW: (&str, &str) = (LIMITS, "a_reader_of_a_byte_a_second_keeps_nobody_waiting_and_misses_nothing");
const LONG_FILTER: (&str, &str) = (LIMITS, "a_filter_has_its_bound_and_what_lies_beyond_is_named");
const TEXT_FILTER: (&str, &str) = (LIMITS, "a_filter_is_text_whatever_it_would_be_elsewhere");
const TAKEN_BACK: (&str, &str) = (LIMITS, "streams_that_are_taken_back_leave_their_places");
const PUT_OFF: (&str, &str) = (LIMITS, "a_client_that_begins_and_takes_back_is_put_off");
/// And of a million events in a long run.
const FAIR: (&str, &str) =
    ("tests/e2e/gateway/fairness.rs", "readers_from_the_beginning_take_little_from_others");
const ACKNOWLEDGED: (&str, &str) = (SUBSCRIPTIONS, "what_is_acknowledged_does_not_come_again");
const LOST: (&str, &str) =
    (SUBSCRIPTIONS, "a_subscription_to_what_is_gone_or_another_history_is_never_skipped_over");
const TWO: (&str, &str) =
    (SUBSCRIPTIONS, "two_who_hold_one_subscription_get_all_and_neither_takes_the_other_back");
const CLOCK: (&str, &str) = ("tests/e2e/follower.rs", "a_reader_whose_clock_says_1970_reads_and_resumes");
const MONTH: (&str, &str) = (RETENTION, "a_month_goes_and_each_reader_is_told_where_to_begin");
const GOING: (&str, &str) = (RETENTION, "two_who_let_months_go_disturb_neither_writers_nor_readers");

/// All of them, in the order of their ids.
pub(super) const ATTACKS: &[Attack] = &[
    attack("M01", "a cursor with a bit turned", &[FOREIGN, CURSOR]),
    attack("M02", "a cursor that is cut short", &[FOREIGN]),
    attack("M03", "another feed's cursor", &[FOREIGN, CURSOR]),
    attack("M04", "another firm's cursor", &[FOREIGN, ACKNOWLEDGED]),
    attack("M05", "a cursor of another version", &[VERSION]),
    attack("M06", "a place that a feed reaches in years", &[HISTORY]),
    attack("M07", "a place before the feed", &[HISTORY, VERSION]),
    attack("M08", "a cursor that the log no longer reaches", &[EXPIRED, MONTH]),
    attack("M09", "a cursor of a history that was lost", &[HISTORY, RESTORED]),
    attack("M10", "a cursor that was used before", &[RESUMED]),
    attack("M11", "ten thousand streams begun in a second", &[BEGUN]),
    attack("M12", "a thousand streams of one key", &[THOUSAND]),
    attack("M13", "a reader that never reads", &[STALLED]),
    attack("M14", "a reader of a byte a second", &[SLOW]),
    attack("M15", "an acknowledgement of what never came", &[LOST]),
    attack("M16", "an acknowledgement that goes back", &[ACKNOWLEDGED]),
    attack("M17", "an acknowledgement of another's subscription", &[ACKNOWLEDGED]),
    attack("M18", "a filter of ten thousand terms", &[LONG_FILTER]),
    attack("M19", "a filter that is an expression without an end", &[TEXT_FILTER]),
    attack("M20", "five hundred readers from the beginning", &[FAIR]),
    attack("M21", "a reset after each event", &[RESET]),
    attack("M22", "two who hold one subscription", &[TWO]),
    attack("M23", "a reader whose clock says 1970", &[CLOCK]),
    attack("M24", "streams that are taken back at once", &[TAKEN_BACK, PUT_OFF]),
    attack("M25", "a reader that resumes while a month goes", &[GOING]),
];
