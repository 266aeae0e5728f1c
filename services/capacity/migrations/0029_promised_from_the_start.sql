-- An hour is promised once from the first offer on: what a supplier accepts while it publishes that offer is looked at as well,
-- and a buyer's decision waits for the weeks that it takes. As soon as a group in use links something of a customer, what is
-- promised to that customer is kept under the rows of the weeks, whether or not anything of them is offered; so whoever offers
-- of them next finds it there.
--
-- What nobody is asked about stays possible, and is recorded: a buyer that accepts what was proposed, and a change that waited
-- for consent, are not refused for what is offered, so that a decision that comes after an offer may take more of a week than
-- is left, which says so (`overcommitted`) from that transaction on. And what was promised before a group linked it or was in
-- use, or before its week was stated, counts once the feed tells of it.
--
-- Locks: the order, then weeks in the order of their keys, as everybody takes weeks; and whoever has weeks takes no more of them
-- for another order. A process of the version before does, where several decisions share a transaction: if two of those wait
-- for each other, the database ends one, and that process runs its commands one by one.

-- For the service of orders: whether what a supplier promises may take hours of its groups, so that it is looked at; where the
-- tenant is not the supplier, what it promises the tenant. Whoever links nothing is asked nothing more.
create function capacity.may_take(of_supplier uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    if me = of_supplier then
        return exists (
            select from capacity.linked_demand l
            join capacity.capacity_group g on g.supplier = l.supplier and g.id = l.group_id and not g.inactive
            where l.supplier = me and not l.removed);
    end if;
    -- Nothing that others are promised: it would tell of them.
    return exists (
        select from capacity.linked_demand l
        join capacity.capacity_group g on g.supplier = l.supplier and g.id = l.group_id and not g.inactive
        where l.supplier = of_supplier and l.customer = me and not l.removed);
end
$$;
revoke all on function capacity.may_take(uuid) from public;
grant execute on function capacity.may_take(uuid) to tandem_app;

create or replace function capacity.has_offered(of_supplier uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
    return capacity.may_take(of_supplier);
end
$$;
comment on function capacity.has_offered(uuid) is 'what processes call that were started before capacity.may_take came';

-- As before, but that it waits for weeks that somebody else has: an offer that is being published would else not find it.
create or replace function capacity.note_promises(of_supplier uuid, of_order uuid, of_version bigint, schedule_lines uuid[],
                                                  lines text[], customers uuid[], materials text[], locations text[],
                                                  units text[], mondays date[], quantities numeric[], codes text[],
                                                  bases text[], factors numeric[])
returns void
-- What lines take and what is kept of them are of one size: a transaction by keys would compare each with each.
language plpgsql volatile security definer set search_path = '' set enable_hashjoin = on as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    -- by the place of what is taken: the promise, the group, and how much
    promises int[];
    groups uuid[];
    taken numeric[];
    weeks capacity.week_key[];
    -- whether the order was placed for hours that are offered
    reserving boolean;
begin
    if me is null
        or not exists (
            select from orders.placed_order o
            where o.order_id = of_order and o.supplier = of_supplier and me in (o.buyer, o.supplier))
        or exists (
            select from unnest(customers) c (customer)
            join orders.placed_order o on o.order_id = of_order and o.buyer <> c.customer) then
        return;
    end if;
    select array_agg(t.place), array_agg(t.group_id), array_agg(t.hours) into promises, groups, taken
    from capacity.taken_of_groups(of_supplier, array_fill(of_order, array[cardinality(lines)]), customers, materials, locations,
                                  units, quantities, codes, bases, factors) t;
    if promises is null then
        return;
    end if;
    select array_agg((w.group_id, w.monday)::capacity.week_key) into weeks
    from (
        select x.group_id, x.monday from capacity.capacity_week x
        where x.supplier = of_supplier and (x.group_id, x.monday) in (
            select t.group_id, mondays[t.promise] from unnest(promises, groups) t (promise, group_id))
        order by x.group_id, x.monday for update) w;
    reserving := exists (
        select from capacity.reservation r
        where r.supplier = of_supplier and r.state = 'consumed' and r.order_id = of_order);
    insert into capacity.pending_load
        (supplier, order_id, version, order_line, group_id, monday, hours, quantity, promised_at)
    select of_supplier, of_order, of_version, n.order_line, n.group_id, n.monday, n.hours,
           case when reserving
                then capacity.beside_reserved(of_supplier, n.group_id, n.monday, of_order, n.order_line, n.hours, codes, bases,
                                              factors)
                else n.hours end,
           clock_timestamp()
    from (
        select t.order_line, t.group_id, t.monday, t.hours - coalesce(b.hours, 0) - coalesce(p.hours, 0) as hours
        from (
            select lines[a.promise] as order_line, a.group_id, mondays[a.promise] as monday, sum(a.hours) as hours
            from unnest(promises, groups, taken) a (promise, group_id, hours)
            where (a.group_id, mondays[a.promise])::capacity.week_key = any (weeks)
            group by 1, 2, 3) t
        left join (
            select k.order_lines[x.place] as order_line, x.group_id, k.mondays[x.place] as monday, sum(x.hours) as hours
            from (
                select array_agg(lines[array_position(schedule_lines, b.schedule_line_id)]) as order_lines,
                       array_agg(b.monday) as mondays, array_agg(b.order_id) as orders, array_agg(b.customer) as customers,
                       array_agg(b.material_number_customer) as materials, array_agg(b.customer_location) as locations,
                       array_agg(b.unit_code) as units, array_agg(b.quantity) as quantities
                from capacity.booked_line b
                where b.supplier = of_supplier and b.schedule_line_id = any (schedule_lines) and b.quantity > 0) k
            cross join lateral capacity.taken_of_groups(of_supplier, k.orders, k.customers, k.materials, k.locations, k.units,
                                                        k.quantities, codes, bases, factors) x
            group by 1, 2, 3) b on b.order_line = t.order_line and b.group_id = t.group_id and b.monday = t.monday
        left join (
            select q.order_line, q.group_id, q.monday, sum(q.hours) as hours from capacity.pending_load q
            where q.supplier = of_supplier and q.order_id = of_order
            group by 1, 2, 3) p on p.order_line = t.order_line and p.group_id = t.group_id and p.monday = t.monday) n
    where n.hours > 0;
    perform capacity.add_pending(of_supplier, of_order, of_version);
end
$$;
