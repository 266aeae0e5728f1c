-- For other services: the unit in which a schedule line is counted, so that capacity counts it in the unit of the demand.
create or replace view orders.placed_line with (security_invoker = true) as
    select p.id as schedule_line_id, p.order_id, p.buyer, p.supplier, l.buyer_item_id, p.requested_date, p.content,
           s.accepted, s.closed, l.line_number, s.proposed + s.unanswered as open, l.unit_code
    from orders.schedule_line p
    join orders.order_line l
        on l.order_id = p.order_id and l.buyer = p.buyer and l.position = p.line_position and l.superseded is null
    join orders.schedule_state s on s.schedule_line_id = p.id and s.buyer = p.buyer
    where p.superseded is null;
comment on view orders.placed_line is
    'each schedule line as it is asked for now, how much of it is accepted, and in which unit (UN/ECE Recommendation 20 where it is known; empty: unstated); content: tandem.orders.v1.ScheduleLine';
