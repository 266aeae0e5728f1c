-- Members and keys may be narrowed to sites of their firm (partners.member_scope). What of capacity concerns which of the
-- tenant's sites is said here once, for lists, which have to leave out before they count a page, and for single rows.
--
-- Own sites are what the caller is narrowed to, the empty array where it is not. Something that concerns none of a firm's
-- sites concerns all of it, as an order does that names no site; what concerns several is seen from each of them. Row
-- security is for firms and stays as it is: these narrow within what it shows.

alter table capacity.capacity_group add column supplier_locations text[] not null default '{}';
comment on column capacity.capacity_group.supplier_locations is 'as its content states them, of the version that stands';
alter table capacity.disclosed_group add column customer_locations text[] not null default '{}';
comment on column capacity.disclosed_group.customer_locations is
    'of the series that the group links or sums, since its customer reads no links';
grant update (supplier_locations) on capacity.capacity_group to tandem_app;
grant update (customer_locations) on capacity.disclosed_group to tandem_app;

-- Where the customer's series are that a group of the tenant links, or that groups below it do.
create function capacity.customer_locations(of_supplier uuid, of_group uuid) returns text[]
language sql stable set search_path = '' as $$
    with recursive below (id) as (
        values (of_group)
        union
        select l.child from capacity.linked_group l join below on l.parent = below.id
        where l.supplier = of_supplier and not l.removed)
    select coalesce(array_agg(distinct l.customer_location order by l.customer_location), '{}')
    from capacity.capacity_group g
    join capacity.linked_demand l on l.supplier = g.supplier and l.customer = g.customer and not l.removed
        and l.group_id in (select below.id from below)
    where g.supplier = of_supplier and g.id = of_group
$$;

create function capacity.covers(own text[], sites text[]) returns boolean
language sql immutable set search_path = '' as $$
    select own = '{}' or sites = '{}' or own && sites
$$;

-- A demand: for its customer by where the goods go, for its supplier by where they are expected from.
create function capacity.demand_in(own text[], of_customer uuid, of_demand uuid) returns boolean
language sql stable set search_path = '' as $$
    select own = '{}' or coalesce(bool_or(s.place = any (array_append(own, ''))), true)
    from (
        select case when d.customer = nullif(current_setting('tandem.firm', true), '')::uuid
                    then d.customer_location else d.expected_supplier_location end as place
        from capacity.demand_series d
        where d.customer = of_customer and d.demand_id = of_demand and not d.removed) s
$$;

-- A group of the tenant's.
create function capacity.group_in(own text[], of_group uuid) returns boolean
language sql stable set search_path = '' as $$
    select own = '{}' or exists (
        select from capacity.capacity_group g
        where g.supplier = nullif(current_setting('tandem.firm', true), '')::uuid and g.id = of_group
            and capacity.covers(own, g.supplier_locations))
$$;

-- An offer of the tenant's, by its group; offers of others concern no site of the tenant's.
create function capacity.offer_in(own text[], of_supplier uuid, of_offer uuid) returns boolean
language sql stable set search_path = '' as $$
    select own = '{}' or of_supplier <> nullif(current_setting('tandem.firm', true), '')::uuid or exists (
        select from capacity.offer o
        where o.supplier = of_supplier and o.id = of_offer and capacity.group_in(own, o.group_id))
$$;

-- A reservation: for its supplier by its offer, for its holder by the own group that it strengthens.
create function capacity.reservation_in(own text[], of_supplier uuid, of_offer uuid, of_reservation uuid) returns boolean
language sql stable set search_path = '' as $$
    select own = '{}' or case
        when of_supplier = nullif(current_setting('tandem.firm', true), '')::uuid
            then capacity.offer_in(own, of_supplier, of_offer)
        else not exists (
            select from capacity.borrowed b
            where b.supplier = nullif(current_setting('tandem.firm', true), '')::uuid
                and b.reservation_id = of_reservation and b.group_id is not null
                and not capacity.group_in(own, b.group_id)) end
$$;

-- What a comment is about, which both firms see.
create function capacity.subject_in(own text[], kind text, of_customer uuid, of_supplier uuid, of_object uuid)
returns boolean
language sql stable set search_path = '' as $$
    select own = '{}' or case
        when kind = 'material_demand' then capacity.demand_in(own, of_customer, of_object)
        when of_supplier = nullif(current_setting('tandem.firm', true), '')::uuid then capacity.group_in(own, of_object)
        else exists (
            select from capacity.disclosed_group g
            where g.customer = of_customer and g.supplier = of_supplier and g.group_id = of_object
                and capacity.covers(own, g.customer_locations)) end
$$;

-- Events of something that two firms share name the sites of both, and either may write them: these say what the writer has
-- no row of, of what it shares alone. Nobody but the log of events reads it.
create function capacity.offer_sites(of_supplier uuid, of_offer uuid) returns text[]
language sql stable security definer set search_path = '' as $$
    select g.supplier_locations
    from capacity.offer o
    join capacity.capacity_group g on g.supplier = o.supplier and g.id = o.group_id
    where o.supplier = of_supplier and o.id = of_offer
        and (o.supplier = nullif(current_setting('tandem.firm', true), '')::uuid
             or exists (
                 select from capacity.capacity_match m
                 where m.requester = nullif(current_setting('tandem.firm', true), '')::uuid
                     and m.supplier = o.supplier and m.offer_id = o.id))
$$;

create function capacity.reservation_sites(reservations uuid[]) returns table (reservation uuid, firm uuid, sites text[])
language sql stable security definer set search_path = '' as $$
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
    join capacity.capacity_group g on g.supplier = b.supplier and g.id = b.group_id
$$;

create function capacity.subject_sites(kind text, of_customer uuid, of_supplier uuid, of_object uuid)
returns table (firm uuid, sites text[])
language sql stable security definer set search_path = '' as $$
    select s.firm, s.sites
    from (
        select of_customer as firm, array_agg(distinct d.customer_location) as sites
        from capacity.demand_series d
        where kind = 'material_demand' and d.customer = of_customer and d.supplier = of_supplier
            and d.demand_id = of_object and not d.removed
        union all
        select of_supplier, array_agg(distinct d.expected_supplier_location)
        from capacity.demand_series d
        where kind = 'material_demand' and d.customer = of_customer and d.supplier = of_supplier
            and d.demand_id = of_object and not d.removed
        having bool_and(d.expected_supplier_location <> '')
        union all
        select g.customer, g.customer_locations from capacity.disclosed_group g
        where kind = 'capacity_group' and g.customer = of_customer and g.supplier = of_supplier
            and g.group_id = of_object
        union all
        select g.supplier, g.supplier_locations from capacity.capacity_group g
        where kind = 'capacity_group' and g.customer = of_customer and g.supplier = of_supplier and g.id = of_object) s
    where nullif(current_setting('tandem.firm', true), '')::uuid in (of_customer, of_supplier) and s.sites is not null
$$;

do $$
declare
    name text;
begin
    foreach name in array array['customer_locations(uuid, uuid)', 'covers(text[], text[])', 'demand_in(text[], uuid, uuid)',
                                'group_in(text[], uuid)', 'offer_in(text[], uuid, uuid)',
                                'reservation_in(text[], uuid, uuid, uuid)',
                                'subject_in(text[], text, uuid, uuid, uuid)', 'offer_sites(uuid, uuid)',
                                'reservation_sites(uuid[])', 'subject_sites(text, uuid, uuid, uuid)'] loop
        execute format('revoke all on function capacity.%s from public', name);
        execute format('grant execute on function capacity.%s to tandem_app', name);
    end loop;
end
$$;

-- What stands. The content of a group is a message of which only field 4, the locations, is looked for: each field begins
-- with its number and wire type in groups of seven bits, the lowest first.
create function pg_temp.locations_stated(content bytea) returns text[]
language plpgsql immutable strict set search_path = '' as $$
declare
    size constant int := length(content);
    place int := 0;
    head bigint;
    count bigint;
    shift int;
    byte int;
    found text[] := '{}';
begin
    while place < size loop
        head := 0;
        shift := 0;
        loop
            byte := get_byte(content, place);
            place := place + 1;
            head := head | ((byte & 127)::bigint << shift);
            shift := shift + 7;
            exit when byte < 128;
        end loop;
        case head & 7
            when 0 then
                loop
                    byte := get_byte(content, place);
                    place := place + 1;
                    exit when byte < 128;
                end loop;
            when 1 then place := place + 8;
            when 5 then place := place + 4;
            else
                count := 0;
                shift := 0;
                loop
                    byte := get_byte(content, place);
                    place := place + 1;
                    count := count | ((byte & 127)::bigint << shift);
                    shift := shift + 7;
                    exit when byte < 128;
                end loop;
                if head >> 3 = 4 then
                    found := array_append(found, convert_from(substr(content, place + 1, count::int), 'UTF8'));
                end if;
                place := place + count::int;
        end case;
    end loop;
    return found;
end
$$;

update capacity.capacity_group g
set supplier_locations = pg_temp.locations_stated(v.content)
from capacity.group_version v
where v.supplier = g.supplier and v.group_id = g.id and v.version = g.version;

update capacity.disclosed_group
set customer_locations = capacity.customer_locations(supplier, group_id);
