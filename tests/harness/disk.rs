//! A small disk that a test may fill: a tmpfs, where this user may mount one.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::tell;

/// Mounted on a folder until it is dropped.
pub struct Disk {
    dir: PathBuf,
}

impl Disk {
    /// A disk of so many MiB on this empty folder; `None` where mounting is not allowed, which is said.
    pub fn mount(dir: &Path, size_mib: usize) -> Option<Self> {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &format!("size={size_mib}m,mode=0755"), "tandem-test"]).arg(dir);
        let mounted = command.stdin(Stdio::null()).output();
        let why = match mounted {
            Ok(output) if output.status.success() => return Some(Self { dir: dir.into() }),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_string(),
            Err(error) => error.to_string(),
        };
        tell::skipped(format_args!("full disks: a tmpfs cannot be mounted here: {why}"));
        None
    }

    /// Takes everything that is left of it.
    pub fn fill(&self) {
        let mut file = File::create(self.ballast()).expect("the ballast");
        let piece = vec![1; 64 * 1024];
        while file.write_all(&piece).is_ok() {}
        // What is left is less than one piece.
        while file.write_all(&piece[..512]).is_ok() {}
    }

    /// Gives it back.
    pub fn free(&self) {
        fs::remove_file(self.ballast()).expect("the ballast is there");
    }

    fn ballast(&self) -> PathBuf {
        self.dir.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unmount(&self.dir);
    }
}

/// Takes a disk away that was mounted on this folder, by this process or one that is gone.
pub fn unmount(dir: &Path) {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    // As the kernel names it.
    let Ok(dir) = dir.canonicalize() else { return };
    let ours = format!("tandem-test {} tmpfs", dir.display());
    if mounts.lines().any(|line| line.starts_with(&ours)) {
        // Whoever still writes there keeps it until he ends.
        let _ = Command::new("umount").arg("--lazy").arg(dir).status();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_takes_nothing_until_it_is_freed() {
        let dir = crate::cluster::target().join(format!("disk-test-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("the target directory can be written");
        if let Some(disk) = Disk::mount(&dir, 1) {
            let write = || fs::write(dir.join("page"), [1; 8192]);
            write().expect("there is room");
            fs::remove_file(dir.join("page")).expect("it is there");
            disk.fill();
            write().expect_err("it is full");
            disk.free();
            write().expect("there is room again");
        }
        fs::remove_dir(&dir).expect("nothing is mounted there any more");
    }
}
