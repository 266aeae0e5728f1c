-- An hour that is offered is not promised to an order as well: what a supplier accepts is looked at in the transaction that
-- accepts it, under the rows of the weeks, and is load of theirs from then on. It is pending until the supplier's feed tells of
-- it and it is booked.
--
-- Locks: the order, then weeks in the order of their keys, as everybody takes weeks.

-- All of it at once, before the foreign key below takes a part of it: whoever read weeks and now writes them would else wait
-- for this, and this for them.
lock table capacity.capacity_week in access exclusive mode;

create table capacity.pending_load (
    supplier uuid not null,
    order_id uuid not null,
    -- that the order came to by the answer: events of it say when the answer was heard
    version bigint not null,
    order_line text not null,
    group_id uuid not null,
    monday date not null,
    -- what the answer takes of the week, in the group's unit
    hours numeric not null,
    -- the part of it beyond hours that the line reserved, which are in what is offered
    quantity numeric not null,
    promised_at timestamptz not null,
    constraint pending_load_pkey primary key (supplier, order_id, version, order_line, group_id, monday),
    constraint pending_load_week_fkey foreign key (supplier, group_id, monday)
        references capacity.capacity_week (supplier, group_id, monday),
    constraint pending_load_quantity_check check (0 <= quantity and quantity <= hours)
);
-- For firms_to_book.
create index pending_load_promised_at_idx on capacity.pending_load (promised_at);
comment on table capacity.pending_load is 'what orders were promised and the feed did not tell of yet; written by functions alone';

alter table capacity.pending_load enable row level security;
alter table capacity.pending_load force row level security;
create policy owner_all on capacity.pending_load for all to tandem_owner using (true) with check (true);
create policy supplier_read on capacity.pending_load for select to tandem_app
    using (supplier = nullif(current_setting('tandem.firm', true), '')::uuid);
grant select on capacity.pending_load to tandem_app;

alter table capacity.capacity_week
    -- the sum of what is pending of it
    add column pending numeric not null default 0,
    -- Rows that are there are looked at by a later migration, which keeps nobody from them.
    add constraint capacity_week_pending_check check (pending >= 0) not valid;
-- capacity_week_promised_once_check stays as it is, without what is pending: processes of the version before mark a week as
-- overcommitted without it, and may not fail for that. The functions below count it. A version that follows none of those may
-- have it in the check as well.

-- As before, beside what is pending too.
create or replace function capacity.left_of_week(week capacity.capacity_week) returns numeric
language sql stable set search_path = '' as $$
    select coalesce(least(week.maximum, week.maximum + week.borrowed - week.booked - week.pending), 0) - coalesce((
        select sum(b.reserved)
        from capacity.offer o
        join capacity.capacity_bucket b on b.supplier = o.supplier and b.offer_id = o.id and b.monday = week.monday
        where o.supplier = week.supplier and o.group_id = week.group_id), 0)
$$;

-- For the service of orders: whether a supplier, which is the tenant or a partner, ever offered anything, so that what it
-- promises is looked at. Whoever never did is asked nothing more, and what it accepts just before its first offer counts once
-- its feed tells of it.
create function capacity.has_offered(of_supplier uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return exists (select from capacity.offer o where o.supplier = of_supplier)
        and (me = of_supplier or exists (
            select from partners.trading_partner p where p.buyer = me and p.supplier = of_supplier));
end
$$;

-- A quantity of one unit in another: as it is where one of them is not stated, null where they measure different things. Of
-- `codes` that convert, each is so many (`factors`) of its base.
create function capacity.counted(quantity numeric, unit text, counting text, codes text[], bases text[], factors numeric[])
returns numeric
language plpgsql immutable set search_path = '' as $$
declare
    of_unit constant int := array_position(codes, unit);
    of_counting constant int := array_position(codes, counting);
begin
    if unit = '' or counting = '' or unit = counting then
        return quantity;
    end if;
    if coalesce(bases[of_unit], unit) <> coalesce(bases[of_counting], counting) then
        return null;
    end if;
    return quantity * coalesce(factors[of_unit], 1) / coalesce(factors[of_counting], 1);
end
$$;

-- What quantities take of a supplier's groups, by the place of each: of those that link the material and of those that sum
-- them, as matching counts accepted orders. An inactive group is as if absent, and so is what is reached through it alone.
create function capacity.taken_of_groups(me uuid, orders uuid[], customers uuid[], materials text[], locations text[],
                                         units text[], quantities numeric[], codes text[], bases text[], factors numeric[])
returns table (place int, group_id uuid, hours numeric)
language plpgsql stable set search_path = '' as $$
#variable_conflict use_column
begin
    return query
    with recursive linked as (
        -- Of what a group links of a material, the series whose forecast the order consumes.
        select distinct on (w.place, l.group_id)
               w.place::int as place, l.group_id, l.load_factor, w.order_id, w.customer, w.material, w.unit, w.quantity
        from unnest(orders, customers, materials, locations, units, quantities) with ordinality
            w (order_id, customer, material, location, unit, quantity, place)
        join capacity.linked_demand l on l.supplier = me and l.customer = w.customer
            and l.material_number_customer = w.material and not l.removed
        where w.location = '' or l.customer_location = w.location
        order by w.place, l.group_id, l.demand_category collate "C", l.customer_location collate "C"),
    own as (
        select l.place, l.group_id,
               coalesce(capacity.counted(l.quantity, l.unit, c.counting, codes, bases, factors), 0)
                   * coalesce(l.load_factor, 1) as hours
        from linked l
        join capacity.capacity_group g on g.supplier = me and g.id = l.group_id and not g.inactive
        cross join lateral (
            select coalesce((
                       select d.unit_code from capacity.material_demand d
                       where d.customer = l.customer and d.supplier = me and d.material_number_customer = l.material), '')
                       as demand,
                   case when l.load_factor is null then coalesce(g.unit_code, '') else '' end as of_group) u
        -- Where the demand states no unit: that of the order which was placed first.
        left join lateral (
            select b.unit_code
            from (select k.order_id, k.unit_code from capacity.booked_line k
                  where u.demand = '' and k.supplier = me and k.customer = l.customer
                      and k.material_number_customer = l.material and k.quantity > 0 and k.unit_code <> ''
                  union all
                  select l.order_id, l.unit where u.demand = '' and l.unit <> '') b
            order by b.order_id, b.unit_code collate "C"
            limit 1) f on true
        cross join lateral (
            select case when u.demand <> '' then u.demand
                        when coalesce(bases[array_position(codes, u.of_group)], u.of_group)
                            = coalesce(bases[array_position(codes, f.unit_code)], f.unit_code, '') then u.of_group
                        else coalesce(f.unit_code, '') end as counting) c),
    reached as (
        -- The hours come along: a transaction by keys has no join that would find them again at once.
        select o.place, o.group_id as origin, o.group_id, o.hours from own o
        union
        select r.place, r.origin, l.parent, r.hours
        from reached r
        join capacity.linked_group l on l.supplier = me and l.child = r.group_id and not l.removed
        join capacity.capacity_group g on g.supplier = me and g.id = l.parent and not g.inactive)
    -- No more digits than programs keep, and never more than is taken.
    select r.place, r.group_id, least(trim_scale(trunc(sum(r.hours), 12)), 1000000000000000)
    from reached r
    group by 1, 2
    having trunc(sum(r.hours), 12) > 0;
end
$$;

-- How much of `hours` more of an order's line lies beyond the hours that the line reserved of the group in that week.
create function capacity.beside_reserved(me uuid, of_group uuid, of_monday date, of_order uuid, of_line text, hours numeric,
                                         codes text[], bases text[], factors numeric[])
returns numeric
language plpgsql stable set search_path = '' as $$
declare
    reserved numeric;
    taken numeric;
begin
    select sum(capacity.counted(p.quantity, o.unit_code, coalesce(g.unit_code, ''), codes, bases, factors)) into reserved
    from capacity.reservation r
    join capacity.offer o on o.supplier = r.supplier and o.id = r.offer_id and o.group_id = of_group
    join capacity.capacity_group g on g.supplier = o.supplier and g.id = o.group_id
    join capacity.reservation_part p on p.supplier = r.supplier and p.reservation_id = r.id and p.returned_version is null
    join capacity.capacity_bucket b on b.supplier = p.supplier and b.id = p.bucket_id and b.monday = of_monday
    where r.supplier = me and r.state = 'consumed' and r.order_id = of_order and r.order_line = of_line;
    if coalesce(reserved, 0) = 0 then
        return hours;
    end if;
    select coalesce(sum(t.hours), 0) into taken
    from (
        select array_agg(k.order_id) as orders, array_agg(k.customer) as customers,
               array_agg(k.material_number_customer) as materials, array_agg(k.customer_location) as locations,
               array_agg(k.unit_code) as units, array_agg(k.quantity) as quantities
        from orders.placed_line p
        join capacity.booked_line k
            on k.supplier = me and k.schedule_line_id = p.schedule_line_id and k.monday = of_monday and k.quantity > 0
        where p.supplier = me and p.order_id = of_order and p.line_number = of_line) k
    cross join lateral capacity.taken_of_groups(me, k.orders, k.customers, k.materials, k.locations, k.units, k.quantities,
                                                codes, bases, factors) t
    where t.group_id = of_group;
    select taken + coalesce(sum(p.hours), 0) into taken
    from capacity.pending_load p
    where p.supplier = me and p.order_id = of_order and p.order_line = of_line and p.group_id = of_group
        and p.monday = of_monday;
    return trim_scale(trunc(greatest(0, taken + hours - reserved) - greatest(0, taken - reserved), 12));
end
$$;

-- What is pending of an order since it came to a version is pending of the weeks, which are locked.
create function capacity.add_pending(of_supplier uuid, of_order uuid, of_version bigint) returns void
language plpgsql volatile set search_path = '' as $$
begin
    update capacity.capacity_week w
    set pending = trim_scale(w.pending + n.quantity),
        overcommitted = w.offered > 0
            and not coalesce(w.offered <= w.maximum
                and w.booked + w.pending + n.quantity + w.offered <= w.maximum + w.borrowed, false)
    from (
        select p.group_id, p.monday, sum(p.quantity) as quantity from capacity.pending_load p
        where p.supplier = of_supplier and p.order_id = of_order and p.version = of_version
        group by 1, 2) n
    where w.supplier = of_supplier and w.group_id = n.group_id and w.monday = n.monday and n.quantity > 0;
end
$$;

-- For the service of orders, in the transaction in which its tenant promises: what answers take of the weeks of its groups is
-- kept as pending. An answer comes as its order, the version that the order came to, and whether hours are taken that are
-- offered; a promise as the place of its answer, its line, and what is made of what, where, when and how much. Units convert
-- as [capacity.counted] says.
--
-- An answer that takes more of a week than what is offered of it leaves is kept as well where it may be, and the week is then
-- overcommitted; otherwise nothing is kept of it, and there is a row for each of its lines in each such week with how much too
-- much it would be. A week of which nothing is offered takes whatever comes.
create function capacity.promise(orders uuid[], versions bigint[], despite boolean[], answers int[], lines text[],
                                 customers uuid[], materials text[], locations text[], units text[], mondays date[],
                                 quantities numeric[], codes text[], bases text[], factors numeric[])
returns table (answer int, order_line text, monday date, group_id uuid, group_name text, unit_code text, short numeric)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    of_orders uuid[];
    -- by the place of what is taken: the promise, the group, and how much
    promises int[];
    groups uuid[];
    taken numeric[];
    -- orders that were placed for hours that are offered
    reserving uuid[];
begin
    select array_agg(orders[p.answer] order by p.nth) into of_orders from unnest(answers) with ordinality p (answer, nth);
    select array_agg(t.place), array_agg(t.group_id), array_agg(t.hours) into promises, groups, taken
    from capacity.taken_of_groups(me, of_orders, customers, materials, locations, units, quantities, codes, bases, factors) t;
    if promises is null then
        return;
    end if;
    perform from capacity.capacity_week w
    where w.supplier = me and (w.group_id, w.monday) in (
        select t.group_id, mondays[t.promise] from unnest(promises, groups) t (promise, group_id))
    order by w.group_id, w.monday for update;
    select coalesce(array_agg(r.order_id), '{}') into reserving
    from capacity.reservation r where r.supplier = me and r.state = 'consumed' and r.order_id = any (orders);
    for place in 1 .. cardinality(orders) loop
        insert into capacity.pending_load
            (supplier, order_id, version, order_line, group_id, monday, hours, quantity, promised_at)
        select me, orders[place], versions[place], t.order_line, t.group_id, t.monday, t.hours,
               case when orders[place] = any (reserving)
                    then capacity.beside_reserved(me, t.group_id, t.monday, orders[place], t.order_line, t.hours, codes, bases,
                                                  factors)
                    else t.hours end,
               clock_timestamp()
        from (
            select lines[a.promise] as order_line, a.group_id, mondays[a.promise] as monday, sum(a.hours) as hours
            from unnest(promises, groups, taken) a (promise, group_id, hours)
            where answers[a.promise] = place
            group by 1, 2, 3) t
        join capacity.capacity_week w on w.supplier = me and w.group_id = t.group_id and w.monday = t.monday
        -- Whoever tries an answer out has no lock of the order, and may find what was promised by one meanwhile.
        on conflict on constraint pending_load_pkey do nothing;
        continue when not found;
        return query
        select place, p.order_line, p.monday, p.group_id, g.name, coalesce(g.unit_code, ''), s.short
        from (
            select w.group_id, w.monday,
                   w.booked + w.pending + w.offered + sum(n.quantity) - coalesce(w.maximum + w.borrowed, 0) as short
            from capacity.pending_load n
            join capacity.capacity_week w on w.supplier = me and w.group_id = n.group_id and w.monday = n.monday
            where n.supplier = me and n.order_id = orders[place] and n.version = versions[place] and w.offered > 0
                and not despite[place]
            group by w.supplier, w.group_id, w.monday
            having sum(n.quantity) > 0) s
        join capacity.pending_load p on p.supplier = me and p.order_id = orders[place] and p.version = versions[place]
            and p.group_id = s.group_id and p.monday = s.monday and p.quantity > 0
        join capacity.capacity_group g on g.supplier = me and g.id = p.group_id
        where s.short > 0
        order by p.monday, p.group_id, p.order_line;
        if found then
            delete from capacity.pending_load p
            where p.supplier = me and p.order_id = orders[place] and p.version = versions[place];
        else
            perform capacity.add_pending(me, orders[place], versions[place]);
        end if;
    end loop;
end
$$;

-- For the service of orders, in the transaction in which a promise comes about and nobody is asked whether it fits, such as
-- when the buyer accepts what was proposed: what lines of an order promise now takes of the weeks, beyond what is kept of them,
-- is kept as pending, and a week may be overcommitted by it. Only what the tenant's own order promises its own buyer: of others
-- nothing is kept. A promise comes as its schedule line and line, and what is made
-- of what, where, when and how much. Weeks that somebody else has at this moment are left to the feed, so that nobody waits.
create function capacity.note_promises(of_supplier uuid, of_order uuid, of_version bigint, schedule_lines uuid[],
                                       lines text[], customers uuid[], materials text[], locations text[], units text[],
                                       mondays date[], quantities numeric[], codes text[], bases text[], factors numeric[])
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
        order by x.group_id, x.monday for update skip locked) w;
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

-- As before, and those of whom something is pending for longer than a day, whether or not their feed goes on.
create or replace function capacity.firms_to_book(most int) returns table (firm uuid)
language sql stable security definer set search_path = '' as $$
    select d.supplier
    from (
        select p.supplier
        from capacity.feed_place p
        join event.feed_head h on h.feed = p.supplier
        where h.next_seq - 1 > p.seq
        union
        select l.supplier
        from capacity.pending_load l
        join capacity.feed_place p on p.supplier = l.supplier
        where l.promised_at < now() - interval '1 day') d
    where exists (select from partners.active_firms(array[d.supplier]))
    order by d.supplier
    limit most
$$;

-- What of these orders was promised up to a version, and is booked in this transaction, is pending no more. What a process
-- booked that was started before anything could be pending, which none hears of again, goes after a day, once all is heard
-- that the feed tells (`caught_up`): till then what books it may be still to come. The caller has locked the weeks.
create function capacity.settle_promises(orders uuid[], versions bigint[], caught_up boolean) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    with gone as (
        delete from capacity.pending_load p
        where p.supplier = me and ((caught_up and p.promised_at < clock_timestamp() - interval '1 day') or exists (
            select from unnest(orders, versions) h (order_id, version)
            where h.order_id = p.order_id and p.version <= h.version))
        returning p.group_id, p.monday, p.quantity),
    less as (select g.group_id, g.monday, sum(g.quantity) as quantity from gone g group by 1, 2)
    update capacity.capacity_week w
    set pending = trim_scale(w.pending - l.quantity),
        overcommitted = w.offered > 0
            and not coalesce(w.offered <= w.maximum
                and w.booked + w.pending - l.quantity + w.offered <= w.maximum + w.borrowed, false)
    from less l
    where w.supplier = me and w.group_id = l.group_id and w.monday = l.monday and l.quantity > 0;
end
$$;

revoke all on function
    capacity.has_offered(uuid),
    capacity.add_pending(uuid, uuid, bigint),
    capacity.counted(numeric, text, text, text[], text[], numeric[]),
    capacity.taken_of_groups(uuid, uuid[], uuid[], text[], text[], text[], numeric[], text[], text[], numeric[]),
    capacity.beside_reserved(uuid, uuid, date, uuid, text, numeric, text[], text[], numeric[]),
    capacity.promise(uuid[], bigint[], boolean[], int[], text[], uuid[], text[], text[], text[], date[], numeric[], text[],
                     text[], numeric[]),
    capacity.note_promises(uuid, uuid, bigint, uuid[], text[], uuid[], text[], text[], text[], date[], numeric[], text[],
                           text[], numeric[]),
    capacity.settle_promises(uuid[], bigint[], boolean)
    from public;
grant execute on function
    capacity.has_offered(uuid),
    capacity.note_promises(uuid, uuid, bigint, uuid[], text[], uuid[], text[], text[], text[], date[], numeric[], text[],
                           text[], numeric[]),
    capacity.promise(uuid[], bigint[], boolean[], int[], text[], uuid[], text[], text[], text[], date[], numeric[], text[],
                     text[], numeric[]),
    capacity.settle_promises(uuid[], bigint[], boolean)
    to tandem_app;
