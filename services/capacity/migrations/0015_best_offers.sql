-- The best of thousands of offers without reading what they say: what the hard conditions and the score need stands beside
-- the content, in a form that is compared and not read.

-- What need/facts.rs makes of an offer, written with it. Right where facts_version is the offer's version: a process that was
-- started before this came saves without them. Others are judged by their content, and so are those without room.
alter table capacity.offer
    add column facts_version bigint,
    -- names as need.rs folds them, certificates with and without the year of their standard
    add column material_keys text[],
    add column certificate_keys text[],
    add column length_mm numeric,
    add column width_mm numeric,
    add column height_mm numeric,
    add column weight_kg numeric,
    add column tonnage_t numeric,
    add column precision_mm numeric,
    add column region text,
    add column price numeric,
    add column currency text,
    -- what is offered, sold or not, from the week of room_from through each week, in millionths of the unit's base; null where
    -- it is no such number
    add column room_from date,
    add column room bigint[],
    add constraint offer_room_check check ((room_from is null) = (room is null));
grant update (facts_version, material_keys, certificate_keys, length_mm, width_mm, height_mm, weight_kg, tonnage_t,
              precision_mm, region, price, currency, room_from, room) on capacity.offer to tandem_app;
create index offer_without_facts_idx on capacity.offer (id)
    where facts_version is distinct from version and not withdrawn;

-- Of what is sold in part, what is free is summed; of all else it is what is offered.
create index capacity_bucket_taken_idx on capacity.capacity_bucket (supplier, offer_id, monday) where reserved > 0;

-- Offers that were saved without facts. Ids only, for the loop that works without a caller.
create function capacity.offers_without_facts(most int) returns table (firm uuid, id uuid)
language plpgsql stable security definer set search_path = '' as $$
begin
    return query
    select o.supplier, o.id from capacity.offer o
    where o.facts_version is distinct from o.version and not o.withdrawn
    order by o.id limit most;
end
$$;

-- Of the offers that the tenant may see and that meet every hard condition, the best by need.rs's rule, at most so many, and
-- of each how many there are in all; besides, every offer of the process that cannot be told without its content. By
-- capacity.sees_offer's rule, as capacity.offers_to_match.
--
-- All quantities are in the base of the units: `needed` as it is, `needed_room` and `surplus` in millionths, rounded up.
-- `surplus` says from where on more than enough is worth one point more, `early` what enough by the n-th week is worth,
-- `regions` the wanted division and those around it, `wished_points` what so many wished certificates are worth, `price_tops`
-- the ceiling times `price_points` for each unit, to be divided by a price times `price_factor`.
create function capacity.best_offers(
    process text, materials text[], certificates text[], length numeric, width numeric, height numeric, weight numeric,
    tonnage numeric, finest numeric, units text[], factors numeric[], first date, last date, needed numeric,
    needed_room bigint, surplus bigint[], early int[], regions text[], region_points int[], wished text[],
    wished_points int[], price_currency text, price_tops numeric[], price_factor numeric, price_points int, most bigint)
returns table (supplier uuid, id uuid, version bigint, content bytea, unit_code text, hold_seconds int,
               published_at timestamptz, changed_at timestamptz, mondays date[], free numeric[], judged boolean,
               fitting bigint)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    weeks constant int := (last - first) / 7 + 1;
    surplus_points constant int := cardinality(surplus);
begin
    return query
    with reach as materialized (select r.* from capacity.reach(me) r),
    named as materialized (
        select n.supplier, n.offer_id from capacity.offer_reader n where n.firm = me and not n.removed),
    candidate as materialized (
        select o.supplier, o.id, o.unit_code, (o.facts_version = o.version and o.room is not null) is true as judged,
            -- what is offered through the last week, less what is offered before the first
            coalesce(o.room[least((first - o.room_from) / 7 + weeks, cardinality(o.room))], 0)
                - coalesce(o.room[least((first - o.room_from) / 7, cardinality(o.room))], 0) as whole,
            -- the first week through which there is enough
            width_bucket(coalesce(o.room[least((first - o.room_from) / 7, cardinality(o.room))], 0) + needed_room - 1, o.room)
                + 1 - (first - o.room_from) / 7 as week,
            exists (
                select from capacity.capacity_bucket b
                where b.supplier = o.supplier and b.offer_id = o.id and b.monday between first and last and b.reserved > 0
            ) as taken,
            case when o.region ^@ regions[1] then region_points[1]
                 when o.region ^@ regions[2] then region_points[2]
                 when o.region ^@ regions[3] then region_points[3]
                 else 0 end
            + case when o.currency = price_currency then
                  case when o.price = 0 then price_points
                       else least(price_points, div(price_tops[array_position(units, o.unit_code)], o.price * price_factor))::int
                  end
                  else 0 end
            + wished_points[1
                  + coalesce((wished[1] = any (o.certificate_keys))::int, 0)
                  + coalesce((wished[2] = any (o.certificate_keys))::int, 0)
                  + coalesce((wished[3] = any (o.certificate_keys))::int, 0)
                  + case when cardinality(wished) <= 3 then 0
                         else (select count(*)::int from unnest(wished[4:]) k (key) where k.key = any (o.certificate_keys)) end
            ] as points
        from capacity.offer o
        where o.process_key = process and not o.withdrawn and o.supplier <> me
            and ((o.facts_version = o.version and o.room is not null) is not true or (
                o.unit_code = any (units)
                and coalesce(o.room[least((first - o.room_from) / 7 + weeks, cardinality(o.room))], 0)
                    - coalesce(o.room[least((first - o.room_from) / 7, cardinality(o.room))], 0) >= needed_room
                and (length is null or o.length_mm >= length) and (width is null or o.width_mm >= width)
                and (height is null or o.height_mm >= height) and (weight is null or o.weight_kg >= weight)
                and (tonnage is null or o.tonnage_t >= tonnage) and (finest is null or o.precision_mm <= finest)
                and o.material_keys @> materials and o.certificate_keys @> certificates))
            and o.supplier not in (select r.firm from reach r where r.how = 'suspended')
            and case o.visibility
                when 'all' then true
                when 'named' then (o.supplier, o.id) in (select n.supplier, n.offer_id from named n)
                when 'partners' then o.supplier in (select r.firm from reach r where r.how = 'active')
                when 'cluster' then (o.supplier, o.cluster) in (select r.firm, r.cluster from reach r where r.how = 'cluster')
            end
    ),
    working as materialized (
        select a.firm
        from partners.active_firms((select array_agg(d.supplier) from (select distinct c.supplier from candidate c) d)) a
    ),
    fits as materialized (
        select c.supplier, c.id, c.week, c.whole::numeric as free,
            c.points + early[c.week] + width_bucket(c.whole, surplus) as score
        from candidate c
        where c.judged and not c.taken and (c.supplier in (select w.firm from working w)) is true
        union all
        select c.supplier, c.id, s.week, s.free * 1000000,
            c.points + early[s.week] + least(surplus_points, div(surplus_points * (s.free - needed), needed))::int
        from candidate c
        cross join lateral (
            select max(b.free) as free, (min(b.monday) filter (where b.free >= needed) - first) / 7 + 1 as week
            from (
                select b.monday,
                    factors[array_position(units, c.unit_code)] * sum(b.total - b.reserved) over (order by b.monday) as free
                from capacity.capacity_bucket b
                where b.supplier = c.supplier and b.offer_id = c.id and b.monday between first and last
            ) b
        ) s
        where c.judged and c.taken and s.free >= needed and (c.supplier in (select w.firm from working w)) is true
    ),
    found as materialized (
        (select f.supplier, f.id, true as judged from fits f order by f.score desc, f.week, f.free desc, f.id limit most)
        union all
        select c.supplier, c.id, false from candidate c
        where not c.judged and (c.supplier in (select w.firm from working w)) is true
    )
    select o.*, w.mondays, w.free, f.judged, (select count(*) from fits)
    from found f
    -- by its key, however many are expected
    cross join lateral (
        select o.supplier, o.id, o.version, o.content, o.unit_code, o.hold_seconds, o.published_at, o.changed_at
        from capacity.offer o where o.supplier = f.supplier and o.id = f.id
        offset 0
    ) o
    cross join lateral (
        select coalesce(array_agg(b.monday order by b.id), '{}') as mondays,
               coalesce(array_agg(b.total - b.reserved order by b.id), '{}') as free
        from capacity.capacity_bucket b
        where b.supplier = f.supplier and b.offer_id = f.id and b.monday between first and last and b.reserved < b.total
    ) w
    order by o.id;
end
$$;

revoke all on function
    capacity.offers_without_facts(int),
    capacity.best_offers(text, text[], text[], numeric, numeric, numeric, numeric, numeric, numeric, text[], numeric[], date,
                         date, numeric, bigint, bigint[], int[], text[], int[], text[], int[], text, numeric[], numeric, int,
                         bigint)
    from public;
grant execute on function
    capacity.offers_without_facts(int),
    capacity.best_offers(text, text[], text[], numeric, numeric, numeric, numeric, numeric, numeric, text[], numeric[], date,
                         date, numeric, bigint, bigint[], int[], text[], int[], text[], int[], text, numeric[], numeric, int,
                         bigint)
    to tandem_app;
