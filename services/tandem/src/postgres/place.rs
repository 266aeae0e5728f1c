//! Where the cluster of a data directory lives, and which user runs it.
//!
//! Postgres refuses to run as root, so that root's cluster runs as another user. Where that user cannot reach the
//! data directory, such as one under a closed home, the cluster lives under /var/lib/tandem instead.

use std::{
    ffi::OsStr,
    fs::DirBuilder,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{DirBuilderExt as _, MetadataExt as _},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{Error, files};

/// Where root's clusters live that belong to an unreachable data directory.
const SHARED: &str = "/var/lib/tandem";

/// The user whom Postgres runs as, where that is not the user who starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
}

/// One cluster's folder.
#[derive(Clone, Debug)]
pub struct Place {
    dir: PathBuf,
    home: PathBuf,
    user: Option<User>,
}

/// The data directory where none is named: /var/lib/tandem as root, else in the home folder.
pub fn default_data_dir() -> PathBuf {
    if is_root() {
        return SHARED.into();
    }
    let folder = std::env::var_os("XDG_DATA_HOME").filter(|folder| Path::new(folder).is_absolute());
    let folder = folder.map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".local/share")));
    folder.unwrap_or_else(|| PathBuf::from("/var/tmp")).join("tandem")
}

impl Place {
    /// The place of a data directory, which is created where it is missing.
    pub(super) fn choose(data_dir: &Path) -> Result<Self, Error> {
        let root = is_root();
        // As root, others must be able to pass through; what is secret inside is closed by itself.
        let mode = if root { 0o755 } else { 0o700 };
        create(data_dir, mode)?;
        let dir = data_dir.canonicalize().map_err(files("opening", data_dir))?;
        let (near, far) = (dir.join("postgres"), far(&dir));
        let user =
            if root { Some(owner(&near).or_else(|| owner(&far)).map_or_else(drop_to, Ok)?) } else { None };
        let reachable = user.is_none_or(|user| near.join("data").exists() || reaches(user, &dir));
        let home = if reachable { near } else { far };
        create(&home, mode)?;
        Ok(Self { dir, home, user })
    }

    /// The place where a cluster already is.
    pub(super) fn existing(data_dir: &Path) -> Option<Self> {
        Self::all(data_dir).ok()?.into_iter().find(|place| place.data().exists())
    }

    /// Every place that the data directory's cluster may have been given, as far as they exist.
    pub(super) fn all(data_dir: &Path) -> Result<Vec<Self>, Error> {
        let Ok(dir) = data_dir.canonicalize() else { return Ok(Vec::new()) };
        let mut homes = vec![dir.join("postgres")];
        if is_root() {
            homes.push(far(&dir));
        }
        let there = homes.into_iter().filter(|home| home.is_dir());
        Ok(there.map(|home| Self { dir: dir.clone(), user: owner(&home), home }).collect())
    }

    /// The data directory that was named.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// Postgres' own directory.
    pub(super) fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    pub(super) fn log_file(&self) -> PathBuf {
        self.home.join("postgres.log")
    }

    pub(super) fn settings_file(&self) -> PathBuf {
        self.home.join("settings.json")
    }

    /// Held by whoever starts, and by `tandem dev` for as long as it runs. Outside the home, which a reset removes.
    pub(super) fn lock_file(&self) -> PathBuf {
        self.dir.join("postgres.lock")
    }

    /// Held, shared, by everyone who uses a cluster that several use.
    pub(super) fn users_file(&self) -> PathBuf {
        self.dir.join("postgres.users")
    }

    /// Gives a file to the user whom Postgres runs as.
    pub(super) fn give(&self, path: &Path) -> Result<(), Error> {
        let Some(user) = self.user else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(user.uid), Some(user.gid)).map_err(files("giving away", path))
    }

    /// A command that runs as the user of Postgres, with nothing of the caller's environment.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("TZ", "UTC").current_dir("/").stdin(Stdio::null());
        if let Some(user) = self.user {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn create(dir: &Path, mode: u32) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(mode).create(dir).map_err(files("creating", dir))
}

/// Named by the hash of the data directory, so that each has its own.
fn far(dir: &Path) -> PathBuf {
    let hash = chassis::secret::sha256(dir.as_os_str().as_bytes());
    Path::new(SHARED).join("clusters").join(hex::encode(&hash[..8]))
}

/// Who owns the data of a cluster that exists: a change of users would make Postgres refuse it.
fn owner(home: &Path) -> Option<User> {
    let data = std::fs::metadata(home.join("data")).ok()?;
    (is_root() && data.uid() != 0).then_some(User { uid: data.uid(), gid: data.gid() })
}

fn drop_to() -> Result<User, Error> {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    ["postgres", "nobody"].iter().find_map(|name| look_up(&passwd, name)).ok_or(Error::NoUser)
}

/// A user in the text of /etc/passwd: name:password:uid:gid:…
fn look_up(passwd: &str, name: &str) -> Option<User> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some(User { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
}

/// Whether the user can enter the directory; asked of the system, which knows access lists and mounts.
fn reaches(user: User, dir: &Path) -> bool {
    let mut test = Command::new("/bin/sh");
    test.args([OsStr::new("-c"), OsStr::new("cd -- \"$1\""), OsStr::new("sh"), dir.as_os_str()]);
    test.env_clear().current_dir("/").uid(user.uid).gid(user.gid);
    test.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    test.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_from_the_table() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533::/:/bin/false\nbad:x::\n";
        assert_eq!(look_up(passwd, "nobody"), Some(User { uid: 65534, gid: 65533 }));
        assert_eq!(look_up(passwd, "postgres"), None);
        assert_eq!(look_up(passwd, "bad"), None);
    }

    #[test]
    fn each_directory_has_its_own_place_under_the_shared_one() {
        assert_ne!(far(Path::new("/root/a")), far(Path::new("/root/b")));
        assert_eq!(far(Path::new("/root/a")), far(Path::new("/root/a")));
        assert!(far(Path::new("/root/a")).starts_with("/var/lib/tandem/clusters"));
    }
}
