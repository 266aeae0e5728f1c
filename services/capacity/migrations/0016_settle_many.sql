-- What waits to be confirmed or released together is decided in one transaction, as holds are; and a hold writes no index
-- that nobody reads.

-- Parts are found by their reservation, and holds whose time is over by when it ends.
drop index capacity.reservation_part_bucket_idx;

-- The holder confirms or releases reservations, each `wants` being the state that is wanted: each once, whatever becomes of
-- the others. What becomes of each, one row a part: `done`; or the state that stands instead, `expired` where a hold's time
-- is over though nobody ended it yet. What is not the tenant's is not among them, as little as what does not exist.
--
-- Locks as everybody does: the reservations, then the buckets, in the order of their ids.
create function capacity.settle_many(reservations uuid[], wants text[])
returns table (place int, outcome text, supplier uuid, offer_id uuid, state text, version bigint, held_at timestamptz,
               expires_at timestamptz, ended_at timestamptz, order_id uuid, order_line text, unit_code text, bucket uuid,
               quantity numeric, monday date, starts_at timestamptz, ends_at timestamptz)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    at timestamptz;
    done uuid[];
    released uuid[];
begin
    -- By the id, which a plan that was kept while there were few would not go by if the holder could be looked up.
    perform from capacity.reservation x
    where x.holder is not distinct from me and x.id = any (reservations)
    order by x.id for update;
    -- Not now(), which stood still while this waited for the rows.
    at := clock_timestamp();
    with settled as (
        update capacity.reservation x
        set state = w.want, version = x.version + 1, ended_at = case when w.want = 'released' then at end
        from unnest(reservations, wants) w (id, want)
        where x.holder is not distinct from me and x.id = w.id
            and case w.want when 'confirmed' then x.state = 'held' and at < x.expires_at
                            when 'released' then x.state in ('held', 'confirmed') else false end
        returning x.id, x.state)
    select array_agg(s.id), array_agg(s.id) filter (where s.state = 'released') into done, released from settled s;
    if released is not null then
        perform from capacity.capacity_bucket b
        where (b.supplier, b.id) in (
            select p.supplier, p.bucket_id from capacity.reservation_part p where p.reservation_id = any (released))
        order by b.id for no key update;
        -- One step of its bucket for each part, in the order in which they were asked for.
        with part as materialized (
            select p.supplier, p.reservation_id, p.bucket_id, p.quantity,
                   row_number() over (partition by p.supplier, p.bucket_id order by w.place) as step
            from unnest(reservations) with ordinality w (id, place)
            join capacity.reservation_part p on p.reservation_id = w.id
            where w.id = any (released)),
        returned as (
            update capacity.capacity_bucket b set reserved = b.reserved - t.quantity, version = b.version + t.steps
            from (select p.supplier, p.bucket_id, sum(p.quantity) as quantity, count(*) as steps
                  from part p group by 1, 2) t
            where b.supplier = t.supplier and b.id = t.bucket_id
            returning b.supplier, b.id, b.version - t.steps as before)
        update capacity.reservation_part p set returned_version = r.before + t.step
        from part t
        join returned r on r.supplier = t.supplier and r.id = t.bucket_id
        where p.supplier = t.supplier and p.reservation_id = t.reservation_id and p.bucket_id = t.bucket_id;
    end if;
    return query
    select w.place::int,
           case when x.id = any (done) then 'done' when x.state = 'held' then 'expired' else x.state end,
           x.supplier, x.offer_id, x.state, x.version, x.held_at, x.expires_at, x.ended_at, x.order_id, x.order_line,
           o.unit_code, p.bucket_id, p.quantity, b.monday, b.starts_at, b.ends_at
    from unnest(reservations) with ordinality w (id, place)
    join capacity.reservation x on x.holder is not distinct from me and x.id = w.id
    join capacity.offer o on o.supplier = x.supplier and o.id = x.offer_id
    join capacity.reservation_part p on p.supplier = x.supplier and p.reservation_id = x.id
    join capacity.capacity_bucket b on b.supplier = p.supplier and b.id = p.bucket_id
    order by w.place, p.bucket_id;
end
$$;
revoke all on function capacity.settle_many(uuid[], text[]) from public;
grant execute on function capacity.settle_many(uuid[], text[]) to tandem_app;

comment on function capacity.confirm_reservation(uuid, uuid) is
    'what processes call that were started before capacity.settle_many came';
