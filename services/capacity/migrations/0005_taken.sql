-- Orders consume reservations: confirmed ones, and held ones whose time is not over.

-- For the service of orders, before it writes anything: these reservations of the tenant as they stand, locked in the order
-- of their ids. What somebody else holds is not among them, as little as what does not exist.
create function capacity.lock_holds(holds uuid[])
returns table (id uuid, supplier uuid, state text, order_id uuid, order_line text)
language sql volatile security definer set search_path = '' as $$
    -- Not now(), which stood still while this waited for the rows.
    select x.id, x.supplier,
           case when x.state = 'held' and clock_timestamp() >= x.expires_at then 'expired' else x.state end,
           x.order_id, x.order_line
    from (select r.id, r.supplier, r.state, r.expires_at, r.order_id, r.order_line
          from capacity.reservation r
          where r.holder = nullif(current_setting('tandem.firm', true), '')::uuid and r.id = any (holds)
          order by r.id for update) x
$$;
revoke all on function capacity.lock_holds(uuid[]) from public;
grant execute on function capacity.lock_holds(uuid[]) to tandem_app;

-- As before, of held ones too. Errors: TC404 none of the tenant's, TC410 over, or consumed by another line.
create or replace function capacity.take_hold(hold uuid, for_order uuid, line text) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    r capacity.reservation;
begin
    select x.* into r from capacity.reservation x where x.holder = me and x.id = hold for update;
    if not found then
        raise exception 'no such reservation' using errcode = 'TC404';
    end if;
    if r.state = 'consumed' and r.order_id = for_order and r.order_line = line then
        return r.supplier;
    end if;
    if for_order is null or line is null
        or not (r.state = 'confirmed' or (r.state = 'held' and clock_timestamp() < r.expires_at)) then
        raise exception 'the reservation cannot be consumed' using errcode = 'TC410';
    end if;
    update capacity.reservation x
    set state = 'consumed', version = x.version + 1, ended_at = clock_timestamp(), order_id = for_order, order_line = line
    where x.supplier = r.supplier and x.id = hold;
    return r.supplier;
end
$$;

-- What of a group's own offers orders consumed.
create index offer_group_idx on capacity.offer (supplier, group_id);
create index reservation_consumed_idx on capacity.reservation (supplier, offer_id) where state = 'consumed';

comment on column capacity.capacity_week.booked is
    'load of accepted orders beyond the reservations that they consumed: those hours are in offered, and count once';
