-- What a week does not have is not sold, though it was offered: orders that were accepted, or a maximum that was lowered, may
-- leave less than the offers say. And a withdrawn offer sells nothing, though it was released to it a moment ago.

-- A group's week.
create type capacity.week_key as (group_id uuid, monday date);

-- What may still be sold of a week that promises more than its group has: what is left beside accepted orders and what is
-- reserved already.
create function capacity.left_of_week(week capacity.capacity_week) returns numeric
language sql stable set search_path = '' as $$
    select coalesce(least(week.maximum, week.maximum + week.borrowed - week.booked), 0) - coalesce((
        select sum(b.reserved)
        from capacity.offer o
        join capacity.capacity_bucket b on b.supplier = o.supplier and b.offer_id = o.id and b.monday = week.monday
        where o.supplier = week.supplier and o.group_id = week.group_id), 0)
$$;
revoke all on function capacity.left_of_week(capacity.capacity_week) from public;

create or replace function capacity.hold_many(offers uuid[], reservations uuid[], of_offers int[], seconds int[], ends int[],
                                   buckets uuid[], bucket_offers int[], part_buckets int[], quantities numeric[])
returns table (place int, outcome text, supplier uuid, hold_seconds int, unit_code text, bucket uuid, monday date,
               starts_at timestamptz, ends_at timestamptz, held_at timestamptz, expires_at timestamptz)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    -- by the place of an offer
    suppliers uuid[];
    longest int[];
    units text[];
    groups uuid[];
    gone boolean[];
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
    found_bucket record;
    sold record;
    overcommitted boolean;
    slack numeric;
    -- weeks of which a bucket was given what is left
    narrow capacity.week_key[] := '{}';
    bucket_place int;
    first_part int := 1;
    at timestamptz;
begin
    select array_agg(s.supplier order by s.place), array_agg(s.hold_seconds order by s.place),
           array_agg(s.unit_code order by s.place), array_agg(s.group_id order by s.place),
           array_agg(s.withdrawn order by s.place)
    into suppliers, longest, units, groups, gone
    from (
        select w.place, seen.supplier, seen.hold_seconds, seen.unit_code, seen.group_id, seen.withdrawn
        from unnest(offers) with ordinality w (id, place)
        left join lateral (
            select o.supplier, o.hold_seconds, o.unit_code, o.group_id, o.withdrawn from capacity.offer o
            where o.id = w.id and capacity.sees_offer(o, me)
            order by o.supplier limit 1) seen on true) s;
    -- Weeks that promise more than their groups have: whoever sells of one waits for the other. Before the buckets, as all do.
    perform from capacity.capacity_week w
    where w.overcommitted and (w.supplier, w.group_id, w.monday) in (
        select b.supplier, groups[a.offer], b.monday
        from unnest(buckets, bucket_offers) a (id, offer)
        join capacity.capacity_bucket b on b.supplier = suppliers[a.offer] and b.id = a.id and b.offer_id = offers[a.offer])
    order by w.supplier, w.group_id, w.monday for update;
    overcommitted := found;
    for found_bucket in
        select w.place, case when gone[w.offer] then 0 else b.total - b.reserved end as rest, b.supplier, b.monday,
               b.starts_at, b.ends_at, groups[w.offer] as group_id
        from unnest(buckets, bucket_offers) with ordinality w (id, offer, place)
        join capacity.capacity_bucket b
            on b.supplier = suppliers[w.offer] and b.id = w.id and b.offer_id = offers[w.offer]
        order by b.id for no key update of b
    loop
        rest[found_bucket.place] := found_bucket.rest;
        mondays[found_bucket.place] := found_bucket.monday;
        starts[found_bucket.place] := found_bucket.starts_at;
        stops[found_bucket.place] := found_bucket.ends_at;
        if overcommitted then
            select greatest(0, least(found_bucket.rest, capacity.left_of_week(w))) into slack
            from capacity.capacity_week w
            where w.supplier = found_bucket.supplier and w.group_id = found_bucket.group_id
                and w.monday = found_bucket.monday and w.overcommitted;
            if found then
                -- Of two buckets of such a week the second one waits until the first is sold.
                rest[found_bucket.place] := case when (found_bucket.group_id, found_bucket.monday)::capacity.week_key = any (narrow) then 0
                                                 else slack end;
                narrow := narrow || (found_bucket.group_id, found_bucket.monday)::capacity.week_key;
            end if;
        end if;
    end loop;
    for hold in 1 .. cardinality(reservations) loop
        if suppliers[of_offers[hold]] is null then
            outcomes[hold] := 'unknown';
        elsif seconds[hold] not between 1 and longest[of_offers[hold]] then
            outcomes[hold] := 'seconds';
        end if;
        for part in first_part .. ends[hold] loop
            exit when outcomes[hold] in ('unknown', 'seconds');
            bucket_place := part_buckets[part];
            if rest[bucket_place] is null or bucket_offers[bucket_place] <> of_offers[hold] then
                outcomes[hold] := 'unknown';
            elsif outcomes[hold] = 'held' and rest[bucket_place] < quantities[part] then
                outcomes[hold] := 'short';
                shorts[hold] := bucket_place;
            end if;
        end loop;
        if outcomes[hold] = 'held' then
            for part in first_part .. ends[hold] loop
                bucket_place := part_buckets[part];
                rest[bucket_place] := rest[bucket_place] - quantities[part];
                taken[bucket_place] := taken[bucket_place] + quantities[part];
                steps[bucket_place] := steps[bucket_place] + 1;
                owners[part] := hold;
                step_of[part] := steps[bucket_place];
            end loop;
        end if;
        first_part := ends[hold] + 1;
    end loop;
    if 'held' = any (outcomes) then
        -- The one statement that sells.
        for sold in
            update capacity.capacity_bucket b set reserved = b.reserved + w.taken, version = b.version + w.steps
            from unnest(buckets, bucket_offers, taken, steps) with ordinality w (id, offer, taken, steps, place)
            where w.steps > 0 and b.supplier = suppliers[w.offer] and b.id = w.id
            returning w.place, b.version - w.steps as before
        loop
            before[sold.place] := sold.before;
        end loop;
        -- Not now(), which stood still while this waited for the rows.
        at := clock_timestamp();
        insert into capacity.reservation (supplier, id, holder, offer_id, state, version, held_at, expires_at)
        select suppliers[w.offer], w.id, me, offers[w.offer], 'held', 1, at,
               at + make_interval(secs => coalesce(w.seconds, longest[w.offer]))
        from unnest(reservations, of_offers, seconds, outcomes) w (id, offer, seconds, outcome)
        where w.outcome = 'held';
        insert into capacity.reservation_part (supplier, reservation_id, bucket_id, holder, quantity, taken_version)
        select suppliers[of_offers[w.hold]], reservations[w.hold], buckets[w.bucket], me, w.quantity,
               before[w.bucket] + w.step
        from unnest(owners, part_buckets, quantities, step_of) w (hold, bucket, quantity, step)
        where w.hold is not null;
    end if;
    return query
    select w.hold, 'held', suppliers[of_offers[w.hold]], longest[of_offers[w.hold]], units[of_offers[w.hold]],
           buckets[w.bucket], mondays[w.bucket], starts[w.bucket], stops[w.bucket], at,
           at + make_interval(secs => coalesce(seconds[w.hold], longest[of_offers[w.hold]]))
    from unnest(owners, part_buckets) with ordinality w (hold, bucket, nth)
    where w.hold is not null
    order by w.nth;
    return query
    select w.hold::int, w.outcome, suppliers[of_offers[w.hold]], longest[of_offers[w.hold]], units[of_offers[w.hold]],
           buckets[w.short], null::date, null::timestamptz, null::timestamptz, null::timestamptz, null::timestamptz
    from unnest(outcomes, shorts) with ordinality w (outcome, short, hold)
    where w.outcome <> 'held'
    order by w.hold;
end
$$;
