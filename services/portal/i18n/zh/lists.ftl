## 工作清单、期限、交期风险

answer-due = 答复期限
due-paused = 暂停计时
due-today = 今天截止
due-left = 还剩 { $n } 天
due-over = 已逾期 { $n } 天
due-uncertain = 节假日安排未公布，日期可能调整
stage-not-scheduled = 未排产
stage-scheduled = 已排产
stage-in-production = 生产中
stage-in-inspection = 质检中
stage-ready = 待发
stage-unsaid = 未报进度
purchases-overdue = 逾期未答复
purchases-pending = 变更待供应商同意
purchases-differs = 与 ERP 不一致
purchases-mine = 我的采购组：{ $groups }
flag-held = 已暂停
flag-differs = 与 ERP 不一致
nav-at-risk = 交期风险
at-risk-body = 已接受、承诺交期临近或已过，而生产没有进展的订单行，最急的在前。
at-risk-empty = 没有有风险的订单行。
at-risk-days = 提前天数
at-risk-within = { $n } 天以内
committed = 承诺交期
progress = 执行进度
risk = 风险
risk-past = 已过承诺交期
risk-not-started = 临近未开工
risk-stalled = 进度停滞

## 查找订单

inbox-search = 订单号、料号、品名或客户
purchases-search = 订单号、料号、品名或供应商
search-empty = 没有找到“{ $text }”。
inbox-searched = 可以查找订单号、料号（客户的或自己的）、品名和客户名称，输入其中一部分即可；多个词用空格分开，须全部符合。
purchases-searched = 可以查找订单号、料号（自己的或供应商的）、品名和供应商名称，输入其中一部分即可；多个词用空格分开，须全部符合。
kept-filters = 常用筛选
keep-filter = 保存当前筛选
filter-name = 名称
keep = 保存
drop-filter = 删除“{ $name }”
