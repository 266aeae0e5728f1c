-- Tolerances: how far a proposal may differ from the order without a decision of the buyer.

-- A row is never changed, only ended: what names its id means the same bounds for ever.
create table orders.tolerance_rule (
    id uuid not null,
    buyer uuid not null,
    -- null: every supplier of the buyer
    supplier uuid,
    item_group text not null,
    buyer_item_id text not null,
    quantity_over_percent numeric,
    quantity_over_absolute numeric,
    quantity_under_percent numeric,
    quantity_under_absolute numeric,
    early_days int,
    late_days int,
    price_over_percent numeric,
    price_over_absolute numeric,
    price_under_percent numeric,
    price_under_absolute numeric,
    note text not null,
    set_by text not null,
    set_at timestamptz not null,
    ended_at timestamptz,
    constraint tolerance_rule_pkey primary key (id, buyer),
    constraint tolerance_rule_scope_check check (item_group = '' or buyer_item_id = ''),
    constraint tolerance_rule_bounds_check check (
        least(quantity_over_percent, quantity_over_absolute, quantity_under_percent, quantity_under_absolute,
              price_over_percent, price_over_absolute, price_under_percent, price_under_absolute,
              early_days, late_days) >= 0),
    constraint tolerance_rule_two_firms_check check (buyer <> supplier)
);
-- One rule in force for each scope.
create unique index tolerance_rule_scope_key on orders.tolerance_rule (buyer, supplier, item_group, buyer_item_id)
    nulls not distinct where ended_at is null;
create index tolerance_rule_supplier_idx on orders.tolerance_rule (supplier) where ended_at is null;

-- tandem.orders.v1.ToleranceOutcome of the moment of proposing; null for proposals of before.
alter table orders.proposal add column tolerance bytea;
-- True: the buyer's tolerances decided, in the transaction that proposed.
alter table orders.resolution add column automatic boolean not null default false;

alter table orders.tolerance_rule enable row level security;
alter table orders.tolerance_rule force row level security;
create policy owner_all on orders.tolerance_rule for all to tandem_owner using (true) with check (true);
create policy buyer_read on orders.tolerance_rule for select to tandem_app
    using (buyer = nullif(current_setting('tandem.firm', true), '')::uuid);
-- Those that concern it: its own, and those for every supplier of a buyer that it supplies.
create policy supplier_read on orders.tolerance_rule for select to tandem_app
    using (supplier = nullif(current_setting('tandem.firm', true), '')::uuid
        or (supplier is null and exists (
            select from partners.trading_relationship r
            where r.buyer = tolerance_rule.buyer
                and r.supplier = nullif(current_setting('tandem.firm', true), '')::uuid)));
create policy buyer_insert on orders.tolerance_rule for insert to tandem_app
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid);
create policy buyer_update on orders.tolerance_rule for update to tandem_app
    using (buyer = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid);
grant select, insert on orders.tolerance_rule to tandem_app;
grant update (ended_at) on orders.tolerance_rule to tandem_app;

-- The answer that proposes also records that the buyer's tolerances agreed to it. Only in the transaction that
-- inserted the proposal, so that a supplier can never decide one that waits for the buyer.
create policy supplier_insert_automatic on orders.resolution for insert to tandem_app
    with check (supplier = nullif(current_setting('tandem.firm', true), '')::uuid and automatic and accepted
        and exists (select from orders.proposal p
                    where p.order_id = resolution.order_id and p.buyer = resolution.buyer
                        and p.id = resolution.proposal_id and p.version = resolution.version
                        and p.xmin = pg_current_xact_id()::xid));

-- Rules for a placeholder follow it to the firm that claimed it; how many moved. Where the claimant has a rule of the
-- same scope, that one stays in force.
create function orders.move_claimed_rules() returns bigint
language sql volatile security definer set search_path = '' as $$
    with movable as (
        select distinct on (r.buyer, c.firm, r.item_group, r.buyer_item_id) r.id, r.buyer, c.firm
        from orders.tolerance_rule r
        join partners.pending_claims() c on c.placeholder = r.supplier
        where r.ended_at is null and r.buyer <> c.firm and not exists (
            select from orders.tolerance_rule o
            where o.buyer = r.buyer and o.supplier = c.firm and o.item_group = r.item_group
                and o.buyer_item_id = r.buyer_item_id and o.ended_at is null)
        order by r.buyer, c.firm, r.item_group, r.buyer_item_id, r.set_at desc
    ), moved as (
        update orders.tolerance_rule r set supplier = m.firm
        from movable m where r.id = m.id and r.buyer = m.buyer
        returning 1
    )
    select pg_catalog.count(*) from moved
$$;
revoke all on function orders.move_claimed_rules() from public;
grant execute on function orders.move_claimed_rules() to tandem_app;
