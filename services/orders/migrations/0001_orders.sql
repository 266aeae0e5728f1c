-- Purchase orders: rows of two firms. `buyer` and `supplier` stand on every row.
--
-- Three kinds of tables:
--   what the buyer published      purchase_order, order_revision, order_line, schedule_line, resolution
--   what the supplier answered    response, response_line, proposal
--   the shared state              order_state (lock, version), schedule_state (answered quantities)
-- Either side reads all of them. Only the writing side inserts into the first two; both update the shared state,
-- whose constraints bound what a wrong update could do.
--
-- Both firms are immutable for tandem_app: it has no right to update those columns. Only
-- orders.claim_placeholder, which runs as tandem_owner, moves an order from a placeholder to the firm that claimed
-- it; foreign keys are deferred for its sake.

grant usage on schema orders to tandem_app;

create table orders.purchase_order (
    id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    source_system text not null,
    order_number text not null,
    purchasing_group text not null,
    -- ship-to sites of the buyer, for readers who are narrowed to some
    sites text[] not null,
    published_at timestamptz not null,
    constraint purchase_order_pkey primary key (id, buyer, supplier),
    -- groups run several ERPs, each with its own numbers
    constraint purchase_order_number_key unique (buyer, source_system, order_number),
    constraint purchase_order_two_firms_check check (buyer <> supplier)
);
create index purchase_order_supplier_idx on orders.purchase_order (supplier, published_at desc, id desc);
create index purchase_order_buyer_idx on orders.purchase_order (buyer, published_at desc, id desc);

create table orders.order_revision (
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    revision int not null check (revision > 0),
    -- tandem.orders.v1.OrderContent without its lines
    content bytea not null,
    -- of the whole content with its lines, as published
    content_sha256 bytea not null,
    vendor_number text not null,
    currency text not null,
    price_includes_tax boolean not null,
    -- null where a price is unstated
    net_amount numeric,
    line_count int not null,
    first_item_name text not null,
    published_at timestamptz not null,
    actor_name text not null,
    constraint order_revision_pkey primary key (order_id, buyer, revision),
    constraint order_revision_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);

create table orders.order_line (
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    -- place in the order, from 0
    position int not null,
    -- the revision that published this row
    revision int not null,
    line_number text not null,
    buyer_item_id text not null,
    seller_item_id text not null,
    item_name text not null,
    unit_code text not null,
    -- tandem.orders.v1.OrderLine without its schedule lines
    content bytea not null,
    constraint order_line_pkey primary key (order_id, buyer, position, revision),
    constraint order_line_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);

create table orders.schedule_line (
    id uuid not null,
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    -- place in the order, from 0
    position int not null,
    line_position int not null,
    schedule_line_number text not null,
    quantity numeric not null check (quantity >= 0),
    -- the earliest requested day; null: unstated
    requested_date date,
    -- tandem.orders.v1.ScheduleLine
    content bytea not null,
    -- the quantity stands in the key so that the shared state's `ordered` can refer to it
    constraint schedule_line_pkey primary key (id, buyer, quantity),
    constraint schedule_line_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);
create index schedule_line_order_idx on orders.schedule_line (order_id);

create table orders.order_state (
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    revision int not null,
    -- counts every event of the order
    version bigint not null,
    -- tandem.orders.v1.OrderState, derived from the quantities
    state smallint not null,
    unanswered_lines int not null,
    proposed_lines int not null,
    -- the earliest requested day over all schedule lines; 9999-12-31 where unstated, so that it sorts last
    requested_date date not null,
    updated_at timestamptz not null,
    constraint order_state_pkey primary key (order_id, buyer),
    constraint order_state_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);
create index order_state_inbox_idx on orders.order_state (supplier, state, requested_date, order_id);
create index order_state_buyer_idx on orders.order_state (buyer, state, requested_date, order_id);

create table orders.schedule_state (
    schedule_line_id uuid not null,
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    ordered numeric not null,
    accepted numeric not null default 0,
    rejected numeric not null default 0,
    -- the ordered quantity under negotiation, whatever quantity is proposed for it
    proposed numeric not null default 0,
    unanswered numeric not null,
    cancelled numeric not null default 0,
    constraint schedule_state_pkey primary key (schedule_line_id, buyer),
    constraint schedule_state_conserved_check
        check (ordered = accepted + rejected + proposed + unanswered + cancelled),
    constraint schedule_state_not_negative_check
        check (least(ordered, accepted, rejected, proposed, unanswered, cancelled) >= 0),
    -- neither side can raise what was ordered
    constraint schedule_state_ordered_fkey foreign key (schedule_line_id, buyer, ordered)
        references orders.schedule_line (id, buyer, quantity) deferrable initially deferred
);
create index schedule_state_order_idx on orders.schedule_state (order_id);

create table orders.response (
    id uuid not null,
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    -- the revision that it answers
    revision int not null,
    -- the order's version after it
    version bigint not null,
    note text not null,
    actor_name text not null,
    at timestamptz not null,
    constraint response_pkey primary key (order_id, buyer, version),
    constraint response_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);

-- Accepted and rejected parts; what is proposed stands in proposal.
create table orders.response_line (
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    version bigint not null,
    position int not null,
    response_id uuid not null,
    schedule_line_id uuid not null,
    accepted boolean not null,
    quantity numeric not null check (quantity > 0),
    committed_date date,
    -- tandem.orders.v1.RejectReason; 0 where accepted
    reject_reason smallint not null,
    note text not null,
    constraint response_line_pkey primary key (order_id, buyer, version, position),
    constraint response_line_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);

create table orders.proposal (
    id uuid not null,
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    version bigint not null,
    response_id uuid not null,
    schedule_line_id uuid not null,
    -- the part of the ordered quantity under negotiation
    covers numeric not null check (covers > 0),
    -- tandem.orders.v1.Propose
    content bytea not null,
    at timestamptz not null,
    constraint proposal_pkey primary key (order_id, buyer, id),
    constraint proposal_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);

create table orders.resolution (
    proposal_id uuid not null,
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    version bigint not null,
    accepted boolean not null,
    note text not null,
    actor_name text not null,
    at timestamptz not null,
    -- a proposal is decided once
    constraint resolution_pkey primary key (order_id, buyer, proposal_id),
    constraint resolution_proposal_fkey foreign key (order_id, buyer, proposal_id)
        references orders.proposal deferrable initially deferred
);

-- An order moved from a placeholder to the firm that claimed it.
create table orders.supplier_change (
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    version bigint not null,
    previous_supplier uuid not null,
    at timestamptz not null,
    constraint supplier_change_pkey primary key (order_id, buyer, version)
);

-- Versions are contiguous and revisions never go back, whoever writes.
create function orders.check_version() returns trigger language plpgsql set search_path = '' as $$
begin
    if new.version <> old.version + 1 or new.revision < old.revision then
        raise exception 'order version % cannot follow %', new.version, old.version
            using errcode = 'check_violation', constraint = 'order_state_contiguous_check';
    end if;
    return new;
end
$$;
create trigger order_state_contiguous before update on orders.order_state
    for each row execute function orders.check_version();

-- Row-level security: both firms read; the writing side writes, with a check of its own.
do $$
declare
    name text;
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
begin
    foreach name in array array['purchase_order', 'order_revision', 'order_line', 'schedule_line', 'order_state',
        'schedule_state', 'response', 'response_line', 'proposal', 'resolution', 'supplier_change'] loop
        execute format('alter table orders.%I enable row level security', name);
        execute format('alter table orders.%I force row level security', name);
        execute format('create policy owner_all on orders.%I for all to tandem_owner using (true) with check (true)', name);
        execute format('create policy two_firms_read on orders.%I for select to tandem_app using (buyer = %s or supplier = %s)', name, me, me);
        execute format('grant select on orders.%I to tandem_app', name);
    end loop;
    foreach name in array array['purchase_order', 'order_revision', 'order_line', 'schedule_line', 'order_state',
        'schedule_state', 'resolution'] loop
        execute format('create policy buyer_insert on orders.%I for insert to tandem_app with check (buyer = %s)', name, me);
        execute format('grant insert on orders.%I to tandem_app', name);
    end loop;
    foreach name in array array['response', 'response_line', 'proposal'] loop
        execute format('create policy supplier_insert on orders.%I for insert to tandem_app with check (supplier = %s)', name, me);
        execute format('grant insert on orders.%I to tandem_app', name);
    end loop;
    foreach name in array array['order_state', 'schedule_state'] loop
        execute format('create policy two_firms_update on orders.%I for update to tandem_app using (buyer = %s or supplier = %s) with check (buyer = %s or supplier = %s)', name, me, me, me, me);
    end loop;
end
$$;
grant update (version, state, unanswered_lines, proposed_lines, updated_at) on orders.order_state to tandem_app;
grant update (accepted, rejected, proposed, unanswered, cancelled) on orders.schedule_state to tandem_app;

-- Placeholders that were claimed and still have orders, with their claimants: ids only.
create function orders.claims_to_move() returns table (placeholder uuid, firm uuid)
language sql stable security definer set search_path = '' as $$
    select c.placeholder, c.firm
    from partners.pending_claims() c
    where exists (select from orders.purchase_order o where o.supplier = c.placeholder)
$$;
revoke all on function orders.claims_to_move() from public;
grant execute on function orders.claims_to_move() to tandem_app;

-- Moves up to `most` orders of a claimed placeholder to its claimant, who must be the calling tenant, and takes a
-- version for each. Answers the moved orders; the caller appends one event for each in the same transaction.
create function orders.claim_placeholder(placeholder uuid, claimant uuid, most int) returns setof uuid
language plpgsql security definer set search_path = '' as $$
declare
    moved uuid[];
    name text;
begin
    if claimant is distinct from nullif(pg_catalog.current_setting('tandem.firm', true), '')::uuid
        or not partners.is_claimed_by(placeholder, claimant) then
        raise exception 'no accepted claim' using errcode = 'insufficient_privilege';
    end if;
    select pg_catalog.array_agg(s.order_id order by s.order_id) into moved
    from (select order_id from orders.order_state where supplier = placeholder
          order by order_id limit most for update) s;
    if moved is null then
        return;
    end if;
    foreach name in array array['purchase_order', 'order_revision', 'order_line', 'schedule_line', 'schedule_state',
        'response', 'response_line', 'proposal', 'resolution', 'supplier_change'] loop
        execute pg_catalog.format('update orders.%I set supplier = $1 where %I = any ($2) and supplier = $3',
            name, case when name = 'purchase_order' then 'id' else 'order_id' end)
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
revoke all on function orders.claim_placeholder(uuid, uuid, int) from public;
grant execute on function orders.claim_placeholder(uuid, uuid, int) to tandem_app;
