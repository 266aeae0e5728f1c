## Reminders

remind = Remind
remind-title = Remind about order { $number }
remind-body = { $supplier } gets a reminder at once; the order stays as it is. One reminder an hour for each order.
remind-held = The order is on hold, so that the supplier’s deadline is paused.
remind-message = Message (optional)
remind-none = No order was chosen
reminded-all = { $sent ->
    [one] { $sent } reminder sent
   *[other] { $sent } reminders sent
}
reminded-some = { $sent } sent, { $left } not sent
reminder-not-sent = Not sent
remind-again-at = { $reason } (possible again from { $at })
reminders-empty = No reminders yet.
remind-chosen = Remind the chosen
remind-choose = Choose order { $number }
remind-choose-all = Choose all on this page
remind-choose-none = Choose none
