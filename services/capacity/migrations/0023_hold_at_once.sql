-- A slice of holds in less time, of which most went into what surrounds the sale.
--
-- Reservations and their parts are written by functions alone, of offers and buckets that they found and locked in the
-- same transaction, and nobody may delete either: to look each of them up again for a foreign key took a third of the time,
-- and a lock on the offer for every hold of it. The sites that an event of a hold names come along, which took a trip of their
-- own; nobody but the log of events reads them. Versions of buckets are read when they are locked, so that what is sold, who
-- holds it and of what are written by one statement.

-- In the order in which a hold takes them.
lock table capacity.offer, capacity.capacity_bucket, capacity.reservation, capacity.reservation_part in access exclusive mode;
alter table capacity.reservation drop constraint reservation_offer_fkey;
alter table capacity.reservation_part drop constraint reservation_part_reservation_fkey;
alter table capacity.reservation_part drop constraint reservation_part_bucket_fkey;

drop function capacity.hold_many(uuid[], uuid[], int[], int[], int[], uuid[], int[], int[], numeric[]);

create function capacity.hold_many(offers uuid[], reservations uuid[], of_offers int[], seconds int[], ends int[],
                                   buckets uuid[], bucket_offers int[], part_buckets int[], quantities numeric[])
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
    slack numeric;
    -- weeks of which a bucket was given what is left
    narrow capacity.week_key[] := '{}';
    bucket_place int;
    first_part int := 1;
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
revoke all on function capacity.hold_many(uuid[], uuid[], int[], int[], int[], uuid[], int[], int[], numeric[]) from public;
grant execute on function capacity.hold_many(uuid[], uuid[], int[], int[], int[], uuid[], int[], int[], numeric[]) to tandem_app;
