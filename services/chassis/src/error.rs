//! Typed errors and the one place where they become `google.rpc.Status`.
//!
//! A service says *why* with a [`Reason`]; code, wording in both languages and details follow from it here.
//! What an INTERNAL error was about goes to the log, never to the caller.

use std::time::Duration;

use prost::Message;
use tonic::{Code, Status};
use tonic_types::{ErrorDetail, FieldViolation, LocalizedMessage, RetryInfo, StatusExt};

/// What most functions of a service answer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The `domain` of every ErrorInfo.
pub const DOMAIN: &str = "tandem";

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident, $code:ident, $en:literal, $zh:literal;)*) => {
        /// Why something was refused: what programs act on. Each has one gRPC code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(non_camel_case_types, reason = "the names are those on the wire")]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason, for tests and documentation.
            pub const ALL: &[Reason] = &[$(Reason::$name,)*];

            /// As it stands in ErrorInfo.
            pub fn as_str(self) -> &'static str {
                match self { $(Reason::$name => stringify!($name),)* }
            }

            /// The gRPC code that goes with it.
            pub fn code(self) -> Code {
                match self { $(Reason::$name => Code::$code,)* }
            }

            /// For a person, in English; says what to do.
            pub fn en(self) -> &'static str {
                match self { $(Reason::$name => $en,)* }
            }

            /// For a person, in Chinese; says what to do.
            pub fn zh(self) -> &'static str {
                match self { $(Reason::$name => $zh,)* }
            }
        }
    };
}

reasons! {
    /// One or more fields are wrong; all of them are named.
    INVALID_FIELDS, InvalidArgument, "some fields are wrong; correct those named and send it again", "有字段填写错误,请按提示改正后重新提交";
    /// A page token that is not ours, or for another question.
    PAGE_TOKEN_INVALID, InvalidArgument, "the page token does not fit this list; start again at the first page", "翻页标记无效,请从第一页重新开始";
    /// A cursor that is not ours.
    CURSOR_INVALID, InvalidArgument, "the cursor is not one of this feed; use one that came with an event", "游标无效,请使用随事件收到的游标";
    /// A request larger than its limit.
    REQUEST_TOO_LARGE, ResourceExhausted, "the request is too large; split it", "请求过大,请拆分后再提交";
    /// No credential, or one that does not work.
    UNAUTHENTICATED, Unauthenticated, "no valid credential; send `authorization: Bearer` with an api key or session token", "未登录或凭证无效,请重新登录";
    /// The caller is known but may not do this.
    PERMISSION_DENIED, PermissionDenied, "your roles do not allow this; ask your administrator", "您的角色无权执行此操作,请联系管理员";
    /// It does not exist, or is not for the caller to know.
    NOT_FOUND, NotFound, "not found; check the id", "未找到,请核对编号";
    /// The supplier's address fits none of the buyer's partners.
    SUPPLIER_UNKNOWN, NotFound, "no partner fits this supplier address; check the number or invite the supplier", "没有与该供应商信息匹配的合作伙伴,请核对编号或邀请供应商";
    /// The parts of the supplier's address mean different firms.
    SUPPLIER_AMBIGUOUS, FailedPrecondition, "the supplier address fits several partners; name one by vendor number", "供应商信息对应多家企业,请用供应商编码指明一家";
    /// The relationship is suspended or has ended.
    RELATIONSHIP_NOT_ACTIVE, FailedPrecondition, "the relationship with this firm is suspended or has ended", "与该企业的合作关系已暂停或终止";
    /// The relationship has ended for good.
    RELATIONSHIP_ENDED, FailedPrecondition, "the relationship has ended; invite the firm again", "合作关系已终止,请重新邀请";
    /// The number is taken.
    ORDER_EXISTS, AlreadyExists, "an order of this number was published before; its id and revision are in the details", "该订单号已发布过,详情中有其编号和修订号";
    /// Something with this name or number is there already.
    ALREADY_EXISTS, AlreadyExists, "it exists already", "已存在";
    /// The same request id came with another body.
    IDEMPOTENCY_KEY_REUSED, FailedPrecondition, "this request_id was used for a different request; use a new one", "该请求编号已用于另一请求,请换一个";
    /// The buyer has published another revision since.
    REVISION_OUTDATED, FailedPrecondition, "the buyer has changed the order since; look at the new revision and answer that", "采购方已修订该订单,请查看新修订后再答复";
    /// Something happened to the order since the version that the request names.
    VERSION_OUTDATED, FailedPrecondition, "something happened to the order since; look at it as it stands now and decide anew", "该订单已有新的变动,请查看最新状态后再操作";
    /// The change does not wait for an answer any more.
    CHANGE_RESOLVED, FailedPrecondition, "the requested change was answered, withdrawn or replaced before; look at the order as it stands", "该变更请求已处理、撤回或被替换,请查看订单最新状态";
    /// Nothing is left to cancel or close.
    NOTHING_OPEN, FailedPrecondition, "nothing of it is left to cancel or close", "没有可取消或关闭的数量";
    /// The order is held already, or is not held.
    HOLD_UNCHANGED, FailedPrecondition, "the order is held already, or is not held; there is nothing to do", "订单已处于该暂停状态,无需重复操作";
    /// The order belongs to another supplier than the document names.
    SUPPLIER_DIFFERS, FailedPrecondition, "the order went to another supplier; cancel it and publish a new one under another number", "该订单发给了另一家供应商,请取消后以新订单号重新发布";
    /// Nothing of the line is unanswered.
    NOTHING_UNANSWERED, FailedPrecondition, "nothing here waits for an answer any more", "没有待答复的数量";
    /// Nothing of the line is accepted.
    NOTHING_ACCEPTED, FailedPrecondition, "nothing of this line is accepted; answer it first", "该行没有已接受的数量,请先答复";
    /// Nothing of the order waits for the supplier.
    NOTHING_TO_REMIND, FailedPrecondition, "nothing of this order waits for the supplier", "该订单没有等待供应商处理的事项";
    /// The order's supplier was reminded within the hour.
    REMINDED_RECENTLY, ResourceExhausted, "the supplier was reminded of this order within the last hour; wait and retry", "一小时内已催办过该订单,请稍后再试";
    /// The proposal was decided before.
    PROPOSAL_RESOLVED, FailedPrecondition, "the proposal was decided before", "该提议已处理过";
    /// A link whose time is over.
    LINK_EXPIRED, FailedPrecondition, "the link has expired; ask for a new one", "链接已过期,请索取新链接";
    /// A link that was used.
    LINK_USED, FailedPrecondition, "the link was used already; ask for a new one", "链接已使用过,请索取新链接";
    /// A document link is for suppliers without people of their own.
    SUPPLIER_HAS_ACCOUNT, FailedPrecondition, "the supplier's people can sign in; send them the order's address instead of a link", "该供应商已有账号,请发送订单地址,由其登录查看";
    /// Too many links of one order work.
    TOO_MANY_LINKS, FailedPrecondition, "too many links of this order work; revoke one first", "该订单的有效链接过多,请先停用一个";
    /// The invitation was accepted before.
    INVITATION_ACCEPTED, FailedPrecondition, "the invitation was accepted already", "邀请已被接受";
    /// A firm cannot be its own partner.
    OWN_FIRM, FailedPrecondition, "a firm cannot be its own partner", "不能与本企业建立合作关系";
    /// Nobody would be left to administer the firm.
    LAST_ADMIN, FailedPrecondition, "the firm needs one administrator; name another first", "企业至少需要一名管理员,请先指定另一名";
    /// Too many active keys.
    TOO_MANY_KEYS, FailedPrecondition, "too many active keys; revoke one first", "有效密钥过多,请先停用一个";
    /// So many are enough.
    LIMIT_REACHED, FailedPrecondition, "there are as many of these as a firm may have; remove one first", "数量已达上限,请先删除一个";
    /// An offer would promise more hours than the group's week has left beside its orders, or beside its forecast.
    OFFER_EXCEEDS_CAPACITY, FailedPrecondition, "what orders or forecasts need and what is offered would take more of a week than its maximum; offer less of the weeks that are named", "该周订单或预测所需与共享产能合计将超过最大产能,请减少所列各周的共享量";
    /// A promise to an order would take hours that are offered.
    HOURS_OFFERED, FailedPrecondition, "the promise would take hours that you offer to others; shrink or withdraw the offer, promise another day, or say despite_offers", "该承诺将占用已共享的产能,请减少或撤回共享产能、改约其他日期,或确认仍要承诺";
    /// Less is left of a bucket than was asked for.
    CAPACITY_SHORT, FailedPrecondition, "not so much is left of every week asked for, and nothing was held; ask for less", "所选时段余量不足,未预占任何产能,请减少数量";
    /// A reservation that is not open any more.
    RESERVATION_ENDED, FailedPrecondition, "the reservation has expired, was released, or was consumed; hold anew", "该预占已到期、释放或使用,请重新预占";
    /// A request for capacity that nobody answers any more.
    REQUEST_CLOSED, FailedPrecondition, "the request is closed; publish a new one", "该产能需求已关闭,请重新发布";
    /// A match that does not go there from where it stands, or not by this side.
    MATCH_STATE, FailedPrecondition, "the match does not go there from its present state, or the other side has to say so", "撮合当前状态不能这样处理,或应由对方处理";
    /// Lines of an order name reservations that cannot be consumed.
    RESERVATION_UNUSABLE, FailedPrecondition, "lines name reservations that cannot be used; hold anew or leave them out", "订单行引用的产能预占无法使用,请重新预占或去掉引用";
    /// A resource that nobody finds any more.
    RESOURCE_WITHDRAWN, FailedPrecondition, "the resource is withdrawn; publish a new one", "该资源已下架,请重新发布";
    /// A revision that does not go there from where it stands.
    REVISION_STATE, FailedPrecondition, "the revision is not in a state for this; look at the revisions as they stand", "该修订当前状态不能这样处理,请查看最新的修订";
    /// A revision with nothing in it.
    REVISION_EMPTY, FailedPrecondition, "the revision has neither a file nor a location; upload a file first", "该修订没有文件或地址,请先上传文件";
    /// An entitlement that does not go there from where it stands.
    ENTITLEMENT_STATE, FailedPrecondition, "the entitlement was decided or has ended before; look at it as it stands", "该授权已处理或已结束,请查看最新状态";
    /// The same entitlement stands, or one that would not fit.
    ENTITLEMENTS_STAND, FailedPrecondition, "the same is granted or asked for already, or entitlements stand that do not fit; look at them", "已有相同的授权或申请,或现有授权不符合要求,请先查看授权";
    /// A chunk that does not go on where its upload stands.
    UPLOAD_OFFSET, OutOfRange, "the chunk does not begin where the upload stands; go on from the offset in the details", "分块起始位置与上传进度不符,请从详情中的位置继续";
    /// Bytes of an upload are missing.
    UPLOAD_INCOMPLETE, FailedPrecondition, "bytes of the upload are missing; send the rest from the offset in the details", "上传尚未完成,请从详情中的位置继续上传";
    /// An upload whose content hashes to something else, or is of another type.
    UPLOAD_DIFFERS, FailedPrecondition, "the content is not what was announced; the upload begins anew at 0", "上传内容与声明的校验值或类型不符,请从头重新上传";
    /// A content that the deployment's scanner of malware does not let pass.
    CONTENT_REFUSED, FailedPrecondition, "the scanner of this platform does not let the content pass; nothing of it was kept", "文件未通过平台安全扫描,上传内容未保存";
    /// An upload that became a file, was given up, or stood still for too long.
    UPLOAD_ENDED, FailedPrecondition, "the upload has ended; begin another one", "该上传已结束,请重新开始上传";
    /// A part of a file behind its end.
    FILE_OFFSET, OutOfRange, "the file ends before this; its size is in the details", "超出文件末尾,详情中有文件大小";
    /// No download of an entitlement is left.
    DOWNLOAD_LIMIT, FailedPrecondition, "no download is left of what was granted; ask the owner for more", "授权的下载次数已用完,请联系资源提供方";
    /// The deployment has no store of files.
    FILES_NOT_SET_UP, FailedPrecondition, "files are not set up here; whoever runs the platform sets resources.store", "本平台尚未开通文件存储,请联系平台运营方";
    /// The deployment has no key to keep addresses with.
    NOTICES_NOT_SET_UP, FailedPrecondition, "messages are not set up here; whoever runs the platform sets notices.key", "本平台尚未开通消息通知,请联系平台运营方";
    /// The deployment has no key to keep secrets of webhooks with.
    WEBHOOKS_NOT_SET_UP, FailedPrecondition, "webhooks are not set up here; whoever runs the platform sets webhooks.key", "本平台尚未开通 Webhook 推送,请联系平台运营方";
    /// The operator stopped the firm.
    FIRM_SUSPENDED, FailedPrecondition, "the operator has suspended this firm; nothing can be sent to it until it is reinstated", "该企业已被平台暂停,恢复之前无法向其发送单据";
    /// The firm has no account of its own, is suspended or was merged, or runs the platform.
    FIRM_NOT_ACTIVE, FailedPrecondition, "this can be done only to a firm that is active and does not run the platform", "只能对正常状态的企业执行此操作,且不能是平台运营方";
    /// Two firms that cannot become one.
    MERGE_REFUSED, FailedPrecondition, "these two firms cannot be merged", "这两家企业不能合并";
    /// Somebody else changed it first.
    STALE_ETAG, Aborted, "somebody changed it meanwhile; read it again and retry", "数据已被他人修改,请刷新后重试";
    /// A newer state of it was sent before.
    CHANGED_AT_OLDER, FailedPrecondition, "a newer state of it was sent before; changed_at must not go back", "已有更新时间更晚的版本,changed_at 不能倒退";
    /// A firm has no number of the network that a payload is for.
    BPN_MISSING, FailedPrecondition, "a firm has no BPNL on record; have the operator add it, then export again", "企业尚未登记 BPNL,请联系平台运营方登记后再导出";
    /// Two writers met; the same request may simply be sent again.
    CONFLICT, Aborted, "another change came in between; send the same request again", "操作冲突,请重新提交";
    /// The cursor lies before what the log still holds.
    CURSOR_EXPIRED, OutOfRange, "the log no longer reaches back to this cursor; start at the oldest cursor in the details", "日志已不含该位置,请从详情中的最早游标开始";
    /// The cursor names a history that this database does not have.
    FEED_DIVERGED, FailedPrecondition, "this feed was restored to an earlier state; read a snapshot and start anew", "事件流已恢复到较早状态,请重新同步";
    /// A cursor before what a subscription has acknowledged.
    SUBSCRIPTION_AHEAD, FailedPrecondition, "the subscription was acknowledged further than this cursor; ask to rewind if events shall come again", "该订阅已确认到更后的位置;如需重新接收事件,请明确要求回退";
    /// XML that is not well-formed.
    XML_MALFORMED, InvalidArgument, "the document is not well-formed xml", "文件不是格式正确的 XML";
    /// XML with a DOCTYPE.
    XML_DOCTYPE, InvalidArgument, "documents with a DOCTYPE are refused; remove it", "不接受带 DOCTYPE 的文件,请去掉后重试";
    /// XML beyond the limits of depth, size or count.
    XML_TOO_COMPLEX, InvalidArgument, "the document exceeds the limits of depth, size or count", "文件超出深度、大小或数量限制";
    /// A document of a kind that is not taken.
    DOCUMENT_UNSUPPORTED, InvalidArgument, "this kind of document is not supported; send a UBL 2.x Order", "不支持该类型的文件,请提交 UBL 2.x 订单";
    /// A body over HTTP that is not JSON.
    JSON_MALFORMED, InvalidArgument, "the body is not well-formed json", "请求正文不是格式正确的 JSON";
    /// A body over HTTP of another kind than JSON in UTF-8.
    MEDIA_TYPE, InvalidArgument, "send `content-type: application/json` in utf-8; see /docs", "请使用 UTF-8 编码的 JSON(content-type: application/json),参见 /docs";
    /// Another HTTP method than POST.
    HTTP_METHOD, Unimplemented, "methods are called by POST with a json body; see /docs", "请使用 POST 方法并提交 JSON 正文,参见 /docs";
    /// No such path over HTTP.
    RPC_UNKNOWN, Unimplemented, "there is nothing at this path; /openapi.json lists every method, /docs explains them", "该地址不存在,/openapi.json 列出全部方法,/docs 有说明";
    /// A table that cannot be read as one.
    SHEET_UNREADABLE, InvalidArgument, "the file cannot be read as a table; save it as .xlsx or as csv in UTF-8", "无法读取表格文件,请另存为 .xlsx 或 UTF-8 编码的 csv";
    /// A table beyond the limits of size or count.
    SHEET_TOO_LARGE, InvalidArgument, "the table exceeds the limits of size or rows; split it", "表格过大,请拆分后再提交";
    /// Too many requests.
    RATE_LIMITED, ResourceExhausted, "too many requests; wait and retry", "请求过于频繁,请稍后重试";
    /// Too many open streams.
    TOO_MANY_STREAMS, ResourceExhausted, "too many open streams; close some", "打开的订阅过多,请关闭一些";
    /// The server is shutting down, or lets an old connection go.
    DRAINING, Unavailable, "the server is restarting or lets this connection go; reconnect and go on from your cursor", "服务正在重启或将关闭此连接,请稍后重连";
    /// Something that is needed does not answer.
    UNAVAILABLE, Unavailable, "the service is busy or restarting; retry shortly", "服务暂时不可用,请稍后重试";
    /// It took too long.
    DEADLINE_EXCEEDED, DeadlineExceeded, "it took too long; send the same request again", "处理超时,请重新提交";
    /// A fault of ours; the log has it under the request id.
    INTERNAL, Internal, "something went wrong on our side; retry, and report the request id if it stays", "系统内部错误,请重试;如仍出现请报告请求编号";
}

/// A bad field: where and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Path as in the request, such as `content.lines[2].quantity`.
    pub path: String,
    /// What is wrong, such as `REQUIRED`.
    pub reason: &'static str,
    /// For a person.
    pub message: String,
}

impl Field {
    /// A bad field at a path.
    pub fn new(path: impl Into<String>, reason: &'static str, message: impl Into<String>) -> Self {
        Self { path: path.into(), reason, message: message.into() }
    }
}

/// A refusal or fault on its way to the caller.
#[derive(Debug)]
pub struct Error {
    /// What programs act on.
    pub reason: Reason,
    /// Overrides the reason's English wording where more can be said.
    pub message: Option<String>,
    /// Every bad field.
    pub fields: Vec<Field>,
    /// Facts that help to go on, such as the id of what exists.
    pub metadata: Vec<(&'static str, String)>,
    /// When to try again.
    pub retry_after: Option<Duration>,
    /// What really happened, for the log alone.
    pub source: Option<anyhow::Error>,
    /// A status of another service that is handed through as it is.
    passed_on: Option<Box<Status>>,
    /// A message of the contract that says more: its full name, and its encoding.
    typed: Option<Box<(&'static str, Vec<u8>)>>,
}

/// The largest typed detail, in bytes: details travel in headers.
pub const TYPED_BYTES: usize = 6 * 1024;

impl Error {
    /// An error with its reason's own wording.
    pub fn new(reason: Reason) -> Self {
        Self {
            reason,
            message: None,
            fields: Vec::new(),
            metadata: Vec::new(),
            retry_after: None,
            source: None,
            passed_on: None,
            typed: None,
        }
    }

    /// INVALID_ARGUMENT naming every bad field.
    pub fn invalid(fields: Vec<Field>) -> Self {
        Self { fields, ..Self::new(Reason::INVALID_FIELDS) }
    }

    /// INVALID_ARGUMENT for one field.
    pub fn field(path: impl Into<String>, reason: &'static str, message: impl Into<String>) -> Self {
        Self::invalid(vec![Field::new(path, reason, message)])
    }

    /// NOT_FOUND, worded the same for what is not there and for what belongs to others.
    pub fn not_found() -> Self {
        Self::new(Reason::NOT_FOUND)
    }

    /// A fault of ours; `source` goes to the log.
    pub fn internal(source: impl Into<anyhow::Error>) -> Self {
        Self { source: Some(source.into()), ..Self::new(Reason::INTERNAL) }
    }

    /// A status that another service answered, handed through unchanged.
    pub fn passed_on(status: Status) -> Self {
        Self { passed_on: Some(Box::new(status)), ..Self::new(Reason::INTERNAL) }
    }

    /// Tells the log about a fault of ours; a caller's mistake is an answer and no log line.
    pub fn log(&self) {
        if self.reason.code() == Code::Internal || self.source.is_some() {
            let source = self.source.as_ref().map(|source| format!("{source:#}")).unwrap_or_default();
            tracing::error!(reason = self.reason.as_str(), source, "request failed");
        }
    }

    /// The same error with a sentence of its own.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// The same error naming the fields that it is about.
    pub fn fields(mut self, fields: Vec<Field>) -> Self {
        self.fields = fields;
        self
    }

    /// The same error with a fact that helps to go on.
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.metadata.push((key, value.to_string()));
        self
    }

    /// The same error with a message of the contract among its details, such as a difference; left out where it is
    /// larger than [`TYPED_BYTES`].
    pub fn typed(mut self, full_name: &'static str, message: &impl Message) -> Self {
        self.typed =
            (message.encoded_len() <= TYPED_BYTES).then(|| Box::new((full_name, message.encode_to_vec())));
        self
    }

    /// The same error with a hint when to try again.
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.message.as_deref().unwrap_or_else(|| self.reason.en()))
    }
}

impl std::error::Error for Error {}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let reason = match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => Reason::UNAVAILABLE,
            // 40001 serialization failure, 40P01 deadlock; 57P01–57P03 the database is going down or coming up
            sqlx::Error::Database(db) => match db.code().as_deref() {
                Some("40001" | "40P01") => Reason::CONFLICT,
                Some("57P01" | "57P02" | "57P03") => Reason::UNAVAILABLE,
                _ => Reason::INTERNAL,
            },
            _ => Reason::INTERNAL,
        };
        Self { source: Some(error.into()), ..Self::new(reason) }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        if let Some(status) = error.passed_on {
            return *status;
        }
        error.log();
        let mut error = error;
        let problems = error.fields.len();
        error.fields.truncate(fitting(&error.fields));
        if error.fields.len() < problems {
            error = error.with("problems", problems);
        }
        let message = error.to_string();
        let info = ErrorInfo {
            reason: error.reason.as_str().to_string(),
            domain: DOMAIN.to_string(),
            metadata: error.metadata.into_iter().map(|(key, value)| (key.to_string(), value)).collect(),
        };
        let mut details: Vec<ErrorDetail> = Vec::new();
        if !error.fields.is_empty() {
            let violations = error.fields.into_iter().map(|field| FieldViolation {
                field: field.path,
                description: field.message,
                reason: field.reason.to_string(),
                localized_message: None,
            });
            details.push(tonic_types::BadRequest::new(violations.collect::<Vec<_>>()).into());
        }
        if let Some(after) = error.retry_after {
            details.push(RetryInfo::new(Some(after)).into());
        }
        details.push(LocalizedMessage::new("zh-CN", error.reason.zh()).into());
        details.push(LocalizedMessage::new("en", message.clone()).into());
        let status = Status::with_error_details_vec(error.reason.code(), message, details);
        let Ok(mut whole) = tonic_types::pb::Status::decode(status.details()) else { return status };
        whole.details.insert(0, detail("google.rpc.ErrorInfo", info.encode_to_vec()));
        whole.details.extend(error.typed.map(|typed| detail(typed.0, typed.1)));
        Status::with_details(status.code(), status.message(), whole.encode_to_vec().into())
    }
}

/// The status that stands for a refusal which a stream carried as a message of its own.
pub fn carried(code: i32, message: String, details: tonic_types::ErrorDetails) -> Status {
    Status::with_error_details(Code::from(code), message, details)
}

/// google.rpc.ErrorInfo with its facts in the order of their names: the one of tonic-types has them in the order of a
/// hash map, and the same refusal must be the same bytes each time.
#[derive(Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(btree_map = "string, string", tag = "3")]
    metadata: std::collections::BTreeMap<String, String>,
}

fn detail(full_name: &str, value: Vec<u8>) -> prost_types::Any {
    prost_types::Any { type_url: format!("type.googleapis.com/{full_name}"), value }
}

/// How many fields fit into an answer: details travel in headers, of which gRPC clients take 16 KiB in base64.
fn fitting(fields: &[Field]) -> usize {
    let mut bytes = 0;
    let fits = |field: &&Field| {
        bytes += field.path.len() + field.message.len() + field.reason.len() + 16;
        bytes <= 7 * 1024
    };
    fields.iter().take_while(fits).count().max(fields.len().min(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_fits_into_headers_whatever_is_wrong() {
        let many = (0..10_000).map(|i| Field::new(format!("lines[{i}]"), "RANGE", "must be at least 0"));
        let status = Status::from(Error::invalid(many.collect()));
        let details = status.get_error_details();
        assert!(status.details().len() < 10 * 1024);
        assert!(details.bad_request().expect("BadRequest").field_violations.len() > 50);
        assert_eq!(details.error_info().expect("ErrorInfo").metadata["problems"], "10000");
    }

    #[test]
    fn the_same_refusal_is_the_same_bytes() {
        let refusal = || {
            let error = Error::new(Reason::REVISION_OUTDATED);
            Status::from(error.with("current_revision", 1).with("current_version", 2).with("order_id", "x"))
        };
        let first = refusal();
        assert!((0..32).all(|_| refusal().details() == first.details()));
        assert_eq!(first.get_error_details().error_info().expect("ErrorInfo").metadata.len(), 3);
    }

    #[test]
    fn every_reason_becomes_a_status_with_both_languages() {
        for reason in Reason::ALL {
            let status = Status::from(Error::new(*reason).with("order_id", "1"));
            let details = status.get_error_details();
            let info = details.error_info().expect("ErrorInfo");
            assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason.as_str(), "tandem"));
            assert_eq!(status.code(), reason.code());
            assert!(reason.zh().chars().any(|c| c as u32 > 0x2e80), "{reason:?} has a Chinese wording");
            assert!(!reason.en().ends_with('.') && !reason.en().is_empty());
        }
    }

    #[test]
    fn what_went_wrong_inside_is_not_told() {
        let status = Status::from(Error::internal(anyhow::anyhow!("password=hunter2")));
        assert!(!format!("{status:?}").contains("hunter2"));
    }

    #[test]
    fn every_bad_field_is_named() {
        let fields =
            vec![Field::new("a", "REQUIRED", "is required"), Field::new("b[1]", "RANGE", "too large")];
        let details = Status::from(Error::invalid(fields)).get_error_details();
        let violations = &details.bad_request().expect("BadRequest").field_violations;
        assert_eq!(violations.iter().map(|v| v.field.as_str()).collect::<Vec<_>>(), ["a", "b[1]"]);
    }
}
