## Trying an answer out

preview-do = See what it does
preview-title = If you send this now
preview-firm = { $n ->
    [one] { $n } line takes effect at once.
   *[other] { $n } lines take effect at once.
}
preview-waits = { $n ->
    [one] { $n } line waits for the buyer.
   *[other] { $n } lines wait for the buyer.
}
preview-both = At once: { $firm }. Waiting for the buyer: { $waits }.
preview-not-sent = Nothing is sent yet.
verdict-firm = Takes effect at once
rest-short = is not supplied; this quantity completes the line
line-given = Now { $what }
line-other = other price or item
other-terms = Another price or item (optional)
other-price = Proposed price
other-price-hint = The order’s price is { $price }
other-item = Name of the substitute
other-item-id = Your number of the substitute
other-terms-hint = Takes effect once the buyer agrees.
fault-substitute = Enter the name of the substitute.

## For suppliers: deadlines, changes, progress

reminded-at = The buyer reminded you on { $at }
reminded-by = { $name } reminded you on { $at }
reminded-by-itself = Reminded by the system on { $at }, as the deadline is near
reminder = Reminder
days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
field-seller-item = Supplier’s item
history-changed = The buyer published revision { $n }
history-changed-some = The buyer changed the order
history-proposal-withdrawn = The supplier withdrew a proposal
history-cancelled = The buyer cancelled
history-closed-short = The buyer closed lines at what was delivered
history-held = The buyer put the order on hold
history-released = The buyer released the order
history-change-requested = The buyer asked for a change inside the frozen period
history-change-accepted = The supplier agreed to the change
history-change-declined = The supplier refused the change
history-change-withdrawn = The buyer withdrew the change
news-withdrawn = A proposal for order { $number } was withdrawn
news-changed = Order { $number } has a new revision
news-cancelled = Something of order { $number } was cancelled
news-held = Order { $number } is on hold
news-released = Order { $number } was released
news-change-requested = A change of order { $number } needs the supplier’s consent
news-change-answered = The change of order { $number } was answered
news-reminded = The buyer sent a reminder about order { $number }
news-overdue = The answer to order { $number } is overdue
news-message = Order { $number } has a new message
consent-title = Requested changes
consent-lead = This lies inside the frozen period and takes effect only if the supplier agrees.
consent-change = Change requested
consent-cancellation = Cancellation requested
consent-frozen = Frozen until { $day }
consent-note = Note (required to refuse)
consent-accept = Agree to the change
consent-decline = Refuse
consent-waits = Waiting for the supplier
fault-consent-note = Say why you refuse.
inbox-consents = Buyers ask for changes and need your consent
withdraw = Withdraw the proposal
done-taken-back = The proposal is withdrawn
done-taken-back-body = What it covered waits for your answer again.
progress-lead = One tap tells the buyer.
progress-all = All lines
progress-of = Progress of { $line }

## Tolerances

tolerance-quantity-over = { $n } more
tolerance-quantity-under = { $n } less
tolerance-early = { $n } early
tolerance-late = { $n } late
tolerance-price-over = { $n } dearer
tolerance-price-under = { $n } cheaper
tolerance-other = { $n } different
tolerance-within = { $actual }, within the limit of { $limit } ({ $source })
tolerance-beyond = { $actual }, beyond the limit of { $limit } ({ $source })
tolerance-none = { $actual }, no tolerance is agreed
source-order-line = agreed on the order line
source-item = agreed for the item
source-item-group = agreed for the item group
source-relationship = the buyer’s rule for your firm
source-every-supplier = the buyer’s rule for all suppliers
obstacle-substitute = The buyer decides on substitutes
obstacle-split = The order line must not be split
obstacle-date = The order names no date to compare with
obstacle-price = The price cannot be compared
obstacle-nothing = Quantity, date and price are as asked; the buyer will read your note
obstacle-digits = The numbers have too many digits to compare
verdict-within = Within tolerance: agreed at once
verdict-waits = The buyer will decide

## Conversation

thread = Conversation
thread-empty = No messages yet.
thread-earlier = Earlier messages
thread-latest = Back to the latest messages
thread-internal = Internal note · only your firm sees it
thread-body = Write a message
thread-line = About
thread-whole = The whole order
thread-files = Files (optional)
thread-files-hint = Several are possible: pictures, PDF, Excel, DWG, STEP; at most 5 MB each and 15 MB together.
thread-readers = Who sees it
thread-both = { $partner } and your firm
thread-own = Only your firm (internal note)
thread-send = Send
thread-files-again = Please choose the files again.
size-kb = { $n } KB
size-mb = { $n } MB
file-fault = { $name }: { $text }
file-size = The file is too large or empty; at most 5 MB each.
file-type = Only .jpg, .png, .pdf, .xlsx, .dwg, .step and .stp files are taken.
file-content = The content is not what the file’s extension says.
file-name = The name is too long or has characters that cannot be used. Rename the file and choose it again.
fault-files = At most 10 files, and 15 MB together.
fault-message-empty = Write something, or choose a file.
fault-message-long = The message is too long. Please shorten it.

## Many orders, and tables

bulk-pick = Select order { $number }
bulk-all = Select the whole page
bulk-picked = ({ $n })
bulk-review = Answer the selected orders
bulk-title = { $n ->
    [one] Answer { $n } order
   *[other] Answer { $n } orders
}
bulk-gone = { $n ->
    [one] { $n } of the selected orders needs no answer any more and is left out.
   *[other] { $n } of the selected orders need no answer any more and are left out.
}
bulk-none = None of the selected orders needs an answer any more.
bulk-orders = Selected orders
bulk-accept = Accept them all, quantities and dates as asked
bulk-refuse = Cannot supply any of them
bulk-do = Send the answers
bulk-done = { $n ->
    [one] { $n } order is answered
   *[other] { $n } orders are answered
}
bulk-done-body = The buyers have your answers.
bulk-failed = { $n ->
    [one] { $n } was not taken; it stays selected, so that you can answer it again.
   *[other] { $n } were not taken; they stay selected, so that you can answer them again.
}
bulk-refused = Not taken
bulk-outdated = The order has a new revision. Look at it and answer again.
bulk-answered = Somebody has answered it already.
bulk-offered = It needs hours that are offered to other firms. Open the order and decide there.
bulk-result = Result
bulk-again = Answer the selected orders again
sheets-title = Answer with a table
sheets-link = Answer with Excel
sheets-order = Download this order as a table to answer in
sheets-lead = For many orders at once: download, fill in, send back.
sheets-download = Step 1: download
sheets-download-body = The table lists every line that waits for your answer.
sheets-xlsx = Download the Excel table
sheets-csv = Download CSV (UTF-8)
sheets-csv-gb = Download CSV (GB18030)
sheets-fill = Step 2: fill in
sheets-fill-body = Choose Accept, Reject or Propose in the column “Answer”. To propose, change the quantity or the date; to reject, choose a reason. Rows that you leave empty are not answered.
sheets-upload = Step 3: send back
sheets-file = The filled-in table (xlsx or csv)
sheets-do = Upload and answer
sheets-no-file = Choose a file.
sheets-unreadable = The file cannot be read. Upload the table that you downloaded, as .xlsx or .csv.
sheets-large = The file is too large. Please upload one buyer’s orders at a time.
sheets-done = { $n ->
    [one] { $n } order is answered
   *[other] { $n } orders are answered
}
sheets-nothing = Nothing to change
sheets-rows = { $rows } rows, of which { $answered } hold an answer.
sheets-answered = Answered
sheets-unchanged = Unchanged
sheets-wrong = Rows to correct
sheets-wrong-body = Download the file of errors, correct what its red column says, and upload it again.
sheets-marked = Download the file of errors
sheets-more = { $n ->
    [one] { $n } more row stands in the file of errors.
   *[other] { $n } more rows stand in the file of errors.
}
sheets-row = Row
sheets-column = Column
sheets-message = Error
