-- Which revision counts for which line of an order: rows of the resource's owner, who is the buyer, beside what it published
-- there. The supplier reads what its own lines are pinned to, and nothing else.

create table resources.order_pin (
    owner uuid not null,
    order_id uuid not null,
    line_number text not null,
    resource_id uuid not null,
    supplier uuid not null,
    -- of the line, when it was pinned
    buyer_item_id text not null,
    revision_id uuid not null,
    -- the line is of another item by now
    removed boolean not null default false,
    pinned_at timestamptz not null,
    constraint order_pin_pkey primary key (owner, order_id, line_number, resource_id),
    constraint order_pin_resource_fkey foreign key (owner, resource_id) references resources.resource (owner, id),
    constraint order_pin_revision_fkey foreign key (owner, revision_id) references resources.revision (owner, id),
    constraint order_pin_two_firms_check check (owner <> supplier)
);
create index order_pin_supplier_idx on resources.order_pin (supplier, order_id);
create index order_pin_resource_idx on resources.order_pin (owner, resource_id, order_id);

-- What an owner wants of orders and despatches.
create table resources.binding_policy (
    owner uuid not null,
    version bigint not null,
    retention_days int not null,
    -- tandem.resources.v1.DespatchRule
    superseded smallint not null,
    not_acknowledged smallint not null,
    changed_at timestamptz not null,
    constraint binding_policy_pkey primary key (owner),
    constraint binding_policy_version_check check (version > 0),
    constraint binding_policy_retention_check check (retention_days between 0 and 3650),
    constraint binding_policy_rule_check check (superseded between 1 and 3 and not_acknowledged between 1 and 3)
);

-- Where the owner's feed was read to. Written with what the events pinned, so that each counts once.
create table resources.feed_place (
    owner uuid not null,
    seq bigint not null,
    constraint feed_place_pkey primary key (owner)
);
comment on table resources.feed_place is
    'from the first resource with items on, and then from the beginning of the feed: orders from before may name a revision';

do $$
declare
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
    name text;
begin
    foreach name in array array['order_pin', 'binding_policy', 'feed_place'] loop
        execute format('alter table resources.%I enable row level security', name);
        execute format('alter table resources.%I force row level security', name);
        execute format('create policy owner_all on resources.%I for all to tandem_owner using (true) with check (true)', name);
        execute format('create policy publisher_all on resources.%I for all to tandem_app using (owner = %2$s) with check (owner = %2$s)', name, me);
        execute format('grant select, insert on resources.%I to tandem_app', name);
    end loop;
    execute format('create policy supplier_read on resources.order_pin for select to tandem_app using (supplier = %s)', me);
end
$$;
grant update (supplier, buyer_item_id, revision_id, removed, pinned_at) on resources.order_pin to tandem_app;
grant update (version, retention_days, superseded, not_acknowledged, changed_at) on resources.binding_policy to tandem_app;
grant update (seq) on resources.feed_place to tandem_app;

insert into resources.feed_place (owner, seq) select distinct owner, 0 from resources.resource_item;

-- Owners whose feed has entries that were not looked at yet: ids only, for the loop that works without a caller. A suspended
-- firm waits, and goes on from where it was.
create function resources.firms_to_bind(most int) returns table (firm uuid)
language sql stable security definer set search_path = '' as $$
    select p.owner
    from resources.feed_place p
    join event.feed_head h on h.feed = p.owner
    where h.next_seq - 1 > p.seq
        and exists (select from partners.active_firms(array[p.owner]))
    order by p.owner
    limit most
$$;

-- Pins of the tenant's orders, as either firm, with what is in force of each resource now. What a line is pinned to belongs
-- to the order, and its supplier sees so much of it whatever became of its right to the resource.
create function resources.pins_in_sight(of_order uuid, of_resource uuid, after_order uuid, after_line text,
                                        after_resource uuid, most bigint)
returns table (owner uuid, order_id uuid, line_number text, resource_id uuid, supplier uuid, buyer_item_id text,
               resource_number text, resource_name text, asks boolean, revision_id uuid, label text, state text,
               acknowledged_at timestamptz, current_id uuid, current_label text, effectivity smallint,
               effective_date date, current_acknowledged_at timestamptz, usable boolean)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return query
    select p.owner, p.order_id, p.line_number, p.resource_id, p.supplier, p.buyer_item_id, r.resource_number, r.name,
           r.acknowledge, p.revision_id, v.label, v.state,
           (select a.at from resources.acknowledgement a
            where a.owner = p.owner and a.revision_id = p.revision_id and a.firm = p.supplier),
           c.id, c.label, c.effectivity, c.effective_date,
           (select a.at from resources.acknowledgement a
            where a.owner = p.owner and a.revision_id = c.id and a.firm = p.supplier),
           p.owner = me or resources.sight(r, me) = 'use'
    from resources.order_pin p
    join resources.resource r on r.owner = p.owner and r.id = p.resource_id
    join resources.revision v on v.owner = p.owner and v.id = p.revision_id
    left join resources.revision c on c.owner = p.owner and c.resource_id = p.resource_id and c.state = 'released'
    where (p.owner = me or p.supplier = me) and not p.removed
        and (of_order is null or p.order_id = of_order) and (of_resource is null or p.resource_id = of_resource)
        and not (of_order is null and of_resource is null)
        and (after_order is null
            or (p.order_id, p.line_number, p.resource_id) > (after_order, after_line, after_resource))
    order by p.order_id, p.line_number, p.resource_id
    limit most;
end
$$;

-- What an owner says to despatches, for itself and for suppliers of lines that are pinned. No row: it said nothing.
create function resources.despatch_policy(of_owner uuid)
returns table (superseded smallint, not_acknowledged smallint)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return query
    select p.superseded, p.not_acknowledged from resources.binding_policy p
    where p.owner = of_owner
        and (of_owner = me or exists (select from resources.order_pin x where x.owner = of_owner and x.supplier = me))
    order by p.owner;
end
$$;

revoke all on function
    resources.firms_to_bind(int),
    resources.pins_in_sight(uuid, uuid, uuid, text, uuid, bigint),
    resources.despatch_policy(uuid)
    from public;
grant execute on function
    resources.firms_to_bind(int),
    resources.pins_in_sight(uuid, uuid, uuid, text, uuid, bigint),
    resources.despatch_policy(uuid)
    to tandem_app;

-- As before; and of what is granted for an order, when it ends is known once the order has, and not any more where the order
-- takes up again.
create or replace function resources.guard_entitlement() returns trigger
language plpgsql set search_path = '' as $$
begin
    -- A download is counted by a function of tandem_owner and takes no version.
    if current_user = 'tandem_owner' and new.state = old.state then
        return new;
    end if;
    if new.version <> old.version + 1
        or not coalesce(case new.state
            when 'granted' then old.state = 'requested' or (old.state = 'granted' and old.order_id is not null)
            when 'refused' then old.state = 'requested'
            when 'expired' then old.state = 'granted' and old.valid_until <= clock_timestamp()
            when 'revoked' then old.state = 'granted'
        end, false)
        or (old.state <> 'requested' and (new.purpose, new.valid_from, new.download_limit, new.decided_at)
            is distinct from (old.purpose, old.valid_from, old.download_limit, old.decided_at))
        or (old.state <> 'requested' and new.valid_until is distinct from old.valid_until
            and not (old.state = 'granted' and new.state = 'granted')) then
        raise exception 'the entitlement does not go there' using errcode = '23514';
    end if;
    return new;
end
$$;
