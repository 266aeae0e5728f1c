# 携手伙伴门户的全部文字。与 en.ftl 的条目和参数必须一致，否则无法构建。

## 通用

brand = 携手
other-language = English
skip = 跳到正文
sandbox = 示例数据
sandbox-body = 企业和订单均为虚构。
nav-label = 主要功能
nav-inbox = 待我答复
nav-purchases = 采购订单
nav-proposals = 待我决定
nav-partners = 供应商
nav-members = 成员
nav-help = 帮助
sign-out = 退出登录
footer = 携手供应协同
offline = 连接已断开，正在重连。已填写的内容会保留。
signed-out-here = 登录已失效。
retry = 重试
back-to-start = 返回首页
code = 代码
cancel = 取消
choose = 请选择
copy = 复制链接
copied = 已复制
search = 查找
filters = 筛选
clear-filters = 清除筛选
pages = 翻页
first-page = 第一页
next-page = 下一页
errors-title = 请改正以下内容
list-empty = 没有符合条件的订单。
list-join = 、
sentence = { $text }。
with-note = { $text }（{ $note }）
unstated = 未注明

## 日期、数量、金额

date = { $year }年{ $month }月{ $day }日
date-span = { $from }至{ $until }
moment = { $day } { $time }
away-today = 今天
away-days = { $n } 天后
away-past = 已过 { $n } 天
quantity = { $amount } { $unit }
money = { $currency } { $amount }
price-per = { $amount } / { $unit }
tax-included = 含税
tax-excluded = 未税
count-lines = { $n } 行
delivery-join = ；
delivery = { $quantity }，{ $day }
unit-piece = 个
unit-set = 套
unit-pair = 对
unit-metre = 米
unit-square-metre = 平方米
unit-cubic-metre = 立方米
unit-kilogram = 千克
unit-gram = 克
unit-tonne = 吨
unit-litre = 升
unit-box = 箱
unit-roll = 卷
unit-hour = 小时

## 列表

inbox-title = ({ $count }) { $title }
inbox-waiting = 待我答复
inbox-proposed = 待采购方确认
inbox-all = 全部
inbox-empty = 没有待答复的订单。
inbox-empty-body = 有新订单时会自动出现在这里，无需刷新。
purchases-all = 全部
purchases-empty = 还没有采购订单。
proposals-empty = 没有待决定的提议。
proposals-empty-body = 供应商提出其他日期、数量或分批交货时，会出现在这里。
waiting-lines = { $n } 行待答复
proposed-lines = { $n } 行待决定
order = 订单
order-number = 订单号
buyer = 采购方
supplier = 供应商
requested = 要求到货
amount = 金额
state = 状态
purchasing-group = 采购组

## 状态

state-unanswered-mine = 待答复
state-unanswered = 未答复
state-proposed = 待采购方确认
state-proposed-mine = 待我决定
state-accepted = 已接受
state-part-accepted = 部分接受
state-rejected = 已拒绝
state-cancelled = 已取消
standing = 答复
standing-unanswered = 未答复 { $quantity }
standing-proposed = 提议 { $deliveries }
standing-accepted = 已接受 { $quantity }
standing-accepted-for = 已接受 { $quantity }，{ $day }
standing-rejected = 已拒绝 { $quantity }：{ $reason }
standing-cancelled = 已取消 { $quantity }
reason-no-capacity = 产能不足
reason-no-material = 缺料
reason-no-tooling = 无模具
reason-price = 价格不符
reason-date = 交期不可行
reason-discontinued = 不再供应
reason-other = 其他

## 订单

order-title = 订单 { $number }
published = 发布时间
answer = 答复
accept-all = 全部接受
accept-with-changes = 接受但有变更
cannot-supply = 无法供应
lines = 订单行
line = 行
item = 物料
ordered = 订购数量
price = 单价
line-of = 第 { $number } 行 · { $item }
line-part = { $line }（计划行 { $part }）
schedule-line = 计划行 { $number }
item-buyers = 采购方料号 { $id }
item-sellers = 供应商料号 { $id }
item-revision = 图纸版本 { $revision }
ship-to-site = 收货地 { $site }
more-lines = 更多订单行
notes = 备注
details = 更多信息
order-type = 订单类型
type-standalone = 标准订单
type-call-off = 要货
type-framework = 框架协议
revision = 修订号
payable = 价税合计
vendor-number = 供应商编码
agreement = 框架协议号
customer-reference = 采购方参考号
payment-terms = 付款条件
delivery-terms = 交货条件
party-ship-to = 收货方
party-bill-to = 收票方
party-originator = 需求方
party-carrier = 承运方
party-pay-to = 收款方
party-other = 其他方
timeline = 经过
history-published = 采购方发布订单
history-responded = 供应商答复
history-responded-lines = 供应商答复 { $n } 行
history-resolved = 采购方对提议作出决定
history-supplier-changed = 供应商由其现有企业接手
done-answered = 答复已送达
done-answered-body = { $buyer }已收到。下面是订单的最新情况。
done-decided = 决定已送达
done-decided-body = { $supplier }已收到。下面是订单的最新情况。
done-changed = 订单已有变化
done-changed-body = 没有提交任何内容。下面是订单的最新情况。
next-order = 下一个：{ $number }（还有 { $count } 个）
news-published = 新订单 { $number }，来自{ $buyer }
news-responded = 订单 { $number } 有新的答复
news-resolved = 订单 { $number } 的提议已有决定

## 答复

accept-title = 全部接受订单 { $number }
accept-body = 您将按下列数量和日期向{ $partner }供货。
accept-more = 以及其余未答复的订单行
accept-do = 确认接受
refuse-title = 无法供应订单 { $number }
refuse-body = { $partner }将收到您的拒绝，涉及未答复的 { $lines }。
refuse-do = 确认拒绝
refuse-more = 订单行较多，本次先拒绝本页的行。
why = 原因
note-optional = 备注（选填）
note-whole = 给采购方的备注（选填）
note-to-supplier = 给供应商的备注（选填）
note-of-line = 第 { $number } 行：{ $note }
change-title = 接受但有变更：订单 { $number }
change-body = 已按{ $partner }的要求填好，只需改动有变化的地方。
change-do = 提交答复
asked = 要求
proposed = 提议
can-supply = 可供数量（{ $unit }）
on-day = 交货日期
other-day = 日期与要求不同时，由采购方确认后生效。
rest-title = 数量不足时，其余怎么办
rest-none = 按要求数量全部供应
rest-left = 其余 { $quantity }
rest-later = 另约日期交货
rest-reject = 无法供应
rest-leave = 稍后再答复
second-quantity = 第二批数量
second-hint = 留空则为全部其余数量
second-date = 第二批日期
third-quantity = 第三批数量（选填）
third-date = 第三批日期
difference-quantity = 数量已由 { $before } 变为 { $after }
difference-date = 日期已由 { $before } 变为 { $after }
changed-revision = 您填写期间，采购方把修订 { $from } 改为修订 { $to }。您填的内容已保留，请核对后再提交。
changed-answered = 您填写期间，此订单已有其他答复。您填的内容已保留，请核对后再提交。
changed-confirm = 请核对下面的最新内容后再提交。
changed-while-open = 此订单刚有变化。您可以继续填写，提交时会提示差异。
fault-of-line = 第 { $number } 行：{ $text }
fault-number = 请填写数量，如 3,600；不供应请填 0。
fault-too-much = 最多可答复 { $quantity }。请改小；如能多供，请写在备注里，由采购方修订订单。
fault-date = 请填写日期，如 2026-12-28。
fault-date-past = 日期已过，请填写今天或以后的日期。
fault-rest = 请选择其余数量怎么办。
fault-rest-sum = 各批数量合计应为其余的 { $quantity }。
fault-reason = 请选择原因。
fault-note = 选择“其他”时请在备注中说明。
fault-refused = 此处内容不被接受，请核对。
fault-nothing = 还没有答复任何一行。请至少答复一行。
fault-undecided = 请至少对一项提议作出选择。

## 提议

proposals = 提议
proposal-accepted = 已同意
proposal-declined = 未同意
proposed-at = 提出时间：{ $at }
substitute = 替代物料：{ $item }
decision-on = 对 { $item } 的决定
decide-accept = 同意提议
decide-decline = 不同意，请重新答复
decide-do = 提交决定

## 登录与邀请

sign-in-title = 登录
sign-in-body = 请打开您收到的链接。无需密码。
sign-in-member = 已有账户
sign-in-member-body = 请向本企业管理员索取登录链接。管理员在“成员”页面即可生成。
sign-in-invited = 收到采购方邀请
sign-in-invited-body = 请打开采购方发给您的邀请链接。找不到时，请联系采购方重新发送。
sign-in-why = 登录后，本设备 30 天内无需再次登录。
session-ended = 登录已失效，请重新登录。
sign-in-link-title = 在此设备登录
sign-in-here = 登录
sign-in-link-terms = 链接只能使用一次，有效期至 { $until }。不是您本人请勿登录。
firm = 企业
person = 姓名
device = 设备
link-expires = 有效期至 { $until }。
link-expired = 链接已过期
link-expired-body = 为安全起见，链接只在一段时间内有效。
link-used = 链接已使用过
link-used-body = 每个链接只能使用一次。如果是您本人使用的，直接打开首页即可。
link-unknown = 链接无效
link-unknown-body = 链接可能不完整。请从原消息中重新复制整个链接。
link-ask-admin = 需要新链接时，请联系本企业管理员。
link-ask-inviter = 需要新链接时，请联系邀请您的采购方。
invitation-title = { $inviter }邀请您在线接单
invitation-body = 填写后即可查看和答复订单，不收费用。
invitation-name = 您的姓名
invitation-firm = 企业名称
invitation-uscc = 统一社会信用代码（选填）
invitation-uscc-hint = 18 位，见营业执照。
invitation-name-missing = 请填写您的姓名。
invitation-name-wrong = 姓名过长或含有不能使用的字符。
invitation-firm-wrong = 企业名称过长或含有不能使用的字符。
invitation-uscc-wrong = 统一社会信用代码应为 18 位数字和大写字母，请核对。
invitation-do = 开始使用
invitation-new = 或者新开一个企业账户
invitation-claim = 用 { $firm } 接受邀请
invitation-claim-body = 该采购方的订单会进入您现有的收件箱，不必另开账户。
invitation-claim-do = 接受邀请
invitation-claim-denied = 只有管理员可以为本企业接受邀请，请联系本企业管理员。

## 供应商与成员

partners-empty = 还没有供应商。
partner-invited = 已邀请，未加入
partner-active = 合作中
partner-suspended = 已暂停
partner-ended = 已终止
since = 建立时间
renew = 生成新邀请链接
members-body = 登录链接一次有效，请通过可信的方式交给本人。
roles = 角色
role-admin = 管理员
role-buyer = 采购
role-sales = 销售内勤
role-viewer = 只读
role-operator = 平台运营
member-active = 可用
member-disabled = 已停用
make-link = 生成登录链接
handover-invitation = 邀请链接
handover-invitation-body = 请把链接发给供应商。之前的链接已失效。
handover-sign-in = 登录链接
handover-sign-in-body = 请把链接交给本人。它只显示这一次。
handover-link = 链接
handover-shown = 链接已经显示过，不能再次查看。需要时请重新生成。

## 出错

failure-not-found = 找不到这个页面
failure-not-found-body = 地址可能不完整，或者内容不属于您的企业。请从列表重新打开。
failure-denied = 您没有此权限
failure-denied-body = 需要时请联系本企业管理员调整您的角色。
failure-form-expired = 这张表单已失效
failure-form-expired-body = 可能已重新登录或打开时间太长。没有提交任何内容，请返回页面后再试。
failure-foreign = 提交来自其他网站
failure-foreign-body = 为安全起见没有执行。请在本网站的页面上操作。
failure-malformed = 无法读取提交的内容
failure-malformed-body = 内容过大或格式不对。请返回页面后再试。
failure-host = 网址不正确
failure-host-body = 请使用本门户的正式网址。
failure-reused = 这张表单已提交过
failure-reused-body = 之前提交的内容已生效，这一次没有执行。请重新打开订单查看。
failure-unavailable = 暂时连接不上
failure-unavailable-body = 数据没有丢失。请稍等片刻再试。
failure-rate = 操作过于频繁
failure-rate-body = 请稍等片刻再试。
failure-internal = 系统出错了
failure-internal-body = 请重试。如果仍然出现，请把下面的代码告诉管理员。
failure-other = 没有完成
failure-other-body = 请核对后再试。

## 帮助

help-answer = 答复订单
help-answer-body = 打开“待我答复”中的订单，选择全部接受、接受但有变更或无法供应。提交后采购方立即收到。
help-change = 数量或日期有变化
help-change-body = 选择“接受但有变更”，填写可供数量和日期，其余数量自动算出。与要求不同的日期由采购方决定是否同意。
help-live = 新订单自动出现
help-live-body = 页面保持打开即可，无需刷新。网络中断后会自动补上。
help-sign-in = 换手机或电脑
help-sign-in-body = 请本企业管理员在“成员”页面为您生成登录链接，在新设备上打开即可。
help-code = 出错代码
help-code-body = 出错时页面会显示一个代码，求助时请一并告知。
