-- A need that meets thousands of offers of its process: what is free of them is summed in one pass over their buckets, and
-- whom they name is looked up once, instead of once for each offer. What it answers is as before, but for the order of the
-- weeks of an offer.
create or replace function capacity.offers_to_match(process text, first date, last date, units text[], factors numeric[],
                                                    at_least numeric)
returns table (supplier uuid, id uuid, version bigint, content bytea, unit_code text, hold_seconds int,
               published_at timestamptz, changed_at timestamptz, mondays date[], free numeric[])
language sql stable security definer set search_path = '' as $$
    with me as materialized (select nullif(current_setting('tandem.firm', true), '')::uuid as firm),
    reach as materialized (select r.* from me, capacity.reach(me.firm) r),
    candidate as materialized (
        select o.supplier, o.id, o.version, o.content, o.unit_code, o.hold_seconds, o.published_at, o.changed_at
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
        select b.supplier, b.offer_id, array_agg(b.monday) as mondays, array_agg(b.total - b.reserved) as free,
               sum(b.total - b.reserved) as whole
        from candidate c
        join capacity.capacity_bucket b on b.supplier = c.supplier and b.offer_id = c.id
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
