# Every string of the partner portal. Messages and arguments must be those of zh.ftl, or nothing builds.

## General

brand = Tandem
other-language = 中文
skip = Skip to the content
sandbox = Example data
sandbox-body = Firms and orders are made up.
nav-label = Main
nav-inbox = Needs my answer
nav-purchases = Purchase orders
nav-proposals = To decide
nav-partners = Suppliers
nav-members = Members
nav-help = Help
sign-out = Sign out
footer = Tandem partner portal
offline = The connection was cut and is being restored. What you typed is kept.
signed-out-here = You are signed out.
retry = Try again
back-to-start = Back to the start
code = Code
cancel = Cancel
choose = Choose
copy = Copy the link
copied = Copied
search = Search
filters = Filters
clear-filters = Clear the filters
pages = Pages
first-page = First page
next-page = Next page
errors-title = Please correct the following
list-empty = No orders fit the filters.
list-join = { ", " }
sentence = { $text }.
with-note = { $text } ({ $note })
unstated = Not stated

## Dates, quantities, money

date = { $day } { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
} { $year }
date-span = { $from } to { $until }
moment = { $day }, { $time }
away-today = today
away-days = { $n ->
    [one] in { $n } day
   *[other] in { $n } days
}
away-past = { $n ->
    [one] { $n } day ago
   *[other] { $n } days ago
}
quantity = { $amount } { $unit }
money = { $currency } { $amount }
price-per = { $amount } / { $unit }
tax-included = including tax
tax-excluded = excluding tax
count-lines = { $n ->
    [one] { $n } line
   *[other] { $n } lines
}
delivery-join = { "; " }
delivery = { $quantity } on { $day }
unit-piece = pcs
unit-set = sets
unit-pair = pairs
unit-metre = m
unit-square-metre = m²
unit-cubic-metre = m³
unit-kilogram = kg
unit-gram = g
unit-tonne = t
unit-litre = l
unit-box = boxes
unit-roll = rolls
unit-hour = h

## Lists

inbox-title = ({ $count }) { $title }
inbox-waiting = Needs my answer
inbox-proposed = Proposed, waiting for buyer
inbox-all = All
inbox-empty = Nothing waits for your answer.
inbox-empty-body = New orders appear here by themselves.
purchases-all = All
purchases-empty = No purchase orders yet.
proposals-empty = No proposals wait for your decision.
proposals-empty-body = When a supplier proposes another date, quantity or split, it appears here.
waiting-lines = { $n ->
    [one] { $n } line to answer
   *[other] { $n } lines to answer
}
proposed-lines = { $n ->
    [one] { $n } line to decide
   *[other] { $n } lines to decide
}
order = Order
order-number = Order number
buyer = Buyer
supplier = Supplier
requested = Requested
amount = Amount
state = State
purchasing-group = Purchasing group

## States

state-unanswered-mine = Needs your answer
state-unanswered = Unanswered
state-proposed = Waiting for buyer
state-proposed-mine = Needs your decision
state-accepted = Accepted
state-part-accepted = Part accepted
state-rejected = Rejected
state-cancelled = Cancelled
standing = Answer
standing-unanswered = { $quantity } unanswered
standing-proposed = Proposed: { $deliveries }
standing-accepted = { $quantity } accepted
standing-accepted-for = { $quantity } accepted for { $day }
standing-rejected = { $quantity } rejected: { $reason }
standing-cancelled = { $quantity } cancelled
reason-no-capacity = No capacity
reason-no-material = No material
reason-no-tooling = No tooling
reason-price = Price does not fit
reason-date = Date not feasible
reason-discontinued = No longer supplied
reason-other = Other

## The order

order-title = Order { $number }
published = Published
answer = Answer
accept-all = Accept all
accept-with-changes = Accept with changes
cannot-supply = Cannot supply
lines = Lines
line = Line
item = Item
ordered = Ordered
price = Unit price
line-of = Line { $number } · { $item }
line-part = { $line } (schedule line { $part })
schedule-line = Schedule line { $number }
item-buyers = Buyer’s item { $id }
item-sellers = Supplier’s item { $id }
item-revision = Drawing revision { $revision }
ship-to-site = Ship to { $site }
more-lines = More lines
notes = Notes
details = Details
order-type = Order type
type-standalone = Standalone
type-call-off = Call-off
type-framework = Framework agreement
revision = Revision
payable = Payable
vendor-number = Vendor number
agreement = Agreement
customer-reference = Buyer’s reference
payment-terms = Payment terms
delivery-terms = Delivery terms
party-ship-to = Ship to
party-bill-to = Bill to
party-originator = Originator
party-carrier = Carrier
party-pay-to = Pay to
party-other = Other party
timeline = What happened
history-published = The buyer published the order
history-responded = The supplier answered
history-responded-lines = { $n ->
    [one] The supplier answered { $n } line
   *[other] The supplier answered { $n } lines
}
history-resolved = The buyer decided on proposals
history-supplier-changed = The supplier took the order into its own firm
history-answer-overdue = The answer is overdue
history-reminded = The buyer reminded the supplier
history-reminder-opened = The supplier looked at the order after a reminder
history-progressed = The supplier reported progress
history-message-posted = A message was written
history-note-written = An internal note was written
done-answered = Your answer has arrived
done-answered-body = { $buyer } has it. This is how the order stands now.
done-decided = Your decision has arrived
done-decided-body = { $supplier } has it. This is how the order stands now.
done-changed = The order has changed
done-changed-body = Nothing was sent. This is how the order stands now.
next-order = Next: { $number } ({ $count } left)
news-published = New order { $number } from { $buyer }
news-responded = Order { $number } was answered
news-resolved = A proposal for order { $number } was decided

## Answering

accept-title = Accept all of order { $number }
accept-body = You promise { $partner } the quantities and dates below.
accept-more = and the other unanswered lines
accept-do = Accept
refuse-title = Cannot supply order { $number }
refuse-body = { $partner } will get your rejection of the unanswered { $lines }.
refuse-do = Reject
refuse-more = The order is long; this rejects the lines of this page first.
why = Reason
note-optional = Note (optional)
note-whole = Note to the buyer (optional)
note-to-supplier = Note to the supplier (optional)
note-of-line = Line { $number }: { $note }
change-title = Accept order { $number } with changes
change-body = The form is filled with what { $partner } asks for. Change only what differs.
change-do = Send the answer
asked = Asked
proposed = Proposed
can-supply = You can supply ({ $unit })
on-day = Delivery date
other-day = Another date than asked takes effect once the buyer agrees.
rest-title = If that is less than asked, the rest
rest-none = The full quantity asked for
rest-left = { $quantity } left over
rest-later = comes on another date
rest-reject = cannot be supplied
rest-leave = I answer later
second-quantity = Second delivery
second-hint = Leave empty for all the rest
second-date = Second date
third-quantity = Third delivery (optional)
third-date = Third date
difference-quantity = The quantity changed from { $before } to { $after }
difference-date = The date changed from { $before } to { $after }
changed-revision = While you were typing, the buyer replaced revision { $from } by { $to }. What you typed is kept; check it and send again.
changed-answered = While you were typing, somebody answered part of this order. What you typed is kept; check it and send again.
changed-confirm = Check what stands below and send again.
changed-while-open = This order has just changed. You can go on; differences are shown when you send.
fault-of-line = Line { $number }: { $text }
fault-number = Enter a number such as 3,600, or 0 for none.
fault-too-much = At most { $quantity } can be answered. Enter less; if you can supply more, say so in the note and the buyer will revise the order.
fault-date = Enter a date such as 2026-12-28.
fault-date-past = The date is past. Enter today or later.
fault-rest = Say what becomes of the rest.
fault-rest-sum = The deliveries must add up to the { $quantity } left over.
fault-reason = Choose a reason.
fault-note = Explain “Other” in the note.
fault-refused = This was not accepted. Please check it.
fault-nothing = Nothing is answered yet. Answer at least one line.
fault-undecided = Decide on at least one proposal.

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
other-terms = Another price or item (optional)
other-price = Proposed price
other-price-hint = The order’s price is { $price }
other-item = Name of the substitute
other-item-id = Your number of the substitute
other-terms-hint = Takes effect once the buyer agrees.
fault-substitute = Enter the name of the substitute.

## Proposals

proposals = Proposals
proposal-accepted = Agreed
proposal-declined = Declined
proposal-superseded = Void, the order changed
proposal-withdrawn = Withdrawn
proposed-at = Proposed { $at }
substitute = Substitute: { $item }
decision-on = Decision on { $item }
decide-accept = Agree
decide-decline = Decline; the supplier answers again
decide-do = Send the decision

## For suppliers: deadlines, changes, progress

answer-due = Answer due
due-paused = Clock paused
due-today = due today
due-left = { $n ->
    [one] { $n } day left
   *[other] { $n } days left
}
due-over = { $n ->
    [one] { $n } day overdue
   *[other] { $n } days overdue
}
due-uncertain = Public holidays are not announced yet, so the day may move
reminded-at = The buyer reminded you on { $at }
reminded-by = { $name } reminded you on { $at }
reminded-by-itself = Reminded by the system on { $at }, as the deadline is near
reminder = Reminder
days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
yes = yes
no = no
line-numbered = Line { $number }
difference-added = Added
difference-omitted = { $n ->
    [one] { $n } more line differs
   *[other] { $n } more lines differ
}
difference-old = before
difference-new = now
field-first-day = Earliest date
field-price-base = Price unit
field-unit = Unit
field-buyer-item = Buyer’s item
field-seller-item = Supplier’s item
field-drawing = Drawing revision
field-currency = Currency
field-tax = Tax
field-tax-included = Prices include tax
field-closed = Closed
field-held = On hold
field-other = Something else ({ $field })
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
cancel-demand = No demand
cancel-mistake = Entered by mistake
cancel-engineering = Design change
cancel-late = Delivery too late
cancel-quality = Quality
cancel-resourced = Bought elsewhere
inbox-consents = Buyers ask for changes and need your consent
withdraw = Withdraw the proposal
done-withdrawn = The proposal is withdrawn
done-withdrawn-body = What it covered waits for your answer again.
progress = Progress
progress-lead = One tap tells the buyer.
progress-all = All lines
progress-of = Progress of { $line }
stage-not-scheduled = Not scheduled
stage-scheduled = Scheduled
stage-in-production = In production
stage-in-inspection = In inspection
stage-ready = Ready to ship

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

## Signing in and invitations

sign-in-title = Sign in
sign-in-body = Open the link that you were given. No password is needed.
sign-in-member = You have an account
sign-in-member-body = Ask your firm’s administrator for a sign-in link. It is made on the page “Members”.
sign-in-invited = A buyer has invited you
sign-in-invited-body = Open the invitation link from your buyer. If you cannot find it, ask the buyer to send a new one.
sign-in-why = This device then stays signed in for 30 days.
session-ended = Your session has ended. Please sign in again.
sign-in-link-title = Sign in on this device
sign-in-here = Sign in
sign-in-link-terms = The link works once, until { $until }. Do not use it if this is not you.
firm = Firm
person = Name
device = Device
link-expires = Works until { $until }.
link-expired = The link has expired
link-expired-body = For safety, links work for a limited time.
link-used = The link was used already
link-used-body = A link works once. If it was you, simply open the start page.
link-unknown = The link does not work
link-unknown-body = It may be incomplete. Copy the whole link from the message again.
link-ask-admin = For a new link, ask your firm’s administrator.
link-ask-inviter = For a new link, ask the buyer who invited you.
invitation-title = { $inviter } invites you to answer its orders online
invitation-body = Fill this in to see and answer orders, free of charge.
invitation-name = Your name
invitation-firm = Your firm’s name
invitation-uscc = Unified social credit code (optional)
invitation-uscc-hint = 18 characters, as on the business licence.
invitation-name-missing = Enter your name.
invitation-name-wrong = The name is too long or has characters that cannot be used.
invitation-firm-wrong = The firm’s name is too long or has characters that cannot be used.
invitation-uscc-wrong = The code has 18 digits and capital letters. Please check it.
invitation-do = Begin
invitation-new = Or begin with a new account
invitation-claim = Accept as { $firm }
invitation-claim-body = The buyer’s orders come to the inbox that you already have.
invitation-claim-do = Accept the invitation
invitation-claim-denied = Only an administrator can accept for your firm. Please ask yours.

## Suppliers and members

partners-empty = No suppliers yet.
partner-invited = Invited, not yet here
partner-active = Active
partner-suspended = Suspended
partner-ended = Ended
since = Since
renew = New invitation link
members-body = A sign-in link works once. Hand it to the person in a way that you trust.
roles = Roles
role-admin = Administrator
role-buyer = Buyer
role-sales = Sales
role-viewer = Viewer
role-operator = Operator
member-active = Active
member-disabled = Disabled
make-link = Make a sign-in link
handover-invitation = Invitation link
handover-invitation-body = Send this link to the supplier. Earlier links no longer work.
handover-sign-in = Sign-in link
handover-sign-in-body = Hand this link to the person. It is shown this once.
handover-link = Link
handover-shown = The link was shown before and cannot be shown again. Make a new one if you need it.

## When something goes wrong

failure-not-found = There is no such page
failure-not-found-body = The address may be incomplete, or what it names is not your firm’s. Open it from a list.
failure-denied = You may not do this
failure-denied-body = If you need it, ask your firm’s administrator to change your roles.
failure-form-expired = This form is no longer valid
failure-form-expired-body = You may have signed in again since. Nothing was sent; open the page again and retry.
failure-foreign = This came from another site
failure-foreign-body = For safety nothing was done. Please use the pages of this site.
failure-malformed = What was sent cannot be read
failure-malformed-body = It is too large or malformed. Open the page again and retry.
failure-host = Wrong address
failure-host-body = Please use this portal’s own address.
failure-reused = This form was sent before
failure-reused-body = What you sent before stands; nothing was done this time. Open the order again to see it.
failure-unavailable = Not reachable right now
failure-unavailable-body = No data is lost. Please wait a moment and try again.
failure-rate = Too many requests
failure-rate-body = Please wait a moment and try again.
failure-internal = Something went wrong on our side
failure-internal-body = Please try again. If it stays, tell your administrator the code below.
failure-other = This was not done
failure-other-body = Please check and try again.

## Help

help-answer = Answering an order
help-answer-body = Open an order under “Needs my answer” and accept all, accept with changes, or say that you cannot supply. The buyer has it at once.
help-change = Another quantity or date
help-change-body = Choose “Accept with changes” and enter the quantity and date; the rest is computed. The buyer decides on dates that differ.
help-live = New orders appear by themselves
help-live-body = Keep the page open. After a break in the network it catches up.
help-sign-in = Another phone or computer
help-sign-in-body = Ask your administrator to make a sign-in link under “Members” and open it on the new device.
help-code = Codes
help-code-body = When something goes wrong, the page shows a code. Mention it when you ask for help.
