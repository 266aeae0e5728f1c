-- What an order line consumed goes back once the line takes nothing of it any more.

-- Which order had it stays known.
alter table capacity.reservation drop constraint reservation_order_check;
alter table capacity.reservation add constraint reservation_order_check check (
    (order_id is null) = (order_line is null)
    and case state when 'consumed' then order_id is not null when 'released' then true else order_id is null end);
comment on column capacity.reservation.order_id is 'what consumed it, also where it was given back afterwards';
create index reservation_order_idx on capacity.reservation (supplier, order_id) where state = 'consumed';

-- The supplier gives back what order lines consumed: of lines that were delivered not the weeks up to `begun`, whose hours
-- are used. Locks as everybody does: the reservations, then the buckets, in the order of their ids. Answers what it gave
-- back; what is consumed no more it leaves alone, so that each goes back once.
create function capacity.give_back_consumed(reservations uuid[], delivered boolean[], begun date) returns setof uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    part record;
    returned bigint;
begin
    perform from capacity.reservation x where x.supplier = me and x.id = any (reservations) order by x.id for update;
    for part in
        select p.bucket_id, p.reservation_id, p.quantity
        from unnest(reservations, delivered) w (id, delivered)
        join capacity.reservation x on x.supplier = me and x.id = w.id and x.state = 'consumed'
        join capacity.reservation_part p on p.supplier = me and p.reservation_id = x.id
        join capacity.capacity_bucket b on b.supplier = me and b.id = p.bucket_id
        where not w.delivered or b.monday > begun
        order by p.bucket_id, p.reservation_id
    loop
        update capacity.capacity_bucket b set reserved = b.reserved - part.quantity, version = b.version + 1
        where b.supplier = me and b.id = part.bucket_id
        returning b.version into returned;
        update capacity.reservation_part p set returned_version = returned
        where p.supplier = me and p.reservation_id = part.reservation_id and p.bucket_id = part.bucket_id;
    end loop;
    return query
        update capacity.reservation x set state = 'released', version = x.version + 1, ended_at = clock_timestamp()
        where x.supplier = me and x.id = any (reservations) and x.state = 'consumed'
        returning x.id;
end
$$;
revoke all on function capacity.give_back_consumed(uuid[], boolean[], date) from public;
grant execute on function capacity.give_back_consumed(uuid[], boolean[], date) to tandem_app;
