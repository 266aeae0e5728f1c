-- Nobody is refused without need. What is left of a week that promises more than its group has is kept by week: several buckets
-- of it may be held of, in one hold or in several of a slice, as long as the week has it. And it is found what is kept of a line
-- that its buyer changed, so that what a supplier accepts of it takes no more than it adds to that (by 0031's promise), though
-- the feed has not told yet that the change took that back.

-- As before, but that what is left of such a week is shared by its buckets, and not given to the first of them alone.
create or replace function capacity.hold_many(offers uuid[], reservations uuid[], of_offers int[], seconds int[], ends int[],
                                              buckets uuid[], bucket_offers int[], part_buckets int[],
                                              quantities numeric[])
returns table (place int, outcome text, supplier uuid, hold_seconds int, unit_code text, bucket uuid, monday date,
               starts_at timestamptz, ends_at timestamptz, held_at timestamptz, expires_at timestamptz, sites text[])
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    -- by the place of an offer
    suppliers uuid[] := array_fill(null::uuid, array[cardinality(offers)]);
    longest int[] := array_fill(null::int, array[cardinality(offers)]);
    units text[] := array_fill(null::text, array[cardinality(offers)]);
    groups uuid[] := array_fill(null::uuid, array[cardinality(offers)]);
    gone boolean[] := array_fill(null::boolean, array[cardinality(offers)]);
    -- of their groups, in one text each
    sites_of text[] := array_fill(null::text, array[cardinality(offers)]);
    -- by the place of a bucket: what is left, what these holds take in how many steps, and the version before the first
    rest numeric[] := array_fill(null::numeric, array[cardinality(buckets)]);
    taken numeric[] := array_fill(0::numeric, array[cardinality(buckets)]);
    steps bigint[] := array_fill(0::bigint, array[cardinality(buckets)]);
    before bigint[] := array_fill(0::bigint, array[cardinality(buckets)]);
    mondays date[] := array_fill(null::date, array[cardinality(buckets)]);
    starts timestamptz[] := array_fill(null::timestamptz, array[cardinality(buckets)]);
    stops timestamptz[] := array_fill(null::timestamptz, array[cardinality(buckets)]);
    -- by the place of a hold
    outcomes text[] := array_fill('held'::text, array[cardinality(reservations)]);
    shorts int[] := array_fill(null::int, array[cardinality(reservations)]);
    -- by the place of a part: its hold, where that takes it, and its step of its bucket
    owners int[] := array_fill(null::int, array[cardinality(part_buckets)]);
    step_of bigint[] := array_fill(null::bigint, array[cardinality(part_buckets)]);
    found_offer record;
    found_bucket record;
    overcommitted boolean;
    -- weeks that promise more than they have, what is left of each, and by the place of a bucket the place of its week among
    -- them; null: it is of none
    narrow capacity.week_key[] := '{}';
    slack numeric[] := '{}';
    week_of int[] := array_fill(null::int, array[cardinality(buckets)]);
    week capacity.week_key;
    week_place int;
    week_left numeric;
    bucket_place int;
    first_part int := 1;
    -- the last part that was taken off what is left
    upto int;
    at timestamptz;
begin
    for found_offer in
        select w.place, o.supplier, o.hold_seconds, o.unit_code, o.group_id, o.withdrawn,
               (select g.supplier_locations from capacity.capacity_group g
                where g.supplier = o.supplier and g.id = o.group_id)::text as sites
        from unnest(offers) with ordinality w (id, place)
        join capacity.offer o on o.id = w.id
        where capacity.sees_offer(o, me)
        order by w.place, o.supplier desc
    loop
        suppliers[found_offer.place] := found_offer.supplier;
        longest[found_offer.place] := found_offer.hold_seconds;
        units[found_offer.place] := found_offer.unit_code;
        groups[found_offer.place] := found_offer.group_id;
        gone[found_offer.place] := found_offer.withdrawn;
        sites_of[found_offer.place] := found_offer.sites;
    end loop;
    -- Weeks that promise more than their groups have: whoever sells of one waits for the other. Before the buckets, as all do.
    perform from capacity.capacity_week w
    where w.overcommitted and (w.supplier, w.group_id, w.monday) in (
        select b.supplier, groups[a.offer], b.monday
        from unnest(buckets, bucket_offers) a (id, offer)
        join capacity.capacity_bucket b
            on b.supplier = suppliers[a.offer] and b.id = a.id and b.offer_id is not distinct from offers[a.offer])
    order by w.supplier, w.group_id, w.monday for update;
    overcommitted := found;
    for found_bucket in
        select w.place, case when gone[w.offer] then 0 else b.total - b.reserved end as rest, b.version, b.supplier, b.monday,
               b.starts_at, b.ends_at, groups[w.offer] as group_id
        from unnest(buckets, bucket_offers) with ordinality w (id, offer, place)
        -- Not by the index of an offer's buckets, of which there may be many.
        join capacity.capacity_bucket b
            on b.supplier = suppliers[w.offer] and b.id = w.id and b.offer_id is not distinct from offers[w.offer]
        order by b.id for no key update of b
    loop
        rest[found_bucket.place] := found_bucket.rest;
        before[found_bucket.place] := found_bucket.version;
        mondays[found_bucket.place] := found_bucket.monday;
        starts[found_bucket.place] := found_bucket.starts_at;
        stops[found_bucket.place] := found_bucket.ends_at;
        if overcommitted then
            week := (found_bucket.group_id, found_bucket.monday)::capacity.week_key;
            week_place := array_position(narrow, week);
            if week_place is null then
                select greatest(0, capacity.left_of_week(w)) into week_left
                from capacity.capacity_week w
                where w.supplier = found_bucket.supplier and w.group_id = found_bucket.group_id
                    and w.monday = found_bucket.monday and w.overcommitted;
                if found then
                    narrow := narrow || week;
                    slack := slack || week_left;
                    week_place := cardinality(narrow);
                end if;
            end if;
            week_of[found_bucket.place] := week_place;
        end if;
    end loop;
    for hold in 1 .. cardinality(reservations) loop
        if suppliers[of_offers[hold]] is null then
            outcomes[hold] := 'unknown';
        elsif seconds[hold] not between 1 and longest[of_offers[hold]] then
            outcomes[hold] := 'seconds';
        end if;
        upto := first_part - 1;
        for part in first_part .. ends[hold] loop
            exit when outcomes[hold] in ('unknown', 'seconds');
            bucket_place := part_buckets[part];
            week_place := week_of[bucket_place];
            if rest[bucket_place] is null or bucket_offers[bucket_place] <> of_offers[hold] then
                outcomes[hold] := 'unknown';
            elsif outcomes[hold] = 'held' then
                -- Of every other week the slack is null, and less than nothing.
                if rest[bucket_place] < quantities[part] or slack[week_place] < quantities[part] then
                    outcomes[hold] := 'short';
                    shorts[hold] := bucket_place;
                else
                    -- At once, since another part of this hold may be of the same week.
                    rest[bucket_place] := rest[bucket_place] - quantities[part];
                    if week_place is not null then
                        slack[week_place] := slack[week_place] - quantities[part];
                    end if;
                    upto := part;
                end if;
            end if;
        end loop;
        if outcomes[hold] = 'held' then
            for part in first_part .. ends[hold] loop
                bucket_place := part_buckets[part];
                taken[bucket_place] := taken[bucket_place] + quantities[part];
                steps[bucket_place] := steps[bucket_place] + 1;
                owners[part] := hold;
                step_of[part] := steps[bucket_place];
            end loop;
        else
            -- All of it or nothing: the next ones find what was there before this one.
            for part in first_part .. upto loop
                bucket_place := part_buckets[part];
                week_place := week_of[bucket_place];
                rest[bucket_place] := rest[bucket_place] + quantities[part];
                if week_place is not null then
                    slack[week_place] := slack[week_place] + quantities[part];
                end if;
            end loop;
        end if;
        first_part := ends[hold] + 1;
    end loop;
    if 'held' = any (outcomes) then
        -- Not now(), which stood still while this waited for the rows.
        at := clock_timestamp();
        return query
        -- The one statement that sells.
        with sold as (
            update capacity.capacity_bucket b set reserved = b.reserved + w.taken, version = b.version + w.steps
            from unnest(buckets, bucket_offers, taken, steps) w (id, offer, taken, steps)
            where w.steps > 0 and b.supplier = suppliers[w.offer] and b.id = w.id),
        held as (
            insert into capacity.reservation (supplier, id, holder, offer_id, state, version, held_at, expires_at)
            select suppliers[w.offer], w.id, me, offers[w.offer], 'held', 1, at,
                   at + make_interval(secs => coalesce(w.seconds, longest[w.offer]))
            from unnest(reservations, of_offers, seconds, outcomes) w (id, offer, seconds, outcome)
            where w.outcome = 'held'),
        parts as (
            insert into capacity.reservation_part (supplier, reservation_id, bucket_id, holder, quantity, taken_version)
            select suppliers[of_offers[w.hold]], reservations[w.hold], buckets[w.bucket], me, w.quantity,
                   before[w.bucket] + w.step
            from unnest(owners, part_buckets, quantities, step_of) w (hold, bucket, quantity, step)
            where w.hold is not null)
        select w.hold, 'held', suppliers[of_offers[w.hold]], longest[of_offers[w.hold]], units[of_offers[w.hold]],
               buckets[w.bucket], mondays[w.bucket], starts[w.bucket], stops[w.bucket], at,
               at + make_interval(secs => coalesce(seconds[w.hold], longest[of_offers[w.hold]])),
               sites_of[of_offers[w.hold]]::text[]
        from unnest(owners, part_buckets) with ordinality w (hold, bucket, nth)
        where w.hold is not null
        order by w.nth;
    end if;
    for hold in 1 .. cardinality(reservations) loop
        if outcomes[hold] <> 'held' then
            place := hold;
            outcome := outcomes[hold];
            supplier := suppliers[of_offers[hold]];
            hold_seconds := longest[of_offers[hold]];
            unit_code := units[of_offers[hold]];
            bucket := buckets[shorts[hold]];
            return next;
        end if;
    end loop;
end
$$;

-- An answer's load of a week may stand in part in what is kept of its line from before a change took that back, of which the
-- feed has not told. Then it is less than the answer takes, for as long as that is kept.
set local lock_timeout = '3s';
alter table capacity.pending_load
    -- what hours and quantity are from when an event of this version or a later one is heard of the order; null: they stay
    add column whole_hours numeric,
    add column whole_quantity numeric,
    add column whole_from bigint,
    add constraint pending_load_whole_check
        check (num_nulls(whole_hours, whole_quantity, whole_from) = 3
            or (num_nulls(whole_hours, whole_quantity, whole_from) = 0 and hours <= whole_hours
                and quantity <= whole_quantity and whole_quantity <= whole_hours));

-- What is kept of an order's line, in a group's week, and promised no more, by the place of the three; and from which version on
-- it may be gone. Null where nothing is kept so. Where nothing of a schedule line is accepted, all that is booked of it is such,
-- and where nothing of a line is, what is pending of it too. Where something is accepted anew, that is not told from what was
-- before, so that a second answer after a change counts in full until the feed has told of the first.
--
-- What is booked may be gone with whatever is heard next of the order. What is pending is booked when its own version is heard,
-- and is gone at the earliest with the next one.
create function capacity.taken_back(me uuid, of_order uuid, order_lines text[], groups uuid[], mondays date[], codes text[],
                                    bases text[], factors numeric[])
returns table (place int, hours numeric, since bigint)
-- What lines take and what is kept of them are of one size: a transaction by keys would compare each with each.
language plpgsql stable set search_path = '' set enable_hashjoin = on as $$
#variable_conflict use_column
begin
    return query
    with line as (
        select p.line_number, p.schedule_line_id, p.accepted = 0 as anew,
               bool_and(p.accepted = 0) over (partition by p.line_number) as wholly
        from orders.placed_line p
        where p.supplier = me and p.order_id = of_order and p.line_number = any (order_lines)),
    booked as (
        select k.order_lines[x.place] as order_line, x.group_id, k.mondays[x.place] as monday, sum(x.hours) as hours
        from (
            select array_agg(l.line_number) as order_lines, array_agg(b.monday) as mondays, array_agg(b.order_id) as orders,
                   array_agg(b.customer) as customers, array_agg(b.material_number_customer) as materials,
                   array_agg(b.customer_location) as locations, array_agg(b.unit_code) as units,
                   array_agg(b.quantity) as quantities
            from line l
            join capacity.booked_line b
                on b.supplier = me and b.schedule_line_id = l.schedule_line_id and b.quantity > 0
            where l.anew) k
        cross join lateral capacity.taken_of_groups(me, k.orders, k.customers, k.materials, k.locations, k.units,
                                                    k.quantities, codes, bases, factors) x
        group by 1, 2, 3),
    kept as (
        select e.order_line, e.group_id, e.monday, sum(e.hours) as hours, min(e.since) as since
        from (
            select b.order_line, b.group_id, b.monday, b.hours, 0::bigint as since from booked b
            union all
            -- Without what answers to other schedule lines of the line stand in already.
            select q.order_line, q.group_id, q.monday, case when l.wholly then q.hours else q.hours - q.whole_hours end,
                   case when l.wholly then least(q.version + 1, q.whole_from) end
            from (select distinct n.line_number, n.wholly from line n) l
            join capacity.pending_load q
                on q.supplier = me and q.order_id = of_order and q.order_line = l.line_number
            where l.wholly or q.whole_hours is not null) e
        group by 1, 2, 3)
    select n.place::int, case when k.hours > 0 then k.hours end, case when k.hours > 0 then k.since end
    from unnest(order_lines, groups, mondays) with ordinality n (order_line, group_id, monday, place)
    left join kept k on k.order_line = n.order_line and k.group_id = n.group_id and k.monday = n.monday;
end
$$;
revoke all on function capacity.taken_back(uuid, uuid, text[], uuid[], date[], text[], text[], numeric[]) from public;

comment on constraint capacity_week_promised_once_check on capacity.capacity_week is
    'without what is pending, which every function and statement that promises counts under the row of the week: a process from before 0025 marks weeks as overcommitted without it, may run while 0025 and all that follows come at once, and would fail. It may have it in a version that comes after one with 0025 was released';
