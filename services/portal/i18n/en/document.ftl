## The page of a document link

document-for = { $buyer } to { $supplier }
document-pending = The buyer wants to change what is frozen. Tell the buyer whether you agree, or open an account to answer; until then what was agreed stands.
document-terms = This link was made for “{ $label }”. It opens this one order, until { $until }. Please do not pass it on.
document-expired-body = For safety, document links work for a limited time, and the buyer may end them earlier. What you have answered stands.
document-ask = Need a new link? Send this to the buyer
document-ask-text = Hello, the link to your order has expired. Could you please send me a new one? Thank you.
document-progress = One tap tells the buyer how far everything accepted is.
done-progressed = Your progress has arrived
