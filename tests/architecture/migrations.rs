//! Processes of the version before serve on while the next one migrates: what they use stays until the version after, and
//! what they write is taken as they write it. Whether they really do is tried by `tests/e2e/upgrade.rs`.

use super::source::{files, none};

/// What takes something from under a process that runs: (words of a statement, all of them in one).
const TAKES_AWAY: &[&[&str]] = &[
    &["drop column"],
    &["drop function"],
    &["drop view"],
    &["drop schema"],
    &["drop type"],
    &["drop sequence"],
    &["rename to"],
    &["rename column"],
    &["alter column", " type "],
    &["alter column", "set not null"],
    &["alter column", "drop default"],
    &["revoke ", " from tandem_"],
];

/// What only seems to take something away: (file, what). Who makes a table or a function anew in the same transaction, under
/// its name and with every argument, column and right, keeps others waiting for that moment, and they go on with the new one.
const MADE_ANEW: &[(&str, &str)] = &[
    ("services/chassis/migrations/0006_two_halves.sql", "drop table event.outbox"),
    ("services/capacity/migrations/0023_hold_at_once.sql", "drop function"),
    // A month of the log, by a function that sees to it that nobody is promised it any more.
    ("services/chassis/migrations/0008_retention.sql", "drop table ' || part"),
];

/// From before anybody ran two versions at one time.
const BEFORE: &[&str] =
    &["services/orders/migrations/0003_changes.sql", "services/partners/migrations/0010_orders_ask.sql"];

#[test]
fn a_migration_takes_nothing_from_the_version_before() {
    let migrations = files(&["sql"]);
    let migrations = migrations.iter().filter(|file| file.path.contains("/migrations/"));
    let faults: Vec<String> = migrations
        .filter(|file| !BEFORE.contains(&file.path.as_str()))
        .flat_map(|file| taken(&file.text).into_iter().map(move |words| (file.path.as_str(), words)))
        .filter(|(path, words)| !MADE_ANEW.contains(&(*path, words.as_str())))
        .map(|(path, words)| format!("{path}: {words}"))
        .collect();
    none(
        &faults,
        "what a running process may use is taken away only by the version after the one that stops using it; then name \
         the file here",
    );
}

/// What a migration takes away, or asks for of whoever writes; comments do not count.
fn taken(sql: &str) -> Vec<String> {
    let plain: Vec<&str> =
        sql.lines().map(|line| line.split("--").next().unwrap_or_default().trim()).collect();
    let plain = plain.join(" ").to_lowercase();
    let says = |statement: &str, words: &[&str]| words.iter().all(|word| statement.contains(word));
    let statements = plain.split(';').flat_map(|statement| {
        let away = TAKES_AWAY.iter().filter(move |words| says(statement, words));
        away.map(|words| words.join(" …")).chain(needed(statement))
    });
    statements.chain(dropped(&plain)).chain(unruled(&plain)).collect()
}

/// Tables that go, but for those that the same file made before, such as to hold rows meanwhile.
fn dropped(plain: &str) -> impl Iterator<Item = String> {
    plain.match_indices("drop table ").filter_map(|(at, words)| {
        let table = plain[at + words.len()..].split(';').next().unwrap_or_default().trim();
        let own = plain[..at].contains(&format!("create table {table} "));
        (!own).then(|| format!("drop table {table}"))
    })
}

/// Columns that whoever does not know them leaves empty, and that may not be.
fn needed(statement: &str) -> impl Iterator<Item = String> {
    statement.split("add column ").skip(1).filter_map(|column| {
        let column = column.split(", add constraint ").next().unwrap_or_default();
        let filled = column.contains("default") || column.contains("generated");
        (column.contains("not null") && !filled).then(|| {
            format!("add column {} not null without a default", column.split(' ').next().unwrap_or_default())
        })
    })
}

/// Policies that go without another one of the same name in their place.
fn unruled(plain: &str) -> impl Iterator<Item = String> {
    plain.match_indices("drop policy ").filter_map(|(at, words)| {
        let rest: Vec<&str> = plain[at + words.len()..].split([' ', ';']).take(3).collect();
        let named = rest.join(" ");
        let again = plain[at..].contains(&format!("create policy {named} "));
        (!again).then(|| format!("drop policy {named}"))
    })
}

#[test]
fn statements_are_read_whole_and_comments_are_not() {
    let sql = "alter table a.b\n    alter column c drop not null,\n    drop constraint d; -- drop table e;\n";
    assert!(taken(sql).is_empty(), "{:?}", taken(sql));
    assert_eq!(taken("ALTER TABLE a.b\n  DROP COLUMN c;"), ["drop column"]);
    assert_eq!(taken("alter table a.b alter column c type text;"), ["alter column … type "]);
    assert_eq!(taken("revoke select on a.b from tandem_app;"), ["revoke  … from tandem_"]);
    assert!(taken("revoke all on function a.f() from public;").is_empty());
    let added = "alter table a.b add column c int not null,\n  add column d int not null default 0,\n\
                 add constraint e check (c is not null);";
    assert_eq!(taken(added), ["add column c not null without a default"]);
    let replaced = "drop policy p on a.b; create policy p on a.b for insert to tandem_app with check (true);";
    assert!(taken(replaced).is_empty());
    assert_eq!(taken("drop policy p on a.b;"), ["drop policy p on a.b"]);
    let anew = "create table a.held as select c from a.b; drop table a.b; create table a.b (c int); drop table a.held;";
    assert_eq!(taken(anew), ["drop table a.b"]);
    assert_eq!(taken("create table a.bc (c int); drop table a.b;"), ["drop table a.b"]);
    assert_eq!(taken("create table a.b (c int); drop table a.b, a.c;"), ["drop table a.b, a.c"]);
}
