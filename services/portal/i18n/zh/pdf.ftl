# 纸面文件：订单和产能表的 PDF
pdf-save = 下载 PDF
pdf-page = 第 { $number } 页，共 { $pages } 页
pdf-total = 合计
pdf-made = 生成时间
pdf-pending = 冻结期内的一项变更正等待供应商同意，未列入本文件；供应商同意之前仍按原约定执行。
pdf-capacity = 产能表
pdf-firm = 企业
pdf-weeks = 周次
pdf-no-obligation = 产能数字供计划参考，不构成交付义务。
pdf-no-font = 服务器上没有中文字体
pdf-no-font-body = 生成 PDF 需要中文字体。请管理员在运行门户的机器上安装 fonts-noto-cjk（sudo apt-get install fonts-noto-cjk），或在 portal.font 中填写字体文件的路径并重启，然后再试。在此之前可以用浏览器打印原页面。
pdf-busy = 正在生成其他 PDF
pdf-busy-body = 请一分钟后再试。在此之前可以用浏览器打印原页面。
