//! By the address of a webhook: into networks of whoever runs the platform. Each is refused when it is saved and again when it
//! is sent, and nobody is dialled.

use super::{Attack, attack};

const HOOK: &str = "services/chassis/src/hook/tests.rs";
const MANAGING: &str = "tests/e2e/webhooks/managing.rs";

const ADDRESS: (&str, &str) = (HOOK, "no_address_leads_into_a_network_of_ours");
const SAVED: (&str, &str) =
    (MANAGING, "an_address_that_leads_into_a_network_of_ours_is_refused_when_it_is_saved");
const CHANGES: (&str, &str) = (HOOK, "a_name_that_changes_is_looked_at_once_for_each_attempt");
const DEFECTS: (&str, &str) = (HOOK, "a_sender_that_dials_what_it_did_not_look_at_is_noticed");
const BOUNDED: (&str, &str) = (HOOK, "every_receiver_is_done_with_in_bounded_time_and_memory");

/// All of them, in the order of their ids.
pub(super) const ATTACKS: &[Attack] = &[
    attack("F01", "`http://127.0.0.1`", &[ADDRESS, SAVED]),
    attack("F02", "`127.1`", &[ADDRESS, SAVED]),
    attack("F03", "`0`", &[ADDRESS, SAVED]),
    attack("F04", "`0.0.0.0`", &[ADDRESS]),
    attack("F05", "`2130706433`", &[ADDRESS, SAVED]),
    attack("F06", "`0x7f000001`", &[ADDRESS, SAVED]),
    attack("F07", "`0177.0.0.1`", &[ADDRESS, SAVED]),
    attack("F08", "`127.0.0.1.nip.io`", &[ADDRESS]),
    attack("F09", "`localhost`", &[ADDRESS, SAVED]),
    attack("F10", "`localhost.`", &[ADDRESS]),
    attack("F11", "`10.0.0.1`", &[ADDRESS, SAVED]),
    attack("F12", "`172.16.0.1`", &[ADDRESS]),
    attack("F13", "`192.168.0.1`", &[ADDRESS]),
    attack("F14", "`169.254.169.254`", &[ADDRESS, SAVED]),
    attack("F15", "`169.254.170.2`", &[ADDRESS]),
    attack("F16", "`100.64.0.1`", &[ADDRESS]),
    attack("F17", "`100.100.100.200`", &[ADDRESS, SAVED]),
    attack("F18", "`198.18.0.1`", &[ADDRESS]),
    attack("F19", "`192.0.0.1`", &[ADDRESS]),
    attack("F20", "`224.0.0.1`", &[ADDRESS]),
    attack("F21", "`240.0.0.1`", &[ADDRESS]),
    attack("F22", "`255.255.255.255`", &[ADDRESS]),
    attack("F23", "`[::1]`", &[ADDRESS, SAVED]),
    attack("F24", "`[::]`", &[ADDRESS]),
    attack("F25", "`[fe80::1]`", &[ADDRESS]),
    attack("F26", "`[fc00::1]`", &[ADDRESS]),
    attack("F27", "`[::ffff:127.0.0.1]`", &[ADDRESS]),
    attack("F28", "`[::ffff:7f00:1]`", &[ADDRESS, SAVED]),
    attack("F29", "`[64:ff9b::7f00:1]`", &[ADDRESS, SAVED]),
    attack("F30", "`[2002:7f00:1::]`", &[ADDRESS, SAVED]),
    attack("F31", "`[fe80::1%25eth0]`", &[ADDRESS, SAVED]),
    attack("F32", "a name that has a public address and one of ours", &[ADDRESS]),
    attack("F33", "a name that has none but an address of ours, by IPv6", &[ADDRESS]),
    attack("F34", "a name that leads elsewhere after it was looked at", &[CHANGES, DEFECTS]),
    attack("F35", "a name that stands for one of ours", &[ADDRESS]),
    attack("F36", "a receiver that sends on to what a cloud tells its machines", &[BOUNDED]),
    attack("F37", "the same to this machine, with the body", &[BOUNDED]),
    attack("F38", "`user@internal`", &[ADDRESS, SAVED]),
    attack("F39", "`evil#@internal`", &[ADDRESS, SAVED]),
    attack("F40", "`evil\\@internal`", &[ADDRESS, SAVED]),
    attack("F41", "a line of a header in the address", &[ADDRESS, SAVED]),
    attack("F42", "a tab in the address", &[ADDRESS, SAVED]),
    attack("F43", "`erp.example:22`", &[ADDRESS, SAVED]),
    attack("F44", "`erp.example:5432`", &[ADDRESS, SAVED]),
    attack("F45", "`erp.example:9092`", &[ADDRESS, SAVED]),
    attack("F46", "`file://`", &[ADDRESS, SAVED]),
    attack("F47", "`gopher://`", &[ADDRESS, SAVED]),
    attack("F48", "a host in digits of full width", &[ADDRESS, SAVED]),
    attack("F49", "a host that looks like the platform's own", &[ADDRESS]),
    attack("F50", "the platform's own host", &[ADDRESS, SAVED]),
    attack("F51", "an answer of a gigabyte", &[BOUNDED]),
];
