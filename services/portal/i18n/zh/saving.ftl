# 微信内不能下载
elsewhere-title = 请在浏览器中打开
elsewhere-body = 微信不能保存文件。请点右上角“⋯”，选择“在浏览器打开”，登录后即可下载；也可以复制下面的链接到浏览器。
elsewhere-body-document = 微信不能保存文件。请点右上角“⋯”，选择“在浏览器打开”，即可下载；也可以复制下面的链接到浏览器。
elsewhere-link = 下载链接
# 产能表格
export-capacity = 导出这几周（CSV）
export-monday = 周一
