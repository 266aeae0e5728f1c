## Catena-X 报文的导入与导出

payloads = Catena-X 报文
payloads-body = 按 CX-0128 的 JSON 导入、导出需求、产能组和留言。企业以业务伙伴编号（BPNL）识别，双方都要有编号。
payloads-demands = 需求
payloads-groups = 产能组
payloads-comments = 留言
payloads-export = 为合作伙伴导出
payloads-nobody = 还没有可以导出报文的合作伙伴。
payloads-objects = { $n ->
    [0] 没有给该合作伙伴的内容。
   *[other] 报文中有 { $n } 个对象。
}
payloads-no-number = { $firm }尚未登记 BPNL，报文无法写明收发双方。BPNL 由平台运营方登记，请与其联系。
payloads-not-for = 这类内容不发给该合作伙伴：需求只发给供应商，产能组只发给客户。
payloads-save = 下载 JSON
payloads-object = 对象
payloads-left-out = 未写入：地点没有 BPNS 编号
payloads-import = 导入报文
payloads-import-body = 可以是一个对象、一个列表，或带报文头的完整报文。逐个对象处理，有错的不影响其他；重复导入不会改变结果。
payloads-kind = 报文内容
payloads-pasted = 或粘贴 JSON
payloads-do = 导入
payloads-nothing = 请选择文件或粘贴 JSON。
payloads-large = 内容太大。请拆分，或通过 API、命令行处理。
payloads-field = { $path }：{ $reason }
payloads-count = 已接收 { $taken } 个，拒绝 { $refused } 个。
payloads-further = 另有 { $n } 个对象未列出。
payloads-empty = 报文中没有对象。
payloads-said = 编号，或拒绝原因
payloads-created = 已新建
payloads-replaced = 已更新
payloads-deleted = 已删除
payloads-refused = 已拒绝
payloads-more = 再导入一个
payloads-answer = 答复更新请求
payloads-answer-body = 合作伙伴以 IdBasedRequestForUpdate 索取所缺的对象；报文只含所索取的内容。
payloads-answer-do = 查看报文
