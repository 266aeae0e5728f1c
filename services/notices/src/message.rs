//! Notices of one kind → one message that fits its medium.

use proto::notices::NoticeKind;

/// What is said, before a medium gives it its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub title: String,
    pub lines: Vec<String>,
    /// What the link is called.
    pub invitation: String,
    /// A page at the portal that asks to sign in; empty where the message leads nowhere.
    pub link: String,
}

impl Message {
    /// From what the database keeps.
    pub fn new(title: &str, body: &str, link: &str, locale: &str) -> Self {
        Self {
            title: title.to_string(),
            lines: body.lines().map(str::to_string).collect(),
            invitation: if locale == "en" { "Sign in to see it" } else { "登录查看" }.to_string(),
            link: link.to_string(),
        }
    }

    /// A link that signs a member of a firm in. Whoever reads it may not have asked.
    pub fn sign_in(title: &str, (firm, member): (&str, &str), link: String, locale: &str) -> Self {
        let (invitation, lines) = match locale {
            "en" => (
                "Sign in",
                ["The link works once, within an hour.", "If you did not ask for it, you need do nothing."],
            ),
            _ => ("登录链接", ["链接一小时内有效，只能使用一次。", "如果不是您本人申请的，不必理会。"]),
        };
        let whose = format!("{member} · {firm}");
        Self {
            title: title.to_string(),
            lines: [whose].into_iter().chain(lines.map(str::to_string)).collect(),
            invitation: invitation.to_string(),
            link,
        }
    }

    /// The code by which whoever was invited says that it reads this. Who reads it may not have asked.
    pub fn code(invited_by: &str, code: &str, locale: &str) -> Self {
        let (title, lines) = match locale {
            "en" => (
                "Your code to accept an invitation",
                [
                    format!("Code: {code}"),
                    format!("Invited by: {invited_by}"),
                    "It works for 30 minutes, until another one is sent.".to_string(),
                    "If you did not ask for it, you need do nothing. Give it to nobody else.".to_string(),
                ],
            ),
            _ => (
                "接受邀请的验证码",
                [
                    format!("验证码：{code}"),
                    format!("邀请方：{invited_by}"),
                    "30 分钟内有效，以最近一次收到的为准。".to_string(),
                    "如果不是您本人申请的，不必理会。请勿转告他人。".to_string(),
                ],
            ),
        };
        Self { title: title.to_string(), lines: lines.into(), invitation: String::new(), link: String::new() }
    }

    /// As plain text.
    pub fn text(&self) -> String {
        let mut text = self.title.clone();
        for line in &self.lines {
            text.push('\n');
            text.push_str(line);
        }
        if !self.link.is_empty() {
            text.push_str(&format!("\n{}:{}", self.invitation, self.link));
        }
        text
    }
}

/// What a kind is called, for one and for several.
fn name(kind: NoticeKind, locale: &str) -> (&'static str, &'static str) {
    match (kind, locale) {
        (NoticeKind::OrderPublished, "en") => ("New order", "new orders"),
        (NoticeKind::OrderPublished, _) => ("新订单", "个新订单"),
        (NoticeKind::OrderChanged, "en") => ("Order changed", "orders changed"),
        (NoticeKind::OrderChanged, _) => ("订单变更", "条订单变更"),
        (NoticeKind::OrderCancelled, "en") => ("Order cancelled", "orders cancelled"),
        (NoticeKind::OrderCancelled, _) => ("订单取消", "条订单取消"),
        (NoticeKind::OrderResponded, "en") => ("Order answered", "orders answered"),
        (NoticeKind::OrderResponded, _) => ("订单已答复", "条订单答复"),
        (NoticeKind::ProposalResolved, "en") => ("Proposal decided", "proposals decided"),
        (NoticeKind::ProposalResolved, _) => ("提议已处理", "条提议已处理"),
        (NoticeKind::OrderReminded, "en") => ("Answer due", "answers due"),
        (NoticeKind::OrderReminded, _) => ("催办提醒", "条催办提醒"),
        (NoticeKind::RelationshipChanged, "en") => ("Relationship changed", "relationships changed"),
        (NoticeKind::RelationshipChanged, _) => ("合作关系变化", "条合作关系变化"),
        (NoticeKind::FirmChanged, "en") => ("Firm changed", "firms changed"),
        (NoticeKind::FirmChanged, _) => ("企业状态变化", "条企业状态变化"),
        (NoticeKind::AdminReset, "en") => {
            ("New administrator of your firm", "new administrators of your firm")
        }
        (NoticeKind::AdminReset, _) => ("本企业新增管理员", "名新增管理员"),
        (NoticeKind::ClusterChanged, "en") => ("Cluster", "news of clusters"),
        (NoticeKind::ClusterChanged, _) => ("产业集群", "条产业集群消息"),
        (NoticeKind::WebhookDisabled, "en") => ("Webhook stopped", "webhooks stopped"),
        (NoticeKind::WebhookDisabled, _) => ("Webhook 停止推送", "个 Webhook 停止推送"),
        (NoticeKind::SignIn, "en") => ("Your link to sign in", "links to sign in"),
        (NoticeKind::SignIn, _) => ("您的登录链接", "个登录链接"),
        (NoticeKind::Test, "en") => ("Test message", "test messages"),
        (NoticeKind::Test, _) => ("测试消息", "条测试消息"),
        (_, "en") => ("Order updated", "orders updated"),
        (_, _) => ("订单更新", "条订单更新"),
    }
}

/// The title of a message: the number itself where it is one.
pub fn title(kind: NoticeKind, locale: &str, count: usize, number: &str) -> String {
    let (one, several) = name(kind, locale);
    match (count, number) {
        (0 | 1, "") => one.to_string(),
        (0 | 1, number) => format!("{one} {number}"),
        (count, _) => format!("{count} {several}"),
    }
}

/// The lines that fit into so many bytes, and a last one that says how many do not. A medium adds two or three bytes
/// to each.
pub fn body(lines: &[String], locale: &str, bytes: usize) -> String {
    const ADDED: usize = 3;
    const LAST: usize = 40;
    let mut body = String::new();
    let mut told = 0;
    for line in lines {
        let line = cut(line, 400);
        if body.len() + line.len() + ADDED * (told + 1) + LAST > bytes {
            break;
        }
        body.push_str(line);
        body.push('\n');
        told += 1;
    }
    match lines.len() - told {
        0 => {}
        left if locale == "en" => body.push_str(&format!("and {left} more\n")),
        left => body.push_str(&format!("另有 {left} 条\n")),
    }
    body
}

/// The beginning of a text, at most so many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_counts_and_fits() {
        assert_eq!(title(NoticeKind::OrderPublished, "zh", 1, "CY26110231"), "新订单 CY26110231");
        assert_eq!(title(NoticeKind::OrderPublished, "zh", 3, "CY26110231"), "3 个新订单");
        assert_eq!(title(NoticeKind::OrderResponded, "en", 2, ""), "2 orders answered");
        assert_eq!(title(NoticeKind::Test, "en", 0, ""), "Test message");
        let lines: Vec<String> =
            (0..200).map(|n| format!("CY{n:08} · 澄屿家居用品(示例)有限公司 · 2 行")).collect();
        let body = body(&lines, "zh", 3_000);
        assert!(body.len() <= 3_000, "{}", body.len());
        let told = body.lines().count() - 1;
        assert!(body.ends_with(&format!("另有 {} 条\n", 200 - told)), "{body}");
        assert!(told > 30);
    }

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        let line = "订".repeat(1_000);
        let body = body(&[line], "en", 3_000);
        assert!(body.len() <= 401 && body.starts_with("订"), "{}", body.len());
        assert_eq!(cut("订单", 4), "订");
    }

    #[test]
    fn a_link_to_sign_in_says_whom_it_signs_in() {
        let message = Message::sign_in("t", ("顺模", "何姐"), "https://p.example/s/x".into(), "zh");
        let text = message.text();
        assert!(text.starts_with("t\n何姐 · 顺模\n"), "{text}");
        assert!(text.ends_with("\n登录链接:https://p.example/s/x"), "{text}");
    }

    #[test]
    fn a_code_leads_nowhere_and_stands_in_no_title() {
        for locale in ["zh", "en"] {
            let message = Message::code("澄屿", "042917", locale);
            let text = message.text();
            assert!(text.contains("042917") && text.contains("澄屿") && text.contains("30"), "{text}");
            assert!(!message.title.contains("042917") && !text.contains("://"), "{text}");
        }
    }

    #[test]
    fn plain_text_ends_with_the_link() {
        let message = Message::new("t", "one\ntwo\n", "https://p.example/", "en");
        assert_eq!(message.text(), "t\none\ntwo\nSign in to see it:https://p.example/");
    }
}
