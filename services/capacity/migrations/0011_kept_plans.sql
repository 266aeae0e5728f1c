-- What every hold goes through keeps its plans, and finds its rows by an index.
--
-- Until its version 18, Postgres plans the body of a `language sql` function anew in every statement that calls it, which
-- took longer than what the statement does; plpgsql keeps plans for the session.

create index reservation_id_idx on capacity.reservation (id);
create index reservation_part_reservation_idx on capacity.reservation_part (reservation_id);

create or replace function capacity.sees_offer(of_offer capacity.offer, me uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
    if me is null or me = of_offer.supplier
        or not exists (select from partners.active_firms(array[of_offer.supplier]))
        or exists (
            select from partners.trading_partner p
            where (p.buyer, p.supplier) in ((me, of_offer.supplier), (of_offer.supplier, me)) and p.state = 'suspended') then
        return false;
    end if;
    return case of_offer.visibility
        when 'all' then true
        when 'named' then exists (
            select from capacity.offer_reader r
            where r.supplier = of_offer.supplier and r.offer_id = of_offer.id and r.firm = me and not r.removed)
        when 'partners' then exists (
            select from partners.trading_partner p
            where (p.buyer, p.supplier) in ((me, of_offer.supplier), (of_offer.supplier, me)) and p.state = 'active')
        when 'cluster' then 2 = (
            select count(*) from partners.cluster_membership m
            where m.cluster = of_offer.cluster and m.firm in (me, of_offer.supplier))
    end;
end
$$;

create or replace function capacity.offers_in_sight(only_offer uuid, only_supplier uuid, after uuid, most bigint)
returns table (supplier uuid, id uuid, version bigint, content bytea, unit_code text, hold_seconds int, withdrawn boolean,
               published_at timestamptz, changed_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    -- One that is asked for by its id, whether or not it stands.
    if only_offer is not null then
        return query
        select o.supplier, o.id, o.version, o.content, o.unit_code, o.hold_seconds, o.withdrawn, o.published_at, o.changed_at
        from capacity.offer o
        where o.id = only_offer and (only_supplier is null or o.supplier = only_supplier)
            and (after is null or o.id > after) and capacity.sees_offer(o, me)
        limit most;
        return;
    end if;
    return query
    select o.supplier, o.id, o.version, o.content, o.unit_code, o.hold_seconds, o.withdrawn, o.published_at, o.changed_at
    from capacity.offer o
    where (only_supplier is null or o.supplier = only_supplier) and (after is null or o.id > after) and not o.withdrawn
        and capacity.sees_offer(o, me)
    order by o.id
    limit most;
end
$$;

create or replace function capacity.buckets_in_sight(offers uuid[])
returns table (offer_id uuid, id uuid, monday date, starts_at timestamptz, ends_at timestamptz, total numeric,
               reserved numeric)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return query
    select b.offer_id, b.id, b.monday, b.starts_at, b.ends_at, b.total, b.reserved
    from capacity.offer o
    join capacity.capacity_bucket b on b.supplier = o.supplier and b.offer_id = o.id
    where o.id = any (offers) and capacity.sees_offer(o, me)
    order by b.offer_id, b.monday, b.starts_at nulls first;
end
$$;

create or replace function capacity.places_of(reservations uuid[])
returns table (bucket_id uuid, monday date, starts_at timestamptz, ends_at timestamptz, unit_code text)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return query
    select distinct b.id, b.monday, b.starts_at, b.ends_at, o.unit_code
    from capacity.reservation x
    join capacity.reservation_part p on p.supplier = x.supplier and p.reservation_id = x.id
    join capacity.capacity_bucket b on b.supplier = p.supplier and b.id = p.bucket_id
    join capacity.offer o on o.supplier = b.supplier and o.id = b.offer_id
    where x.id = any (reservations) and (x.holder = me or x.supplier = me);
end
$$;

create or replace function capacity.reservations_due(buckets uuid[], most int) returns table (firm uuid, id uuid)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    -- Once for all rows: by an index, which a function that may answer otherwise for each row cannot be looked up in.
    at constant timestamptz := clock_timestamp();
begin
    return query
    select x.supplier, x.id
    from capacity.reservation x
    where x.state = 'held' and x.expires_at <= at
        and (buckets is null or exists (
            select from capacity.reservation_part p
            where p.supplier = x.supplier and p.reservation_id = x.id and p.bucket_id = any (buckets)))
    union all
    select x.supplier, x.id
    from capacity.reservation x
    where x.state = 'consumed' and not x.announced and buckets is null
    limit most;
end
$$;
