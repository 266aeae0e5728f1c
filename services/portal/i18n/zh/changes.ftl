## 修订之间的变化，等待供应商同意的变更

changed-whole = 整单
changed-other = 其他内容
changed-price-base = 计价数量
changed-site = 收货地
changed-item-number = 采购方料号
changed-drawing = 图纸修订
changed-reservation = 产能预占
changed-currency = 币种
changed-closed = 已关闭
changed-held = 已暂停
line-named = 第 { $number } 行
yes = 是
no = 否
revised-title = 修订 { $to } 相对修订 { $from } 的变化
line-added = 新增
line-reconfirm = 需重新答复
more-changes = 另有 { $n } 行变化未列出
pending-title = 等待供应商同意
pending-body = 以下内容落在冻结期内，供应商同意后才生效；在此之前仍按原约定执行。
pending-change = 变更
pending-cancellation = 取消
pending-asked = { $who }提出，{ $at }
withdraw-change = 撤回
done-withdrawn = 已撤回
done-withdrawn-body = 订单仍按原约定执行，{ $supplier }已收到通知。
