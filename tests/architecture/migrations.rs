//! Processes of the version before serve on while the next one migrates: what they use stays until the version after.

use super::source::{files, none};

/// What takes something from under a process that runs: (words of a statement, all of them in one).
const TAKES_AWAY: &[&[&str]] = &[
    &["drop table"],
    &["drop column"],
    &["drop function"],
    &["drop view"],
    &["drop schema"],
    &["rename to"],
    &["rename column"],
    &["alter column", " type "],
    &["alter column", "set not null"],
];

/// From before anybody ran two versions at one time.
const BEFORE: &[&str] = &["services/partners/migrations/0010_orders_ask.sql"];

#[test]
fn a_migration_takes_nothing_from_the_version_before() {
    let migrations = files(&["sql"]);
    let migrations = migrations.iter().filter(|file| file.path.contains("/migrations/"));
    let faults: Vec<String> = migrations
        .filter(|file| !BEFORE.contains(&file.path.as_str()))
        .flat_map(|file| taken(&file.text).into_iter().map(move |words| format!("{}: {words}", file.path)))
        .collect();
    none(
        &faults,
        "what a running process may use is taken away only by the version after the one that stops using it; then name \
         the file here",
    );
}

/// Statements that take something away; comments do not count.
fn taken(sql: &str) -> Vec<String> {
    let plain: Vec<&str> =
        sql.lines().map(|line| line.split("--").next().unwrap_or_default().trim()).collect();
    let plain = plain.join(" ").to_lowercase();
    let says = |statement: &str, words: &[&str]| words.iter().all(|word| statement.contains(word));
    plain
        .split(';')
        .flat_map(|statement| {
            TAKES_AWAY.iter().filter(move |words| says(statement, words)).map(|words| words.join(" …"))
        })
        .collect()
}

#[test]
fn statements_are_read_whole_and_comments_are_not() {
    let sql = "alter table a.b\n    alter column c drop not null,\n    drop constraint d; -- drop table e;\n";
    assert!(taken(sql).is_empty(), "{:?}", taken(sql));
    assert_eq!(taken("ALTER TABLE a.b\n  DROP COLUMN c;"), ["drop column"]);
    assert_eq!(taken("alter table a.b alter column c type text;"), ["alter column … type "]);
}
