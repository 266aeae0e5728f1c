## Capacity: weeks, groups, demand

nav-capacity = Capacity
capacity-map = Capacity map
capacity-saved = Saved.
week = W{ $number }
short-day = { $day } { $month ->
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
}
whole-week = Week { $number } of { $year }, from { $day }
turn = Other weeks
turn-earlier = Earlier 12 weeks
turn-present = From this week
turn-later = Next 12 weeks
legend = Legend
group = Capacity group
group-for = For { $customer }
group-own = Our own
group-customer = For customer
group-unit = Unit
group-sites = Sites
group-changed = Updated
group-inactive = Inactive
map-own = Our capacity groups
map-theirs = Capacity of suppliers
map-theirs-body = Groups that suppliers keep for your firm, shown as far as each of them chose.
map-read = In each cell: demand / maximum
map-search = Group or firm
map-empty = No capacity groups yet
map-empty-body = A capacity group is a set of machines or lines that stand in for each other. Make one, tick what it makes for which customer, and fill in what is planned for twelve weeks: then this page shows which weeks are tight.
map-empty-reader = Groups appear here once your firm has made some, or once suppliers keep some for your firm.
week-free = Room left
week-even = Exactly full
week-tight = Over plan, within maximum
week-over = Over maximum
week-unknown = Demand or capacity unknown
week-suffices = Enough
week-suffices-not = Not enough
band = { $from }–{ $until }%
band-over = >100%
level = Disclosed
level-exact = Exact figures
level-banded = In steps of a quarter
level-exact-hint = The customer sees demand, planned and maximum of each week.
level-banded-hint = The customer sees how full a week is, such as 50–75 %.
level-yes-no = Whether it suffices
level-yes-no-hint = The customer sees that a week suffices for its demand, or does not.
level-hidden = Nothing
level-hidden-hint = The customer does not even see that there is a group.
policy-title = Disclosure
policy-body = What a customer sees of the capacity groups that you keep for it. Your own groups, and what other customers order, no customer ever sees.
policy-others = Every other customer
policy-as-others = As every other customer
policy-since = Since
policy-set = What a customer sees
policy-set-body = Holds from now on; what the customer has seen before it may have kept.
week-full = Used
not-known = unknown
cell-figures = demand { $demand }, maximum { $maximum }
cell-said = { $week }: { $figures }; { $state }
shorts = Bottlenecks
shorts-further = { $n } more in the table below.
short-where = { $group } · { $week }
short-of-maximum = { $amount } over the maximum
short-of-plan = { $amount } over plan, still within the maximum
moved = Demand that moved far
moved-body = Compared with the demand as it was last measured, by the bounds that the supplier set for its capacity group.
moved-up = Up by { $by }: from { $before } to { $after }
moved-down = Down by { $by }: from { $before } to { $after }
moved-up-only = Up further than the supplier's bounds
moved-down-only = Down further than the supplier's bounds
moved-up-short = up
moved-down-short = down
moved-further = { $n } more weeks are not listed.
moved-measured = Demand last measured
bounds-title = Alerts of demand that moves
bounds-body = Where demand moves beyond a bound since it was last measured, you are told, and the customers who see the group. With all parts empty, nothing is measured any more.
bounds-start = First measured on
bounds-start-hint = Then again after each interval. Another day or interval begins anew.
bounds-start-past = The first measurement lies after today, or stays on the day that it was.
bounds-interval = Weeks from one measurement to the next
bounds-part = Part { $n }
bounds-hint = One part of the weeks ahead after the other, from this week on. Empty is no bound; a move has to be strictly beyond one.
bounds-weeks = Weeks
bounds-more = Up by more than
bounds-less = Down by more than
bounds-more-by = Up by a quantity of more than
bounds-less-by = Down by a quantity of more than
demand = Demand
actual = Planned
maximum = Maximum
agreed = Agreed
no-obligation = no obligation to deliver
delta = Production delta
past-title = History
past-body = Every version that was saved: who changed what, and when. Your firm alone sees it.
past-column = Version
past-when = When
past-who = Who
past-what = What differs from the version before
past-version = Version { $n }
past-first = first version
past-same = no difference
past-changed = { $what }: { $was } → { $is }
past-week = { $which } { $what }
past-inactive = not in use any more
past-active = in use again
past-linked = { $material } added
past-unlinked = { $material } removed
past-groups = other groups are summed
past-sites = other sites
past-volatility = demand is measured otherwise
past-further = { $n } more
past-demand-body = Every version that was stated: when, and what changed. Both firms see it; who stated it, only their own.
past-of = { $name }: { $title }
past-series-added = { $series } added
past-series-removed = { $series } removed
booked = Accepted orders
borrowed = Borrowed
lent = Lent
lent-to-others = { $amount } lent to other firms
borrowed-from = Borrowed from
borrowed-rule = Borrowed hours are part of the planned and the maximum capacity and cannot be offered on. Once given back, they are taken off by themselves.
with-borrowed = { $figures }, of which { $amount } borrowed
with-lent = { $figures }, with { $amount } lent in the demand
cell-borrowed = { $n } lent
with-uncounted = { $figures }, { $n } schedule lines in another unit not counted
cell-uncounted = { $n } not counted
uncounted = { $n ->
    [one] { $n } schedule line of accepted orders is in a unit that cannot be converted into the demand’s, such as pieces into kilograms. It is not counted.
   *[other] { $n } schedule lines of accepted orders are in units that cannot be converted into the demand’s, such as pieces into kilograms. They are not counted.
}
uncounted-of = { $material }: { $said }
uncounted-line = another unit, not counted
capacity-borrowed = Added to the group: the week’s planned and maximum capacity have grown.
offered = Offered
shortfall = Over plan
week-column = Week
week-state = State
weeks-title = Week by week
weeks-of-state = { $n ->
    [one] { $n } week: { $state }
   *[other] { $n } weeks: { $state }
}
chart-title = { $name }: demand against capacity
origin = Where the demand comes from
origin-none = No demand is known for this week.
origin-rule = Accepted orders consume the forecast of their material: the larger of the two counts, times what a piece takes.
origin-further = { $n } more materials are not listed.
origin-groups = Groups that are summed
origin-orders = Orders promised for this week
material = Material
forecast = Forecast
load-factor = Per piece
load = Load
promised = Promised
category-default = Default
category-after-sales = After-sales
category-series = Series
category-phase-in = Phase-in
category-single-order = Single order
category-small-series = Small series
category-extraordinary = Extraordinary
category-phase-out = Phase-out

## Filling in

edit-title = Fill in capacity
edit-figure = Which figure
edit-actual = Planned: what you plan to make each week. Type 204, or 204/240 for planned and maximum. An empty cell is unknown, which is not 0. Where you plan more than the maximum was, the maximum rises with it.
edit-maximum = Maximum: what you could reach with overtime; at least what is planned. An empty cell is as much as is planned.
edit-agreed = Agreed: what you agreed with the customer, for information; no obligation to deliver.
edit-no-figure = Type a number, such as 204
edit-too-large = This number is too large
edit-below-actual = Cannot be less than the planned { $actual }
edit-actual-first = First fill in what is planned for this week
grid-fault = { $where }: { $text }
grid-filled = Filled in, not saved yet. Check it, then save.
grid-pasted = { $n ->
    [one] { $n } cell is filled in, not saved yet. Check it, then save.
   *[other] { $n } cells are filled in, not saved yet. Check them, then save.
}
grid-moved = Someone changed this meanwhile
grid-moved-body = What you typed is still in the table, with what stands there now beside it. Rows without a remark are saved. Compare, then save once more.
grid-now = Now { $value }
grid-newer = Figures in this table have been changed since you opened it. You can go on; they are compared when you save.
grid-newer-show = Load it again (what is not saved is lost)
copy-right = Copy right
paste-title = Paste from Excel
paste-label = Pasted table
paste-hint = Select the cells in Excel, copy them and paste them here. The first column may hold names or numbers; without names, rows are filled from the top.
paste-do = Fill in the table
paste-unknown = No row has these names: { $names }
paste-beyond = Rows or columns beyond the table were left out: it has 12 weeks
paste-nothing = There is no number to fill in
quick-title = Fill in by shifts
quick-hint = Machines × shifts × hours × days × efficiency fills twelve weeks. The maximum is reckoned at 100 % efficiency; weeks that your calendar closes altogether get 0.
quick-machines = Machines
quick-shifts = Shifts a day
quick-hours = Hours a shift
quick-days = Days a week
quick-efficiency = Efficiency (%)
quick-do = Fill 12 weeks
quick-wrong = Type numbers: at most 24 hours a day, 7 days a week, 100 % efficiency
demand-title = Demand
demand-empty = No demand yet
demand-empty-body = Add the demand of a material, choose the supplier, then fill in quantities week by week. The supplier sees at once which weeks are tight.
demand-empty-reader = Demand appears here once customers state it.
demand-body = A forecast is not an order. An empty cell is unknown, which is not 0. The supplier sees it as soon as you save.
demand-reader = What customers expect to need from you. A forecast is not an order.
demand-no-quantity = Type a quantity, such as 12000

## Capable to promise

promise-title = What capacity allows
promise-body = Only your firm sees this. Reckoned over the accepted orders of all customers and what you offered; nothing is reserved.
promise-on-time = Can be made in the requested week
promise-late = { $amount } after the requested week
promise-partial = No room for { $amount }
promise-none = No room in any known week
promise-split = Earliest deliveries
promise-turned = If all is accepted as asked
promise-tight-already = No colour changes: the week is tight already, or its room is offered
promise-unturned = No week gets tighter
promise-turn = from “{ $before }” to “{ $after }”
promise-further = { $n } more lines were not tried.
promise-do = Fill in the answer with this split
promise-untried = Not tried
promise-unit = The order counts in { $unit }, your groups count this item in another unit, and neither converts into the other. Please check by hand whether there is room.
promise-unit-do = See the capacity

## Groups and series, set up

setup-new = New capacity group
setup-edit = Change capacity group
setup-body = A capacity group is a set of machines or lines that stand in for each other, measured in one unit.
setup-name = Name
setup-name-hint = Such as “Small presses 80–160 t”
setup-customer-hint = A group for one customer is shown to it, as far as you disclose; your own groups no customer sees.
setup-inactive = Inactive (as if it were not there)
setup-links = What it makes
setup-links-hint = Fill in what one piece takes: seconds where it is measured in machine time (cycle ÷ cavities), such as 1.5; else how many units. Leave empty what it does not make.
setup-no-series = No customer has stated demand yet. Save the group now and link demand later.
setup-more = The first 100 demands are listed; link others by API or command line.
setup-factor-wrong = Type a number above 0, such as 1.5
setup-moved = Someone changed this group meanwhile. Go back, look at it, and change it anew.
setup-link-kinds = A group for a customer links at least one demand of that customer.
setup-customer-differs = A group for a customer links demand of that customer alone.
unit-machine-hours = hours (machine time)
demand-new = Add demand of a material
demand-new-body = What is needed of one material at one place. Save it, then fill in quantities week by week.
demand-location = Delivered to
demand-location-hint = The code of the receiving site, as orders name it, such as CY01
demand-category = Category
material-number = Material number
material-description = Material name
