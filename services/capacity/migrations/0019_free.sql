-- What lists say is free of a bucket is what is sold of it: of a week that promises more than its group has, no more than is
-- left beside accepted orders and what is reserved already; and nothing of an offer that was withdrawn.

-- Weeks that promise more than they have are few.
create index capacity_week_overcommitted_idx on capacity.capacity_week (supplier, group_id, monday) where overcommitted;

-- A bucket that is sold of once more stays in the same indexes, so that it is written alone and not they with it: Postgres
-- leaves them alone where nothing that they name has another value (heap-only tuples) and its page has room.
alter table capacity.capacity_bucket add column is_sold boolean not null generated always as (reserved > 0) stored;
alter table capacity.capacity_bucket set (fillfactor = 70);
drop index capacity.capacity_bucket_taken_idx;
create index capacity_bucket_taken_idx on capacity.capacity_bucket (supplier, offer_id, monday) where is_sold;

grant execute on function capacity.left_of_week(capacity.capacity_week) to tandem_app;

-- Buckets of offers that the tenant may see, with what may be held of each now.
create function capacity.buckets_on_sale(offers uuid[])
returns table (offer_id uuid, id uuid, monday date, starts_at timestamptz, ends_at timestamptz, total numeric,
               reserved numeric, free numeric)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return query
    select b.offer_id, b.id, b.monday, b.starts_at, b.ends_at, b.total, b.reserved,
           case when o.withdrawn then 0
                when w.overcommitted then greatest(0, least(b.total - b.reserved, capacity.left_of_week(w)))
                else b.total - b.reserved end
    from capacity.offer o
    join capacity.capacity_bucket b on b.supplier = o.supplier and b.offer_id = o.id
    left join capacity.capacity_week w
        on w.supplier = b.supplier and w.group_id = o.group_id and w.monday = b.monday and w.overcommitted
    where o.id = any (offers) and capacity.sees_offer(o, me)
    order by b.offer_id, b.monday, b.starts_at nulls first;
end
$$;
revoke all on function capacity.buckets_on_sale(uuid[]) from public;
grant execute on function capacity.buckets_on_sale(uuid[]) to tandem_app;
comment on function capacity.buckets_in_sight(uuid[]) is
    'what processes call that were started before capacity.buckets_on_sale came';

-- As before, with what is free so.
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
    -- groups of which a week promises more than it has
    narrow as materialized (
        select distinct w.supplier, w.group_id from capacity.capacity_week w
        where w.overcommitted and w.monday between first and last),
    named as materialized (
        select n.supplier, n.offer_id from capacity.offer_reader n where n.firm = me and not n.removed),
    candidate as materialized (
        select o.supplier, o.id, o.group_id, o.unit_code, (o.facts_version = o.version and o.room is not null) is true as judged,
            -- what is offered through the last week, less what is offered before the first
            coalesce(o.room[least((first - o.room_from) / 7 + weeks, cardinality(o.room))], 0)
                - coalesce(o.room[least((first - o.room_from) / 7, cardinality(o.room))], 0) as whole,
            -- the first week through which there is enough
            width_bucket(coalesce(o.room[least((first - o.room_from) / 7, cardinality(o.room))], 0) + needed_room - 1, o.room)
                + 1 - (first - o.room_from) / 7 as week,
            exists (
                select from capacity.capacity_bucket b
                where b.supplier = o.supplier and b.offer_id = o.id and b.monday between first and last and b.is_sold
            ) or (o.supplier, o.group_id) in (select n.supplier, n.group_id from narrow n) as taken,
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
                    factors[array_position(units, c.unit_code)] * sum(
                        case when w.overcommitted then greatest(0, least(b.total - b.reserved, capacity.left_of_week(w)))
                             else b.total - b.reserved end) over (order by b.monday) as free
                from capacity.capacity_bucket b
                left join capacity.capacity_week w
                    on w.supplier = b.supplier and w.group_id = c.group_id and w.monday = b.monday and w.overcommitted
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

create or replace function capacity.offers_to_match(process text, first date, last date, units text[], factors numeric[],
                                                    at_least numeric)
returns table (supplier uuid, id uuid, version bigint, content bytea, unit_code text, hold_seconds int,
               published_at timestamptz, changed_at timestamptz, mondays date[], free numeric[])
language sql stable security definer set search_path = '' as $$
    with me as materialized (select nullif(current_setting('tandem.firm', true), '')::uuid as firm),
    reach as materialized (select r.* from me, capacity.reach(me.firm) r),
    candidate as materialized (
        select o.supplier, o.id, o.group_id, o.version, o.content, o.unit_code, o.hold_seconds, o.published_at, o.changed_at
        from me, capacity.offer o
        where o.process_key = process and not o.withdrawn and o.supplier <> me.firm
            and o.supplier not in (select r.firm from reach r where r.how = 'suspended')
            and case o.visibility
                when 'all' then true
                when 'named' then (o.supplier, o.id) in (
                    select n.supplier, n.offer_id from capacity.offer_reader n
                    where n.firm = (select m.firm from me m) and not n.removed)
                when 'partners' then o.supplier in (select r.firm from reach r where r.how = 'active')
                when 'cluster' then (o.supplier, o.cluster) in (select r.firm, r.cluster from reach r where r.how = 'cluster')
            end
    ),
    working as materialized (
        select a.firm from partners.active_firms((select array_agg(distinct c.supplier) from candidate c)) a
    ),
    week as (
        select b.supplier, b.offer_id, array_agg(b.monday) as mondays, array_agg(s.free) as free, sum(s.free) as whole
        from candidate c
        join capacity.capacity_bucket b on b.supplier = c.supplier and b.offer_id = c.id
        left join capacity.capacity_week w
            on w.supplier = b.supplier and w.group_id = c.group_id and w.monday = b.monday and w.overcommitted
        cross join lateral (
            select case when w.overcommitted then greatest(0, least(b.total - b.reserved, capacity.left_of_week(w)))
                        else b.total - b.reserved end as free) s
        where b.monday between first and last and b.reserved < b.total
        group by b.supplier, b.offer_id
    )
    select c.supplier, c.id, c.version, c.content, c.unit_code, c.hold_seconds, c.published_at, c.changed_at,
           coalesce(w.mondays, '{}'), coalesce(w.free, '{}')
    from candidate c
    join working on working.firm = c.supplier
    left join unnest(units, factors) u (code, factor) on u.code = c.unit_code
    left join week w on w.supplier = c.supplier and w.offer_id = c.id
    where at_least is null or coalesce(w.whole, 0) * u.factor >= at_least
$$;
