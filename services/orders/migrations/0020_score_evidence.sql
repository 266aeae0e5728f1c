-- Everything that a scorecard counts, once for each figure that it counts for. The figures are aggregates of these rows
-- (services/orders/src/db/scorecard.sql), and whoever asks what stands behind one gets the rows themselves. A function with
-- a search_path of its own is a closed box to the planner: which figure is asked for is told inside, where each part first
-- looks, once, whether it has that one, and reads nothing where it has not.
create function orders.score_evidence(
    the_buyer uuid, the_supplier uuid, begin_at timestamptz, end_at timestamptz, own_sites text[], own_groups text[],
    only_figure text)
returns table (
    figure text, counted boolean, order_id uuid, schedule_line_id uuid, id uuid, version bigint, at timestamptz,
    ended_at timestamptz, seconds bigint, due_on date, overdue boolean, outcome text, frozen boolean,
    ordered numeric, accepted numeric, cancelled numeric)
language sql stable set search_path = '' as $$
    with in_scope as (
        select o.id
        from orders.purchase_order o
        where o.buyer = the_buyer and o.supplier = the_supplier
            and (cardinality(own_sites) = 0 or o.sites = '{}' or o.sites && own_sites)
            and (cardinality(own_groups) = 0 or o.purchasing_group = any (own_groups))
    ),
    asked as (
        select r.order_id, r.published_at, answer.first_at as answered_at,
               floor(extract(epoch from answer.first_at - r.published_at))::bigint as seconds,
               -- the day that was missed first, where one was
               case when d.order_id is not null then coalesce(missed.first_on, d.due_on) end as due_on,
               missed.first_on is not null as overdue
        from orders.order_revision r
        cross join lateral (
            select min(a.at) as first_at from orders.response a
            where a.order_id = r.order_id and a.buyer = r.buyer) answer
        left join orders.answer_deadline d on d.order_id = r.order_id and d.buyer = r.buyer
        cross join lateral (
            select min(v.due_on) as first_on from orders.answer_overdue v
            where v.order_id = r.order_id and v.buyer = r.buyer) missed
        where r.order_id in (select s.id from in_scope s) and r.buyer = the_buyer and r.revision = 1
            and r.published_at >= begin_at and r.published_at < end_at
            and exists (select from orders.schedule_line p where p.order_id = r.order_id and p.quantity > 0)
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
        join orders.schedule_state s on s.schedule_line_id = p.schedule_line_id and s.buyer = p.buyer
        left join orders.resolution r on r.order_id = p.order_id and r.buyer = p.buyer and r.proposal_id = p.id
        left join orders.proposal_end e on e.order_id = p.order_id and e.buyer = p.buyer and e.proposal_id = p.id
        where p.order_id in (select s.id from in_scope s) and p.buyer = the_buyer
            and p.at >= begin_at and p.at < end_at
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
    cross join lateral (values
        ('changes_to_accepted_lines', true),
        ('changes_inside_frozen_horizon', v.frozen)
    ) f (figure, belongs)
    where (only_figure is null or only_figure in ('changes_to_accepted_lines', 'changes_inside_frozen_horizon'))
        and v.order_id in (select s.id from in_scope s) and v.buyer = the_buyer and v.at >= begin_at and v.at < end_at
        and f.belongs and (only_figure is null or f.figure = only_figure)
$$;
comment on function orders.score_evidence(uuid, uuid, timestamptz, timestamptz, text[], text[], text) is
    'what each figure of a scorecard is of, or only one, narrowed to sites and purchasing groups where any are given; as its '
    'caller sees it';
revoke all on function orders.score_evidence(uuid, uuid, timestamptz, timestamptz, text[], text[], text) from public;
grant execute on function orders.score_evidence(uuid, uuid, timestamptz, timestamptz, text[], text[], text) to tandem_app;
