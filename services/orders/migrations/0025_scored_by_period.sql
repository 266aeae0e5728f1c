-- As before, but read by the period: every order that two firms ever had was read for the figures of three months, and of years
-- of business a partner's page did not come in time. An order is published when its first revision is.
set local lock_timeout = '3s';
create index proposal_period_idx on orders.proposal (buyer, supplier, at);

create or replace function orders.score_evidence(
    the_buyer uuid, the_supplier uuid, begin_at timestamptz, end_at timestamptz, own_sites text[], own_groups text[],
    only_figure text)
returns table (
    figure text, counted boolean, order_id uuid, schedule_line_id uuid, id uuid, version bigint, at timestamptz,
    ended_at timestamptz, seconds bigint, due_on date, overdue boolean, outcome text, frozen boolean,
    ordered numeric, accepted numeric, cancelled numeric)
language sql stable set search_path = '' as $$
    with asked as (
        select o.id as order_id, o.published_at, answer.first_at as answered_at,
               floor(extract(epoch from answer.first_at - o.published_at))::bigint as seconds,
               -- the day that was missed first, where one was
               case when d.order_id is not null then coalesce(missed.first_on, d.due_on) end as due_on,
               missed.first_on is not null as overdue
        from orders.purchase_order o
        cross join lateral (
            select min(a.at) as first_at from orders.response a
            where a.order_id = o.id and a.buyer = o.buyer) answer
        left join orders.answer_deadline d on d.order_id = o.id and d.buyer = o.buyer
        cross join lateral (
            select min(v.due_on) as first_on from orders.answer_overdue v
            where v.order_id = o.id and v.buyer = o.buyer) missed
        where o.buyer = the_buyer and o.supplier = the_supplier
            and o.published_at >= begin_at and o.published_at < end_at
            and (cardinality(own_sites) = 0 or o.sites = '{}' or o.sites && own_sites)
            and (cardinality(own_groups) = 0 or o.purchasing_group = any (own_groups))
            and exists (select from orders.schedule_line p
                        where p.order_id = o.id and p.buyer = o.buyer and p.quantity > 0)
    ),
    proposed as (
        select p.order_id, p.schedule_line_id, p.id, p.version, p.at, r.at as decided_at,
               floor(extract(epoch from r.at - p.at))::bigint as seconds,
               case
                   when r.automatic then 'tolerated'
                   when r.accepted then 'accepted'
                   when not r.accepted then 'declined'
                   when e.withdrawn then 'withdrawn'
                   -- void since the buyer changed or cancelled what it was about
                   when e.proposal_id is not null or p.version <= s.answered_since then 'superseded'
                   else 'waiting'
               end as outcome
        from orders.proposal p
        join orders.purchase_order o on o.id = p.order_id and o.buyer = p.buyer
        join orders.schedule_state s on s.schedule_line_id = p.schedule_line_id and s.buyer = p.buyer
        left join orders.resolution r on r.order_id = p.order_id and r.buyer = p.buyer and r.proposal_id = p.id
        left join orders.proposal_end e on e.order_id = p.order_id and e.buyer = p.buyer and e.proposal_id = p.id
        where p.buyer = the_buyer and p.supplier = the_supplier and p.at >= begin_at and p.at < end_at
            and (cardinality(own_sites) = 0 or o.sites = '{}' or o.sites && own_sites)
            and (cardinality(own_groups) = 0 or o.purchasing_group = any (own_groups))
    )
    select f.figure, f.counted, a.order_id, null::uuid, a.order_id, 1::bigint, a.published_at, a.answered_at,
           a.seconds, a.due_on, a.overdue, null::text, null::boolean, null::numeric, null::numeric, null::numeric
    from asked a
    cross join lateral (values
        ('answered', a.answered_at is not null, true),
        ('answer_time', true, a.answered_at is not null),
        ('answered_on_time', a.due_on is not null and not a.overdue,
         a.answered_at is not null and exists (select from asked other where other.due_on is not null))
    ) f (figure, counted, belongs)
    where (only_figure is null or only_figure in ('answered', 'answer_time', 'answered_on_time'))
        and f.belongs and (only_figure is null or f.figure = only_figure)
    union all
    -- Nothing of it is unanswered or proposed, and something is wanted.
    select 'acceptance', s.accepted = s.ordered - s.cancelled, a.order_id, s.schedule_line_id, s.schedule_line_id,
           1, a.published_at, null, null, null, null, null, null, s.ordered, s.accepted, s.cancelled
    from asked a
    join orders.schedule_state s on s.order_id = a.order_id and s.buyer = the_buyer
    where (only_figure is null or only_figure = 'acceptance')
        and s.unanswered = 0 and s.proposed = 0 and s.ordered > s.cancelled
    union all
    select f.figure, f.counted, p.order_id, p.schedule_line_id, p.id, p.version, p.at, p.decided_at, p.seconds, null,
           null, p.outcome, null, null, null, null
    from proposed p
    cross join lateral (values
        ('proposals', true, true),
        ('agreed_by_tolerance', p.outcome = 'tolerated', true),
        ('decided', p.outcome in ('accepted', 'declined'), true),
        ('waiting', true, p.outcome = 'waiting'),
        ('decision_time', true, p.outcome in ('accepted', 'declined'))
    ) f (figure, counted, belongs)
    where (only_figure is null
           or only_figure in ('proposals', 'agreed_by_tolerance', 'decided', 'waiting', 'decision_time'))
        and f.belongs and (only_figure is null or f.figure = only_figure)
    union all
    select f.figure, true, v.order_id, v.schedule_line_id, v.schedule_line_id, v.version, v.at, null, null, null, null,
           null, v.frozen, null, v.accepted, null
    from orders.volatility v
    join orders.purchase_order o on o.id = v.order_id and o.buyer = v.buyer
    cross join lateral (values
        ('changes_to_accepted_lines', true),
        ('changes_inside_frozen_horizon', v.frozen)
    ) f (figure, belongs)
    where (only_figure is null or only_figure in ('changes_to_accepted_lines', 'changes_inside_frozen_horizon'))
        and v.buyer = the_buyer and v.supplier = the_supplier and v.at >= begin_at and v.at < end_at
        and (cardinality(own_sites) = 0 or o.sites = '{}' or o.sites && own_sites)
        and (cardinality(own_groups) = 0 or o.purchasing_group = any (own_groups))
        and f.belongs and (only_figure is null or f.figure = only_figure)
$$;
