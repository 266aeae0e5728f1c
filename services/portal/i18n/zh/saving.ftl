# 微信内不能下载
elsewhere-title = 请在浏览器中打开
elsewhere-body = 微信不能保存文件。请点右上角“⋯”，选择“在浏览器打开”，登录后即可下载；也可以复制下面的链接到浏览器。
elsewhere-body-document = 微信不能保存文件。请点右上角“⋯”，选择“在浏览器打开”，即可下载；也可以复制下面的链接到浏览器。
elsewhere-link = 下载链接
# 产能表格
export-monday = 周一
capacity-sheets = 用 Excel 填报产能
capacity-sheets-lead = 下载各产能组的周产能，改好后传回；与手工填报效果相同。
capacity-sheets-download = 每组每周一行。最后一列是机器识别用的标识，请勿改动。
capacity-sheets-fill = 只改计划产能、最大产能、协议产能三列；其余各列仅供参考。没有改动的行不会变更；计划产能留空表示该周未知。
capacity-sheets-do = 上传并保存
capacity-sheets-done = 已保存 { $n } 周产能
capacity-sheets-large = 表格太大，请分次上传。
capacity-sheets-key = 行标识（勿改）
capacity-sheets-key-wrong = 标识不对，请使用重新下载的表格。
capacity-sheets-monday = 请填写星期一的日期，如 2026-12-28。
capacity-sheets-twice = 同一产能组的同一周已在前面出现。
# 列表导出
save-cut = 文件到此为止，列表后面还有内容：一个文件最多 20,000 行、12 MiB，并且只包含一分钟内读到的内容。请先用列表上的条件缩小范围，再重新导出。
save-xlsx = 导出 Excel
save-csv = 导出 CSV
save-csv-gb = 导出 CSV（GB18030）
save-part = 列表
save-side = 关系
save-left = 距承诺交期
save-said = 上报时间
save-scope = 场地与采购组
save-key-id = 密钥编号
save-failure = 失败原因
save-seq = 序号
reminder-text = 留言
save-details = 说明
