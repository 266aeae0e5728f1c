//! On the portal, and on people who use it.

use super::{Attack, attack};

const PORTAL: &str = "services/portal/tests/pages/attacks.rs";
const CASES: &str = "services/portal/tests/pages/attacks/cases.rs";
const PAGES: &str = "services/portal/tests/pages/main.rs";
const WAY_IN: &str = "services/portal/tests/pages/signing_in.rs";
const FORM: &str = "services/portal/src/form.rs";
const CREDENTIALS: &str = "tests/e2e/credentials.rs";
const GUESSES: &str = "tests/e2e/reasons/circumstances.rs";
const TIMING: &str = "tests/e2e/timing.rs";
const SIGNING_IN: &str = "tests/portal/signing_in.mjs";
const ANSWERING: &str = "tests/portal/answering.mjs";

const REFUSED: (&str, &str) = (CASES, "what_must_be_refused_is_refused");
const FORMS: (&str, &str) = (PORTAL, "no_form_is_taken_without_session_token_and_origin_of_its_own");
const READ: (&str, &str) = (PORTAL, "what_others_wrote_is_there_to_be_read");
const NEXT: (&str, &str) = (PORTAL, "nobody_is_sent_on_to_another_site");
const HOST: (&str, &str) = (PAGES, "over_tls_the_cookie_is_bound_to_the_host");
const FOREIGN: (&str, &str) = (ANSWERING, "another site’s form changes nothing");
const LINK: (&str, &str) =
    (SIGNING_IN, "a sign-in link is looked at twice, used once, and then explains itself");

/// All of them, in the order of their ids.
pub(super) const ATTACKS: &[Attack] = &[
    attack(
        "D01",
        "a session that is planted before somebody signs in",
        &[(PORTAL, "whoever_signs_in_gets_a_session_that_nobody_had_before")],
    ),
    attack(
        "D02",
        "a cookie that was kept, once its session has ended",
        &[(CREDENTIALS, "a_sign_in_link_works_once_and_a_session_until_its_end"), LINK],
    ),
    attack(
        "D03",
        "a session of before, once a password was changed: there are none, and members are disabled",
        &[
            (PORTAL, "no_page_asks_for_a_password"),
            (CREDENTIALS, "a_disabled_member_is_out_within_five_seconds"),
        ],
    ),
    attack(
        "D04",
        "a page that stays open, once its session was ended in another tab",
        &[
            (PORTAL, "an_open_page_hears_that_its_session_has_ended"),
            (SIGNING_IN, "who signs out in one tab reads so in the others, out of the one that ${words}"),
        ],
    ),
    attack("D05", "the cookie by a name that no browser binds to the host", &[HOST]),
    attack("D06", "a second cookie, from another site of the domain", &[REFUSED]),
    attack("D07", "a form without a token", &[FORMS]),
    attack("D08", "a form with the token of another page or session", &[FORMS]),
    attack("D09", "a form of another site", &[FORMS, FOREIGN]),
    attack("D10", "a form of a page of no site", &[FORMS, FOREIGN]),
    attack("D11", "a look that changes something", &[(PORTAL, "a_look_at_any_page_changes_nothing")]),
    attack("D12", "JSON that says to be text", &[REFUSED]),
    attack("D13", "a header that says to be another method", &[REFUSED]),
    attack("D14", "a page in a frame of another one", &[LINK]),
    attack(
        "D15",
        "a script in a firm's name",
        &[READ, (PORTAL, "no_page_makes_more_than_text_of_what_others_wrote")],
    ),
    attack("D16", "a script in a note", &[READ]),
    attack("D17", "a script in a file's name", &[READ, (PORTAL, "a_table_that_comes_in_is_shown_as_text")]),
    attack("D18", "a script in an item's number", &[READ]),
    attack("D19", "a script in a webhook's address", &[READ]),
    attack(
        "D20",
        "a script in a table that is looked at",
        &[(PORTAL, "a_table_that_comes_in_is_shown_as_text")],
    ),
    attack("D21", "a script that is sought for", &[READ]),
    attack("D22", "a link to a script", &[(PORTAL, "nobody_is_sent_on_to_a_script")]),
    attack("D23", "a way on to `//` another site", &[NEXT, (FORM, "going_on_never_leaves_the_site")]),
    attack("D24", "the same by a stroke that browsers turn around", &[NEXT]),
    attack("D25", "the same in what proxies decode", &[NEXT, (FORM, "going_on_never_leaves_the_site")]),
    attack("D26", "a host that is not the portal's", &[HOST]),
    attack("D27", "the way back to pages of before, once the session has ended", &[LINK]),
    attack(
        "D28",
        "links that are guessed, one after the other",
        &[(GUESSES, "whoever_guesses_links_is_told_to_wait_and_others_do_not_wait_for_it")],
    ),
    attack(
        "D29",
        "who is here, told by what is said",
        &[
            (PORTAL, "a_link_that_is_none_says_no_more_than_any_other"),
            (WAY_IN, "where_mail_goes_out_no_answer_tells_who_is_a_member_either"),
        ],
    ),
    attack(
        "D30",
        "who is here, told by how long it takes",
        &[
            (TIMING, "a_session_that_is_none_takes_as_long_whosever_id_it_has"),
            (TIMING, "a_link_by_mail_takes_as_long_to_ask_for_whosever_address_it_is"),
        ],
    ),
    attack(
        "D31",
        "a place in another firm's stream",
        &[REFUSED, (PORTAL, "a_place_in_another_firms_stream_shows_nothing_of_it")],
    ),
];
