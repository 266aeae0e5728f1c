-- Accepted orders take capacity: what of a schedule line is promised for which week, read from the supplier's own feed.

-- A promise may come in several deliveries, and a substitute is another material.
alter table capacity.booked_line drop constraint booked_line_pkey;
alter table capacity.booked_line add constraint booked_line_pkey
    primary key (supplier, schedule_line_id, monday, material_number_customer);
comment on column capacity.booked_line.customer_location is
    'the ship-to site; empty where the order names none: then every group that links the material has to make it';
comment on column capacity.booked_line.demand_category is
    'an order names none: the default one, and where a group does not link that, what else it links of the material';

-- Where the supplier's feed was read to. Written with what the events took, so that each counts once.
create table capacity.feed_place (
    supplier uuid not null,
    -- the last entry of the supplier's feed that was looked at
    seq bigint not null,
    constraint feed_place_pkey primary key (supplier)
);
comment on table capacity.feed_place is
    'from the first group on, and then from the beginning of the feed: orders that were accepted before count too';

do $$
declare
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
begin
    alter table capacity.feed_place enable row level security;
    alter table capacity.feed_place force row level security;
    create policy owner_all on capacity.feed_place for all to tandem_owner using (true) with check (true);
    grant select, insert on capacity.feed_place to tandem_app;
    execute format('create policy supplier_all on capacity.feed_place for all to tandem_app using (supplier = %1$s) with check (supplier = %1$s)', me);
end
$$;
grant update (seq) on capacity.feed_place to tandem_app;

insert into capacity.feed_place (supplier, seq) select distinct supplier, 0 from capacity.capacity_group;

-- Suppliers whose feed has entries that were not looked at yet: ids only, for the loop that works without a caller. A
-- suspended firm waits, and goes on from where it was.
create function capacity.firms_to_book(most int) returns table (firm uuid)
language sql stable security definer set search_path = '' as $$
    select p.supplier
    from capacity.feed_place p
    join event.feed_head h on h.feed = p.supplier
    where h.next_seq - 1 > p.seq
        and exists (select from partners.active_firms(array[p.supplier]))
    order by p.supplier
    limit most
$$;
revoke all on function capacity.firms_to_book(int) from public;
grant execute on function capacity.firms_to_book(int) to tandem_app;
