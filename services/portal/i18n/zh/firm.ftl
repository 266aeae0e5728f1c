## 设置页面共用

ask-save = 保存
ask-optional = （选填）
ask-acts = 操作
ask-required = 请填写“{ $field }”。
ask-wrong = “{ $field }”填写有误，请核对。
ask-long = “{ $field }”过长，请缩短。
ask-characters = “{ $field }”含有不能使用的字符。
remove = 删除
rename = 改名
upload = 上传
language = 语言
language-zh = 中文
language-en = 英文
firm-saved = 已保存。
firm-removed = 已删除。

## 清单文件

list-file = 选择文件
list-file-hint = CSV 文件，UTF-8 或 GB18030 编码均可；第一行为列名。
list-pasted = 或者从表格中复制后粘贴
rows-encoding = 无法读取此文件。请另存为 CSV（UTF-8）后再上传。
rows-empty = 没有可读取的行。请选择文件，或在下面粘贴，第一行为列名。
rows-missing = 缺少“{ $column }”列。请在第一行写上列名。
rows-unknown = 不认识“{ $column }”列。请改成上面列出的列名，或删去此列。
rows-twice = “{ $column }”列出现了两次，请删去一列。
rows-too-many = 一次最多 { $most } 行，请分几次提交。
row-wrong = 第 { $row } 行（{ $written }）的“{ $field }”填写有误。

## 设置首页

settings-body = 只需设置一次，需要时再来修改。
settings-trade = 与伙伴的合作
settings-told = 通知与接口
settings-own = 本企业
settings-platform = 平台
settings-none = 未设置
settings-done = 已设置
settings-terms = 对全部供应商生效的答复期限、冻结期和自动提醒。
settings-sites = 收货、发货和生产的地点，订单用代码引用。
settings-groups = 采购组代码的名称，成员和密钥可限定到采购组。
settings-aliases = ERP 中的单位、工厂和税码分别是什么意思。
settings-clusters = 本企业加入的产业集群，以及收到的邀请。
settings-acts = 平台对本企业做过什么、原因是什么。
settings-firms = 查找企业，认证、暂停、合并，重设管理员。

terms-all = 全部供应商的条款
terms-all-body = 没有单独约定的供应商按这里的条款；在某个供应商的页面上可以单独设定。
terms-all-hint = 工作日；留空则按平台默认。
terms-range = 请填写整数天数，答复期限和冻结期不超过 250，提醒不超过 60。

## 成员

member-new = 添加成员
member-new-body = 添加后为其生成登录链接，本人打开即可登录，无需密码。
member-edit-body = 修改此成员的权限。停用后，其登录在几秒内失效。
member-added = 已添加成员。请为其生成登录链接。
member-changed = 已保存。
member-active-hint = 可以用登录链接登录
member-disabled-hint = 不能登录，已登录的立即退出
role-buyer-hint = 发布和变更订单，决定供应商的提议
role-sales-hint = 答复订单
role-viewer-hint = 只查看，不能修改
role-admin-hint = 管理成员、密钥和设置，并可做以上所有操作
role-operator-hint = 管理平台上的企业，看不到订单和价格
scope-sites-hint = 只看这些场地的订单；都不选则不限。
scope-groups-hint = 只看这些采购组的订单；都不选则不限。

## 场地、采购组

sites = 场地
sites-body = 订单上的收货地用场地代码表示。
sites-empty = 还没有场地。请添加第一个，代码与 ERP 中的工厂代码一致。
site-new = 添加场地
site-name = 场地名称
site-address = 地址
site-code-hint = 与 ERP 中的工厂代码一致，如 NT-1。
site-taken = 此代码已被另一个场地使用。
country = 国家代码
country-hint = 两个大写字母，如 CN。
groups = 采购组
groups-body = 给订单上的采购组代码起一个大家看得懂的名称。
groups-empty = 还没有采购组。订单上的代码照常显示，添加后会显示名称。
group-new = 添加采购组
group-name = 采购组名称
group-code-hint = 与 ERP 中一致，前面的零要保留，如 001。
group-delete = 删除采购组
group-delete-body = 只从清单中删除名称；订单上的代码不变。

## 对照表

aliases = 对照表
aliases-body = ERP 里写的单位、工厂和税码，在这里说明含义；发布订单时自动换成标准代码，原文保留。
alias-units = 计量单位
alias-sites = 收货工厂
alias-taxes = 税码
alias-unit-hint = 含义是 UN/ECE 20 号建议书的代码，如 H87（个）、KGM（千克）
alias-site-hint = 含义是本企业场地的代码
alias-tax-hint = 含义是税种代码，如 S（标准税率），并填写税率
alias-kind = 类别
alias-written = ERP 写法
alias-written-hint = 与 ERP 完全一致，区分大小写。
alias-meaning = 含义
alias-meaning-hint = 标准代码或场地代码。
alias-system = 来源系统
alias-system-hint = 只对这个系统的订单生效，如 sap；留空则对全部生效。
alias-every-system = 全部
alias-new = 添加一条
alias-many = 上传清单
alias-many-body = 一次添加或修改多条，全部正确才会保存。
alias-columns = 列名：类别（单位、工厂、税码）、原文、含义，需要时加税率（%）、来源系统。
alias-empty = 还没有对照。没有对照的写法按原文发布。
alias-done = 新增 { $added } 条，修改 { $changed } 条，未变 { $unchanged } 条。
alias-rate-of-row = 第 { $row } 行的税率不是数字。请写成百分数，如 13。
tax-rate = 税率（%）
tax-rate-hint = 仅税码需要，如 13。
tax-rate-wrong = 税码必须填写税率，如 13；单位和工厂不填。

## 邀请供应商

partners-body = 与本企业有订单往来的供应商和客户。点开可看条款、容差和评分。
invite-one = 邀请供应商
invite-one-body = 邀请后即可向其发布订单；请把生成的链接发给对方，对方打开就能答复。
invite-list = 批量邀请
invite-list-body = 一次最多邀请 { $most } 家，每一行各有结果和链接。同一份文件可以再次上传，不会重复建立。
invite-list-do = 邀请这些供应商
invite-columns = 列名：名称、供应商编码，需要时加统一社会信用代码、联系人、手机、邮箱、语言。填写了邮箱且本平台可发邮件时，对方须用邮箱收到的验证码接受邀请；否则持有链接的人即可接受。
invite-again = 已邀请、尚未加入的
invite-renew = 为其生成新链接
invite-renew-hint = 之前发出的链接会失效
invite-taken = 此编码的供应商已是合作伙伴。
supplier-name = 供应商名称
vendor-number-hint = ERP 中的编码，前面的零要保留，如 0010027。
uscc = 统一社会信用代码
contact = 联系人
contact-hint = 链接交给谁；只有本企业能看到。
phone = 手机
phone-wrong = 请填写电话号码，如 +86 100-0000-0001。
mail = 邮箱
mail-wrong = 请填写邮箱地址，如 name@example.com。
invited-title = 已邀请 { $n } 家供应商
invited-body = 请把各自的链接发给供应商。
invited-no-links = 没有新的链接。
invited-refused = { $n } 行没有完成，原因见下。改正后把整份文件再上传一次即可。
invited-once = 链接只在这里显示一次，请立即保存。
invited-save = 下载清单（CSV）
invited-copy = 复制全部链接
invited-all = 全部链接
invited = 已邀请
invited-partner = 已是合作伙伴
invited-twice = 文件中重复
invited-wrong = 未完成
invited-same-as = 与第 { $row } 行的供应商编码相同。
invited-faults = 问题

## 集群

clusters = 产业集群
clusters-body = 集群由运营方发起，企业同意后才加入。加入后集群成员能看到您的企业名称，看不到其他任何内容。
clusters-invited = 待您同意的邀请
clusters-own = 已加入
clusters-empty = 还没有加入集群。收到邀请时会出现在这里。
clusters-run = 本企业运营的集群
clusters-run-empty = 还没有集群。请先新建一个。
cluster = 集群
cluster-name = 集群名称
cluster-name-en = 英文名称
cluster-new = 新建集群
cluster-members = 成员数
cluster-members-body = 各企业经本身同意加入，彼此只看到名称。
cluster-members-empty = 还没有成员。
cluster-members-run-empty = 还没有成员。请找到企业，在其页面上邀请加入。
cluster-invite-find = 查找要邀请的企业
cluster-invited = 已发出邀请，企业同意后加入。
cluster-join = 加入集群
cluster-join-body = 同意后，集群成员能看到您的企业名称；订单、价格和其他资料都不会共享。随时可以退出。
cluster-join-do = 同意并加入
cluster-decline = 谢绝邀请
cluster-decline-body = 谢绝后，运营方可以再次邀请。
cluster-leave = 退出集群
cluster-leave-body = 退出后，您的企业名称不再对集群成员显示；运营方可以再次邀请。
cluster-joined = 已加入集群。
cluster-left = 已退出或谢绝。
cluster-state-joined = 已加入
cluster-state-invited = 已邀请
cluster-state-left = 已退出
operator = 运营方

## 平台运营

nav-firms = 企业
firms-body = 查找平台上的企业，核实其身份，处理异常。这里看不到订单和价格。
firms-search = 企业名称、信用代码或编号
firms-none = 没有符合条件的企业。
firm-any = 全部状态
firm-active = 正常
firm-suspended = 已暂停
firm-placeholder = 已邀请，未加入
firm-claimed = 已并入其他企业
firm-verified = 已认证
firm-to-verify = 待核实
firm-unverified = 未认证
firm-checked = 身份
firm-admins = 管理员
firm-suppliers = 供应商
firm-buyers = 客户
firm-new = 新建企业
firm-new-body = 建立企业及其第一位管理员，并得到一条登录链接交给本人。
firm-name-en = 英文名称
firm-done = 已完成，该企业可以看到这次操作和原因。
uscc-suspect = 校验位不符，请核对
admin-name = 管理员姓名
acts = 操作记录
acts-body = 运营方做过的每一项操作和原因，最近的在前。
acts-own = 平台操作记录
acts-own-body = 平台运营方对本企业做过的每一项操作和原因，最近的在前。
acts-empty = 还没有记录。
act = 操作和原因
act-by = 经办人
act-at = 时间
act-verified = 认证企业
act-unverified = 撤销认证
act-suspended = 暂停企业
act-reinstated = 恢复企业
act-merged = 合并企业
act-reset-admin = 重设管理员
act-other = 其他操作
do-verify = 认证
do-verify-body = 确认您查看过证明材料，该企业与其声称的一致。认证标记对其伙伴可见。
do-evidence = 看了什么材料
do-evidence-hint = 例如：营业执照原件，2026年11月20日。该企业能看到。
do-unverify = 撤销认证
do-unverify-body = 撤销后，其伙伴看到该企业未认证。
do-suspend = 暂停企业
do-suspend-body = 其密钥、登录和链接立即失效，新订单会被拒绝；资料不会丢失，可以恢复。
do-reinstate = 恢复企业
do-reinstate-body = 恢复后，其密钥和登录照旧可用。
do-merge = 合并到另一企业
do-merge-body = 同一企业登记了两次时使用：此企业的供应关系和订单全部转到保留的企业，此后无人能登录此企业。不能撤销。
do-survivor = 保留哪一家企业
do-survivor-none = 没有找到可以保留的企业。请在上面按名称或信用代码查找。
do-reset-admin = 重设管理员
do-reset-admin-body = 企业的管理员都联系不上时使用：指定一位新管理员并得到登录链接。企业全体成员会收到通知。
do-cluster = 邀请加入集群
do-cluster-body = 企业同意后才成为成员。
do-reason-hint = 该企业能看到这里写的原因。
