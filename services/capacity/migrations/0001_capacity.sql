-- What customers want, what suppliers can make, and how the two fit, week by week.
--
-- Three kinds of rows: demand, which the customer writes and both firms read; groups and their weeks, which the
-- supplier alone writes and reads; and what a supplier's policy lets a customer see of a group (disclosed_group), which
-- the supplier writes and the customer reads, so that nothing else of a group is there for it to read.
--
-- Nothing is deleted: a series or link that an update leaves out is marked as removed.

grant usage on schema capacity to tandem_app;

create function capacity.are_mondays(days date[]) returns boolean
language sql immutable strict set search_path = '' as $$
    select count(*) = count(distinct day) and coalesce(bool_and(extract(isodow from day) = 1), true) from unnest(days) day
$$;
revoke all on function capacity.are_mondays(date[]) from public;
grant execute on function capacity.are_mondays(date[]) to tandem_app;

create table capacity.material_demand (
    customer uuid not null,
    -- the customer chooses it
    id uuid not null,
    supplier uuid not null,
    material_number_customer text not null,
    version bigint not null,
    inactive boolean not null,
    changed_at timestamptz not null,
    received_at timestamptz not null,
    constraint material_demand_pkey primary key (customer, id),
    constraint material_demand_supplier_key unique (customer, supplier, id),
    constraint material_demand_material_key unique (customer, supplier, material_number_customer),
    constraint material_demand_sides_check check (customer <> supplier),
    constraint material_demand_version_check check (version > 0)
);
create index material_demand_supplier_idx on capacity.material_demand (supplier, customer, id);
comment on column capacity.material_demand.changed_at is 'as the sender says; an older one never replaces a newer one';

create table capacity.demand_version (
    customer uuid not null,
    demand_id uuid not null,
    version bigint not null,
    supplier uuid not null,
    -- tandem.capacity.v1.DemandContent
    content bytea not null,
    sha256 bytea not null,
    changed_at timestamptz not null,
    actor_name text not null,
    received_at timestamptz not null,
    constraint demand_version_pkey primary key (customer, demand_id, version),
    constraint demand_version_demand_fkey foreign key (customer, supplier, demand_id)
        references capacity.material_demand (customer, supplier, id)
);
comment on table capacity.demand_version is 'every accepted version in full; never changed';

create table capacity.demand_series (
    customer uuid not null,
    demand_id uuid not null,
    supplier uuid not null,
    customer_location text not null,
    demand_category text not null,
    -- empty where the customer expects none
    expected_supplier_location text not null,
    mondays date[] not null,
    quantities numeric[] not null,
    removed boolean not null default false,
    constraint demand_series_pkey
        primary key (customer, demand_id, customer_location, demand_category, expected_supplier_location),
    constraint demand_series_demand_fkey foreign key (customer, supplier, demand_id)
        references capacity.material_demand (customer, supplier, id),
    constraint demand_series_mondays_check check (capacity.are_mondays(mondays)),
    constraint demand_series_quantities_check check (0 <= all (quantities)),
    constraint demand_series_weeks_check check (cardinality(mondays) = cardinality(quantities))
);
comment on column capacity.demand_series.quantities is 'one for each Monday; a week that is not there is unknown, and 0 is 0';

-- A version that the supplier's groups have not been matched with yet: written with the demand, done by the supplier.
create table capacity.demand_arrival (
    supplier uuid not null,
    customer uuid not null,
    demand_id uuid not null,
    version bigint not null,
    material_number_customer text not null,
    matched_at timestamptz,
    constraint demand_arrival_pkey primary key (supplier, customer, demand_id, version),
    constraint demand_arrival_demand_fkey foreign key (customer, supplier, demand_id)
        references capacity.material_demand (customer, supplier, id)
);
create index demand_arrival_waiting_idx on capacity.demand_arrival (supplier, customer, demand_id, version)
    where matched_at is null;

create table capacity.capacity_group (
    supplier uuid not null,
    -- the supplier chooses it
    id uuid not null,
    -- null: the supplier's own, of which no customer learns
    customer uuid,
    name text not null,
    -- UN/ECE Recommendation 20; null where the sender omits it
    unit_code text,
    version bigint not null,
    inactive boolean not null,
    changed_at timestamptz not null,
    received_at timestamptz not null,
    constraint capacity_group_pkey primary key (supplier, id),
    constraint capacity_group_sides_check check (customer <> supplier),
    constraint capacity_group_version_check check (version > 0)
);
create index capacity_group_customer_idx on capacity.capacity_group (supplier, customer, id);

create table capacity.group_version (
    supplier uuid not null,
    group_id uuid not null,
    version bigint not null,
    -- tandem.capacity.v1.GroupContent
    content bytea not null,
    sha256 bytea not null,
    changed_at timestamptz not null,
    actor_name text not null,
    received_at timestamptz not null,
    constraint group_version_pkey primary key (supplier, group_id, version),
    constraint group_version_group_fkey foreign key (supplier, group_id)
        references capacity.capacity_group (supplier, id)
);
comment on table capacity.group_version is 'every accepted version in full; never changed';

-- One week of a group: what was stated of it, what is wanted of it, and what of it is promised. A row stays, with nulls,
-- when an update leaves the week out.
create table capacity.capacity_week (
    supplier uuid not null,
    group_id uuid not null,
    monday date not null,
    -- what the supplier stated; null: unknown
    actual numeric,
    maximum numeric,
    agreed numeric,
    delta numeric,
    -- what matching found; null: no demand is known
    demand numeric,
    -- 0: none, 1: more than actual, 2: more than maximum
    shortfall smallint not null default 0,
    -- load of accepted orders, part of demand
    booked numeric not null default 0,
    -- what published offers promise of it
    offered numeric not null default 0,
    -- orders or a lowered maximum left less than was offered; no more can be offered
    overcommitted boolean not null default false,
    constraint capacity_week_pkey primary key (supplier, group_id, monday),
    constraint capacity_week_group_fkey foreign key (supplier, group_id)
        references capacity.capacity_group (supplier, id),
    constraint capacity_week_monday_check check (extract(isodow from monday) = 1),
    constraint capacity_week_maximum_check check ((actual is null) = (maximum is null) and maximum >= actual),
    constraint capacity_week_range_check check (least(actual, agreed, booked, offered) >= 0),
    constraint capacity_week_shortfall_check check (shortfall between 0 and 2),
    constraint capacity_week_promised_once_check
        check (offered = 0 or overcommitted or coalesce(booked + offered <= maximum, false))
);
comment on column capacity.capacity_week.agreed is 'for information: no obligation to deliver';

create table capacity.linked_demand (
    supplier uuid not null,
    group_id uuid not null,
    customer uuid not null,
    material_number_customer text not null,
    customer_location text not null,
    demand_category text not null,
    -- capacity units a unit of demand; null: 1, and then for every series of the group
    load_factor numeric,
    removed boolean not null default false,
    constraint linked_demand_pkey
        primary key (supplier, group_id, customer, material_number_customer, customer_location, demand_category),
    constraint linked_demand_group_fkey foreign key (supplier, group_id)
        references capacity.capacity_group (supplier, id),
    constraint linked_demand_load_factor_check check (load_factor >= 0)
);
create index linked_demand_material_idx on capacity.linked_demand (supplier, customer, material_number_customer)
    where not removed;

-- A child may come later than its parent, so that it has no foreign key.
create table capacity.linked_group (
    supplier uuid not null,
    parent uuid not null,
    child uuid not null,
    removed boolean not null default false,
    constraint linked_group_pkey primary key (supplier, parent, child),
    constraint linked_group_parent_fkey foreign key (supplier, parent)
        references capacity.capacity_group (supplier, id),
    constraint linked_group_self_check check (parent <> child)
);
create index linked_group_child_idx on capacity.linked_group (supplier, child) where not removed;

-- What accepted orders take, by schedule line, in the unit of the demand: it consumes the forecast of its week.
create table capacity.booked_line (
    supplier uuid not null,
    schedule_line_id uuid not null,
    order_id uuid not null,
    customer uuid not null,
    material_number_customer text not null,
    customer_location text not null,
    demand_category text not null,
    monday date not null,
    -- 0 once it is cancelled
    quantity numeric not null,
    constraint booked_line_pkey primary key (supplier, schedule_line_id),
    constraint booked_line_monday_check check (extract(isodow from monday) = 1),
    constraint booked_line_quantity_check check (quantity >= 0)
);
create index booked_line_material_idx on capacity.booked_line (supplier, customer, material_number_customer, monday);

-- How much of its groups a supplier shows: to one customer, or, where customer is null, to every other.
create table capacity.disclosure (
    supplier uuid not null,
    customer uuid,
    level text not null,
    updated_at timestamptz not null,
    actor_name text not null,
    constraint disclosure_key unique nulls not distinct (supplier, customer),
    constraint disclosure_level_check check (level in ('exact', 'banded', 'yes_no', 'hidden'))
);

create table capacity.disclosed_group (
    customer uuid not null,
    supplier uuid not null,
    group_id uuid not null,
    version bigint not null,
    -- tandem.capacity.v1.DisclosedGroup, no more than the policy allows; empty where it allows nothing
    content bytea not null,
    shown boolean not null,
    changed_at timestamptz not null,
    constraint disclosed_group_pkey primary key (customer, supplier, group_id),
    constraint disclosed_group_group_fkey foreign key (supplier, group_id)
        references capacity.capacity_group (supplier, id),
    constraint disclosed_group_content_check check (shown or content = '')
);

create table capacity.comment (
    -- who wrote it, and alone may change it
    firm uuid not null,
    id uuid not null,
    customer uuid not null,
    supplier uuid not null,
    -- 'material_demand' or 'capacity_group'
    object_type text not null,
    object_id uuid not null,
    -- an address or a number of the author, as it says itself
    author text not null,
    text text not null,
    kind text not null,
    reference_dates date[] not null,
    posted_at timestamptz,
    changed_at timestamptz not null,
    -- text and author are gone for good
    deleted boolean not null default false,
    constraint comment_pkey primary key (firm, id),
    constraint comment_sides_check check (customer <> supplier and firm in (customer, supplier)),
    constraint comment_object_type_check check (object_type in ('material_demand', 'capacity_group')),
    constraint comment_kind_check check (kind in ('information', 'warning', 'actionRequired', 'default')),
    constraint comment_reference_dates_check check (capacity.are_mondays(reference_dates)),
    constraint comment_deleted_check check (not deleted or (text = '' and author = ''))
);
create index comment_object_idx on capacity.comment (customer, supplier, object_type, object_id, id);

do $$
declare
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
    two constant text := format('customer = %1$s or supplier = %1$s', me);
    name text;
begin
    foreach name in array array['material_demand', 'demand_version', 'demand_series', 'demand_arrival', 'capacity_group',
                                'group_version', 'capacity_week', 'linked_demand', 'linked_group', 'booked_line',
                                'disclosure', 'disclosed_group', 'comment'] loop
        execute format('alter table capacity.%I enable row level security', name);
        execute format('alter table capacity.%I force row level security', name);
        execute format('create policy owner_all on capacity.%I for all to tandem_owner using (true) with check (true)', name);
        execute format('grant select, insert on capacity.%I to tandem_app', name);
    end loop;
    foreach name in array array['capacity_group', 'group_version', 'capacity_week', 'linked_demand', 'linked_group',
                                'booked_line', 'disclosure'] loop
        execute format('create policy supplier_all on capacity.%I for all to tandem_app using (supplier = %2$s) with check (supplier = %2$s)', name, me);
    end loop;
    foreach name in array array['material_demand', 'demand_version', 'demand_series'] loop
        execute format('create policy two_firms_read on capacity.%I for select to tandem_app using (%s)', name, two);
        execute format('create policy customer_insert on capacity.%I for insert to tandem_app with check (customer = %s)', name, me);
    end loop;
    foreach name in array array['material_demand', 'demand_series'] loop
        execute format('create policy customer_update on capacity.%I for update to tandem_app using (customer = %2$s) with check (customer = %2$s)', name, me);
    end loop;
    execute format('create policy supplier_read on capacity.demand_arrival for select to tandem_app using (supplier = %s)', me);
    execute format('create policy supplier_update on capacity.demand_arrival for update to tandem_app using (supplier = %1$s) with check (supplier = %1$s)', me);
    execute format('create policy customer_insert on capacity.demand_arrival for insert to tandem_app with check (customer = %s)', me);
    execute format('create policy two_firms_read on capacity.disclosed_group for select to tandem_app using (%s)', two);
    execute format('create policy supplier_insert on capacity.disclosed_group for insert to tandem_app with check (supplier = %s)', me);
    execute format('create policy supplier_update on capacity.disclosed_group for update to tandem_app using (supplier = %1$s) with check (supplier = %1$s)', me);
    execute format('create policy two_firms_read on capacity.comment for select to tandem_app using (%s)', two);
    execute format('create policy author_insert on capacity.comment for insert to tandem_app with check (firm = %s)', me);
    execute format('create policy author_update on capacity.comment for update to tandem_app using (firm = %1$s) with check (firm = %1$s)', me);
end
$$;
grant update (version, inactive, changed_at, received_at) on capacity.material_demand to tandem_app;
grant update (mondays, quantities, removed) on capacity.demand_series to tandem_app;
grant update (matched_at) on capacity.demand_arrival to tandem_app;
grant update (name, unit_code, version, inactive, changed_at, received_at) on capacity.capacity_group to tandem_app;
grant update (actual, maximum, agreed, delta, demand, shortfall, booked, offered, overcommitted)
    on capacity.capacity_week to tandem_app;
grant update (load_factor, removed) on capacity.linked_demand to tandem_app;
grant update (removed) on capacity.linked_group to tandem_app;
grant update (material_number_customer, customer_location, demand_category, monday, quantity)
    on capacity.booked_line to tandem_app;
grant update (level, updated_at, actor_name) on capacity.disclosure to tandem_app;
grant update (version, content, shown, changed_at) on capacity.disclosed_group to tandem_app;
grant update (author, text, kind, reference_dates, posted_at, changed_at, deleted) on capacity.comment to tandem_app;

-- Suppliers with demand that their groups were not matched with yet: ids only, for the loop that works without a caller.
create function capacity.firms_to_match(most int) returns table (firm uuid)
language sql stable security definer set search_path = '' as $$
    select distinct a.supplier
    from capacity.demand_arrival a
    where a.matched_at is null and exists (select from partners.active_firms(array[a.supplier]))
    order by 1
    limit most
$$;
revoke all on function capacity.firms_to_match(int) from public;
grant execute on function capacity.firms_to_match(int) to tandem_app;
