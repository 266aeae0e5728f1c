-- The scorecard of one relationship: all of it, in one row, of what orders.score_evidence says of each figure.
--
--   $1 buyer   $2 supplier   $3 from   $4 until, not included
--   $5 sites and $6 purchasing groups that the reader is narrowed to; empty: all
--
-- Supplier: orders published in the period that ask for something, and what became of them until now. An order is
-- answered by its first response. A schedule line is settled when nothing of it is unanswered or proposed, and accepted
-- when all of it is that was not cancelled. It is answered on time when it was answered and never overdue; null where no
-- order has a deadline.
-- Buyer: proposals made in the period. Those that were tolerated are agreed by the buyer's tolerances; its people decided
-- the others.
-- Changes: what the buyer changed or cancelled in the period of lines that were accepted, and what it asked to change
-- inside the frozen horizon, whatever the supplier said.
-- Times are whole seconds, cut off. percentile_disc is the nearest rank: a time that was measured, and no float.
select count(*) filter (where figure = 'answered') as "orders!",
       count(*) filter (where figure = 'answered' and counted) as "answered!",
       percentile_disc(0.5) within group (order by seconds) filter (where figure = 'answer_time')
           as answer_median_seconds,
       percentile_disc(0.9) within group (order by seconds) filter (where figure = 'answer_time')
           as answer_p90_seconds,
       case when bool_or(due_on is not null) filter (where figure = 'answered') then
           count(*) filter (where figure = 'answered_on_time' and counted)
       end as answered_on_time,
       count(*) filter (where figure = 'acceptance') as "lines_settled!",
       count(*) filter (where figure = 'acceptance' and counted) as "lines_accepted!",
       count(*) filter (where figure = 'proposals') as "proposals!",
       count(*) filter (where figure = 'agreed_by_tolerance' and counted) as "agreed_by_tolerance!",
       count(*) filter (where figure = 'decided' and outcome = 'accepted') as "accepted!",
       count(*) filter (where figure = 'decided' and outcome = 'declined') as "declined!",
       count(*) filter (where figure = 'waiting') as "waiting!",
       percentile_disc(0.5) within group (order by seconds) filter (where figure = 'decision_time')
           as decision_median_seconds,
       percentile_disc(0.9) within group (order by seconds) filter (where figure = 'decision_time')
           as decision_p90_seconds,
       count(*) filter (where figure = 'changes_to_accepted_lines') as "changes!",
       count(*) filter (where figure = 'changes_inside_frozen_horizon') as "frozen_changes!"
from orders.score_evidence($1, $2, $3, $4, $5, $6, null)
