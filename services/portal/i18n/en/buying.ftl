## What a buyer does with its orders

buying-actions = Actions
more-actions = More
revise = Change the order
hold = Put on hold
release = Release
close-short = Close short
cancel-order = Cancel the order
back = Back
held-title = The buyer has put this order on hold
held-body = Please wait; do not begin production or send goods. You can still answer, and the deadline is paused.
happened-title = Something happened to the order meanwhile
happened-body = Nothing was sent, and what you typed is kept. Look at what happened, then send again.
cancel-title = Cancel order { $number }
cancel-body = { $supplier } is told at once.
cancel-effect-taken = What is unanswered is cancelled first, then what is accepted; promises for it end.
cancel-effect-proposed = Proposals for it are void. What was rejected stays rejected.
effect-frozen = Lines inside the frozen horizon stand until the supplier agrees.
cancel-scope = What to cancel
cancel-whole = The whole order, as far as it is open
cancel-lines = Single lines or quantities
cancel-quantity = Quantity to cancel
cancel-do = Cancel the order
cancel-demand = No longer needed
cancel-mistake = Entered by mistake
cancel-engineering = Design change
cancel-late = Date cannot be met
cancel-quality = Quality
cancel-resourced = Bought elsewhere
close-title = Close order { $number } short
close-body = Enter what was delivered. { $supplier } is told at once.
close-effect-stays = What was delivered stays accepted.
close-effect-rest = The rest is cancelled, and nothing more is expected.
close-effect-final = A closed line cannot be opened again.
close-quantity = Delivered quantity
close-do = Close short
ending-more = The order is long; only its first lines are shown here.
fault-ending-quantity = Enter a quantity such as 3,600.
fault-ending-too-much = This is more than there is. Enter less.
fault-no-line = Choose at least one line.
hold-title = Put order { $number } on hold
hold-body = { $supplier } sees that the order is on hold. Answers stay possible and deadlines pause; agreed quantities and dates stand.
hold-demand = Demand not certain
hold-payment = Payment or credit
release-title = Release order { $number }
release-body = { $supplier } sees that the order goes on. Deadlines move by the days of the hold.
done-revised = The change has arrived
done-revised-body = { $supplier } has it. This is how the order stands now.
done-asked = Sent; the supplier has to agree
done-asked-body = The lines lie inside the frozen horizon. The change takes effect once { $supplier } agrees.
done-cancelled = Cancelled
done-cancelled-body = { $supplier } has been told. This is how the order stands now.
done-closed = Closed short
done-closed-body = { $supplier } has been told that nothing more is expected.
done-held = The order is on hold
done-held-body = { $supplier } has been told.
done-released = The order is released
done-released-body = { $supplier } has been told.
reminders = Reminders
reminded-automatically = Sent by itself, as agreed
reminder-sent = Sent
reminder-delivered = Delivered
reminder-opened = Opened
reminder-opened-by = Opened by { $who }, { $at }

## Changing an order

revise-title = Change order { $number }
revise-body = The form is filled with what was published last. Change only what differs; everything that will be different is shown before it is sent.
revise-review = See the changes
further-delivery = Add a delivery
further-quantity = Additional quantity
remove-line = Cancel this line
add-line = Add a line
new-line = New line
new-line-number = Line number
unit = Unit
review-title = Check the change of order { $number }
review-body = { $supplier } will get these changes.
review-reconfirm = { $n ->
    [one] { $n } change needs
   *[other] { $n } changes need
} a new answer; earlier promises for it end.
review-others = All other lines and their promises stand.
review-frozen = { $n ->
    [one] A line due within { $n } working day takes
   *[other] Lines due within { $n } working days take
} effect once the supplier agrees.
review-do = Send the change
review-edit = Go back and edit
fault-nothing-changed = Nothing is changed yet. Change a quantity, date or price, or add a line.
fault-price = Enter a price such as 6.85.
fault-item = Enter the item’s name or number.
fault-line-number = Enter a line number that no other line has.

## Writing an order

new-order = New order
new-order-body = Once it is published, the supplier can answer it. Lines that you leave empty are not sent.
new-order-supplier-hint = A supplier that is not in the list must first be invited under “Partners”.
new-order-rate-hint = Such as 13. Needed to work out the net amount when prices include tax.
new-order-date-hint = For all lines that have no date of their own.
new-order-no-line = Fill in at least one line.
new-order-taken = This order number was used before. Enter another.
new-order-again = Filled in from order { $number }. Enter the requested date, check the rest, and publish it.
new-order-cut = That order is long; only its first lines are filled in.
new-order-left-out = Terms, addresses, attachments and whatever else this form has no field for are not taken over from that order.
order-again = Order again
note-language = Language of the notes
done-published = The order is published
done-published-body = It waits for { $supplier } to answer. This is how the order stands now.
