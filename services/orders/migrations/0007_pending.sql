-- Changes inside the frozen horizon: asked for by the buyer, in force when the supplier accepts them.
create table orders.pending_change (
    id uuid not null,
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    -- the order's version with which it was asked for
    version bigint not null,
    -- tandem.orders.v1.PendingKind
    kind smallint not null check (kind in (1, 2)),
    -- what is asked for: OrderContent of the lines that differ, or CancelOrderRequest
    content bytea not null,
    -- the header is part of it, since it concerns every line
    whole boolean not null,
    -- tandem.orders.v1.OrderDifference, to be shown
    difference bytea not null,
    -- tandem.orders.v1.CancelReason; 0 where values change
    reason smallint not null,
    note text not null,
    actor_name text not null,
    frozen_until date not null,
    at timestamptz not null,
    constraint pending_change_pkey primary key (order_id, buyer, id),
    constraint pending_change_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);

-- How a pending change ended.
create table orders.pending_end (
    change_id uuid not null,
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    version bigint not null,
    outcome text not null,
    at timestamptz not null,
    -- it ends once
    constraint pending_end_pkey primary key (order_id, buyer, change_id),
    constraint pending_end_outcome_check check (outcome in ('accepted', 'declined', 'withdrawn', 'superseded')),
    constraint pending_end_change_fkey foreign key (order_id, buyer, change_id)
        references orders.pending_change deferrable initially deferred,
    constraint pending_end_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);

-- Whether this very transaction accepts a change that the buyer asked for: then, and only then, the supplier's side
-- writes what the buyer's side writes otherwise.
create function orders.adopting(the_order uuid) returns boolean
language sql stable set search_path = '' as $$
    select exists (
        select from orders.pending_end e
        where e.order_id = the_order and e.outcome = 'accepted'
            and e.supplier = nullif(pg_catalog.current_setting('tandem.firm', true), '')::uuid
            and e.xmin = pg_catalog.pg_current_xact_id()::xid)
$$;
revoke all on function orders.adopting(uuid) from public;
grant execute on function orders.adopting(uuid) to tandem_app;

create or replace function orders.check_version() returns trigger language plpgsql set search_path = '' as $$
begin
    if (new.revision, new.requested_date, new.held) is distinct from (old.revision, old.requested_date, old.held)
        and current_user = 'tandem_app'
        and new.buyer is distinct from nullif(pg_catalog.current_setting('tandem.firm', true), '')::uuid
        and not (new.held = old.held and orders.adopting(new.order_id)) then
        raise exception 'only the buyer publishes and holds' using errcode = 'insufficient_privilege';
    end if;
    if new.version <> old.version + 1 or new.revision not between old.revision and old.revision + 1 then
        raise exception 'order version % cannot follow %', new.version, old.version
            using errcode = 'check_violation', constraint = 'order_state_contiguous_check';
    end if;
    return new;
end
$$;

create or replace function orders.check_published() returns trigger language plpgsql set search_path = '' as $$
begin
    if (new.ordered, new.revision, new.answered_since, new.closed)
        is distinct from (old.ordered, old.revision, old.answered_since, old.closed)
        and current_user = 'tandem_app'
        and new.buyer is distinct from nullif(pg_catalog.current_setting('tandem.firm', true), '')::uuid
        and not orders.adopting(new.order_id) then
        raise exception 'only the buyer changes what is ordered' using errcode = 'insufficient_privilege';
    end if;
    if new.revision < old.revision or new.answered_since < old.answered_since then
        raise exception 'revision % cannot follow %', new.revision, old.revision
            using errcode = 'check_violation', constraint = 'schedule_state_forward_check';
    end if;
    return new;
end
$$;

do $$
declare
    name text;
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
begin
    foreach name in array array['pending_change', 'pending_end'] loop
        execute format('alter table orders.%I enable row level security', name);
        execute format('alter table orders.%I force row level security', name);
        execute format('create policy owner_all on orders.%I for all to tandem_owner using (true) with check (true)', name);
        execute format('create policy two_firms_read on orders.%I for select to tandem_app using (buyer = %s or supplier = %s)', name, me, me);
        execute format('grant select, insert on orders.%I to tandem_app', name);
    end loop;
    execute format('create policy buyer_insert on orders.pending_change for insert to tandem_app with check (buyer = %s)', me);
    execute format('create policy buyer_insert on orders.pending_end for insert to tandem_app with check (buyer = %s and outcome in (''withdrawn'', ''superseded''))', me);
    execute format('create policy supplier_insert on orders.pending_end for insert to tandem_app with check (supplier = %s and outcome in (''accepted'', ''declined''))', me);
    foreach name in array array['order_revision', 'order_line', 'schedule_line', 'schedule_state', 'cancellation'] loop
        execute format('create policy supplier_adopts on orders.%I for insert to tandem_app with check (supplier = %s and orders.adopting(order_id))', name, me);
    end loop;
    execute format('create policy supplier_adopts_end on orders.proposal_end for insert to tandem_app with check (supplier = %s and not withdrawn and orders.adopting(order_id))', me);
    foreach name in array array['order_line', 'schedule_line'] loop
        execute format('create policy supplier_adopts_update on orders.%I for update to tandem_app using (supplier = %s and orders.adopting(order_id)) with check (supplier = %s and orders.adopting(order_id))', name, me, me);
    end loop;
    execute format('create policy supplier_adopts_update on orders.purchase_order for update to tandem_app using (supplier = %s and orders.adopting(id)) with check (supplier = %s and orders.adopting(id))', me, me);
end
$$;
