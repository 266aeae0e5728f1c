//! Who may depend on whom, and where the few things stand that stand in one place alone.

use std::{collections::BTreeSet, fs, process::Command};

use serde_json::Value;

use super::source::{Source, files, none, root};

/// What stands openly at the top; everything else there is a dotfile or made by tools.
const TOP: &[&str] =
    &["Cargo.toml", "Cargo.lock", "LICENSE", "README.md", "deploy", "proto", "services", "target", "tests"];

/// Everything that makes a status; reading one is anybody's business.
const STATUS_MAKERS: &[&str] = &[
    "new",
    "ok",
    "cancelled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal",
    "unavailable",
    "data_loss",
    "unauthenticated",
    "from_error",
    "with_details",
    "with_error_details",
    "with_error_details_vec",
    "with_metadata",
    "with_details_and_metadata",
];

/// Every way to hand text to the database.
const STATEMENTS: &[&str] = &[
    "query!(",
    "query_as!(",
    "query_scalar!(",
    "query_file!(",
    "query_file_as!(",
    "sqlx::query(",
    "sqlx::query_as(",
    "sqlx::query_scalar(",
    "sqlx::query_as::<",
    "sqlx::query_scalar::<",
    "sqlx::query_with",
    "raw_sql(",
    "QueryBuilder",
];

/// What `cargo metadata` says about the workspace alone; needs no registry.
fn metadata() -> Value {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

#[test]
fn services_depend_only_on_the_contract_and_the_chassis() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let members: BTreeSet<&str> = packages.iter().map(|package| text(package, "name")).collect();
    assert!(members.contains("proto") && members.contains("chassis") && members.contains("tandem"));
    let mut faults = Vec::new();
    for package in packages {
        let name = text(package, "name");
        let allowed: &[&str] = match name {
            "proto" => &[],
            "chassis" => &["proto"],
            "tandem" | "tandem-tests" => continue,
            _ => &["proto", "chassis"],
        };
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let dependency = text(dependency, "name");
            if members.contains(dependency) && !allowed.contains(&dependency) {
                faults.push(format!("{name} depends on {dependency}"));
            }
        }
    }
    none(&faults, "a service depends on proto and chassis; tandem and tests may depend on all");
}

#[test]
fn every_crate_is_a_service_the_contract_or_the_tests() {
    let metadata = metadata();
    let root = root();
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let (name, manifest) = (text(package, "name"), text(package, "manifest_path"));
        let manifest_text = fs::read_to_string(manifest).expect("manifest");
        let place =
            manifest.strip_prefix(&*root.to_string_lossy()).unwrap_or(manifest).trim_start_matches('/');
        let expected = match name {
            "proto" => "proto/Cargo.toml".to_string(),
            "tandem-tests" => "tests/Cargo.toml".to_string(),
            _ => format!("services/{name}/Cargo.toml"),
        };
        if place != expected {
            faults.push(format!("{name} lies in {place}"));
        }
        if ["domain", "types", "errors", "db", "macros", "common", "utils"].contains(&name) {
            faults.push(format!("{name} is neither deployable nor a contract"));
        }
        if !manifest_text.contains("[lints]\nworkspace = true") {
            faults.push(format!("{place} does not take the workspace's lints"));
        }
    }
    none(&faults, "a crate is a deployable service or a shared contract");
}

#[test]
fn the_top_of_the_repository_is_short() {
    let entries = fs::read_dir(root()).expect("root").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let faults: Vec<String> =
        names.filter(|name| !name.starts_with('.') && !TOP.contains(&name.as_str())).collect();
    none(&faults, "the visible top level is fixed");
}

#[test]
fn tests_are_no_part_of_the_product() {
    let faults: Vec<String> = files(&["rs"])
        .iter()
        .filter(|source| source.service().is_some())
        .flat_map(|source| lines_with(source, &|line| line.contains("harness::")))
        .collect();
    none(&faults, "services do not know the tests");
}

#[test]
fn a_status_is_built_in_one_file() {
    let faults: Vec<String> = files(&["rs"])
        .iter()
        .filter(|source| source.service().is_some() && source.path != "services/chassis/src/error.rs")
        .flat_map(|source| lines_with(source, &builds_status))
        .collect();
    none(&faults, "only chassis::error builds tonic::Status; return chassis::Error");
}

fn builds_status(line: &str) -> bool {
    line.match_indices("Status::").any(|(at, mark)| {
        let other = line[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        let rest = &line[at + mark.len()..];
        let name = &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())];
        !other && STATUS_MAKERS.contains(&name)
    })
}

#[test]
fn statements_live_in_db_modules() {
    let is_db = |path: &str| {
        path.ends_with("/db.rs")
            || path.contains("/db/")
            || path.starts_with("services/chassis/")
            // The binary's own: roles and schemas of the whole product.
            || path == "services/tandem/src/database.rs"
    };
    let faults: Vec<String> = files(&["rs"])
        .iter()
        .filter(|source| source.service().is_some() && !is_db(&source.path))
        .flat_map(|source| {
            lines_with(source, &|line| STATEMENTS.iter().any(|statement| line.contains(statement)))
        })
        .collect();
    none(&faults, "every SQL statement stands in a db module");
}

#[test]
fn no_statement_is_put_together_from_text() {
    let faults: Vec<String> = files(&["rs"])
        .iter()
        .filter(|source| source.service().is_some_and(|service| service != "chassis"))
        .flat_map(|source| lines_with(source, &|line| line.contains("AssertSqlSafe")))
        .collect();
    none(&faults, "SQL is constant text with parameters");
}

#[test]
fn kafka_is_known_to_one_file() {
    let mut users: Vec<String> = files(&["rs"])
        .iter()
        .filter(|source| source.service().is_some())
        .filter(|source| !lines_with(source, &|line| line.contains("rdkafka")).is_empty())
        .map(|source| source.path.clone())
        .collect();
    users.drain(..users.len().min(1));
    none(&users, "rdkafka is used in one file");
}

/// Pure rooms: types, states and transitions, and the gRPC methods that name no database.
#[test]
fn rooms_keep_to_what_they_own() {
    let mut faults = Vec::new();
    for source in files(&["rs"]) {
        let file = source.path.rsplit('/').next().unwrap_or_default();
        let in_folder = |noun: &str| source.path.contains(&format!("/src/{noun}/"));
        let banned: &[&str] = match file {
            "api.rs" => &["sqlx"],
            "order.rs" if source.path == "services/orders/src/order.rs" => PURE,
            _ if source.service() == Some("orders") && in_folder("order") => PURE,
            _ if in_folder("ubl") || in_folder("sheet") => &["sqlx", "tonic::", "tokio::", "rdkafka"],
            _ => continue,
        };
        faults.extend(lines_with(&source, &|line| banned.iter().any(|word| line.contains(word))));
    }
    none(&faults, "api.rs knows no database; the domain knows neither database nor transport nor runtime");
}

const PURE: &[&str] = &["sqlx", "tonic", "prost", "rdkafka", "tokio"];

#[test]
fn the_bans_are_in_force() {
    let root = root();
    let clippy = fs::read_to_string(root.join(".clippy.toml")).expect(".clippy.toml");
    for banned in
        ["time::OffsetDateTime::now_utc", "std::time::SystemTime::now", "uuid::Uuid::now_v7", "std::env::var"]
    {
        assert!(clippy.contains(&format!("\"{banned}\"")), "{banned} is no longer banned in .clippy.toml");
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("Cargo.toml");
    for lint in
        ["unsafe_code = \"forbid\"", "unwrap_used = \"deny\"", "todo = \"deny\"", "dbg_macro = \"deny\""]
    {
        assert!(manifest.contains(lint), "{lint} is no longer among the workspace's lints");
    }
}

#[test]
fn an_exception_from_a_lint_gives_its_reason() {
    let mut faults = Vec::new();
    for source in files(&["rs"]) {
        // Put together, so that this file does not name what it looks for.
        let marks = ["allow", "expect"].map(|word| format!("[{word}("));
        for (index, line) in source.text.lines().enumerate() {
            let place = format!("{}:{} {}", source.path, index + 1, line.trim());
            let attribute = line.trim_start().starts_with("#");
            if attribute && line.contains(&marks[0]) {
                faults.push(place);
            } else if attribute && line.contains(&marks[1]) {
                let whole: Vec<&str> = source.text.lines().skip(index).take(6).collect();
                let whole = whole.join(" ");
                if !whole.split(")]").next().unwrap_or_default().contains("reason = ") {
                    faults.push(place);
                }
            }
        }
    }
    none(&faults, "#[expect(lint, reason = …)], never a bare allow");
}

/// Lines of production code that show something.
fn lines_with(source: &Source, shows: &dyn Fn(&str) -> bool) -> Vec<String> {
    let lines = source.code().into_iter().filter(|(_, line)| shows(line));
    lines.map(|(number, line)| format!("{}:{number} {}", source.path, line.trim())).collect()
}

#[test]
fn what_is_looked_for_is_found() {
    assert!(builds_status("Err(Status::not_found(\"x\"))"));
    assert!(builds_status("tonic::Status::with_error_details(code, text, details)"));
    assert!(!builds_status("ServingStatus::new()"));
    assert!(!builds_status("fn f(status: &Status) -> Code { Status::code(status) }"));
    let source = Source {
        path: "services/x/src/api.rs".into(),
        text: "//! sqlx\nuse sqlx::A;\n#[cfg(test)]\nmod tests { use sqlx::B; }\n".into(),
    };
    assert_eq!(lines_with(&source, &|line| line.contains("sqlx")), ["services/x/src/api.rs:2 use sqlx::A;"]);
}
