//! Finds PostgreSQL's server on the machine: Debian keeps it off PATH, one folder a version.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The oldest major version that Tandem runs on: views with security_invoker came with it.
pub const OLDEST: u32 = 15;
/// What installs it on Debian.
pub const INSTALL: &str = "apt-get install -y postgresql";

const DEBIAN: &str = "/usr/lib/postgresql";

/// A folder with `postgres` and `initdb` of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    pub dir: PathBuf,
    pub major: u32,
}

impl Binaries {
    /// The path of one of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// The newest version that is installed, or the wanted one.
pub fn find(wanted: Option<u32>) -> Option<Binaries> {
    find_in(Path::new(DEBIAN), std::env::var_os("PATH").as_deref(), wanted)
}

fn find_in(debian: &Path, path: Option<&std::ffi::OsStr>, wanted: Option<u32>) -> Option<Binaries> {
    let fits = |found: &Binaries| wanted.map_or(found.major >= OLDEST, |major| found.major == major);
    let installed = installed(debian).into_iter().filter(fits).max_by_key(|found| found.major);
    installed.or_else(|| std::env::split_paths(path?).filter_map(probe).find(fits))
}

/// Folders such as 15/bin; one that has only the client's programs does not count.
fn installed(debian: &Path) -> Vec<Binaries> {
    let Ok(versions) = std::fs::read_dir(debian) else { return Vec::new() };
    versions
        .flatten()
        .filter_map(|version| {
            let major = version.file_name().to_str()?.parse().ok()?;
            let dir = version.path().join("bin");
            (dir.join("postgres").is_file() && dir.join("initdb").is_file())
                .then_some(Binaries { dir, major })
        })
        .collect()
}

/// Asks a folder of PATH, since a file of that name may be anything.
fn probe(dir: PathBuf) -> Option<Binaries> {
    let postgres = dir.join("postgres");
    if !postgres.is_file() || !dir.join("initdb").is_file() {
        return None;
    }
    // The server looks for its own files beside itself, so that a link is followed to where they are.
    let dir = postgres.canonicalize().ok()?.parent()?.to_path_buf();
    let output = Command::new(dir.join("postgres"))
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let major = parse_version(&String::from_utf8(output.stdout).ok()?)?;
    Some(Binaries { dir, major })
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian …)`.
fn parse_version(text: &str) -> Option<u32> {
    let rest = text.strip_prefix("postgres (PostgreSQL) ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(root: &Path, version: &str, programs: &[&str]) {
        let bin = root.join(version).join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        for program in programs {
            std::fs::write(bin.join(program), "").unwrap();
        }
    }

    #[test]
    fn the_newest_server_wins_and_a_client_alone_does_not_count() {
        let root = super::super::tests::scratch("binaries");
        install(&root, "9", &["postgres", "initdb"]);
        install(&root, "15", &["postgres", "initdb"]);
        install(&root, "16", &["postgres", "initdb"]);
        install(&root, "17", &["psql"]);
        install(&root, "lost", &["postgres", "initdb"]);
        let find = |wanted| find_in(&root, None, wanted).map(|found| found.major);
        assert_eq!(find(None), Some(16));
        assert_eq!(find(Some(15)), Some(15));
        assert_eq!(find(Some(17)), None);
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn an_empty_machine_has_none() {
        assert_eq!(find_in(Path::new("/nonexistent"), Some("/nonexistent".as_ref()), None), None);
        assert_eq!(find_in(Path::new("/nonexistent"), None, None), None);
    }

    #[test]
    fn a_program_that_only_has_the_name_is_passed_over() {
        use std::os::unix::fs::PermissionsExt;
        let root = super::super::tests::scratch("stub");
        for program in ["postgres", "initdb"] {
            std::fs::write(root.join(program), "#!/bin/sh\necho something else\n").unwrap();
            std::fs::set_permissions(root.join(program), PermissionsExt::from_mode(0o755)).unwrap();
        }
        assert_eq!(find_in(Path::new("/nonexistent"), Some(root.as_os_str()), None), None);
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn versions_are_read_from_what_the_server_says() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_version("postgres (EDB) 15.1"), None);
    }
}
