-- The scorecard of one relationship: all of it, in one row, from rows that repeat what the events say.
--
--   $1 buyer   $2 supplier   $3 from   $4 until, not included
--   $5 sites and $6 purchasing groups that the reader is narrowed to; empty: all
--
-- Supplier: orders published in the period that ask for something, and what became of them until now. An order is
-- answered by its first response. A schedule line is settled when nothing of it is unanswered or proposed, and accepted
-- when all of it is that was not cancelled. It is answered on time when it was answered and never overdue; null where no
-- order has a deadline.
-- Buyer: proposals made in the period. `automatic` resolutions are the buyer's tolerances; the others its people's.
-- Changes: what the buyer changed or cancelled in the period of lines that were accepted, and what it asked to change
-- inside the frozen horizon, whatever the supplier said.
-- Times are whole seconds, cut off. percentile_disc is the nearest rank: a time that was measured, and no float.
with in_scope as (
    select o.id
    from orders.purchase_order o
    where o.buyer = $1 and o.supplier = $2
        and (cardinality($5::text[]) = 0 or o.sites = '{}' or o.sites && $5)
        and (cardinality($6::text[]) = 0 or o.purchasing_group = any ($6))
),
asked as (
    select r.order_id,
           floor(extract(epoch from (
               select min(a.at) from orders.response a where a.order_id = r.order_id and a.buyer = r.buyer
           ) - r.published_at))::bigint as answer_seconds,
           d.order_id is not null as has_deadline,
           exists (select from orders.answer_overdue v
                   where v.order_id = r.order_id and v.buyer = r.buyer) as overdue
    from orders.order_revision r
    left join orders.answer_deadline d on d.order_id = r.order_id and d.buyer = r.buyer
    where r.order_id in (select id from in_scope) and r.buyer = $1 and r.revision = 1
        and r.published_at >= $3 and r.published_at < $4
        and exists (select from orders.schedule_line p where p.order_id = r.order_id and p.quantity > 0)
),
line as (
    select s.accepted = s.ordered - s.cancelled as accepted
    from orders.schedule_state s
    where s.order_id in (select order_id from asked) and s.buyer = $1
        and s.unanswered = 0 and s.proposed = 0 and s.ordered > s.cancelled
),
proposed as (
    select r.accepted, r.automatic,
           floor(extract(epoch from r.at - p.at))::bigint as decision_seconds,
           -- withdrawn, or void since the buyer changed or cancelled what it was about
           r.accepted is null and (p.version <= s.answered_since or exists (
               select from orders.proposal_end e
               where e.order_id = p.order_id and e.buyer = p.buyer and e.proposal_id = p.id)) as ended
    from orders.proposal p
    join orders.schedule_state s on s.schedule_line_id = p.schedule_line_id and s.buyer = p.buyer
    left join orders.resolution r on r.order_id = p.order_id and r.buyer = p.buyer and r.proposal_id = p.id
    where p.order_id in (select id from in_scope) and p.buyer = $1 and p.at >= $3 and p.at < $4
)
select exists (select from partners.trading_relationship t where t.buyer = $1 and t.supplier = $2) as "known!",
       a.orders as "orders!", a.answered as "answered!", a.median as answer_median_seconds,
       a.p90 as answer_p90_seconds, a.on_time as answered_on_time, l.settled as "lines_settled!", l.accepted as "lines_accepted!",
       p.proposals as "proposals!", p.automatic as "agreed_by_tolerance!", p.accepted as "accepted!",
       p.declined as "declined!", p.waiting as "waiting!", p.median as decision_median_seconds,
       p.p90 as decision_p90_seconds, v.changes as "changes!", v.frozen as "frozen_changes!"
from (
    select count(*) as orders, count(answer_seconds) as answered,
           percentile_disc(0.5) within group (order by answer_seconds) as median,
           percentile_disc(0.9) within group (order by answer_seconds) as p90,
           case when bool_or(has_deadline) then
               count(*) filter (where has_deadline and not overdue and answer_seconds is not null)
           end as on_time
    from asked
) a, (
    select count(*) as settled, count(*) filter (where accepted) as accepted from line
) l, (
    select count(*) as proposals,
           count(*) filter (where automatic) as automatic,
           count(*) filter (where accepted and not automatic) as accepted,
           count(*) filter (where not accepted) as declined,
           count(*) filter (where accepted is null and not ended) as waiting,
           percentile_disc(0.5) within group (order by decision_seconds) filter (where not automatic) as median,
           percentile_disc(0.9) within group (order by decision_seconds) filter (where not automatic) as p90
    from proposed
) p, (
    select count(*) as changes, count(*) filter (where frozen) as frozen
    from orders.volatility
    where order_id in (select id from in_scope) and buyer = $1 and at >= $3 and at < $4
) v
