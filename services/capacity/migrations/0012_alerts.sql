-- How far the demand of groups moves between two measurements: what is watched, what was measured, and what was told.
--
-- Both are the supplier's alone; what its customer sees of alerts stands in disclosed_group.

create table capacity.demand_volatility (
    supplier uuid not null,
    group_id uuid not null,
    -- tandem.capacity.v1.DemandVolatility; empty once the group states none any more
    parameters bytea not null,
    start_at timestamptz,
    interval_weeks integer,
    -- the moment of the last measurement, by start and interval; null: none yet
    measured_at timestamptz,
    -- when the next one is due; null: never
    next_at timestamptz,
    -- tandem.capacity.v1.DemandAlerts as they were told last
    alerts bytea not null default '',
    constraint demand_volatility_pkey primary key (supplier, group_id),
    constraint demand_volatility_group_fkey foreign key (supplier, group_id)
        references capacity.capacity_group (supplier, id),
    constraint demand_volatility_parameters_check
        check ((parameters = '') = (start_at is null) and (start_at is null) = (interval_weeks is null)
            and (start_at is not null or (measured_at is null and next_at is null))),
    constraint demand_volatility_interval_check check (interval_weeks between 1 and 999)
);
create index demand_volatility_due_idx on capacity.demand_volatility (next_at) where next_at is not null;

create table capacity.demand_snapshot (
    supplier uuid not null,
    group_id uuid not null,
    measured_at timestamptz not null,
    mondays date[] not null,
    -- total demand, one for each Monday; a week that is not there was unknown
    demands numeric[] not null,
    constraint demand_snapshot_pkey primary key (supplier, group_id, measured_at),
    constraint demand_snapshot_group_fkey foreign key (supplier, group_id)
        references capacity.demand_volatility (supplier, group_id),
    constraint demand_snapshot_mondays_check check (capacity.are_mondays(mondays)),
    constraint demand_snapshot_weeks_check check (cardinality(mondays) = cardinality(demands))
);
comment on table capacity.demand_snapshot is 'every measurement; never changed';

do $$
declare
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
    name text;
begin
    foreach name in array array['demand_volatility', 'demand_snapshot'] loop
        execute format('alter table capacity.%I enable row level security', name);
        execute format('alter table capacity.%I force row level security', name);
        execute format('create policy owner_all on capacity.%I for all to tandem_owner using (true) with check (true)', name);
        execute format('create policy supplier_all on capacity.%I for all to tandem_app using (supplier = %2$s) with check (supplier = %2$s)', name, me);
        execute format('grant select, insert on capacity.%I to tandem_app', name);
    end loop;
end
$$;
grant update (parameters, start_at, interval_weeks, measured_at, next_at, alerts) on capacity.demand_volatility to tandem_app;

-- Suppliers with groups whose demand is to be measured by now: ids only, for the loop that works without a caller.
create function capacity.firms_to_measure(at timestamptz, most int) returns table (firm uuid)
language sql stable security definer set search_path = '' as $$
    select distinct v.supplier
    from capacity.demand_volatility v
    where v.next_at <= firms_to_measure.at and exists (select from partners.active_firms(array[v.supplier]))
    order by 1
    limit most
$$;
revoke all on function capacity.firms_to_measure(timestamptz, int) from public;
grant execute on function capacity.firms_to_measure(timestamptz, int) to tandem_app;
