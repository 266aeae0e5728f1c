//! Group robots: what each takes, and what its answer means.

use chassis::{
    dial::{Answer, Post},
    secret::Redacted,
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::{channel::Medium, message::Message, sign};

/// 企业微信.
pub const WECOM: &str = "qyapi.weixin.qq.com";
/// 钉钉.
pub const DINGTALK: &str = "oapi.dingtalk.com";
/// 飞书.
pub const FEISHU: &str = "open.feishu.cn";

/// How long 钉钉 stops taking messages after too many.
const DINGTALK_PAUSE: Duration = Duration::minutes(10);
/// How long to leave the others alone after too many.
const PAUSE: Duration = Duration::minutes(1);

/// A robot's host and the beginning of its path, which its key follows.
pub fn place(medium: Medium) -> Option<(&'static str, &'static str)> {
    Some(match medium {
        Medium::Wecom => (WECOM, "/cgi-bin/webhook/send?key="),
        Medium::Dingtalk => (DINGTALK, "/robot/send?access_token="),
        Medium::Feishu => (FEISHU, "/open-apis/bot/v2/hook/"),
        Medium::Mail => return None,
    })
}

/// The call that brings a message to a robot; `None` for a medium that is none.
pub fn post(
    medium: Medium,
    key: &Redacted<String>,
    secret: Option<&Redacted<String>>,
    message: &Message,
    now: OffsetDateTime,
) -> Option<Post> {
    let (host, begin) = place(medium)?;
    let mut path = format!("{begin}{}", key.reveal());
    let body = match medium {
        Medium::Wecom => json!({ "msgtype": "markdown", "markdown": { "content": wecom(message) } }),
        Medium::Dingtalk => {
            if let Some(secret) = secret {
                let ms = now.unix_timestamp_nanos() / 1_000_000;
                path.push_str(&format!("&timestamp={ms}&sign={}", sign::dingtalk(ms, secret.reveal())));
            }
            json!({
                "msgtype": "markdown",
                "markdown": { "title": plain(&message.title), "text": dingtalk(message) },
                "at": { "atMobiles": [], "isAtAll": false },
            })
        }
        Medium::Feishu => {
            let mut body = json!({ "msg_type": "text", "content": { "text": message.text() } });
            if let Some(secret) = secret {
                let s = now.unix_timestamp();
                body["timestamp"] = json!(s.to_string());
                body["sign"] = json!(sign::feishu(s, secret.reveal()));
            }
            body
        }
        Medium::Mail => return None,
    };
    Some(Post { host, path, body: body.to_string().into_bytes() })
}

fn wecom(message: &Message) -> String {
    let lines: String = message.lines.iter().map(|line| format!("> {}\n", plain(line))).collect();
    format!("**{}**\n{lines}[{}]({})", plain(&message.title), message.invitation, message.link)
}

fn dingtalk(message: &Message) -> String {
    let lines: String = message.lines.iter().map(|line| format!("- {}\n", plain(line))).collect();
    format!("#### {}\n\n{lines}\n[{}]({})", plain(&message.title), message.invitation, message.link)
}

/// A text in which nothing is markdown: signs that would be become their wide forms, which read the same.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '[' => '［',
            ']' => '］',
            '<' => '＜',
            '>' => '＞',
            '*' => '＊',
            '`' => '｀',
            '#' => '＃',
            '@' => '＠',
            '!' => '！',
            '\\' => '＼',
            other => other,
        })
        .collect()
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Taken,
    /// Not now; `pause` is how long nothing at all should be sent there.
    Later {
        failure: String,
        pause: Option<Duration>,
    },
    /// Never in this form.
    Refused {
        failure: String,
    },
}

impl Verdict {
    fn later(failure: impl Into<String>) -> Self {
        Self::Later { failure: failure.into(), pause: None }
    }
}

/// What a robot's answer means.
pub fn verdict(medium: Medium, answer: &Answer) -> Verdict {
    match answer.status {
        200 => {}
        429 => return Verdict::Later { failure: "HTTP 429".into(), pause: Some(PAUSE) },
        status if status >= 500 => return Verdict::later(format!("HTTP {status}")),
        status => return Verdict::Refused { failure: format!("HTTP {status}") },
    }
    let parsed: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let number = |name: &str| parsed.as_ref().and_then(|body| body.get(name)).and_then(Value::as_i64);
    let code = match medium {
        // An older form of its answer calls it StatusCode.
        Medium::Feishu => number("code").or_else(|| number("StatusCode")),
        _ => number("errcode"),
    };
    let Some(code) = code else { return Verdict::later("MALFORMED") };
    match (medium, code) {
        (_, 0) => Verdict::Taken,
        (Medium::Dingtalk, 130_101) => {
            Verdict::Later { failure: code.to_string(), pause: Some(DINGTALK_PAUSE) }
        }
        (Medium::Wecom, 45_009) | (Medium::Feishu, 11_232) => {
            Verdict::Later { failure: code.to_string(), pause: Some(PAUSE) }
        }
        // The other side's own trouble.
        (_, -1) => Verdict::later("-1"),
        _ => Verdict::Refused { failure: code.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn message() -> Message {
        Message {
            title: "2 个新订单".into(),
            lines: vec!["CY26110231 · 澄屿家居 · 2 行".into(), "X [点我](http://evil.example) <@all>".into()],
            invitation: "登录查看".into(),
            link: "https://portal.example/".into(),
        }
    }

    fn key() -> Redacted<String> {
        Redacted::new("k-1".into())
    }

    fn body(post: &Post) -> Value {
        serde_json::from_slice(&post.body).unwrap()
    }

    #[test]
    fn wecom_takes_markdown_and_its_key_alone() {
        let post = post(Medium::Wecom, &key(), None, &message(), OffsetDateTime::UNIX_EPOCH).unwrap();
        assert_eq!((post.host, &*post.path), (WECOM, "/cgi-bin/webhook/send?key=k-1"));
        let content = "**2 个新订单**\n> CY26110231 · 澄屿家居 · 2 行\n> X ［点我］(http://evil.example) ＜＠all＞\n\
                       [登录查看](https://portal.example/)";
        assert_eq!(body(&post), json!({ "msgtype": "markdown", "markdown": { "content": content } }));
    }

    #[test]
    fn dingtalk_is_signed_in_its_address() {
        let secret = Redacted::new("this is secret".to_string());
        let now = datetime!(2023-11-14 22:13:20 UTC);
        let post = post(Medium::Dingtalk, &key(), Some(&secret), &message(), now).unwrap();
        assert_eq!(
            post.path,
            "/robot/send?access_token=k-1&timestamp=1700000000000&sign=sSFWELbV2YwjdDQhWZwTcWlX5BWUx5J6TPpsZmuPii0%3D"
        );
        let sent = body(&post);
        assert_eq!(sent["msgtype"], "markdown");
        assert_eq!(sent["markdown"]["title"], "2 个新订单");
        assert!(sent["markdown"]["text"].as_str().unwrap().starts_with("#### 2 个新订单\n\n- CY26110231"));
        assert_eq!(sent["at"], json!({ "atMobiles": [], "isAtAll": false }));
    }

    #[test]
    fn feishu_is_signed_in_its_message_where_it_has_a_secret() {
        let secret = Redacted::new("this is secret".to_string());
        let now = datetime!(2023-11-14 22:13:20 UTC);
        let signed = body(&post(Medium::Feishu, &key(), Some(&secret), &message(), now).unwrap());
        assert_eq!(signed["timestamp"], "1700000000");
        assert_eq!(signed["sign"], "OfGzRzoUICBOoc8wVra1e4A1hPfbZ9zqXozA8CWVUuY=");
        assert_eq!((&signed["msg_type"], signed["content"]["text"].is_string()), (&json!("text"), true));
        let unsigned = body(&post(Medium::Feishu, &key(), None, &message(), now).unwrap());
        assert_eq!((unsigned.get("sign"), unsigned.get("timestamp")), (None, None));
    }

    #[test]
    fn an_answer_says_whether_to_come_again() {
        let answer = |status, body: &str| Answer { status, body: body.as_bytes().to_vec() };
        let later = |failure: &str, pause| Verdict::Later { failure: failure.into(), pause };
        let refused = |failure: &str| Verdict::Refused { failure: failure.into() };
        for (medium, answer, expected) in [
            (Medium::Wecom, answer(200, r#"{"errcode":0,"errmsg":"ok"}"#), Verdict::Taken),
            (Medium::Wecom, answer(200, r#"{"errcode":93000}"#), refused("93000")),
            (Medium::Wecom, answer(200, r#"{"errcode":45009}"#), later("45009", Some(PAUSE))),
            (Medium::Dingtalk, answer(200, r#"{"errcode":130101}"#), later("130101", Some(DINGTALK_PAUSE))),
            (Medium::Dingtalk, answer(200, r#"{"errcode":310000}"#), refused("310000")),
            (Medium::Dingtalk, answer(200, r#"{"errcode":-1}"#), later("-1", None)),
            (Medium::Feishu, answer(200, r#"{"code":0}"#), Verdict::Taken),
            (Medium::Feishu, answer(200, r#"{"StatusCode":0}"#), Verdict::Taken),
            (Medium::Feishu, answer(200, r#"{"code":11232}"#), later("11232", Some(PAUSE))),
            (Medium::Feishu, answer(200, r#"{"code":19021}"#), refused("19021")),
            (Medium::Feishu, answer(200, "<html>"), later("MALFORMED", None)),
            (Medium::Feishu, answer(502, ""), later("HTTP 502", None)),
            (Medium::Feishu, answer(429, ""), later("HTTP 429", Some(PAUSE))),
            (Medium::Wecom, answer(404, ""), refused("HTTP 404")),
            (Medium::Wecom, answer(302, ""), refused("HTTP 302")),
        ] {
            assert_eq!(verdict(medium, &answer), expected, "{medium:?} {}", answer.status);
        }
    }
}
