-- The best of ten thousand offers of one process in less time, with the same answer.
--
-- Whether an offer meets every hard condition is told of each, since they are counted. Its place is told of those alone that
-- may be among the best: a few whole numbers bound the score of each from below and from above, and whoever cannot reach what
-- as many as are asked for have at least is left. So prices are divided, and what is free of what is sold in part is summed
-- week by week, for few.

-- In the order in which a hold takes them.
lock table capacity.offer, capacity.capacity_bucket in access exclusive mode;

-- Who offers something of a process is read from the index alone.
drop index capacity.offer_process_idx;
create index offer_process_idx on capacity.offer (process_key, supplier) where not withdrawn;

-- What is sold in part is found by supplier and week in one pass, instead of a look for each offer.
drop index capacity.capacity_bucket_taken_idx;
create index capacity_bucket_sold_idx on capacity.capacity_bucket (supplier, monday, offer_id) where is_sold;

-- These two as before, but that their plans are kept (0011).
create or replace function capacity.reach(me uuid) returns table (firm uuid, how text, cluster uuid)
language plpgsql stable set search_path = '' as $$
#variable_conflict use_column
begin
    return query
    select p.supplier, p.state, null::uuid from partners.trading_partner p
    where p.buyer = me and p.state in ('active', 'suspended')
    union
    select p.buyer, p.state, null::uuid from partners.trading_partner p
    where p.supplier = me and p.state in ('active', 'suspended')
    union
    select m.firm, 'cluster', m.cluster
    from partners.cluster_membership own
    join partners.cluster_membership m on m.cluster = own.cluster
    where own.firm = me and m.firm <> me;
end
$$;

create or replace function capacity.profiles_in_sight(only_firm uuid, process text, first date, last date, after uuid,
                                                      most bigint)
returns table (firm uuid, name text, name_en text, version bigint, content bytea, changed_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return query
    with reach as materialized (select r.* from capacity.reach(me) r),
    seen as materialized (
        select p.firm, p.version, p.content, p.changed_at
        from capacity.capability_profile p
        where p.firm <> me
            and (only_firm is null or p.firm = only_firm)
            and (process is null or p.process_keys @> array[process])
            and (after is null or p.firm > after)
            and p.firm not in (select r.firm from reach r where r.how = 'suspended')
            and case p.visibility
                when 'all' then true
                when 'partners' then p.firm in (select r.firm from reach r where r.how = 'active')
                when 'cluster' then (p.firm, p.cluster) in (select r.firm, r.cluster from reach r where r.how = 'cluster')
            end
            and (first is null or not exists (
                select from capacity.offer o
                join capacity.capacity_bucket b on b.supplier = o.supplier and b.offer_id = o.id
                where o.supplier = p.firm and o.process_key = process and not o.withdrawn
                    and b.monday between first and last and b.total > 0 and capacity.sees_offer(o, me)))
    )
    select s.firm, n.name, n.name_en, s.version, s.content, s.changed_at
    from seen s
    join partners.firm_names((select array_agg(s.firm) from seen s)) n on n.firm = s.firm
    order by s.firm
    limit most;
end
$$;

-- Arguments and answer as 0015 has them, what is free as 0019.
create or replace function capacity.best_offers(
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
    -- firms of which something of the process may be seen
    working as materialized (
        select a.firm
        from partners.active_firms(array(
            select distinct o.supplier from capacity.offer o where o.process_key = process and not o.withdrawn)) a
        where a.firm <> me and a.firm not in (select r.firm from reach r where r.how = 'suspended')
    ),
    -- offers of which something is sold, once for each week
    sold as materialized (
        select b.supplier, b.offer_id
        from working w
        join capacity.capacity_bucket b on b.supplier = w.firm and b.monday between first and last and b.is_sold
    ),
    -- groups of which a week promises more than it has
    narrow as materialized (
        select distinct w.supplier, w.group_id from capacity.capacity_week w
        where w.overcommitted and w.monday between first and last),
    -- offers that meet every hard condition, and those that cannot be told; `points` are those of region and certificates,
    -- `room_points` those of time and surplus where nothing is sold
    seen as materialized (
        select o.*, early[o.week] + width_bucket(o.whole, surplus) as room_points
        -- each step by itself, so that what the next one needs twice is made once
        from (
            select o.supplier, o.id, o.group_id, o.unit_code, o.judged, o.taken, o.points, o.price,
                o.through - o.before as whole,
                -- the first week through which there is enough
                case when o.judged then width_bucket(o.before + needed_room - 1, o.room) + 1 - (first - o.room_from) / 7
                end as week
            from (
                select o.supplier, o.id, o.group_id, o.unit_code, o.room_from, o.room,
                    (o.facts_version = o.version and o.room is not null) is true as judged,
                    (o.supplier, o.id) in (select s.supplier, s.offer_id from sold s)
                        or (o.supplier, o.group_id) in (select n.supplier, n.group_id from narrow n) as taken,
                    -- what is offered before the first week, and through the last
                    coalesce(o.room[least((first - o.room_from) / 7, cardinality(o.room))], 0) as before,
                    coalesce(o.room[least((first - o.room_from) / 7 + weeks, cardinality(o.room))], 0) as through,
                    case when o.currency = price_currency then o.price end as price,
                    case when o.region ^@ regions[1] then region_points[1]
                         when o.region ^@ regions[2] then region_points[2]
                         when o.region ^@ regions[3] then region_points[3]
                         else 0 end
                    + wished_points[1
                          + coalesce((wished[1] = any (o.certificate_keys))::int, 0)
                          + coalesce((wished[2] = any (o.certificate_keys))::int, 0)
                          + coalesce((wished[3] = any (o.certificate_keys))::int, 0)
                          + case when cardinality(wished) <= 3 then 0
                                 else (select count(*)::int from unnest(wished[4:]) k (key)
                                       where k.key = any (o.certificate_keys)) end
                    ] as points
                from capacity.offer o
                where o.process_key = process and not o.withdrawn
                    and ((o.facts_version = o.version and o.room is not null) is not true or (
                        o.unit_code = any (units)
                        and (length is null or o.length_mm >= length) and (width is null or o.width_mm >= width)
                        and (height is null or o.height_mm >= height) and (weight is null or o.weight_kg >= weight)
                        and (tonnage is null or o.tonnage_t >= tonnage) and (finest is null or o.precision_mm <= finest)
                        and o.material_keys @> materials and o.certificate_keys @> certificates))
                    and (o.supplier in (select w.firm from working w)) is true
                    and case o.visibility
                        when 'all' then true
                        when 'named' then (o.supplier, o.id) in (select n.supplier, n.offer_id from named n)
                        when 'partners' then o.supplier in (select r.firm from reach r where r.how = 'active')
                        when 'cluster' then (o.supplier, o.cluster) in (
                            select r.firm, r.cluster from reach r where r.how = 'cluster')
                    end
                offset 0
            ) o
            where not o.judged or (o.through - o.before >= needed_room and (not o.taken or needed <= (
                select factors[array_position(units, o.unit_code)] * sum(
                    case when w.overcommitted then greatest(0, least(b.total - b.reserved, capacity.left_of_week(w)))
                         else b.total - b.reserved end)
                from capacity.capacity_bucket b
                left join capacity.capacity_week w
                    on w.supplier = b.supplier and w.group_id = o.group_id and w.monday = b.monday and w.overcommitted
                where b.supplier = o.supplier and b.offer_id = o.id and b.monday between first and last)))
            offset 0
        ) o
    ),
    -- what the last of the best has at least, whatever its price and what is sold; none where fewer fit
    bar as materialized (
        select s.points + case when s.taken then 0 else s.room_points end as points
        from seen s
        where s.judged
        order by 1 desc
        offset most - 1 limit 1
    ),
    near as materialized (
        select s.supplier, s.id, s.group_id, s.unit_code, s.taken, s.week, s.whole, s.room_points,
            s.points + case
                when s.price is null then 0
                when s.price = 0 then price_points
                else least(price_points, div(price_tops[array_position(units, s.unit_code)], s.price * price_factor))::int
            end as points
        from seen s
        where s.judged
            and s.points + s.room_points + case when s.price is null then 0 else price_points end
                >= coalesce((select b.points from bar b), 0)
    ),
    fits as materialized (
        select n.supplier, n.id, n.week, n.whole::numeric as free, n.points + n.room_points as score
        from near n
        where not n.taken
        union all
        select n.supplier, n.id, s.week, s.free * 1000000,
            n.points + early[s.week] + least(surplus_points, div(surplus_points * (s.free - needed), needed))::int
        from near n
        cross join lateral (
            select max(b.free) as free, (min(b.monday) filter (where b.free >= needed) - first) / 7 + 1 as week
            from (
                select b.monday,
                    factors[array_position(units, n.unit_code)] * sum(
                        case when w.overcommitted then greatest(0, least(b.total - b.reserved, capacity.left_of_week(w)))
                             else b.total - b.reserved end) over (order by b.monday) as free
                from capacity.capacity_bucket b
                left join capacity.capacity_week w
                    on w.supplier = b.supplier and w.group_id = n.group_id and w.monday = b.monday and w.overcommitted
                where b.supplier = n.supplier and b.offer_id = n.id and b.monday between first and last
            ) b
        ) s
        where n.taken
    ),
    found as materialized (
        (select f.supplier, f.id, true as judged from fits f order by f.score desc, f.week, f.free desc, f.id limit most)
        union all
        select s.supplier, s.id, false from seen s where not s.judged
    )
    select o.*, w.mondays, w.free, f.judged, (select count(*) from seen s where s.judged)
    from found f
    -- by its key, however many are expected
    cross join lateral (
        select o.supplier, o.id, o.version, o.content, o.unit_code, o.hold_seconds, o.published_at, o.changed_at
        from capacity.offer o where o.supplier = f.supplier and o.id = f.id
        offset 0
    ) o
    cross join lateral (
        select o.group_id from capacity.offer o where o.supplier = f.supplier and o.id = f.id
        offset 0
    ) g
    cross join lateral (
        select coalesce(array_agg(b.monday order by b.id), '{}') as mondays,
               coalesce(array_agg(
                   case when n.overcommitted then greatest(0, least(b.total - b.reserved, capacity.left_of_week(n)))
                        else b.total - b.reserved end order by b.id), '{}') as free
        from capacity.capacity_bucket b
        left join capacity.capacity_week n
            on n.supplier = b.supplier and n.group_id = g.group_id and n.monday = b.monday and n.overcommitted
        where b.supplier = f.supplier and b.offer_id = f.id and b.monday between first and last and b.reserved < b.total
    ) w
    order by o.id;
end
$$;
