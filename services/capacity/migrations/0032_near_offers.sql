-- Offers of another process than a need's that the tenant may see and that meet every other hard condition, such as those whose
-- supplier calls the process by another name; the newest first, at most so many. What is compared, and what is free, is as
-- capacity.best_offers has it; who may see it by capacity.sees_offer's rule.
create function capacity.offers_but_for_process(
    process text, materials text[], certificates text[], length numeric, width numeric, height numeric, weight numeric,
    tonnage numeric, finest numeric, units text[], factors numeric[], first date, last date, needed numeric, most bigint)
returns table (supplier uuid, id uuid, version bigint, content bytea, unit_code text, hold_seconds int,
               published_at timestamptz, changed_at timestamptz, mondays date[], free numeric[])
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return query
    select o.supplier, o.id, o.version, o.content, o.unit_code, o.hold_seconds, o.published_at, o.changed_at,
           w.mondays, w.free
    from capacity.offer o
    cross join lateral (
        select coalesce(array_agg(b.monday order by b.id), '{}') as mondays,
               coalesce(array_agg(s.free order by b.id), '{}') as free,
               coalesce(sum(s.free), 0) as whole
        from capacity.capacity_bucket b
        left join capacity.capacity_week n
            on n.supplier = b.supplier and n.group_id = o.group_id and n.monday = b.monday and n.overcommitted
        cross join lateral (
            select case when n.overcommitted then greatest(0, least(b.total - b.reserved, capacity.left_of_week(n)))
                        else b.total - b.reserved end as free) s
        where b.supplier = o.supplier and b.offer_id = o.id and b.monday between first and last and b.reserved < b.total
    ) w
    where o.process_key <> process and not o.withdrawn and o.facts_version = o.version and o.unit_code = any (units)
        and (length is null or o.length_mm >= length) and (width is null or o.width_mm >= width)
        and (height is null or o.height_mm >= height) and (weight is null or o.weight_kg >= weight)
        and (tonnage is null or o.tonnage_t >= tonnage) and (finest is null or o.precision_mm <= finest)
        and o.material_keys @> materials and o.certificate_keys @> certificates
        and w.whole * factors[array_position(units, o.unit_code)] >= needed
        and capacity.sees_offer(o, me)
    order by o.id desc
    limit most;
end
$$;
revoke all on function capacity.offers_but_for_process(text, text[], text[], numeric, numeric, numeric, numeric, numeric,
                                                       numeric, text[], numeric[], date, date, numeric, bigint) from public;
grant execute on function capacity.offers_but_for_process(text, text[], text[], numeric, numeric, numeric, numeric, numeric,
                                                          numeric, text[], numeric[], date, date, numeric, bigint) to tandem_app;
