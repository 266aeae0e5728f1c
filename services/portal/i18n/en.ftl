# Every string of the partner portal. Messages and arguments must be those of zh.ftl, or nothing builds.

## General

brand = Tandem
other-language = 中文
skip = Skip to the content
sandbox = Example data
sandbox-body = Firms and orders are made up.
nav-label = Main
nav-inbox = Needs my answer
nav-more = More
nav-purchases = Purchase orders
nav-proposals = To decide
nav-partners = Partners
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
unit-second = s

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
item-reservation = Uses capacity reservation { $reservation }
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

## Signing in and invitations

sign-in-title = Sign in
sign-in-body = Open the link that you were given. No password is needed.
sign-in-member = You have an account
sign-in-member-body = Ask your firm’s administrator for a sign-in link. It is made on the page “Members”.
sign-in-invited = A buyer has invited you
sign-in-invited-body = Open the invitation link from your buyer. If you cannot find it, ask the buyer to send a new one.
sign-in-why = This device then stays signed in for 30 days.
session-ended = Your session has ended. Please sign in again.
mail-link-address = Mail address
mail-link-hint = The address that your administrator has set up for you. If there is none, ask for a sign-in link.
mail-link-do = Send a sign-in link
mail-link-wrong = Enter a whole mail address.
mail-link-often = Too many links were asked for. Please wait a moment and try again.
mail-link-sent = If this address belongs to a member, a link is on its way. It comes within a few minutes and works for an hour.

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
invitation-code = Code
invitation-code-hint = Six digits, mailed to { $mail }. The buyer has given this address for you.
invitation-code-send = Send the code
invitation-code-sent = A code is on its way to { $mail }. It works for 30 minutes.
invitation-code-missing = Enter the code. If you have none, choose “Send the code”.
invitation-code-wrong = This is not the code that was sent last. Please check it.
invitation-code-ended = The code works no longer. Choose “Send the code” for a new one.
invitation-code-often = Too many codes were asked for. Please wait a while and try again.
invitation-code-enough = No more codes are sent for this invitation. Ask the buyer for a new link.
invitation-code-unsent = The code could not be sent. Try again later, or ask the buyer whether the address is right.
invitation-do = Begin
invitation-new = Or begin with a new account
invitation-claim = Accept as { $firm }
invitation-claim-body = The buyer’s orders come to the inbox that you already have.
invitation-claim-do = Accept the invitation
invitation-claim-denied = Only an administrator can accept for your firm. Please ask yours.

## Suppliers and members

partners-empty = No partners yet.
partners-search = Firm or number
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
help-sheet = Answering many orders in Excel
help-sheet-body = Under “Needs my answer” choose to answer in Excel: download, fill in, send back. Rows with errors come back in red; the others are answered.
paper-code = Scan to open order { $number } as it stands now
help-live = New orders appear by themselves
help-live-body = Keep the page open. After a break in the network it catches up.
help-sign-in = Another phone or computer
help-sign-in-body = Ask your administrator to make a sign-in link under “Members” and open it on the new device. Where the page to sign in asks for a mail address, you can have one sent.
help-code = Codes
help-code-body = When something goes wrong, the page shows a code. Mention it when you ask for help.
