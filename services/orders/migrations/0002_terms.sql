-- What buyer and supplier have agreed on beside the orders, and the days that a firm works.

create table orders.terms (
    buyer uuid not null,
    -- null: every supplier that has no row of its own
    supplier uuid,
    -- null here and below: as the wider rule says
    answer_within_working_days int,
    frozen_working_days int,
    remind_before_working_days int,
    -- behind the etag; every change adds one
    version bigint not null default 1,
    updated_at timestamptz not null,
    actor_name text not null,
    constraint terms_pair_key unique nulls not distinct (buyer, supplier),
    constraint terms_two_firms_check check (buyer <> supplier),
    constraint terms_answer_check check (answer_within_working_days between 0 and 250),
    constraint terms_frozen_check check (frozen_working_days between 0 and 250),
    constraint terms_remind_check check (remind_before_working_days between 0 and 60)
);
create index terms_supplier_idx on orders.terms (supplier);
comment on column orders.terms.answer_within_working_days is
    'working days of the buyer after publication or change within which the supplier answers; 0: on the same day';
comment on column orders.terms.frozen_working_days is
    'working days of the buyer before the requested date within which a change needs the supplier''s consent';
comment on column orders.terms.remind_before_working_days is
    'working days before the answer is due when the supplier is reminded without anybody asking; 0: never';

create table orders.work_calendar (
    firm uuid not null,
    -- ISO 8601 days of the week that are worked, 1 for Monday
    week int[] not null,
    -- whether statutory holidays and the days worked in exchange count
    holidays boolean not null,
    open_days date[] not null,
    closed_days date[] not null,
    version bigint not null default 1,
    updated_at timestamptz not null,
    actor_name text not null,
    constraint work_calendar_pkey primary key (firm),
    constraint work_calendar_week_check check (cardinality(week) > 0 and week <@ '{1,2,3,4,5,6,7}')
);
comment on table orders.work_calendar is 'a firm''s own working days; without a row: five days a week and the statutory holidays';

-- The buyer's own pairs, for terms: partners' rows as the tenant may see them.
create view orders.trading_pair with (security_invoker = true) as
    select r.buyer, r.supplier from partners.trading_relationship r;
comment on view orders.trading_pair is 'who trades with whom, of the pairs that the tenant stands in';
grant select on orders.trading_pair to tandem_app;

alter table orders.terms enable row level security;
alter table orders.terms force row level security;
create policy owner_all on orders.terms for all to tandem_owner using (true) with check (true);
create policy buyer_read on orders.terms for select to tandem_app
    using (buyer = nullif(current_setting('tandem.firm', true), '')::uuid);
-- What is said of all suppliers is for every one of them. The buyer has few such rows, so that EXISTS costs little.
create policy supplier_read on orders.terms for select to tandem_app
    using (supplier = nullif(current_setting('tandem.firm', true), '')::uuid
        or (supplier is null and exists (
            select from orders.trading_pair p
            where p.buyer = terms.buyer and p.supplier = nullif(current_setting('tandem.firm', true), '')::uuid)));
create policy buyer_insert on orders.terms for insert to tandem_app
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid);
create policy buyer_update on orders.terms for update to tandem_app
    using (buyer = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid);
grant select, insert on orders.terms to tandem_app;
grant update (answer_within_working_days, frozen_working_days, remind_before_working_days, version, updated_at,
    actor_name) on orders.terms to tandem_app;

alter table orders.work_calendar enable row level security;
alter table orders.work_calendar force row level security;
create policy owner_all on orders.work_calendar for all to tandem_owner using (true) with check (true);
create policy app_own on orders.work_calendar for all to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid);
grant select, insert on orders.work_calendar to tandem_app;
grant update (week, holidays, open_days, closed_days, version, updated_at, actor_name)
    on orders.work_calendar to tandem_app;

-- A claim takes terms along, and whatever else hangs on an order: every table here with an order_id and a supplier,
-- those of later migrations included.
create or replace function orders.claims_to_move() returns table (placeholder uuid, firm uuid)
language sql stable security definer set search_path = '' as $$
    select c.placeholder, c.firm
    from partners.pending_claims() c
    where exists (select from orders.purchase_order o where o.supplier = c.placeholder)
        or exists (select from orders.terms t where t.supplier = c.placeholder)
$$;

create or replace function orders.claim_placeholder(placeholder uuid, claimant uuid, most int) returns setof uuid
language plpgsql security definer set search_path = '' as $$
declare
    moved uuid[];
    name text;
begin
    if claimant is distinct from nullif(pg_catalog.current_setting('tandem.firm', true), '')::uuid
        or not partners.is_claimed_by(placeholder, claimant) then
        raise exception 'no accepted claim' using errcode = 'insufficient_privilege';
    end if;
    -- What the buyer agreed with the claimant itself stands; terms for the placeholder fill a gap alone.
    update orders.terms t set supplier = claimant
    where t.supplier = placeholder
        and not exists (select from orders.terms own where own.buyer = t.buyer and own.supplier = claimant);
    delete from orders.terms t where t.supplier = placeholder;
    select pg_catalog.array_agg(s.order_id order by s.order_id) into moved
    from (select order_id from orders.order_state where supplier = placeholder
          order by order_id limit most for update) s;
    if moved is null then
        return;
    end if;
    update orders.purchase_order set supplier = claimant where id = any (moved) and supplier = placeholder;
    for name in
        select c.relname
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'orders' and c.relkind = 'r' and c.relname <> 'order_state'
            and 2 = (select pg_catalog.count(*) from pg_catalog.pg_attribute a
                     where a.attrelid = c.oid and a.attname in ('order_id', 'supplier') and not a.attisdropped)
        order by c.relname
    loop
        execute pg_catalog.format('update orders.%I set supplier = $1 where order_id = any ($2) and supplier = $3', name)
            using claimant, moved, placeholder;
    end loop;
    update orders.order_state set supplier = claimant, version = version + 1, updated_at = pg_catalog.now()
    where order_id = any (moved);
    insert into orders.supplier_change (order_id, buyer, supplier, version, previous_supplier, at)
    select order_id, buyer, supplier, version, placeholder, pg_catalog.now()
    from orders.order_state where order_id = any (moved);
    return query select pg_catalog.unnest(moved);
end
$$;
