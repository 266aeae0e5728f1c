## 送货单（随货同行单）

despatch = 送货单
despatch-print = 打印送货单
despatch-lead = 填好随货的内容，生成后用浏览器打印。
despatch-honest = 此单仅供随货打印，不登记发货。
despatch-none = 没有可以送货的数量
despatch-none-body = 有了已接受、还没有取消或关闭的数量以后，可以在这里打印送货单。
despatch-changed = 采购方发布了新的修订，各行已按最新的数量重新填好。请核对后再生成。
despatch-number = 送货单号
despatch-date = 发货日期
despatch-order = 订单号
despatch-plate = 车牌号
despatch-packages = 件数
despatch-quantity = 本次数量
despatch-lot = 批号
despatch-more = 订单行较多，这里是其中一部分。其他的行请另打一张送货单。
despatch-do = 生成送货单
despatch-too-much = “{ $field }”最多 { $quantity }，即已接受的数量。
despatch-nothing = 请至少在一行填写“{ $field }”。
despatch-ready = 送货单已备好，请用浏览器的“打印”打印本页。
despatch-edit = 修改
despatch-sender = 发货人（签字）
despatch-receiver = 收货人（签字）
despatch-signed-on = 日期
help-despatch = 打印送货单
help-despatch-body = 打开已接受的订单，选择“打印送货单”，填写本次送货的数量和批号，生成后用浏览器打印，随货交给收货人。打印不登记发货。
