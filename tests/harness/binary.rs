//! The built `tandem`, for tests that start and kill processes.

use std::{path::PathBuf, process::Command, sync::OnceLock};

/// Where the binary is: `TANDEM_BINARY`, else built by cargo at the first use, without the `testing` feature, as it is
/// shipped, and optimised where this program is.
pub fn path() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(given) = std::env::var_os("TANDEM_BINARY") {
            return PathBuf::from(given);
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "-p", "tandem", "--bin", "tandem", "--message-format", "json"]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        // What cargo tells a test of its package looks to some build scripts like a change: half of the crates would be
        // built anew here, and once more by whoever builds next.
        for (name, _) in std::env::vars_os() {
            if name
                .to_str()
                .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
            {
                build.env_remove(&name);
            }
        }
        let built = build.output().expect("cargo runs");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let messages = String::from_utf8_lossy(&built.stdout);
        let executable = messages
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
            .next_back();
        executable.expect("cargo names the binary that it built")
    })
}
