-- Holds of a firm that wait together take their buckets in one go: each bucket is locked once, in the order of the ids, and
-- written once, whatever number of holds takes of it.
--
-- Offers, holds and buckets are named by their places in the arrays. A bucket comes with the offer that it is asked for of;
-- of a hold's parts, which come one after another, `ends` says the last. `seconds` null: as long as the offer allows.
--
-- In the order of the holds each takes all of it or nothing. What becomes of each: `held`, one row a part; `unknown`, no such
-- offer or bucket; `seconds`, the offer allows no more than `hold_seconds`; `short`, not so much is left of `bucket`. What is
-- refused undoes nothing of the others.
create function capacity.hold_many(offers uuid[], reservations uuid[], of_offers int[], seconds int[], ends int[],
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
    found record;
    bucket_place int;
    first_part int := 1;
    at timestamptz;
begin
    select array_agg(s.supplier order by s.place), array_agg(s.hold_seconds order by s.place),
           array_agg(s.unit_code order by s.place)
    into suppliers, longest, units
    from (
        select w.place, seen.supplier, seen.hold_seconds, seen.unit_code
        from unnest(offers) with ordinality w (id, place)
        left join lateral (
            select o.supplier, o.hold_seconds, o.unit_code from capacity.offer o
            where o.id = w.id and capacity.sees_offer(o, me)
            order by o.supplier limit 1) seen on true) s;
    for found in
        select w.place, b.total - b.reserved as rest, b.monday, b.starts_at, b.ends_at
        from unnest(buckets, bucket_offers) with ordinality w (id, offer, place)
        join capacity.capacity_bucket b
            on b.supplier = suppliers[w.offer] and b.id = w.id and b.offer_id = offers[w.offer]
        order by b.id for no key update of b
    loop
        rest[found.place] := found.rest;
        mondays[found.place] := found.monday;
        starts[found.place] := found.starts_at;
        stops[found.place] := found.ends_at;
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
        for found in
            update capacity.capacity_bucket b set reserved = b.reserved + w.taken, version = b.version + w.steps
            from unnest(buckets, bucket_offers, taken, steps) with ordinality w (id, offer, taken, steps, place)
            where w.steps > 0 and b.supplier = suppliers[w.offer] and b.id = w.id
            returning w.place, b.version - w.steps as before
        loop
            before[found.place] := found.before;
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
revoke all on function capacity.hold_many(uuid[], uuid[], int[], int[], int[], uuid[], int[], int[], numeric[]) from public;
grant execute on function capacity.hold_many(uuid[], uuid[], int[], int[], int[], uuid[], int[], int[], numeric[])
    to tandem_app;

comment on function capacity.hold_capacity(uuid, uuid, uuid, uuid[], numeric[], int) is
    'what processes call that were started before capacity.hold_many came';
