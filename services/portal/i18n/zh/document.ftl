## 单据链接的页面

document-for = { $buyer }发给{ $supplier }
document-pending = 采购方希望变更冻结期内的内容。同意或不同意请联系采购方，或注册账户后处理；在此之前仍按原约定执行。
document-terms = 此链接发给“{ $label }”，只能查看和答复这一张订单，有效期至 { $until }。请勿转发。
document-expired-body = 为安全起见，单据链接只在一段时间内有效，采购方也可以提前停用。您已提交的答复不受影响。
document-ask = 需要新链接？把下面的话发给采购方
document-ask-text = 您好，您发来的订单链接已过期，请重新发送一个链接，谢谢。
document-progress = 点一下即可告知采购方，适用于所有已接受的行。
done-progressed = 进度已送达
