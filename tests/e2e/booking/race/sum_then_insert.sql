#variable_conflict use_column
-- Sells what a sum finds free, as whoever thinks of no other at the same time writes it. Of one hold, which is all that is
-- asked for at a time.
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    seller constant uuid := (select o.supplier from capacity.offer o where o.id = offers[1]);
    sums numeric[] := '{}';
    versions bigint[] := '{}';
    believed record;
    at timestamptz;
begin
    for nth in 1 .. cardinality(buckets) loop
        select b.total, b.version + 1 as version, quantities[nth] + coalesce((
                select sum(p.quantity) from capacity.reservation_part p
                where p.bucket_id = b.id and p.returned_version is null), 0) as sold
        into believed
        from capacity.capacity_bucket b where b.supplier = seller and b.id = buckets[nth];
        if believed.sold > believed.total then
            place := 1;
            outcome := 'short';
            bucket := buckets[nth];
            return next;
            return;
        end if;
        sums[nth] := believed.sold;
        versions[nth] := believed.version;
    end loop;
    -- What a service does in between.
    perform pg_sleep(0.002);
    at := clock_timestamp();
    insert into capacity.reservation (supplier, id, holder, offer_id, state, version, held_at, expires_at)
    values (seller, reservations[1], me, offers[1], 'held', 1, at, at + make_interval(secs => seconds[1]));
    insert into capacity.reservation_part (supplier, reservation_id, bucket_id, holder, quantity, taken_version)
    select seller, reservations[1], w.id, me, w.quantity, w.version
    from unnest(buckets, quantities, versions) w (id, quantity, version);
    -- In the order in which all lock them, so that it fails by nothing else.
    for believed in
        select w.id, w.sold, w.version from unnest(buckets, sums, versions) w (id, sold, version) order by w.id
    loop
        update capacity.capacity_bucket b set reserved = believed.sold, version = believed.version
        where b.supplier = seller and b.id = believed.id;
    end loop;
    place := 1;
    outcome := 'held';
    supplier := seller;
    held_at := at;
    expires_at := at + make_interval(secs => seconds[1]);
    return next;
end
