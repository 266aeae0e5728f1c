-- For other services: what orders ask for, as their two firms see it. What was agreed of it stands in the events.
create view orders.placed_order with (security_invoker = true) as
    select o.id as order_id, o.buyer, o.supplier, r.content
    from orders.purchase_order o
    join orders.order_state s on s.order_id = o.id and s.buyer = o.buyer
    join orders.order_revision r on r.order_id = o.id and r.buyer = o.buyer and r.revision = s.revision;
comment on view orders.placed_order is 'the newest document of each order: tandem.orders.v1.OrderContent without lines';

create view orders.placed_line with (security_invoker = true) as
    select p.id as schedule_line_id, p.order_id, p.buyer, p.supplier, l.buyer_item_id, p.requested_date, p.content,
           s.accepted, s.closed
    from orders.schedule_line p
    join orders.order_line l
        on l.order_id = p.order_id and l.buyer = p.buyer and l.position = p.line_position and l.superseded is null
    join orders.schedule_state s on s.schedule_line_id = p.id and s.buyer = p.buyer
    where p.superseded is null;
comment on view orders.placed_line is
    'each schedule line as it is asked for now, and how much of it is accepted; content: tandem.orders.v1.ScheduleLine';

grant select on orders.placed_order, orders.placed_line to tandem_app;
