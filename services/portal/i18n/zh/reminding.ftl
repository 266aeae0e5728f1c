## 催办

remind = 催办
remind-title = 催办订单 { $number }
remind-body = { $supplier }会立即收到提醒，订单内容不变。同一张订单一小时内只能催办一次。
remind-held = 此订单正处于暂停状态，供应商的答复期限已暂停计算。
remind-message = 附言（选填）
remind-none = 还没有选择订单
reminded-all = 已催办 { $sent } 张订单
reminded-some = 已催办 { $sent } 张订单，{ $left } 张未发送
reminder-not-sent = 未发送
remind-again-at = { $reason }（{ $at } 后可再次催办）
reminders-empty = 还没有催办记录。
remind-chosen = 催办所选
remind-choose = 选择订单 { $number }
remind-choose-all = 全选本页
remind-choose-none = 取消全选
