-- What the operator does to firms, each act with its reason in a list that the firm concerned reads too. The
-- functions reach across firms; they ask again whether the tenant is an operator. None shows an order or a price.

alter table partners.firm add column verified_at timestamptz;
comment on column partners.firm.verified_at is 'when the operator looked at evidence that the firm is who it says';
grant select (verified_at) on partners.firm to tandem_app;

-- A merge is a claim that the operator accepted: no invitation stands behind it, so no one buyer either.
alter table partners.claim alter column buyer drop not null;
comment on column partners.claim.buyer is 'who had invited the placeholder; null where the operator merged two firms';

create table partners.operator_action (
    firm uuid not null references partners.firm (id),
    id uuid not null,
    operator uuid not null references partners.firm (id),
    kind text not null,
    other_firm uuid references partners.firm (id),
    firm_name text not null,
    actor_name text not null,
    note text not null,
    at timestamptz not null,
    constraint operator_action_pkey primary key (firm, id),
    constraint operator_action_kind_check
        check (kind in ('verify', 'unverify', 'suspend', 'reinstate', 'merge', 'reset_admin')),
    constraint operator_action_note_check check (note <> '')
);
create index operator_action_operator_idx on partners.operator_action (operator, id);
create index operator_action_other_firm_idx on partners.operator_action (other_firm, id) where other_firm is not null;
comment on table partners.operator_action is 'who of the operator did what to which firm, when and why; only ever added to';
comment on column partners.operator_action.other_firm is 'for a merge, the firm that survives; it reads the row too';

alter table partners.operator_action enable row level security;
alter table partners.operator_action force row level security;
create policy owner_all on partners.operator_action for all to tandem_owner using (true) with check (true);
create policy app_read on partners.operator_action for select to tandem_app
    using (operator = nullif(current_setting('tandem.firm', true), '')::uuid
        or firm = nullif(current_setting('tandem.firm', true), '')::uuid
        or other_firm = nullif(current_setting('tandem.firm', true), '')::uuid);
grant select on partners.operator_action to tandem_app;

-- Refuses a tenant that is no operator's firm in which somebody still holds the operator role.
create function partners.require_operator() returns uuid
language plpgsql stable set search_path = '' as $$
declare
    me uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    if not exists (select from partners.firm f where f.id = me and f.operator and f.state = 'active')
        or not (exists (select from partners.member m where m.firm = me and 5 = any (m.roles) and m.disabled_at is null)
            or exists (select from partners.api_key k where k.firm = me and 5 = any (k.roles) and k.revoked_at is null))
    then
        raise exception 'only an operator may do this' using errcode = '42501';
    end if;
    return me;
end
$$;

-- Firms as the operator sees them, by id. A query is a part of a name, or a whole code or id.
create function partners.find_firms(ids uuid[], query text, only_state text, after uuid, most bigint)
returns table (id uuid, name text, name_en text, uscc text, state text, sandbox boolean, verified_at timestamptz,
               created_at timestamptz, administrators bigint, suppliers bigint, buyers bigint)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    perform partners.require_operator();
    return query
        select f.id, f.name, f.name_en, f.uscc, f.state, f.sandbox, f.verified_at, f.created_at,
               (select count(*) from partners.member m
                where m.firm = f.id and 1 = any (m.roles) and m.disabled_at is null),
               (select count(*) from partners.trading_relationship r where r.buyer = f.id and r.ended_at is null),
               (select count(*) from partners.trading_relationship r where r.supplier = f.id and r.ended_at is null)
        from partners.firm f
        where (find_firms.ids is null or f.id = any (find_firms.ids))
            and (only_state = '' or f.state = only_state)
            and (find_firms.query = '' or strpos(lower(f.name), lower(find_firms.query)) > 0
                or strpos(lower(f.name_en), lower(find_firms.query)) > 0
                or f.uscc = upper(find_firms.query) or f.id::text = lower(find_firms.query))
            and (find_firms.after is null or f.id > find_firms.after)
        order by f.id
        limit find_firms.most;
end
$$;

-- Firms that the firm has a relationship with that has not ended: who is told.
create function partners.partners_of(firm uuid) returns table (partner uuid)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    perform partners.require_operator();
    return query
        select r.buyer from partners.trading_relationship r where r.supplier = partners_of.firm and r.ended_at is null
        union
        select r.supplier from partners.trading_relationship r where r.buyer = partners_of.firm and r.ended_at is null;
end
$$;

-- Writes down what an operator did; part of each function below.
create function partners.note_action(firm uuid, id uuid, kind text, other_firm uuid, actor_name text, note text,
                                     at timestamptz)
returns void
language sql volatile set search_path = '' as $$
    insert into partners.operator_action (firm, id, operator, kind, other_firm, firm_name, actor_name, note, at)
    select note_action.firm, note_action.id, partners.require_operator(), note_action.kind, note_action.other_firm,
           f.name, note_action.actor_name, note_action.note, note_action.at
    from partners.firm f where f.id = note_action.firm
$$;

-- Verifies, unverifies, suspends or reinstates: `done`, `same` where it was so already, `not_found`, or `state`
-- where the firm's state does not allow it.
create function partners.operate(firm uuid, action uuid, kind text, actor_name text, note text, at timestamptz)
returns text
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    subject partners.firm;
begin
    perform partners.require_operator();
    select f.* into subject from partners.firm f where f.id = operate.firm for update;
    if not found then
        return 'not_found';
    end if;
    case operate.kind
        when 'verify', 'unverify' then
            if subject.state = 'claimed' then
                return 'state';
            end if;
            if (subject.verified_at is not null) = (operate.kind = 'verify') then
                return 'same';
            end if;
            update partners.firm f set verified_at = case when operate.kind = 'verify' then operate.at end
            where f.id = subject.id;
        when 'suspend' then
            if subject.operator or subject.state not in ('active', 'suspended') then
                return 'state';
            end if;
            if subject.state = 'suspended' then
                return 'same';
            end if;
            update partners.firm f set state = 'suspended' where f.id = subject.id;
        when 'reinstate' then
            if subject.state not in ('active', 'suspended') then
                return 'state';
            end if;
            if subject.state = 'active' then
                return 'same';
            end if;
            update partners.firm f set state = 'active' where f.id = subject.id;
    end case;
    perform partners.note_action(subject.id, operate.action, operate.kind, null, operate.actor_name, operate.note,
                                 operate.at);
    return 'done';
end
$$;

-- A named person becomes an administrator and signs in by the link: `done`, `not_found`, or `state`.
create function partners.reset_admin(firm uuid, action uuid, member uuid, member_name text, member_locale text,
                                     link_sha256 bytea, link_expires_at timestamptz, actor_name text, note text,
                                     at timestamptz)
returns text
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me uuid := partners.require_operator();
    subject partners.firm;
begin
    select f.* into subject from partners.firm f where f.id = reset_admin.firm for update;
    if not found then
        return 'not_found';
    end if;
    if subject.state <> 'active' or subject.operator then
        return 'state';
    end if;
    insert into partners.member (id, firm, name, roles, locale, created_at)
    values (reset_admin.member, subject.id, reset_admin.member_name, array[1], reset_admin.member_locale,
            reset_admin.at);
    insert into partners.link (sha256, kind, firm, member, issuer, created_at, expires_at)
    values (reset_admin.link_sha256, 'sign_in', subject.id, reset_admin.member, me, reset_admin.at,
            reset_admin.link_expires_at);
    perform partners.note_action(subject.id, reset_admin.action, 'reset_admin', null, reset_admin.actor_name,
                                 reset_admin.note, reset_admin.at);
    return 'done';
end
$$;

-- The relationship of a duplicate becomes the survivor's, or one with the survivor's own with the same buyer.
create function partners.take_over_relationship(moved uuid, survivor uuid, at timestamptz) returns uuid
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
declare
    gone partners.trading_relationship;
    kept partners.trading_relationship;
    number text;
begin
    select r.* into strict gone from partners.trading_relationship r where r.id = moved for update;
    select r.* into kept from partners.trading_relationship r
    where r.buyer = gone.buyer and r.supplier = take_over_relationship.survivor for update;
    if not found then
        -- The survivor has an account, so that there is nothing left to accept.
        update partners.trading_relationship r
        set supplier = take_over_relationship.survivor, version = r.version + 1,
            accepted_at = coalesce(r.accepted_at, case when r.ended_at is null then take_over_relationship.at end)
        where r.id = gone.id;
        return gone.id;
    end if;
    delete from partners.trading_relationship r where r.id = gone.id;
    if kept.ended_at is null then
        number := coalesce(nullif(kept.vendor_number, ''), gone.vendor_number);
    else
        number := coalesce(nullif(gone.vendor_number, ''), kept.vendor_number);
    end if;
    if exists (select from partners.trading_relationship r
               where r.buyer = gone.buyer and r.vendor_number = number and number <> '' and r.ended_at is null
                   and r.id <> kept.id) then
        number := '';
    end if;
    -- The buyer's documents may still carry the number that lost.
    insert into partners.known_as (buyer, scheme, value, supplier)
    select gone.buyer, 'VENDOR_NUMBER', n, take_over_relationship.survivor
    from unnest(array[kept.vendor_number, gone.vendor_number]) n where n not in ('', number)
    on conflict do nothing;
    update partners.trading_relationship r
    set vendor_number = number,
        customer_number = coalesce(nullif(r.customer_number, ''), gone.customer_number),
        accepted_at = coalesce(r.accepted_at, gone.accepted_at, take_over_relationship.at),
        buyer_suspended = case when r.ended_at is null then r.buyer_suspended else gone.buyer_suspended end,
        supplier_suspended = r.ended_at is null and r.supplier_suspended,
        ended_at = case when gone.ended_at is null then null else r.ended_at end,
        version = r.version + 1
    where r.id = kept.id;
    return kept.id;
end
$$;

-- Moves what a duplicate supplies to the surviving firm: `done` with each relationship as it stands now, or one row
-- with why not: `not_found`, `same_firm`, `operator`, `survivor_state`, `duplicate_state`, `buys`,
-- `own_supplier`, `same_buyer`.
create function partners.merge_firms(duplicate uuid, survivor uuid, action uuid, actor_name text, note text,
                                     at timestamptz)
returns table (outcome text, relationship uuid)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    goes partners.firm;
    stays partners.firm;
    one partners.trading_relationship;
    kept uuid;
    refusal text;
begin
    perform partners.require_operator();
    -- In one order, so that two merges do not wait for each other.
    perform from partners.firm f where f.id in (merge_firms.duplicate, merge_firms.survivor) order by f.id for update;
    select f.* into goes from partners.firm f where f.id = merge_firms.duplicate;
    select f.* into stays from partners.firm f where f.id = merge_firms.survivor;
    refusal := case
        when goes.id is null or stays.id is null then 'not_found'
        when goes.id = stays.id then 'same_firm'
        when goes.operator or stays.operator then 'operator'
        when stays.state <> 'active' then 'survivor_state'
        when goes.state = 'claimed' then 'duplicate_state'
        -- Its orders as a buyer are kept under its own key.
        when exists (select from partners.trading_relationship r where r.buyer = goes.id) then 'buys'
        when exists (select from partners.trading_relationship r where r.supplier = goes.id and r.buyer = stays.id)
            then 'own_supplier'
        when goes.state <> 'placeholder' and exists (
            select from partners.trading_relationship r
            join partners.trading_relationship s on s.buyer = r.buyer and s.supplier = stays.id
            where r.supplier = goes.id) then 'same_buyer'
    end;
    if refusal is not null then
        return query select refusal, null::uuid;
        return;
    end if;
    for one in select r.* from partners.trading_relationship r where r.supplier = goes.id order by r.buyer loop
        perform partners.lock_invitations(one.buyer);
        kept := partners.take_over_relationship(one.id, stays.id, merge_firms.at);
        insert into partners.known_as (buyer, scheme, value, supplier)
        select k.buyer, k.scheme, k.value, stays.id from partners.known_as k
        where k.buyer = one.buyer and k.supplier = goes.id
        on conflict do nothing;
        delete from partners.known_as k where k.buyer = one.buyer and k.supplier = goes.id;
        return query select 'done'::text, kept;
    end loop;
    insert into partners.party_id (firm, scheme, value)
    select stays.id, p.scheme, p.value from partners.party_id p where p.firm = goes.id on conflict do nothing;
    -- What it had taken over goes on to the survivor too.
    update partners.claim c set firm = stays.id where c.firm = goes.id;
    insert into partners.claim (placeholder, firm, buyer, accepted_at)
    values (goes.id, stays.id, goes.invited_by, merge_firms.at);
    update partners.link l set ended_at = merge_firms.at
    where l.firm = goes.id and l.used_at is null and l.ended_at is null;
    update partners.firm f set state = 'claimed' where f.id = goes.id;
    perform partners.note_action(goes.id, merge_firms.action, 'merge', stays.id, merge_firms.actor_name,
                                 merge_firms.note, merge_firms.at);
    return query select 'done'::text, null::uuid;
end
$$;

-- A relationship for the event that tells its firms of a merge.
create function partners.merged_relationships(ids uuid[])
returns table (id uuid, buyer uuid, buyer_name text, buyer_state text, supplier uuid, supplier_name text,
               supplier_state text, state text, vendor_number text, customer_number text, buyer_suspended boolean,
               supplier_suspended boolean, version bigint, created_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    perform partners.require_operator();
    return query
        select r.id, r.buyer, b.name, b.state, r.supplier, s.name, s.state, r.state, r.vendor_number,
               r.customer_number, r.buyer_suspended, r.supplier_suspended, r.version, r.created_at
        from partners.trading_relationship r
        join partners.firm b on b.id = r.buyer
        join partners.firm s on s.id = r.supplier
        where r.id = any (merged_relationships.ids)
        order by r.id;
end
$$;

-- As before, with the state of the supplier's firm: orders to a suspended one are refused.
create or replace view partners.supplier_address with (security_invoker = true) as
    select r.buyer, r.supplier, r.id as relationship_id, r.state, r.vendor_number, f.name as supplier_name, f.uscc,
           f.state as supplier_state
    from partners.trading_relationship r
    join partners.firm f on f.id = r.supplier
    where r.buyer = nullif(current_setting('tandem.firm', true), '')::uuid;

revoke all on function
    partners.require_operator(),
    partners.find_firms(uuid[], text, text, uuid, bigint),
    partners.partners_of(uuid),
    partners.note_action(uuid, uuid, text, uuid, text, text, timestamptz),
    partners.operate(uuid, uuid, text, text, text, timestamptz),
    partners.reset_admin(uuid, uuid, uuid, text, text, bytea, timestamptz, text, text, timestamptz),
    partners.take_over_relationship(uuid, uuid, timestamptz),
    partners.merge_firms(uuid, uuid, uuid, text, text, timestamptz),
    partners.merged_relationships(uuid[])
    from public;
grant execute on function
    partners.find_firms(uuid[], text, text, uuid, bigint),
    partners.partners_of(uuid),
    partners.operate(uuid, uuid, text, text, text, timestamptz),
    partners.reset_admin(uuid, uuid, uuid, text, text, bytea, timestamptz, text, text, timestamptz),
    partners.merge_firms(uuid, uuid, uuid, text, text, timestamptz),
    partners.merged_relationships(uuid[])
    to tandem_app;
