-- Which sites reservations concern is asked in every slice of holds. A function in SQL is planned anew by every statement that
-- calls it, which took longer than running it; what is in PL/pgSQL keeps its plan for as long as the connection lives.
create or replace function capacity.reservation_sites(reservations uuid[])
returns table (reservation uuid, firm uuid, sites text[])
language plpgsql stable security definer set search_path = '' as $$
begin
    return query
    with mine as (
        select r.supplier, r.id, r.holder, r.offer_id from capacity.reservation r
        where r.id = any (reservations)
            and nullif(current_setting('tandem.firm', true), '')::uuid in (r.holder, r.supplier))
    select m.id, g.supplier, g.supplier_locations
    from mine m
    join capacity.offer o on o.supplier = m.supplier and o.id = m.offer_id
    join capacity.capacity_group g on g.supplier = o.supplier and g.id = o.group_id
    union all
    select m.id, g.supplier, g.supplier_locations
    from mine m
    join capacity.borrowed b on b.supplier = m.holder and b.reservation_id = m.id
    join capacity.capacity_group g on g.supplier = b.supplier and g.id = b.group_id;
end
$$;
