//! Channels: where somebody is told, of what, and when not.

use chassis::secret::Redacted;
use proto::notices::NoticeKind;
use time::{Duration, OffsetDateTime, UtcOffset, macros::offset};
use uuid::Uuid;

use crate::robot;

/// The most channels of a firm.
pub const MAX_CHANNELS: i64 = 50;
/// The calendar that hours of the day are of: Asia/Shanghai has no summer time.
const SHANGHAI: UtcOffset = offset!(+8);

/// The kind of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    Mail,
    Wecom,
    Dingtalk,
    Feishu,
}

impl Medium {
    const ALL: [Medium; 4] = [Self::Mail, Self::Wecom, Self::Dingtalk, Self::Feishu];

    /// Its name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Wecom => "wecom",
            Self::Dingtalk => "dingtalk",
            Self::Feishu => "feishu",
        }
    }

    /// From its name in the database.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|medium| medium.as_str() == text)
    }

    /// How many messages the other side takes in a minute.
    pub fn per_minute(self) -> i64 {
        match self {
            Self::Wecom | Self::Dingtalk => 20,
            Self::Feishu => 100,
            Self::Mail => 60,
        }
    }

    /// How many it takes in a second.
    pub fn per_second(self) -> i64 {
        if self == Self::Feishu { 5 } else { i64::MAX }
    }

    /// How many bytes the lines of a message may have, so that the whole stays below what the other side takes: 4,096
    /// for 企业微信's markdown, 20 KiB for 飞书's body.
    pub fn body_bytes(self) -> usize {
        match self {
            Self::Wecom => 3_000,
            Self::Dingtalk | Self::Feishu => 12_000,
            Self::Mail => 60_000,
        }
    }
}

/// What identifies the box or robot; the rest of its address is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A mail address, or the robot's key.
    pub key: Redacted<String>,
    /// What people may see of it.
    pub masked: String,
}

/// The address of a robot as its page shows it, or of a mail box; `None` for anything else. Only what follows the fixed
/// beginning is kept, so that no address of ours ever names another host.
pub fn parse_address(medium: Medium, text: &str) -> Option<Address> {
    let text = text.trim();
    if medium == Medium::Mail {
        let (local, domain) = text.rsplit_once('@')?;
        let first = local.chars().next()?;
        text.parse::<lettre::Address>().ok()?;
        return Some(Address {
            key: Redacted::new(text.to_string()),
            masked: format!("{first}***@{domain}"),
        });
    }
    let (host, path) = robot::place(medium)?;
    let key = text.strip_prefix("https://")?.strip_prefix(host)?.strip_prefix(path)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !(8..=200).contains(&key.len()) || !key.bytes().all(plain) {
        return None;
    }
    let end = &key[key.len() - 4..];
    Some(Address { masked: format!("{host}/…{end}"), key: Redacted::new(key.to_string()) })
}

/// What a channel is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub sites: Vec<String>,
    pub purchasing_groups: Vec<String>,
}

impl Scope {
    /// Whether an event of these sites and this group of the own firm is within; as `Caller::covers`.
    pub fn covers(&self, sites: &[String], purchasing_group: &str) -> bool {
        let site = self.sites.is_empty() || sites.is_empty() || sites.iter().any(|s| self.sites.contains(s));
        let group = self.purchasing_groups.is_empty()
            || self.purchasing_groups.iter().any(|group| group == purchasing_group);
        site && group
    }
}

/// A span of the day in which nobody is disturbed, in minutes; it may lead over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    pub from: i16,
    pub until: i16,
}

impl Quiet {
    /// The moment itself, or the end of the quiet span that it lies in.
    pub fn after(self, at: OffsetDateTime) -> OffsetDateTime {
        let local = at.to_offset(SHANGHAI);
        let minute = i16::from(local.hour()) * 60 + i16::from(local.minute());
        let inside = if self.from <= self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        };
        if !inside {
            return at;
        }
        let left = (self.until - minute).rem_euclid(24 * 60);
        let begun =
            Duration::seconds(local.second().into()) + Duration::nanoseconds(local.nanosecond().into());
        at + Duration::minutes(left.into()) - begun
    }
}

/// 飞书 asks not to be called on the full and half hours, when everybody does: the moment itself, or some seconds after
/// such a minute, spread by the message's id.
pub fn off_the_hour(medium: Medium, at: OffsetDateTime, id: Uuid) -> OffsetDateTime {
    if medium != Medium::Feishu || !at.minute().is_multiple_of(30) {
        return at;
    }
    let spread = i64::from(id.as_bytes()[15] % 30);
    at + Duration::seconds(60 - i64::from(at.second()) + spread)
}

/// Where somebody is told.
#[derive(Clone, Debug)]
pub struct Channel {
    pub id: Uuid,
    pub member: Option<Uuid>,
    pub medium: Medium,
    pub name: String,
    pub masked: String,
    /// Empty: everything.
    pub kinds: Vec<NoticeKind>,
    pub scope: Scope,
    pub locale: String,
    pub digest_s: i32,
    pub quiet: Option<Quiet>,
    pub paused_until: Option<OffsetDateTime>,
    /// Whether its member is mailed links to sign in by this address.
    pub signs_in: bool,
    pub version: i64,
    pub created_at: OffsetDateTime,
}

impl Channel {
    /// Whether it tells this kind.
    pub fn tells(&self, kind: NoticeKind) -> bool {
        kind == NoticeKind::AdminReset || self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// When a notice that comes now is told: after the digest's window, outside of quiet hours. What concerns who may
    /// act for the firm does not wait.
    pub fn due(&self, kind: NoticeKind, now: OffsetDateTime) -> OffsetDateTime {
        if matches!(kind, NoticeKind::AdminReset | NoticeKind::Test) {
            return now;
        }
        let at = now + Duration::seconds(self.digest_s.into());
        self.quiet.map_or(at, |quiet| quiet.after(at))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn an_address_names_one_of_three_hosts_and_nothing_else() {
        let key = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa";
        let good = [
            (Medium::Wecom, format!("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={key}")),
            (Medium::Dingtalk, format!("https://oapi.dingtalk.com/robot/send?access_token={key}")),
            (Medium::Feishu, format!(" https://open.feishu.cn/open-apis/bot/v2/hook/{key}\n")),
        ];
        for (medium, text) in &good {
            let address = parse_address(*medium, text).unwrap();
            assert_eq!(address.key.reveal(), key);
            assert!(
                address.masked.ends_with("/…5aaa") && !address.masked.contains("693a"),
                "{}",
                address.masked
            );
        }
        for bad in [
            format!("http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={key}"),
            format!("https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key={key}"),
            format!("https://evil@qyapi.weixin.qq.com/cgi-bin/webhook/send?key={key}"),
            format!("https://qyapi.weixin.qq.com@evil.example/cgi-bin/webhook/send?key={key}"),
            format!("https://qyapi.weixin.qq.com:8443/cgi-bin/webhook/send?key={key}"),
            format!("https://127.0.0.1/cgi-bin/webhook/send?key={key}"),
            format!("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={key}&debug=1"),
            format!("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=../{key}"),
            format!("https://qyapi.weixin.qq.com/cgi-bin/webhook/../send?key={key}"),
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=".into(),
            format!("https://oapi.dingtalk.com/robot/send?access_token={key}"),
            String::new(),
        ] {
            assert_eq!(parse_address(Medium::Wecom, &bad), None, "{bad}");
        }
    }

    #[test]
    fn a_mail_address_shows_its_first_letter() {
        let address = parse_address(Medium::Mail, "lin.xiaoyan@example.invalid").unwrap();
        assert_eq!(address.masked, "l***@example.invalid");
        for bad in
            ["", "x", "@example.invalid", "a@b@", "a b@example.invalid", "a\r\nRcpt: x@example.invalid"]
        {
            assert_eq!(parse_address(Medium::Mail, bad), None, "{bad:?}");
        }
    }

    #[test]
    fn quiet_hours_end_in_the_morning() {
        let night = Quiet { from: 22 * 60, until: 7 * 60 + 30 };
        // 23 Nov 2026 09:00, 22:00 and 23:59:30, and 24 Nov 07:29, 07:30, in Shanghai
        let morning = datetime!(2026-11-23 23:30 UTC);
        for (at, told) in [
            (datetime!(2026-11-23 01:00 UTC), datetime!(2026-11-23 01:00 UTC)),
            (datetime!(2026-11-23 14:00 UTC), morning),
            (datetime!(2026-11-23 15:59:30 UTC), morning),
            (datetime!(2026-11-23 23:29 UTC), morning),
            (morning, morning),
        ] {
            assert_eq!(night.after(at), told, "{at}");
        }
        let noon = Quiet { from: 12 * 60, until: 13 * 60 };
        assert_eq!(noon.after(datetime!(2026-11-23 04:20 UTC)), datetime!(2026-11-23 05:00 UTC));
        assert_eq!(noon.after(datetime!(2026-11-23 05:00 UTC)), datetime!(2026-11-23 05:00 UTC));
    }

    #[test]
    fn feishu_is_left_alone_on_the_hour() {
        let id = Uuid::from_u128(7);
        let at = datetime!(2026-11-23 02:00:20 UTC);
        assert_eq!(off_the_hour(Medium::Feishu, at, id), datetime!(2026-11-23 02:01:07 UTC));
        assert_eq!(off_the_hour(Medium::Feishu, datetime!(2026-11-23 09:30 UTC), id).minute(), 31);
        assert_eq!(off_the_hour(Medium::Wecom, at, id), at);
        let other = datetime!(2026-11-23 02:01 UTC);
        assert_eq!(off_the_hour(Medium::Feishu, other, id), other);
    }

    #[test]
    fn a_channel_tells_what_it_was_asked_for_and_what_it_must() {
        let mut channel = Channel {
            id: Uuid::nil(),
            member: None,
            medium: Medium::Wecom,
            name: String::new(),
            masked: String::new(),
            kinds: vec![NoticeKind::OrderPublished],
            scope: Scope::default(),
            locale: "zh".into(),
            digest_s: 60,
            quiet: Some(Quiet { from: 0, until: 1439 }),
            paused_until: None,
            signs_in: false,
            version: 1,
            created_at: OffsetDateTime::UNIX_EPOCH,
        };
        assert!(channel.tells(NoticeKind::OrderPublished) && channel.tells(NoticeKind::AdminReset));
        assert!(!channel.tells(NoticeKind::OrderResponded));
        let now = datetime!(2026-11-23 01:00 UTC);
        assert_eq!(channel.due(NoticeKind::AdminReset, now), now, "does not wait");
        assert!(channel.due(NoticeKind::OrderPublished, now) > now + Duration::hours(10));
        channel.kinds.clear();
        channel.quiet = None;
        assert!(channel.tells(NoticeKind::OrderResponded));
        assert_eq!(channel.due(NoticeKind::OrderResponded, now), now + Duration::seconds(60));
    }
}
