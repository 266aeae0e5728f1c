-- Changes of published orders: rows by revision, what happened since, and where the agreement left the document.

-- Lines are kept by revision: a row is current until another revision supersedes it. Revision N of an order is
-- every row with revision <= N and (superseded is null or superseded > N).
-- One key serves three ends: one current row a place, reading by order, and the foreign key to the order.
alter table orders.order_line add column superseded int;
alter table orders.order_line drop constraint order_line_pkey;
alter table orders.order_line add constraint order_line_current_key
    unique nulls not distinct (order_id, buyer, position, superseded);
alter table orders.order_line add constraint order_line_superseded_check check (superseded > revision);
comment on column orders.order_line.superseded is 'the revision that replaced this row; null: current';

-- A schedule line keeps its id through all revisions.
alter table orders.schedule_state drop constraint schedule_state_ordered_fkey;
alter table orders.schedule_line add column revision int not null default 1;
alter table orders.schedule_line alter column revision drop default;
alter table orders.schedule_line add column superseded int;
alter table orders.schedule_line drop constraint schedule_line_pkey;
alter table orders.schedule_line add constraint schedule_line_pkey primary key (id, buyer, revision, quantity);
drop index orders.schedule_line_order_idx;
alter table orders.schedule_line add constraint schedule_line_current_key
    unique nulls not distinct (order_id, buyer, id, superseded);
alter table orders.schedule_line add constraint schedule_line_superseded_check check (superseded > revision);
comment on column orders.schedule_line.revision is 'the revision that published this row';
comment on column orders.schedule_line.superseded is 'the revision that replaced this row; null: current';

-- The shared state refers to the published row that it divides.
alter table orders.schedule_state add column revision int not null default 1;
alter table orders.schedule_state alter column revision drop default;
alter table orders.schedule_state add constraint schedule_state_published_fkey
    foreign key (schedule_line_id, buyer, revision, ordered)
    references orders.schedule_line (id, buyer, revision, quantity) deferrable initially deferred;
alter table orders.schedule_state add column answered_since bigint not null default 0;
alter table orders.schedule_state add column closed boolean not null default false;
alter table orders.schedule_state add column agreed_differs boolean not null default false;
comment on column orders.schedule_state.answered_since is
    'the version at which the line was last put back to unanswered; answers and proposals up to it are superseded';
comment on column orders.schedule_state.closed is 'the buyer wants no more of it';
comment on column orders.schedule_state.agreed_differs is
    'an accepted proposal differs from what is published; with what is rejected or cancelled, the document differs';
create index schedule_state_differs_idx on orders.schedule_state (order_id)
    where agreed_differs or rejected > 0 or cancelled > 0;

alter table orders.order_state add column held boolean not null default false;

-- Of the document as it was sent, which may leave lines out: the same again is known without reading the lines.
alter table orders.order_revision add column sent_sha256 bytea;

-- Everything that happened to a published order other than answers and decisions.
create table orders.order_action (
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    version bigint not null,
    -- the revision that the order has after it
    revision int not null,
    -- as in tandem.orders.v1.HistoryEntry
    action text not null,
    by_buyer boolean not null,
    -- tandem.orders.v1.CancelReason or HoldReason; 0 where there is none
    reason smallint not null,
    note text not null,
    actor_name text not null,
    at timestamptz not null,
    schedule_line_ids uuid[] not null,
    -- tandem.orders.v1.OrderDifference
    difference bytea not null,
    constraint order_action_pkey primary key (order_id, buyer, version),
    constraint order_action_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);

-- What was cancelled of a schedule line, by what it was before: promises are shortened by it.
create table orders.cancellation (
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    version bigint not null,
    schedule_line_id uuid not null,
    unanswered numeric not null,
    accepted numeric not null,
    proposed numeric not null,
    constraint cancellation_pkey primary key (order_id, buyer, version, schedule_line_id),
    constraint cancellation_not_negative_check check (least(unanswered, accepted, proposed) >= 0),
    constraint cancellation_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred
);

-- A proposal that ended without a decision: withdrawn by the supplier, or superseded by a cancellation.
create table orders.proposal_end (
    order_id uuid not null,
    buyer uuid not null,
    supplier uuid not null,
    proposal_id uuid not null,
    version bigint not null,
    withdrawn boolean not null,
    at timestamptz not null,
    constraint proposal_end_pkey primary key (order_id, buyer, proposal_id),
    constraint proposal_end_order_fkey foreign key (order_id, buyer, supplier)
        references orders.purchase_order deferrable initially deferred,
    constraint proposal_end_proposal_fkey foreign key (order_id, buyer, proposal_id)
        references orders.proposal deferrable initially deferred
);

-- Versions are contiguous, revisions go on by one, and what the buyer says is said by the buyer, whoever writes.
create or replace function orders.check_version() returns trigger language plpgsql set search_path = '' as $$
begin
    if (new.revision, new.requested_date, new.held) is distinct from (old.revision, old.requested_date, old.held)
        and current_user = 'tandem_app'
        and new.buyer is distinct from nullif(pg_catalog.current_setting('tandem.firm', true), '')::uuid then
        raise exception 'only the buyer publishes and holds' using errcode = 'insufficient_privilege';
    end if;
    if new.version <> old.version + 1 or new.revision not between old.revision and old.revision + 1 then
        raise exception 'order version % cannot follow %', new.version, old.version
            using errcode = 'check_violation', constraint = 'order_state_contiguous_check';
    end if;
    return new;
end
$$;

-- What was ordered changes by the buyer's hand alone, and forward alone.
create function orders.check_published() returns trigger language plpgsql set search_path = '' as $$
begin
    if (new.ordered, new.revision, new.answered_since, new.closed)
        is distinct from (old.ordered, old.revision, old.answered_since, old.closed)
        and current_user = 'tandem_app'
        and new.buyer is distinct from nullif(pg_catalog.current_setting('tandem.firm', true), '')::uuid then
        raise exception 'only the buyer changes what is ordered' using errcode = 'insufficient_privilege';
    end if;
    if new.revision < old.revision or new.answered_since < old.answered_since then
        raise exception 'revision % cannot follow %', new.revision, old.revision
            using errcode = 'check_violation', constraint = 'schedule_state_forward_check';
    end if;
    return new;
end
$$;
-- Answers do not name these columns and do not pay for it.
create trigger schedule_state_published before update of ordered, revision, answered_since, closed
    on orders.schedule_state for each row execute function orders.check_published();

do $$
declare
    name text;
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
begin
    foreach name in array array['order_action', 'cancellation', 'proposal_end'] loop
        execute format('alter table orders.%I enable row level security', name);
        execute format('alter table orders.%I force row level security', name);
        execute format('create policy owner_all on orders.%I for all to tandem_owner using (true) with check (true)', name);
        execute format('create policy two_firms_read on orders.%I for select to tandem_app using (buyer = %s or supplier = %s)', name, me, me);
        execute format('grant select, insert on orders.%I to tandem_app', name);
    end loop;
    execute format('create policy buyer_insert on orders.order_action for insert to tandem_app with check (buyer = %s and by_buyer)', me);
    execute format('create policy supplier_insert on orders.order_action for insert to tandem_app with check (supplier = %s and not by_buyer)', me);
    execute format('create policy buyer_insert on orders.cancellation for insert to tandem_app with check (buyer = %s)', me);
    execute format('create policy buyer_insert on orders.proposal_end for insert to tandem_app with check (buyer = %s and not withdrawn)', me);
    execute format('create policy supplier_insert on orders.proposal_end for insert to tandem_app with check (supplier = %s and withdrawn)', me);
    foreach name in array array['purchase_order', 'order_revision', 'order_line', 'schedule_line'] loop
        execute format('create policy buyer_update on orders.%I for update to tandem_app using (buyer = %s) with check (buyer = %s)', name, me, me);
    end loop;
end
$$;
grant update (purchasing_group, sites) on orders.purchase_order to tandem_app;
grant update (sent_sha256) on orders.order_revision to tandem_app;
grant update (superseded) on orders.order_line, orders.schedule_line to tandem_app;
grant update (revision, requested_date, held) on orders.order_state to tandem_app;
grant update (ordered, revision, answered_since, closed, agreed_differs) on orders.schedule_state to tandem_app;
