-- For other services: each line as it was last published, and what of it is still open, as its two firms see it.
--
-- `open`: neither closed, rejected nor cancelled. `in_process`: accepted of it and in production, inspection or ready to
-- ship, as the supplier said last; null: it said nothing. What is on its way is not known yet.
create view orders.published_line with (security_invoker = true) as
    select l.order_id, l.buyer, l.supplier, o.source_system, o.order_number, o.purchasing_group, o.sites,
           s.revision as order_revision,
           r.published_at as line_published_at, l.position, l.line_number, l.buyer_item_id, l.item_name, l.unit_code,
           l.content, q.open, q.in_process, q.first_requested
    from orders.order_line l
    join orders.purchase_order o on o.id = l.order_id and o.buyer = l.buyer
    join orders.order_state s on s.order_id = l.order_id and s.buyer = l.buyer
    join orders.order_revision r on r.order_id = l.order_id and r.buyer = l.buyer and r.revision = l.revision
    cross join lateral (
        select coalesce(sum(t.accepted + t.proposed + t.unanswered) filter (where not t.closed), 0) as open,
               sum(case when g.stage between 3 and 5 then t.accepted else 0 end)
                   filter (where not t.closed and g.stage is not null) as in_process,
               min(p.requested_date) filter (where not t.closed) as first_requested
        from orders.schedule_line p
        join orders.schedule_state t on t.schedule_line_id = p.id and t.buyer = p.buyer
        left join lateral (
            select x.stage from orders.progress x
            where x.order_id = p.order_id and x.buyer = p.buyer and x.schedule_line_id = p.id
                and x.version > t.answered_since
            order by x.version desc limit 1) g on true
        where p.order_id = l.order_id and p.buyer = l.buyer and p.line_position = l.position and p.superseded is null
    ) q
    where l.superseded is null;
comment on view orders.published_line is
    'each line as it was last published, and what of it is open; content: tandem.orders.v1.OrderLine without schedule lines';

grant select on orders.published_line to tandem_app;

-- Lines of an item of the buyer's, for what a new drawing of it changes. By the item alone: a plan that was kept while tables
-- were small would else go by the buyer, and read all of its lines for each line of an order.
create index order_line_item_idx on orders.order_line (buyer_item_id) where superseded is null;
