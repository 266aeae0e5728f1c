-- What the buyer changed, cancelled or asked to change of a schedule line of which something was accepted, once for each
-- schedule line and version. The order's events say the same; this is what a scorecard counts.
create table orders.volatility (
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    version bigint not null,
    schedule_line_id uuid not null,
    -- what was accepted of it then
    accepted numeric not null check (accepted > 0),
    -- inside the frozen horizon, where the supplier was asked first, whatever it said
    frozen boolean not null,
    at timestamptz not null,
    constraint volatility_pkey primary key (order_id, buyer, version, schedule_line_id),
    constraint volatility_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);
create index volatility_period_idx on orders.volatility (buyer, supplier, at);

do $$
declare
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
begin
    alter table orders.volatility enable row level security;
    alter table orders.volatility force row level security;
    create policy owner_all on orders.volatility for all to tandem_owner using (true) with check (true);
    grant select, insert on orders.volatility to tandem_app;
    execute format('create policy two_firms_read on orders.volatility for select to tandem_app using (buyer = %s or supplier = %s)', me, me);
    execute format('create policy buyer_insert on orders.volatility for insert to tandem_app with check (buyer = %s)', me);
end
$$;
