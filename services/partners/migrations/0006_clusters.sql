-- Clusters: firms that an operator brings together, each by its own consent. The two tables show a firm its own
-- rows; who else belongs, partners.cluster_members answers to members and to the operator.

create table partners.cluster (
    id uuid primary key,
    operator uuid not null references partners.firm (id),
    name text not null,
    name_en text not null,
    created_at timestamptz not null,
    constraint cluster_name_check check (name <> '')
);
create index cluster_operator_idx on partners.cluster (operator, id);
comment on table partners.cluster is 'firms that are listed to each other and share nothing else by it';

create table partners.cluster_member (
    cluster uuid not null references partners.cluster (id),
    firm uuid not null references partners.firm (id),
    operator uuid not null references partners.firm (id),
    state text not null,
    changed_at timestamptz not null,
    constraint cluster_member_pkey primary key (cluster, firm),
    constraint cluster_member_state_check check (state in ('invited', 'joined', 'left'))
);
create index cluster_member_firm_idx on partners.cluster_member (firm);
comment on column partners.cluster_member.operator is 'of the cluster, so that its policy needs no other table';

do $$
declare
    name text;
begin
    foreach name in array array['cluster', 'cluster_member'] loop
        execute format('alter table partners.%I enable row level security', name);
        execute format('alter table partners.%I force row level security', name);
        execute format('create policy owner_all on partners.%I for all to tandem_owner using (true) with check (true)', name);
    end loop;
end
$$;
create policy app_read on partners.cluster_member for select to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid
        or operator = nullif(current_setting('tandem.firm', true), '')::uuid);
-- The firm alone joins and leaves.
create policy app_update on partners.cluster_member for update to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid and state in ('joined', 'left'));
create policy app_read on partners.cluster for select to tandem_app
    using (operator = nullif(current_setting('tandem.firm', true), '')::uuid
        or exists (select from partners.cluster_member m
                   where m.cluster = cluster.id
                       and m.firm = nullif(current_setting('tandem.firm', true), '')::uuid));
create policy app_insert on partners.cluster for insert to tandem_app
    with check (operator = nullif(current_setting('tandem.firm', true), '')::uuid
        and exists (select from partners.firm f where f.id = cluster.operator and f.operator));
grant select, insert on partners.cluster to tandem_app;
grant select, update (state, changed_at) on partners.cluster_member to tandem_app;

-- Nobody joins without an invitation: a firm that left has to be invited again.
create function partners.guard_cluster_member() returns trigger
language plpgsql set search_path = '' as $$
begin
    if current_user <> 'tandem_owner' and old.state = 'left' and new.state <> 'left' then
        raise exception 'a firm that left is invited again first' using errcode = '42501';
    end if;
    return new;
end
$$;
create trigger guard_cluster_member before update on partners.cluster_member
    for each row execute function partners.guard_cluster_member();

-- Invites a firm: `done`, `same` where it is invited or a member, `not_found`, or `state`.
create function partners.invite_to_cluster(cluster uuid, firm uuid, at timestamptz) returns text
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me uuid := partners.require_operator();
    subject partners.firm;
    before text;
begin
    perform from partners.cluster c where c.id = invite_to_cluster.cluster and c.operator = me for update;
    if not found then
        return 'not_found';
    end if;
    select f.* into subject from partners.firm f where f.id = invite_to_cluster.firm;
    if not found then
        return 'not_found';
    end if;
    if subject.state <> 'active' then
        return 'state';
    end if;
    select m.state into before from partners.cluster_member m
    where m.cluster = invite_to_cluster.cluster and m.firm = invite_to_cluster.firm;
    if before in ('invited', 'joined') then
        return 'same';
    end if;
    insert into partners.cluster_member as m (cluster, firm, operator, state, changed_at)
    values (invite_to_cluster.cluster, invite_to_cluster.firm, me, 'invited', invite_to_cluster.at)
    on conflict on constraint cluster_member_pkey
        do update set state = 'invited', changed_at = invite_to_cluster.at;
    return 'done';
end
$$;

-- Members of a cluster with their names: for members those who joined, for the operator invitations too, for
-- everybody else nothing.
create function partners.cluster_members(cluster uuid, only_firm uuid, after text, after_id uuid, most bigint)
returns table (firm uuid, name text, name_en text, state text, changed_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    runs boolean := exists (select from partners.cluster c where c.id = cluster_members.cluster and c.operator = me);
begin
    if not runs and not exists (select from partners.cluster_member m
                                where m.cluster = cluster_members.cluster and m.firm = me and m.state = 'joined') then
        return;
    end if;
    return query
        select m.firm, f.name, f.name_en, m.state, m.changed_at
        from partners.cluster_member m
        join partners.firm f on f.id = m.firm
        where m.cluster = cluster_members.cluster and (m.state = 'joined' or runs)
            and (only_firm is null or m.firm = only_firm)
            and (cluster_members.after is null or (f.name, f.id) > (cluster_members.after, after_id))
        order by f.name, f.id
        limit most;
end
$$;

-- The clusters of a firm with the operator's name and how many joined.
create function partners.clusters_of(after uuid, most bigint)
returns table (id uuid, name text, name_en text, operator uuid, operator_name text, members bigint, own_state text,
               created_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return query
        select c.id, c.name, c.name_en, c.operator, o.name,
               (select count(*) from partners.cluster_member m where m.cluster = c.id and m.state = 'joined'),
               coalesce(own.state, ''), c.created_at
        from partners.cluster c
        join partners.firm o on o.id = c.operator
        left join partners.cluster_member own on own.cluster = c.id and own.firm = me
        where (c.operator = me or own.firm is not null) and (clusters_of.after is null or c.id > clusters_of.after)
        order by c.id
        limit most;
end
$$;

revoke all on function
    partners.guard_cluster_member(),
    partners.invite_to_cluster(uuid, uuid, timestamptz),
    partners.cluster_members(uuid, uuid, text, uuid, bigint),
    partners.clusters_of(uuid, bigint)
    from public;
grant execute on function
    partners.invite_to_cluster(uuid, uuid, timestamptz),
    partners.cluster_members(uuid, uuid, text, uuid, bigint),
    partners.clusters_of(uuid, bigint)
    to tandem_app;
