-- Hours of groups that others sum are promised once as well: what is offered of a group counts in every group that sums it, at
-- any distance, as the demand of it does: each group below once, in its own figures, and an inactive one as if absent. So a hall
-- of 100 hours of which a machine's 60 are offered can offer 40 itself, or promise 40 to orders, whichever comes first; and a
-- machine offers no more than every hall that sums it has left. A group that sums others and states no maximum for a week bounds
-- nothing of it, since it is there to sum.
--
-- Of hours that an order's line reserved of a group below and makes there, the same holds as of its own: they stand in what is
-- offered, and are no load beside it.
--
-- What stays as it is: who accepts an order despite what is offered, lowers a maximum or sums a group anew leaves the group that
-- sums overcommitted, and of that group no more is sold than is left; but what a group below it offers goes on being sold.
--
-- Locks: whoever moves what is offered of a group takes the supplier's matching first, which is what else writes these figures,
-- and then the weeks of the group and of those that sum it, in the order of their keys, as everybody takes weeks. A process of
-- the version before takes neither, and looks at no other group: what it offers counts all the same, but is not held against
-- the groups above it.

alter table capacity.capacity_week
    -- what groups below it offer, in this group's figures
    add column offered_below numeric not null default 0,
    add constraint capacity_week_offered_below_check check (offered_below >= 0);
grant update (offered_below) on capacity.capacity_week to tandem_app;
comment on column capacity.capacity_week.booked is
    'load of accepted orders beyond the reservations that they consumed of the group and of those below it: those hours are in '
    'offered and offered_below, and count once';

-- A group in use, and those in use that sum it, at any distance.
create function capacity.groups_above(me uuid, of_group uuid) returns table (id uuid)
language sql stable rows 10 set search_path = '' as $$
    with recursive up (id) as (
        select g.id from capacity.capacity_group g where g.supplier = me and g.id = of_group and not g.inactive
        union
        select g.id
        from up
        join capacity.linked_group l on l.supplier = me and l.child = up.id and not l.removed
        join capacity.capacity_group g on g.supplier = me and g.id = l.parent and not g.inactive)
    select up.id from up
$$;

-- A group in use, and those in use that it sums, at any distance.
create function capacity.groups_below(me uuid, of_group uuid) returns table (id uuid)
language sql stable rows 10 set search_path = '' as $$
    with recursive down (id) as (
        select g.id from capacity.capacity_group g where g.supplier = me and g.id = of_group and not g.inactive
        union
        select g.id
        from down
        join capacity.linked_group l on l.supplier = me and l.parent = down.id and not l.removed
        join capacity.capacity_group g on g.supplier = me and g.id = l.child and not g.inactive)
    select down.id from down
$$;

-- Whether a week promises more than it has: what is offered is the firm's own hours, and orders may be made in borrowed ones.
-- Of a group that only sums what others offer, an unknown maximum bounds nothing.
create function capacity.overcommits(offered numeric, offered_below numeric, load numeric, maximum numeric, borrowed numeric)
returns boolean
language sql immutable set search_path = '' as $$
    select (offered > 0 or (offered_below > 0 and maximum is not null))
        and not coalesce(offered + offered_below <= maximum and load + offered + offered_below <= maximum + borrowed, false)
$$;

-- What is offered of a group is offered below those that sum it, in the same statement, whoever moves it.
create function capacity.offered_moves() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    update capacity.capacity_week w
    -- never less than nothing, though a process of the version before wrote meanwhile
    set offered_below = greatest(0, w.offered_below + new.offered - old.offered),
        overcommitted = capacity.overcommits(w.offered, greatest(0, w.offered_below + new.offered - old.offered),
                                             w.booked + w.pending, w.maximum, w.borrowed)
    from capacity.groups_above(new.supplier, new.group_id) a
    where w.supplier = new.supplier and w.group_id = a.id and w.group_id <> new.group_id and w.monday = new.monday;
    return null;
end
$$;
create trigger offered_moves after update of offered on capacity.capacity_week
    for each row when (new.offered <> old.offered) execute function capacity.offered_moves();

-- What is offered already. What lines reserved below is load of the groups above until these are matched next, so that till then
-- such a week may have less left than it has.
update capacity.capacity_week w
set offered_below = s.hours,
    overcommitted = capacity.overcommits(w.offered, s.hours, w.booked + w.pending, w.maximum, w.borrowed)
from (
    select o.supplier, a.id as group_id, o.monday, sum(o.offered) as hours
    from capacity.capacity_week o
    cross join lateral capacity.groups_above(o.supplier, o.group_id) a
    where o.offered > 0 and a.id <> o.group_id
    group by 1, 2, 3) s
where w.supplier = s.supplier and w.group_id = s.group_id and w.monday = s.monday;

-- As before, beside what is reserved of groups below as well.
create or replace function capacity.left_of_week(week capacity.capacity_week) returns numeric
language sql stable set search_path = '' as $$
    select coalesce(least(week.maximum, week.maximum + week.borrowed - week.booked - week.pending), 0) - coalesce((
        select sum(b.reserved)
        from capacity.offer o
        join capacity.capacity_bucket b on b.supplier = o.supplier and b.offer_id = o.id and b.monday = week.monday
        -- an array, so that these are found by their keys
        where o.supplier = week.supplier and o.group_id = any (array_append(
            array(select g.id from capacity.groups_below(week.supplier, week.group_id) g where g.id <> week.group_id),
            week.group_id))), 0)
$$;

-- Of what is kept of an order since it came to a version, what its lines make in hours that they reserved of the groups or of
-- those below them stands in what is offered, and is not pending beside it: of each line's load and of what it reserved the
-- larger counts, as matching has it.
create function capacity.deduct_reserved(me uuid, of_order uuid, of_version bigint, codes text[], bases text[],
                                         factors numeric[])
returns void
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
begin
    with reserved as materialized (
        select r.order_line, o.group_id, b.monday,
               sum(capacity.counted(p.quantity, o.unit_code, coalesce(g.unit_code, ''), codes, bases, factors)) as hours
        from capacity.reservation r
        join capacity.offer o on o.supplier = r.supplier and o.id = r.offer_id
        join capacity.capacity_group g on g.supplier = o.supplier and g.id = o.group_id
        join capacity.reservation_part p on p.supplier = r.supplier and p.reservation_id = r.id and p.returned_version is null
        join capacity.capacity_bucket b on b.supplier = p.supplier and b.id = p.bucket_id
        where r.supplier = me and r.state = 'consumed' and r.order_id = of_order
        group by 1, 2, 3),
    -- what the lines take of each group: before this version, and with it
    takes as materialized (
        select t.order_line, t.group_id, t.monday, sum(t.was) as was, sum(t.becomes) as becomes
        from (
            select k.order_lines[x.place] as order_line, x.group_id, k.mondays[x.place] as monday, x.hours as was,
                   x.hours as becomes
            from (
                select array_agg(p.line_number) as order_lines, array_agg(b.monday) as mondays, array_agg(b.order_id) as orders,
                       array_agg(b.customer) as customers, array_agg(b.material_number_customer) as materials,
                       array_agg(b.customer_location) as locations, array_agg(b.unit_code) as units,
                       array_agg(b.quantity) as quantities
                from orders.placed_line p
                join capacity.booked_line b on b.supplier = me and b.schedule_line_id = p.schedule_line_id and b.quantity > 0
                where p.supplier = me and p.order_id = of_order) k
            cross join lateral capacity.taken_of_groups(me, k.orders, k.customers, k.materials, k.locations, k.units,
                                                        k.quantities, codes, bases, factors) x
            union all
            select p.order_line, p.group_id, p.monday, case when p.version = of_version then 0 else p.hours end, p.hours
            from capacity.pending_load p
            where p.supplier = me and p.order_id = of_order) t
        group by 1, 2, 3),
    -- what of it they make in hours that they reserved of the group itself
    made as materialized (
        select r.order_line, r.group_id, r.monday, least(t.was, coalesce(r.hours, 0)) as was,
               least(t.becomes, coalesce(r.hours, 0)) as becomes
        from reserved r
        join takes t on t.order_line = r.order_line and t.group_id = r.group_id and t.monday = r.monday),
    inside as materialized (
        select p.order_line, p.group_id, p.monday, sum(m.was) as was, sum(m.becomes) as becomes
        from capacity.pending_load p
        cross join lateral capacity.groups_below(me, p.group_id) g
        join made m on m.order_line = p.order_line and m.group_id = g.id and m.monday = p.monday
        where p.supplier = me and p.order_id = of_order and p.version = of_version
        group by 1, 2, 3)
    update capacity.pending_load p
    set quantity = greatest(0, least(p.quantity, trim_scale(trunc(
            greatest(0, t.becomes - w.becomes) - greatest(0, t.was - w.was), 12))))
    from inside w
    join takes t on t.order_line = w.order_line and t.group_id = w.group_id and t.monday = w.monday
    where p.supplier = me and p.order_id = of_order and p.version = of_version and p.order_line = w.order_line
        and p.group_id = w.group_id and p.monday = w.monday;
end
$$;
comment on function capacity.beside_reserved(uuid, uuid, date, uuid, text, numeric, text[], text[], numeric[]) is
    'of what was reserved of the group itself alone: capacity.deduct_reserved says it of those below as well';

-- As before, beside what groups below offer.
create or replace function capacity.add_pending(of_supplier uuid, of_order uuid, of_version bigint) returns void
language plpgsql volatile set search_path = '' as $$
begin
    update capacity.capacity_week w
    set pending = trim_scale(w.pending + n.quantity),
        overcommitted = capacity.overcommits(w.offered, w.offered_below, w.booked + w.pending + n.quantity, w.maximum,
                                             w.borrowed)
    from (
        select p.group_id, p.monday, sum(p.quantity) as quantity from capacity.pending_load p
        where p.supplier = of_supplier and p.order_id = of_order and p.version = of_version
        group by 1, 2) n
    where w.supplier = of_supplier and w.group_id = n.group_id and w.monday = n.monday and n.quantity > 0;
end
$$;

-- As before, but that of a line that was changed what is kept and does not stand any more is not counted beside what is
-- promised of it now; and that hours which are offered below count as the own: a week takes whatever comes where nothing is
-- offered of it or below it, and where it only sums and its maximum is unknown. It locks, where there is a changed line: the
-- order, the supplier's place in its feed, then weeks.
create or replace function capacity.promise(orders uuid[], versions bigint[], despite boolean[], answers int[],
                                            lines text[], customers uuid[], materials text[], locations text[],
                                            units text[], mondays date[], quantities numeric[], codes text[],
                                            bases text[], factors numeric[])
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
    -- orders with lines of which something is kept and nothing stands
    changed uuid[];
    -- by the place of what an answer takes of a week: its line, what is taken, what is kept of the line and does not stand, and
    -- from which version on it may not be kept
    line_of text[];
    group_of uuid[];
    monday_of date[];
    hours_of numeric[];
    kept_of numeric[];
    since_of bigint[];
begin
    select array_agg(orders[p.answer] order by p.nth) into of_orders from unnest(answers) with ordinality p (answer, nth);
    select array_agg(t.place), array_agg(t.group_id), array_agg(t.hours) into promises, groups, taken
    from capacity.taken_of_groups(me, of_orders, customers, materials, locations, units, quantities, codes, bases, factors) t;
    if promises is null then
        return;
    end if;
    -- What was placed, promised and changed comes to its fourth version by this at the earliest.
    select coalesce(array_agg(distinct l.order_id), '{}') into changed
    from unnest(orders, versions) a (id, version)
    join orders.placed_line l on l.order_id = a.id and l.supplier = me and l.accepted = 0
    cross join lateral (
        select 1 from capacity.booked_line k
        where k.supplier = me and k.schedule_line_id = l.schedule_line_id and k.quantity > 0
        union all
        select 1 from capacity.pending_load q
        where q.supplier = me and q.order_id = l.order_id and q.order_line = l.line_number) e
    where a.version > 3;
    if changed <> '{}' then
        -- Whoever follows the feed has its place before the weeks: it hears of nothing meanwhile, and finds what is kept here.
        perform from capacity.feed_place f where f.supplier = me for share;
    end if;
    perform from capacity.capacity_week w
    where w.supplier = me and (w.group_id, w.monday) in (
        select t.group_id, mondays[t.promise] from unnest(promises, groups) t (promise, group_id))
    order by w.group_id, w.monday for update;
    select coalesce(array_agg(r.order_id), '{}') into reserving
    from capacity.reservation r where r.supplier = me and r.state = 'consumed' and r.order_id = any (orders);
    for place in 1 .. cardinality(orders) loop
        select array_agg(t.order_line), array_agg(t.group_id), array_agg(t.monday), array_agg(t.hours)
        into line_of, group_of, monday_of, hours_of
        from (
            select lines[a.promise] as order_line, a.group_id, mondays[a.promise] as monday, sum(a.hours) as hours
            from unnest(promises, groups, taken) a (promise, group_id, hours)
            where answers[a.promise] = place
            group by 1, 2, 3) t;
        kept_of := null;
        since_of := null;
        if orders[place] = any (changed) and line_of is not null then
            select array_agg(k.hours order by k.place), array_agg(k.since order by k.place) into kept_of, since_of
            from capacity.taken_back(me, orders[place], line_of, group_of, monday_of, codes, bases, factors) k;
        end if;
        insert into capacity.pending_load
            (supplier, order_id, version, order_line, group_id, monday, hours, quantity, promised_at, whole_hours,
             whole_quantity, whole_from)
        select me, orders[place], versions[place], t.order_line, t.group_id, t.monday, greatest(0, t.hours - t.kept),
               greatest(0, q.beyond), clock_timestamp(), case when t.kept > 0 then t.hours end,
               case when t.kept > 0 then least(t.hours, greatest(0, q.beyond, q.beyond - q.gone)) end, t.since
        from (
            select a.order_line, a.group_id, a.monday, a.hours, coalesce(a.kept, 0) as kept, a.since
            from unnest(line_of, group_of, monday_of, hours_of, kept_of, since_of)
                a (order_line, group_id, monday, hours, kept, since)) t
        join capacity.capacity_week w on w.supplier = me and w.group_id = t.group_id and w.monday = t.monday
        -- What the week has more by the answer, and what it has less once what does not stand is gone.
        cross join lateral (
            select case when orders[place] = any (reserving)
                        then capacity.beside_reserved(me, t.group_id, t.monday, orders[place], t.order_line, t.hours - t.kept,
                                                      codes, bases, factors)
                        else t.hours - t.kept end as beyond,
                   case when t.kept = 0 then 0
                        when orders[place] = any (reserving)
                        then capacity.beside_reserved(me, t.group_id, t.monday, orders[place], t.order_line, -t.kept, codes,
                                                      bases, factors)
                        else -t.kept end as gone) q
        -- Whoever tries an answer out has no lock of the order, and may find what was promised by one meanwhile.
        on conflict on constraint pending_load_pkey do nothing;
        continue when not found;
        if orders[place] = any (reserving) then
            perform capacity.deduct_reserved(me, orders[place], versions[place], codes, bases, factors);
        end if;
        return query
        select place, p.order_line, p.monday, p.group_id, g.name, coalesce(g.unit_code, ''), s.short
        from (
            select w.group_id, w.monday,
                   w.booked + w.pending + w.offered + w.offered_below + sum(n.quantity)
                       - coalesce(w.maximum + w.borrowed, 0) as short
            from capacity.pending_load n
            join capacity.capacity_week w on w.supplier = me and w.group_id = n.group_id and w.monday = n.monday
            where n.supplier = me and n.order_id = orders[place] and n.version = versions[place]
                and (w.offered > 0 or (w.offered_below > 0 and w.maximum is not null)) and not despite[place]
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

-- As before, of lines that reserved hours as [capacity.deduct_reserved] has it.
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
    select of_supplier, of_order, of_version, n.order_line, n.group_id, n.monday, n.hours, n.hours,
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
    if reserving then
        perform capacity.deduct_reserved(of_supplier, of_order, of_version, codes, bases, factors);
    end if;
    perform capacity.add_pending(of_supplier, of_order, of_version);
end
$$;

-- As before; and what counted in part because more was kept of its line counts as a whole, as soon as something is heard with
-- which that may be gone. The caller has booked what was heard, and has locked the weeks.
create or replace function capacity.settle_promises(orders uuid[], versions bigint[], caught_up boolean) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    long_ago constant timestamptz := clock_timestamp() - interval '1 day';
begin
    with gone as (
        delete from capacity.pending_load p
        where p.supplier = me and ((caught_up and p.promised_at < long_ago) or exists (
            select from unnest(orders, versions) h (order_id, version)
            where h.order_id = p.order_id and p.version <= h.version))
        returning p.group_id, p.monday, -p.quantity as quantity),
    whole as (
        update capacity.pending_load p
        set hours = p.whole_hours, quantity = p.whole_quantity, whole_hours = null, whole_quantity = null, whole_from = null
        from unnest(orders, versions) h (order_id, version)
        -- As it is before this.
        join capacity.pending_load q
            on q.supplier = me and q.order_id = h.order_id and q.version > h.version and q.whole_from <= h.version
        where p.supplier = q.supplier and p.order_id = q.order_id and p.version = q.version and p.order_line = q.order_line
            and p.group_id = q.group_id and p.monday = q.monday and not (caught_up and p.promised_at < long_ago)
        returning p.group_id, p.monday, p.quantity - q.quantity as quantity),
    moved as (
        select m.group_id, m.monday, sum(m.quantity) as quantity
        from (select g.group_id, g.monday, g.quantity from gone g
              union all
              select n.group_id, n.monday, n.quantity from whole n) m
        group by 1, 2)
    update capacity.capacity_week w
    set pending = trim_scale(w.pending + m.quantity),
        overcommitted = capacity.overcommits(w.offered, w.offered_below, w.booked + w.pending + m.quantity, w.maximum,
                                             w.borrowed)
    from moved m
    where w.supplier = me and w.group_id = m.group_id and w.monday = m.monday and m.quantity <> 0;
end
$$;

revoke all on function
    capacity.groups_above(uuid, uuid),
    capacity.groups_below(uuid, uuid),
    capacity.overcommits(numeric, numeric, numeric, numeric, numeric),
    capacity.offered_moves(),
    capacity.deduct_reserved(uuid, uuid, bigint, text[], text[], numeric[])
    from public;
-- Whoever matches and whoever offers says so of its own weeks; no row of others is read.
grant execute on function
    capacity.groups_above(uuid, uuid),
    capacity.groups_below(uuid, uuid),
    capacity.overcommits(numeric, numeric, numeric, numeric, numeric)
    to tandem_app;
