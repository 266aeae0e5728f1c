## 练习用的订单

practice = 用示例订单练习
practice-mark = 练习
practice-body = 这张订单是编出来的，可以随便答复：不会发给任何人，也不会保存。
practice-title = 练习：{ $title }
practice-number = 练习-001
practice-buyer = 示例客户
practice-body-item = 45L 收纳箱 箱体
practice-lid-item = 45L 收纳箱 箱盖
practice-note = 请按标准箱包装。
practice-done = 练习完成
practice-accepted = 如果是真的订单，{ $buyer }会马上收到您的答复：全部按要求供应，立即生效。
practice-refused = 如果是真的订单，{ $buyer }会马上收到您的答复和原因，另找别家供应。
practice-changed = 如果是真的订单，{ $buyer }会马上收到您的答复。{ $effect }
practice-again = 再练一次
