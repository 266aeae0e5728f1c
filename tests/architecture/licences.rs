//! Under which licences the dependencies come, and which must never come at all.

use std::{collections::BTreeMap, fs, process::Command};

use serde_json::Value;

use super::source::{none, root};

/// Licences that ask for no more than to be named.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "bzip2-1.0.6",
];

/// Never: TLS is rustls', decided once.
const BANNED: &[&str] = &["openssl", "openssl-sys", "native-tls", "chrono-tz", "diesel"];

/// Two of them in one program would not understand each other's types.
const ONCE: &[&str] = &[
    "tonic",
    "prost",
    "axum",
    "hyper",
    "http",
    "tower-service",
    "rdkafka",
    "sqlx",
    "rustls",
    "time",
    "uuid",
];

#[test]
fn every_dependency_has_a_licence_that_we_may_use() {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let platform = "x86_64-unknown-linux-gnu";
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", platform])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 50, "only {} packages", packages.len());
    let faults: Vec<String> = packages
        .iter()
        .filter_map(|package| {
            let licence = package["license"].as_str().unwrap_or("none named");
            (!may_use(licence)).then(|| format!("{} {}: {licence}", package["name"], package["version"]))
        })
        .collect();
    none(&faults, "dependencies under other licences");
}

/// Whether the expression can be met: one side of every OR, both sides of every AND.
fn may_use(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let clauses = expression.split(" AND ");
    clauses.into_iter().all(|clause| {
        let clause = clause.trim().trim_matches(['(', ')']);
        clause.split(" OR ").any(|licence| ALLOWED.contains(&licence.trim().trim_matches(['(', ')'])))
    })
}

#[test]
fn what_must_not_come_does_not_and_what_must_be_one_is() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let field = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key))?;
            Some(line.trim_start_matches(" = ").trim_matches('"'))
        };
        let (name, version) = (field("name").expect("name"), field("version").expect("version"));
        versions.entry(name).or_default().push(version);
    }
    let mut faults: Vec<String> = BANNED
        .iter()
        .filter(|name| versions.contains_key(**name))
        .map(|name| format!("{name} is banned"))
        .collect();
    for name in ONCE {
        let found = versions.get(name).map_or(&[][..], Vec::as_slice);
        if found.len() > 1 {
            faults.push(format!("{name} comes {} times: {}", found.len(), found.join(", ")));
        }
    }
    none(&faults, "Cargo.lock");
    assert!(versions.contains_key("tonic") && versions.contains_key("sqlx"), "the lock file is read");
}

#[test]
fn licence_expressions_are_read() {
    for good in [
        "MIT",
        "MIT OR Apache-2.0",
        "MIT/Apache-2.0",
        "(MIT OR GPL-3.0) AND Unicode-3.0",
        "Apache-2.0 AND ISC",
    ] {
        assert!(may_use(good), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND AGPL-3.0", "none named", ""] {
        assert!(!may_use(bad), "{bad}");
    }
}
