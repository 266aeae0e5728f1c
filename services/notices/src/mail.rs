//! The way out by SMTP, to the one server of the settings.

use anyhow::Context as _;
use chassis::secret::Redacted;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};

use crate::{message::Message, robot::Verdict};

/// How long a server may take.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(15);

/// Sends mail.
pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// A mailer over the server of the settings; none where there is none.
    ///
    /// # Errors
    /// Names the setting that is wrong. Without TLS only loopback is spoken to.
    pub(crate) fn new(url: &str, from: &str) -> anyhow::Result<Option<Self>> {
        if url.is_empty() {
            return Ok(None);
        }
        let from = from
            .parse()
            .context("notices.mail_from is no mail address such as Tandem <no-reply@example.com>")?;
        let plain = url.starts_with("smtp://") && !url.contains("tls=required");
        if plain && !is_loopback(url) {
            anyhow::bail!(
                "notices.smtp_url must be smtps://, or smtp:// with ?tls=required; plain is for loopback alone"
            );
        }
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .context("notices.smtp_url is no address such as smtps://user:password@smtp.example.com")?
            .timeout(Some(TIMEOUT))
            .build();
        Ok(Some(Self { transport, from }))
    }

    /// Sends a message to an address.
    pub(crate) async fn send(&self, to: &Redacted<String>, message: &Message) -> Verdict {
        let Ok(to) = to.reveal().parse::<lettre::Address>() else {
            return Verdict::Refused { failure: "ADDRESS".into() };
        };
        let mail = Mail::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&message.title)
            .header(ContentType::TEXT_PLAIN)
            .body(message.text());
        let Ok(mail) = mail else { return Verdict::Refused { failure: "MALFORMED".into() } };
        match self.transport.send(mail).await {
            Ok(_) => Verdict::Taken,
            Err(error) => {
                // The text of an error may hold the address.
                let failure =
                    error.status().map_or_else(|| "UNREACHABLE".to_string(), |code| format!("SMTP {code}"));
                match error.is_permanent() {
                    true => Verdict::Refused { failure },
                    false => Verdict::Later { failure, pause: None },
                }
            }
        }
    }
}

fn is_loopback(url: &str) -> bool {
    let authority =
        url.split_once("://").map_or("", |(_, rest)| rest).split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|own| host.strip_prefix(own).is_some_and(|port| port.is_empty() || port.starts_with(':')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tls_mail_stays_on_this_machine() {
        let from = "Tandem <no-reply@example.invalid>";
        for good in [
            "smtp://127.0.0.1:2525",
            "smtp://localhost",
            "smtps://user:pass@smtp.example.invalid",
            "smtp://smtp.example.invalid:587?tls=required",
        ] {
            assert!(Mailer::new(good, from).unwrap().is_some(), "{good}");
        }
        for bad in [
            "smtp://smtp.example.invalid",
            "smtp://127.0.0.1.example.invalid",
            "smtp://127.0.0.1@example.invalid:25",
            "http://127.0.0.1",
        ] {
            assert!(Mailer::new(bad, from).is_err(), "{bad}");
        }
        assert!(Mailer::new("smtp://127.0.0.1", "nobody").is_err());
        assert!(Mailer::new("", "").unwrap().is_none());
    }
}
