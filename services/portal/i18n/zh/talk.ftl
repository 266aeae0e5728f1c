## 需求与产能的沟通

talk = 沟通
talk-count = 沟通（{ $n } 条）
talk-about = 沟通：{ $what }
talk-body = 双方都能看到。写错的可以删除，删除后双方都看不到内容。
talk-empty = 还没有留言。
talk-text = 留言
talk-write = 写留言
talk-write-body = 对方马上能看到。
talk-send = 发送
talk-kind = 类型
talk-plain = 一般
talk-information = 通知
talk-warning = 提醒
talk-action = 需要处理
talk-week = 关于哪一周
talk-delete = 删除留言
talk-delete-body = 删除后不能恢复，双方都看不到内容。
