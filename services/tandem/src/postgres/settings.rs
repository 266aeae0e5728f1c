//! What the launcher must know again at the next start: the cluster's port and passwords.

use std::{fs::File, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use serde::{Deserialize, Serialize};

use super::{Error, files};

/// The contents of settings.json, readable by its owner alone.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Settings {
    /// Chosen once, so that a client may note it; chosen anew when another program took it.
    pub(super) port: u16,
    pub(super) superuser: String,
    pub(super) owner: String,
    pub(super) app: String,
    pub(super) stream: String,
}

impl Settings {
    /// A free port and new passwords.
    pub(super) fn generate() -> std::io::Result<Self> {
        let [superuser, owner, app, stream] = std::array::from_fn(|_| chassis::secret::token());
        Ok(Self { port: free_port()?, superuser, owner, app, stream })
    }

    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(files("reading", path))?;
        // The parser's own message would quote the line, and with it a password.
        serde_json::from_str(&text)
            .map_err(|_| Error::Damaged { path: path.into(), reason: "a setting is missing or wrong".into() })
    }

    /// Replaces the file in one step, so that a crash leaves the old or the new one.
    pub(super) fn write(&self, path: &Path) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::Damaged { path: path.into(), reason: error.to_string() })?;
        let new = path.with_extension("new");
        let write = || -> std::io::Result<()> {
            let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&new, path)
        };
        write().map_err(files("writing", path))
    }
}

/// A port of 127.0.0.1 that nobody listens on now.
pub(super) fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Escapes everything but letters, digits, hyphen and underscore.
pub(super) fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_and_only_their_owner_reads_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = super::super::tests::scratch("settings");
        let path = dir.join("settings.json");
        let settings = Settings::generate().unwrap();
        settings.write(&path).unwrap();
        let read = Settings::read(&path).unwrap();
        assert_eq!((read.port, &read.owner, &read.app), (settings.port, &settings.owner, &settings.app));
        assert_ne!(read.owner, read.app);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        std::fs::write(&path, r#"{"superuser": "hunter2"}"#).unwrap();
        let error = Settings::read(&path).err().unwrap().to_string();
        assert!(error.contains("--reset") && !error.contains("hunter2"), "{error}");
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_password_may_hold_any_character() {
        assert_eq!(percent_encode("a-Z_9"), "a-Z_9");
        assert_eq!(percent_encode("p@s/w:é"), "p%40s%2Fw%3A%C3%A9");
    }
}
