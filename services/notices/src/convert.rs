//! Proto ⇄ domain, collecting every bad field and not just the first.

use chassis::{Error, Field, Result, secret::Redacted, value};
use proto::{notices as wire, partners};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    channel::{Address, Channel, Medium, Quiet, Scope, parse_address},
    db::{
        delivery::{Delivery, State},
        health::DeliveryHealth,
    },
};

const NAME: usize = 100;
const CODE: usize = 60;
const LIST: usize = 100;
/// The digest's window where none is said, and the longest, in seconds.
const DIGEST: i32 = 60;
const DIGEST_MAX: i32 = 86_400;

/// A channel to be set up, with what is sealed before it is kept.
pub(crate) struct NewChannel {
    pub channel: Channel,
    pub address: Address,
    pub secret: Option<Redacted<String>>,
}

#[derive(Default)]
struct Check(Vec<Field>);

impl Check {
    fn bad(&mut self, path: impl Into<String>, reason: &'static str, message: impl Into<String>) {
        self.0.push(Field::new(path, reason, message));
    }

    /// A text without the blanks around it and without characters that hide or reorder others.
    fn text(&mut self, path: &str, value: &str, max: usize) -> String {
        let value = value.trim();
        if value.is_empty() {
            self.bad(path, "REQUIRED", "is required");
        } else if value.chars().count() > max {
            self.bad(path, "TOO_LONG", format!("must have at most {max} characters"));
        } else if value.chars().any(|c| c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c)) {
            self.bad(path, "CHARACTERS", "must not contain control or text direction characters");
        }
        value.to_string()
    }

    fn list(&mut self, path: &str, values: &[String]) -> Vec<String> {
        if values.len() > LIST {
            self.bad(path, "TOO_MANY", format!("must have at most {LIST} entries"));
            return Vec::new();
        }
        let texts = values.iter().enumerate();
        let mut all: Vec<String> =
            texts.map(|(i, value)| self.text(&format!("{path}[{i}]"), value, CODE)).collect();
        all.sort();
        all.dedup();
        all
    }

    fn kinds(&mut self, given: &[i32]) -> Vec<wire::NoticeKind> {
        let mut kinds = Vec::new();
        for (i, number) in given.iter().enumerate().take(LIST) {
            match wire::NoticeKind::try_from(*number) {
                Ok(wire::NoticeKind::Unspecified | wire::NoticeKind::Test | wire::NoticeKind::SignIn)
                | Err(_) => {
                    self.bad(format!("channel.kinds[{i}]"), "KIND", "is no kind that can be chosen");
                }
                Ok(kind) if !kinds.contains(&kind) => kinds.push(kind),
                Ok(_) => {}
            }
        }
        kinds
    }

    fn quiet(&mut self, from: &str, until: &str) -> Option<Quiet> {
        if from.is_empty() && until.is_empty() {
            return None;
        }
        let mut minute = |path: &str, text: &str| {
            let minute = minute_of_day(text);
            if minute.is_none() {
                self.bad(path, "TIME", "must be a time of day such as 22:00, and both or neither be given");
            }
            minute
        };
        let (from, until) = (minute("channel.quiet_from", from), minute("channel.quiet_until", until));
        let (from, until) = (from?, until?);
        if from == until {
            self.bad("channel.quiet_until", "ORDER", "must differ from `quiet_from`");
        }
        Some(Quiet { from, until })
    }

    fn done<T>(self, value: T) -> Result<T> {
        if self.0.is_empty() { Ok(value) } else { Err(Error::invalid(self.0)) }
    }
}

/// `22:30` in minutes.
fn minute_of_day(text: &str) -> Option<i16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str, max: i16| {
        let two = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        two.then(|| part.parse::<i16>().ok()).flatten().filter(|value| *value <= max)
    };
    Some(number(hour, 23)? * 60 + number(minute, 59)?)
}

/// What may be changed of a channel.
fn settings(check: &mut Check, given: &wire::Channel) -> Channel {
    let locale = match given.locale.as_str() {
        "" | "zh" => "zh",
        "en" => "en",
        _ => {
            check.bad("channel.locale", "LOCALE", "must be zh or en");
            ""
        }
    };
    let digest_s = given.digest_s.unwrap_or(DIGEST);
    if !(0..=DIGEST_MAX).contains(&digest_s) {
        check.bad("channel.digest_s", "RANGE", format!("must lie between 0 and {DIGEST_MAX}"));
    }
    let scope = given.scope.clone().unwrap_or_default();
    Channel {
        id: Uuid::nil(),
        member: None,
        medium: Medium::Mail,
        name: check.text("channel.name", &given.name, NAME),
        masked: String::new(),
        kinds: check.kinds(&given.kinds),
        scope: Scope {
            sites: check.list("channel.scope.sites", &scope.sites),
            purchasing_groups: check.list("channel.scope.purchasing_groups", &scope.purchasing_groups),
        },
        locale: locale.to_string(),
        digest_s,
        quiet: check.quiet(&given.quiet_from, &given.quiet_until),
        paused_until: None,
        signs_in: false,
        version: 1,
        created_at: OffsetDateTime::UNIX_EPOCH,
    }
}

/// A channel to be set up; its id and time are given later.
pub(crate) fn new_channel(request: &wire::CreateChannelRequest) -> Result<NewChannel> {
    let mut check = Check::default();
    let given = request.channel.clone().unwrap_or_default();
    let medium = match given.medium() {
        wire::Medium::Mail => Some(Medium::Mail),
        wire::Medium::Wecom => Some(Medium::Wecom),
        wire::Medium::Dingtalk => Some(Medium::Dingtalk),
        wire::Medium::Feishu => Some(Medium::Feishu),
        wire::Medium::Unspecified => None,
    };
    if medium.is_none() {
        check.bad("channel.medium", "REQUIRED", "must be MAIL, WECOM, DINGTALK or FEISHU");
    }
    let settings = settings(&mut check, &given);
    let member = match Uuid::try_parse(&given.member_id) {
        _ if given.member_id.is_empty() => None,
        Ok(id) => Some(id),
        Err(_) => {
            check.bad("channel.member_id", "ID", "must be an id as the platform gave it");
            None
        }
    };
    let medium = medium.unwrap_or(Medium::Mail);
    if given.signs_in && (medium != Medium::Mail || given.member_id.is_empty()) {
        check.bad("channel.signs_in", "FORBIDDEN", "belongs to the MAIL channel of a member alone");
    }
    let address = parse_address(medium, &request.address);
    if address.is_none() {
        // What was given is a secret, and is not repeated.
        check.bad("address", "ADDRESS", wanted(medium));
    }
    let secret = secret(&mut check, medium, &request.secret);
    let address =
        address.unwrap_or_else(|| Address { key: Redacted::new(String::new()), masked: String::new() });
    let signs_in = given.signs_in;
    let channel = Channel { member, medium, signs_in, masked: address.masked.clone(), ..settings };
    check.done(NewChannel { channel, address, secret })
}

/// The mail address that a link to sign in is asked for by.
pub(crate) fn mail_address(text: &str) -> Result<Address> {
    parse_address(Medium::Mail, text).ok_or_else(|| Error::field("address", "ADDRESS", wanted(Medium::Mail)))
}

fn wanted(medium: Medium) -> &'static str {
    match medium {
        Medium::Mail => "must be a mail address",
        Medium::Wecom => {
            "must begin with https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key= as the robot's page shows it"
        }
        Medium::Dingtalk => {
            "must begin with https://oapi.dingtalk.com/robot/send?access_token= as the robot's page shows it"
        }
        Medium::Feishu => {
            "must begin with https://open.feishu.cn/open-apis/bot/v2/hook/ as the robot's page shows it"
        }
    }
}

fn secret(check: &mut Check, medium: Medium, given: &str) -> Option<Redacted<String>> {
    let given = given.trim();
    match medium {
        Medium::Dingtalk if given.is_empty() => {
            check.bad("secret", "REQUIRED", "is required; choose 加签 among the robot's security settings");
        }
        Medium::Mail | Medium::Wecom if !given.is_empty() => {
            check.bad("secret", "FORBIDDEN", "belongs to DINGTALK and FEISHU alone");
        }
        _ if given.len() > 200 || given.chars().any(char::is_control) => {
            check.bad("secret", "FORMAT", "must be the signing secret as the robot's page shows it");
        }
        _ => {}
    }
    (!given.is_empty()).then(|| Redacted::new(given.to_string()))
}

/// The change, the channel's id and the etag that it was made on.
pub(crate) fn change(request: &wire::UpdateChannelRequest) -> Result<(Channel, Uuid, String)> {
    let mut check = Check::default();
    let given = request.channel.clone().unwrap_or_default();
    if given.etag.is_empty() {
        check.bad("channel.etag", "REQUIRED", "is required; send back the one that came with the channel");
    }
    let settings = settings(&mut check, &given);
    let settings = check.done(settings)?;
    Ok((settings, value::id(&given.id)?, given.etag))
}

fn medium(medium: Medium) -> i32 {
    let medium = match medium {
        Medium::Mail => wire::Medium::Mail,
        Medium::Wecom => wire::Medium::Wecom,
        Medium::Dingtalk => wire::Medium::Dingtalk,
        Medium::Feishu => wire::Medium::Feishu,
    };
    medium.into()
}

pub(crate) fn delivery_health(seen: &DeliveryHealth) -> wire::DeliveryHealth {
    let count = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
    wire::DeliveryHealth {
        firm_id: seen.firm.to_string(),
        firm_name: seen.name.clone(),
        firm_name_en: seen.name_en.clone(),
        medium: medium(seen.medium),
        channels: count(seen.channels),
        failed: count(seen.failed),
        since: Some(value::timestamp(seen.since)),
        failure: seen.failure.clone(),
    }
}

pub(crate) fn channel(channel: &Channel) -> wire::Channel {
    let time = |minute: i16| format!("{:02}:{:02}", minute / 60, minute % 60);
    wire::Channel {
        id: channel.id.to_string(),
        medium: medium(channel.medium),
        name: channel.name.clone(),
        member_id: channel.member.map(|id| id.to_string()).unwrap_or_default(),
        masked_address: channel.masked.clone(),
        kinds: channel.kinds.iter().map(|kind| i32::from(*kind)).collect(),
        scope: Some(partners::Scope {
            sites: channel.scope.sites.clone(),
            purchasing_groups: channel.scope.purchasing_groups.clone(),
        }),
        locale: channel.locale.clone(),
        digest_s: Some(channel.digest_s),
        quiet_from: channel.quiet.map(|quiet| time(quiet.from)).unwrap_or_default(),
        quiet_until: channel.quiet.map(|quiet| time(quiet.until)).unwrap_or_default(),
        created_at: Some(value::timestamp(channel.created_at)),
        paused_until: channel.paused_until.map(value::timestamp),
        etag: channel.version.to_string(),
        signs_in: channel.signs_in,
    }
}

pub(crate) fn delivery(delivery: &Delivery) -> wire::Delivery {
    let state = match delivery.state {
        State::Waiting => wire::DeliveryState::Waiting,
        State::Sent => wire::DeliveryState::Sent,
        State::Failed => wire::DeliveryState::Failed,
    };
    wire::Delivery {
        id: delivery.id.to_string(),
        channel_id: delivery.channel.to_string(),
        kind: delivery.kind,
        state: state.into(),
        notices: delivery.notices,
        title: delivery.title.clone(),
        created_at: Some(value::timestamp(delivery.created_at)),
        due_at: (delivery.state == State::Waiting).then(|| value::timestamp(delivery.due_at)),
        sent_at: delivery.sent_at.map(value::timestamp),
        attempts: delivery.attempts,
        failure: delivery.failure.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> wire::CreateChannelRequest {
        wire::CreateChannelRequest {
            request_id: "1".into(),
            channel: Some(wire::Channel {
                medium: wire::Medium::Dingtalk.into(),
                name: "采购一组群".into(),
                quiet_from: "22:00".into(),
                quiet_until: "07:30".into(),
                ..Default::default()
            }),
            address: format!("https://oapi.dingtalk.com/robot/send?access_token={}", "a".repeat(64)),
            secret: "SEC0".into(),
        }
    }

    fn paths(request: &wire::CreateChannelRequest) -> Vec<String> {
        let error = new_channel(request).err().expect("refused");
        error.fields.into_iter().map(|field| field.path).collect()
    }

    #[test]
    fn a_channel_is_read_with_its_defaults() {
        let new = new_channel(&request()).unwrap_or_else(|error| panic!("{:?}", error.fields));
        assert_eq!((new.channel.digest_s, new.channel.locale.as_str()), (60, "zh"));
        assert_eq!(new.channel.quiet, Some(Quiet { from: 1_320, until: 450 }));
        let shown = channel(&new.channel);
        assert_eq!((&*shown.quiet_from, &*shown.quiet_until), ("22:00", "07:30"));
        assert!(!format!("{shown:?}").contains("aaaaa"), "the address is masked");
    }

    #[test]
    fn every_bad_field_is_named() {
        let mut bad = request();
        bad.secret.clear();
        bad.address = "https://localhost/".into();
        let given = bad.channel.as_mut().unwrap();
        given.name.clear();
        given.locale = "fr".into();
        given.digest_s = Some(-1);
        given.quiet_until = "25:00".into();
        given.kinds = vec![wire::NoticeKind::Test.into(), 99];
        given.member_id = "x".into();
        given.signs_in = true;
        assert_eq!(
            paths(&bad),
            [
                "channel.locale",
                "channel.digest_s",
                "channel.name",
                "channel.kinds[0]",
                "channel.kinds[1]",
                "channel.quiet_until",
                "channel.member_id",
                "channel.signs_in",
                "address",
                "secret"
            ]
        );
        let error = new_channel(&bad).err().unwrap();
        assert!(
            error.fields.iter().all(|field| !field.message.contains("localhost")),
            "no address is repeated"
        );
        let none = wire::CreateChannelRequest::default();
        assert_eq!(paths(&none), ["channel.medium", "channel.name", "address"]);
    }

    #[test]
    fn times_of_day_have_one_form() {
        assert_eq!((minute_of_day("00:00"), minute_of_day("23:59")), (Some(0), Some(1_439)));
        for bad in ["", "7:30", "24:00", "12:60", "12", "12:3x", "１２:00", "-1:00"] {
            assert_eq!(minute_of_day(bad), None, "{bad}");
        }
    }
}
