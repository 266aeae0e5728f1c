-- Capacity that can be booked: offers, their buckets, and who reserved how much.
--
-- An offer and its buckets are the supplier's rows; whoever may see an offer reads it through definer functions, and holds
-- of it through one. A reservation is read by both sides and written by functions alone, so that nobody moves a bucket past
-- its check. Locks: weeks, then the reservation, then buckets in the order of their ids.

create table capacity.offer (
    supplier uuid not null,
    id uuid not null,
    group_id uuid not null,
    version bigint not null,
    -- tandem.capacity.v1.OfferContent, without its buckets
    content bytea not null,
    -- the group's, as it was when the offer was published
    unit_code text not null,
    visibility text not null,
    cluster uuid,
    -- how long a hold may last
    hold_seconds int not null,
    withdrawn boolean not null default false,
    published_at timestamptz not null,
    changed_at timestamptz not null,
    constraint offer_pkey primary key (supplier, id),
    constraint offer_group_fkey foreign key (supplier, group_id) references capacity.capacity_group (supplier, id),
    constraint offer_visibility_check check (visibility in ('named', 'partners', 'cluster', 'all')),
    constraint offer_cluster_check check ((visibility = 'cluster') = (cluster is not null)),
    constraint offer_hold_seconds_check check (hold_seconds between 1 and 2592000)
);
create index offer_id_idx on capacity.offer (id);

-- Whom an offer names.
create table capacity.offer_reader (
    supplier uuid not null,
    offer_id uuid not null,
    firm uuid not null,
    removed boolean not null default false,
    constraint offer_reader_pkey primary key (supplier, offer_id, firm),
    constraint offer_reader_offer_fkey foreign key (supplier, offer_id) references capacity.offer (supplier, id)
);
create index offer_reader_firm_idx on capacity.offer_reader (firm, offer_id) where not removed;

create table capacity.capacity_bucket (
    supplier uuid not null,
    id uuid not null,
    offer_id uuid not null,
    monday date not null,
    -- a slot of an instrument; null: the whole week
    starts_at timestamptz,
    ends_at timestamptz,
    total numeric not null,
    reserved numeric not null default 0,
    -- one for every change of reserved, taken under the row lock
    version bigint not null default 0,
    constraint capacity_bucket_pkey primary key (supplier, id),
    constraint capacity_bucket_slot_key unique nulls not distinct (supplier, offer_id, monday, starts_at),
    constraint capacity_bucket_offer_fkey foreign key (supplier, offer_id) references capacity.offer (supplier, id),
    constraint capacity_bucket_monday_check check (extract(isodow from monday) = 1),
    constraint capacity_bucket_slot_check check ((starts_at is null) = (ends_at is null) and starts_at < ends_at),
    constraint capacity_bucket_promised_once_check check (0 <= reserved and reserved <= total)
);
create index capacity_bucket_offer_idx on capacity.capacity_bucket (supplier, offer_id, monday);

create table capacity.reservation (
    supplier uuid not null,
    id uuid not null,
    holder uuid not null,
    offer_id uuid not null,
    state text not null,
    version bigint not null,
    held_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    -- what consumed it
    order_id uuid,
    order_line text,
    -- whether both sides were told that it was consumed
    announced boolean not null default false,
    constraint reservation_pkey primary key (supplier, id),
    constraint reservation_offer_fkey foreign key (supplier, offer_id) references capacity.offer (supplier, id),
    constraint reservation_sides_check check (supplier <> holder),
    constraint reservation_state_check check (state in ('held', 'confirmed', 'consumed', 'released', 'expired')),
    constraint reservation_order_check check ((state = 'consumed') = (order_id is not null and order_line is not null))
);
create index reservation_holder_idx on capacity.reservation (holder, id);
create index reservation_due_idx on capacity.reservation (expires_at) where state = 'held';
create index reservation_to_announce_idx on capacity.reservation (supplier, id) where state = 'consumed' and not announced;

create table capacity.reservation_part (
    supplier uuid not null,
    reservation_id uuid not null,
    bucket_id uuid not null,
    holder uuid not null,
    quantity numeric not null,
    -- the bucket's version that took it, and the one that gave it back
    taken_version bigint not null,
    returned_version bigint,
    constraint reservation_part_pkey primary key (supplier, reservation_id, bucket_id),
    constraint reservation_part_reservation_fkey foreign key (supplier, reservation_id)
        references capacity.reservation (supplier, id),
    constraint reservation_part_bucket_fkey foreign key (supplier, bucket_id)
        references capacity.capacity_bucket (supplier, id),
    constraint reservation_part_quantity_check check (quantity > 0)
);
create index reservation_part_bucket_idx on capacity.reservation_part (bucket_id);

do $$
declare
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
    name text;
begin
    foreach name in array array['offer', 'offer_reader', 'capacity_bucket', 'reservation', 'reservation_part'] loop
        execute format('alter table capacity.%I enable row level security', name);
        execute format('alter table capacity.%I force row level security', name);
        execute format('create policy owner_all on capacity.%I for all to tandem_owner using (true) with check (true)', name);
        execute format('grant select on capacity.%I to tandem_app', name);
    end loop;
    foreach name in array array['offer', 'offer_reader', 'capacity_bucket'] loop
        execute format('grant insert on capacity.%I to tandem_app', name);
        execute format('create policy supplier_all on capacity.%I for all to tandem_app using (supplier = %2$s) with check (supplier = %2$s)', name, me);
    end loop;
    foreach name in array array['reservation', 'reservation_part'] loop
        execute format('create policy two_firms_read on capacity.%I for select to tandem_app using (holder = %2$s or supplier = %2$s)', name, me);
    end loop;
    execute format('create policy supplier_update on capacity.reservation for update to tandem_app using (supplier = %1$s) with check (supplier = %1$s)', me);
end
$$;
grant update (version, content, visibility, cluster, hold_seconds, withdrawn, changed_at) on capacity.offer to tandem_app;
grant update (removed) on capacity.offer_reader to tandem_app;
-- The supplier moves what may be sold; what is sold, functions alone.
grant update (total) on capacity.capacity_bucket to tandem_app;
grant update (announced) on capacity.reservation to tandem_app;

-- Whether a firm that is not the supplier may see an offer at this moment.
create function capacity.sees_offer(of_offer capacity.offer, me uuid) returns boolean
language sql stable set search_path = '' as $$
    select me is not null and me <> of_offer.supplier
        and exists (select from partners.active_firms(array[of_offer.supplier]))
        and not exists (
            select from partners.trading_partner p
            where (p.buyer, p.supplier) in ((me, of_offer.supplier), (of_offer.supplier, me)) and p.state = 'suspended')
        and case of_offer.visibility
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
        end
$$;

-- Offers that the tenant may see and that stand, by id; of their supplier only what is meant for them.
create function capacity.offers_in_sight(only_offer uuid, only_supplier uuid, after uuid, most bigint)
returns table (supplier uuid, id uuid, version bigint, content bytea, unit_code text, hold_seconds int, withdrawn boolean,
               published_at timestamptz, changed_at timestamptz)
language sql stable security definer set search_path = '' as $$
    select o.supplier, o.id, o.version, o.content, o.unit_code, o.hold_seconds, o.withdrawn, o.published_at, o.changed_at
    from capacity.offer o
    where (only_offer is null or o.id = only_offer) and (only_supplier is null or o.supplier = only_supplier)
        and (after is null or o.id > after) and (not o.withdrawn or only_offer is not null)
        and capacity.sees_offer(o, nullif(current_setting('tandem.firm', true), '')::uuid)
    order by o.id
    limit most
$$;

-- Buckets of offers that the tenant may see.
create function capacity.buckets_in_sight(offers uuid[])
returns table (offer_id uuid, id uuid, monday date, starts_at timestamptz, ends_at timestamptz, total numeric,
               reserved numeric)
language sql stable security definer set search_path = '' as $$
    select b.offer_id, b.id, b.monday, b.starts_at, b.ends_at, b.total, b.reserved
    from capacity.offer o
    join capacity.capacity_bucket b on b.supplier = o.supplier and b.offer_id = o.id
    where o.id = any (offers) and capacity.sees_offer(o, nullif(current_setting('tandem.firm', true), '')::uuid)
    order by b.offer_id, b.monday, b.starts_at nulls first
$$;

-- Holds of several buckets, all or nothing, until `seconds` from now; answers when it ends. Errors: TC404 no such offer or
-- bucket, TC409 not so much is left (the bucket is in the detail), so that nothing of it can be committed.
create function capacity.hold_capacity(of_supplier uuid, of_offer uuid, reservation uuid, buckets uuid[],
                                       quantities numeric[], seconds int)
returns timestamptz
language plpgsql volatile security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    found_offer capacity.offer;
    part record;
    taken bigint;
    parts jsonb[] := '{}';
    at timestamptz;
begin
    select o.* into found_offer from capacity.offer o where o.supplier = of_supplier and o.id = of_offer;
    if not found or not capacity.sees_offer(found_offer, me)
        or seconds not between 1 and found_offer.hold_seconds
        or exists (select from unnest(buckets) w (bucket) where not exists (
            select from capacity.capacity_bucket b
            where b.supplier = of_supplier and b.offer_id = of_offer and b.id = w.bucket)) then
        raise exception 'no such offer' using errcode = 'TC404';
    end if;
    for part in select w.bucket, w.quantity from unnest(buckets, quantities) w (bucket, quantity) order by w.bucket loop
        -- The one statement that sells: it waits for the row, looks again, and takes or does not.
        update capacity.capacity_bucket b set reserved = b.reserved + part.quantity, version = b.version + 1
        where b.supplier = of_supplier and b.id = part.bucket and b.reserved + part.quantity <= b.total
        returning b.version into taken;
        if not found then
            raise exception 'not so much is left' using errcode = 'TC409', detail = part.bucket::text;
        end if;
        parts := parts || jsonb_build_object('bucket', part.bucket, 'quantity', part.quantity, 'version', taken);
    end loop;
    at := clock_timestamp();
    insert into capacity.reservation (supplier, id, holder, offer_id, state, version, held_at, expires_at)
    values (of_supplier, reservation, me, of_offer, 'held', 1, at, at + make_interval(secs => seconds));
    insert into capacity.reservation_part (supplier, reservation_id, bucket_id, holder, quantity, taken_version)
    select of_supplier, reservation, (p ->> 'bucket')::uuid, me, (p ->> 'quantity')::numeric, (p ->> 'version')::bigint
    from unnest(parts) p;
    return at + make_interval(secs => seconds);
end
$$;

-- The holder makes a hold stay. `confirmed`, or the state that stands instead; a hold whose time is over is `expired`.
create function capacity.confirm_reservation(of_supplier uuid, reservation uuid) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    r capacity.reservation;
begin
    select x.* into r from capacity.reservation x
    where x.supplier = of_supplier and x.id = reservation and x.holder = me for update;
    if not found then
        raise exception 'no such reservation' using errcode = 'TC404';
    end if;
    -- Not now(), which stood still while this waited for the row.
    if r.state = 'held' and clock_timestamp() >= r.expires_at then
        return 'expired';
    end if;
    if r.state <> 'held' then
        return r.state;
    end if;
    update capacity.reservation x set state = 'confirmed', version = x.version + 1
    where x.supplier = of_supplier and x.id = reservation;
    return 'done';
end
$$;

-- Gives back what a reservation took: the holder by releasing it, the supplier where a hold's time is over. `done`, or the
-- state that stands.
create function capacity.end_reservation(of_supplier uuid, reservation uuid, how text) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    r capacity.reservation;
    part record;
    returned bigint;
begin
    select x.* into r from capacity.reservation x
    where x.supplier = of_supplier and x.id = reservation
        and me = case how when 'released' then x.holder when 'expired' then x.supplier end
    for update;
    if not found then
        raise exception 'no such reservation' using errcode = 'TC404';
    end if;
    if r.state not in ('held', 'confirmed')
        or (how = 'expired' and (r.state <> 'held' or clock_timestamp() < r.expires_at)) then
        return r.state;
    end if;
    for part in select p.bucket_id, p.quantity from capacity.reservation_part p
                where p.supplier = of_supplier and p.reservation_id = reservation order by p.bucket_id loop
        update capacity.capacity_bucket b set reserved = b.reserved - part.quantity, version = b.version + 1
        where b.supplier = of_supplier and b.id = part.bucket_id
        returning b.version into returned;
        update capacity.reservation_part p set returned_version = returned
        where p.supplier = of_supplier and p.reservation_id = reservation and p.bucket_id = part.bucket_id;
    end loop;
    update capacity.reservation x set state = how, version = x.version + 1, ended_at = clock_timestamp()
    where x.supplier = of_supplier and x.id = reservation;
    return 'done';
end
$$;

-- For the service of orders: a confirmed reservation of the tenant goes into an order's line, in the order's own
-- transaction. Touches the reservation and no bucket: what it took stays taken. Answers the supplier, who must be the
-- order's. Errors: TC404 none of the tenant's, TC410 not confirmed, or consumed by another line.
create function capacity.take_hold(hold uuid, for_order uuid, line text) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    r capacity.reservation;
begin
    select x.* into r from capacity.reservation x where x.holder = me and x.id = hold for update;
    if not found then
        raise exception 'no such reservation' using errcode = 'TC404';
    end if;
    if r.state = 'consumed' and r.order_id = for_order and r.order_line = line then
        return r.supplier;
    end if;
    if r.state <> 'confirmed' or for_order is null or line is null then
        raise exception 'the reservation is not confirmed' using errcode = 'TC410';
    end if;
    update capacity.reservation x
    set state = 'consumed', version = x.version + 1, ended_at = clock_timestamp(), order_id = for_order, order_line = line
    where x.supplier = r.supplier and x.id = hold;
    return r.supplier;
end
$$;

-- Where the buckets of the tenant's own reservations are, whether or not it still sees the offer.
create function capacity.places_of(reservations uuid[])
returns table (bucket_id uuid, monday date, starts_at timestamptz, ends_at timestamptz, unit_code text)
language sql stable security definer set search_path = '' as $$
    select distinct b.id, b.monday, b.starts_at, b.ends_at, o.unit_code
    from capacity.reservation x
    join capacity.reservation_part p on p.supplier = x.supplier and p.reservation_id = x.id
    join capacity.capacity_bucket b on b.supplier = p.supplier and b.id = p.bucket_id
    join capacity.offer o on o.supplier = b.supplier and o.id = b.offer_id
    where x.id = any (reservations)
        and nullif(current_setting('tandem.firm', true), '')::uuid in (x.holder, x.supplier)
$$;

-- Reservations that somebody has to look at: holds whose time is over, of these buckets or of any, and consumed ones that
-- nobody was told of. Ids only, for the loop that works without a caller.
create function capacity.reservations_due(buckets uuid[], most int) returns table (firm uuid, id uuid)
language sql volatile security definer set search_path = '' as $$
    select x.supplier, x.id
    from capacity.reservation x
    where x.state = 'held' and x.expires_at <= clock_timestamp()
        and (buckets is null or exists (
            select from capacity.reservation_part p
            where p.supplier = x.supplier and p.reservation_id = x.id and p.bucket_id = any (buckets)))
    union all
    select x.supplier, x.id
    from capacity.reservation x
    where x.state = 'consumed' and not x.announced and buckets is null
    limit most
$$;

-- Withdrawn offers of which something came back that goes back to their group. Ids only.
create function capacity.offers_to_trim(most int) returns table (firm uuid, id uuid)
language sql stable security definer set search_path = '' as $$
    select o.supplier, o.id
    from capacity.offer o
    where o.withdrawn and exists (
        select from capacity.capacity_bucket b
        where b.supplier = o.supplier and b.offer_id = o.id and b.reserved < b.total)
    limit most
$$;
create index offer_withdrawn_idx on capacity.offer (supplier, id) where withdrawn;

revoke all on function
    capacity.sees_offer(capacity.offer, uuid),
    capacity.offers_in_sight(uuid, uuid, uuid, bigint),
    capacity.buckets_in_sight(uuid[]),
    capacity.hold_capacity(uuid, uuid, uuid, uuid[], numeric[], int),
    capacity.confirm_reservation(uuid, uuid),
    capacity.end_reservation(uuid, uuid, text),
    capacity.take_hold(uuid, uuid, text),
    capacity.places_of(uuid[]),
    capacity.reservations_due(uuid[], int),
    capacity.offers_to_trim(int)
    from public;
grant execute on function
    capacity.offers_in_sight(uuid, uuid, uuid, bigint),
    capacity.buckets_in_sight(uuid[]),
    capacity.hold_capacity(uuid, uuid, uuid, uuid[], numeric[], int),
    capacity.confirm_reservation(uuid, uuid),
    capacity.end_reservation(uuid, uuid, text),
    capacity.take_hold(uuid, uuid, text),
    capacity.places_of(uuid[]),
    capacity.reservations_due(uuid[], int),
    capacity.offers_to_trim(int)
    to tandem_app;
