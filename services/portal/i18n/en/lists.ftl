## Work lists, deadlines, what may come late

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
stage-not-scheduled = Not scheduled
stage-scheduled = Scheduled
stage-in-production = In production
stage-in-inspection = In inspection
stage-ready = Ready to ship
stage-unsaid = Nothing said
purchases-overdue = Overdue
purchases-pending = Changes to consent to
purchases-differs = Differs from ERP
purchases-mine = My purchasing groups: { $groups }
flag-held = On hold
flag-differs = Differs from ERP
nav-at-risk = At risk
at-risk-body = Accepted lines whose promised day is near or past while nothing moves, the most urgent first.
at-risk-empty = No lines are at risk.
at-risk-days = Days ahead
at-risk-within = { $n ->
    [one] within { $n } day
   *[other] within { $n } days
}
committed = Committed
progress = Progress
risk = Risk
risk-past = Promised day is past
risk-not-started = Near, not begun
risk-stalled = Stalled

## Looking for orders

inbox-search = Number, item or customer
purchases-search = Number, item or supplier
search-empty = Nothing found for “{ $text }”.
inbox-searched = Looked for are order numbers, item numbers (the customer’s or your own), item names and customers’ names; a part is enough. Of several words, all must be there.
purchases-searched = Looked for are order numbers, item numbers (your own or the supplier’s), item names and suppliers’ names; a part is enough. Of several words, all must be there.
kept-filters = Kept filters
keep-filter = Keep this filter
filter-name = Name
keep = Keep
drop-filter = Delete “{ $name }”
