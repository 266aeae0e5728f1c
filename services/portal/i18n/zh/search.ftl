## 全局搜索

nav-search = 全局搜索
search-label = 订单号、料号、品名、企业名称
search-body = 在您能看到的订单、资源、产能和合作伙伴中一起查找：订单号、料号、品名、企业名称、资源名称或编号、工艺和设备，中英文均可，输入其中一部分即可；多个词用空格分开，须全部符合。
search-supplied = 客户订单
search-all = “{ $place }”中的全部结果
search-failed = 这里暂时无法查找，请稍后再试；其他结果不受影响。代码：{ $code }
