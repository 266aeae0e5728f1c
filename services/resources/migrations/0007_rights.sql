-- What ends a right, and who sees what of one: a partnership that is over ends what was granted in it for good, members of a
-- cluster see of its entitlements what they may use, and each has downloads of its own.

-- Whether the tenant is in a cluster. For policies.
create function resources.in_cluster(of_cluster uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
    return exists (
        select from partners.cluster_membership m
        where m.cluster = of_cluster and m.firm = nullif(current_setting('tandem.firm', true), '')::uuid);
end
$$;

-- Entitlements of the tenant's to others' resources, and what it may use by those of the clusters that it has joined, with
-- its own downloads; the newest first. Null: no condition.
create or replace function resources.held_entitlements(only_entitlement uuid, states text[], of_owner uuid, of_resource uuid,
                                                       before uuid, most bigint)
returns setof resources.entitlement
language plpgsql stable security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    at constant timestamptz := clock_timestamp();
begin
    return query
    select shown.*
    from resources.entitlement e
    cross join lateral jsonb_populate_record(e, case when e.cluster is null then '{}' else jsonb_build_object('downloads', (
        select count(*) from resources.download d
        where d.owner = e.owner and d.firm = me and d.entitlement_id = e.id and d.counted)) end) shown
    where e.owner <> me
        and (e.firm = me
            or (e.cluster in (select m.cluster from partners.cluster_membership m where m.firm = me)
                and e.state = 'granted' and e.valid_from <= at and (e.valid_until is null or e.valid_until > at)
                and exists (select from partners.active_firms(array[e.owner]))
                and not exists (
                    select from partners.trading_partner p
                    where (p.buyer, p.supplier) in ((me, e.owner), (e.owner, me)) and p.state = 'suspended')
                and (e.resource_id is null or exists (
                    select from resources.resource r
                    where r.owner = e.owner and r.id = e.resource_id and resources.sight(r, me) = 'use'))))
        and (only_entitlement is null or e.id = only_entitlement) and (states is null or e.state = any (states))
        and (of_owner is null or e.owner = of_owner) and (of_resource is null or e.resource_id = of_resource)
        and (before is null or e.id < before)
    order by e.id desc
    limit most;
end
$$;

-- Entitlements to end, since no partnership between the two stands any more, and there was one; for the loop that works
-- without a caller.
create function resources.entitlements_left(most int) returns table (firm uuid, id uuid)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
    select e.owner, e.id
    from (select p.buyer as one, p.supplier as other from partners.trading_partner p where p.state = 'ended'
          union
          select p.supplier, p.buyer from partners.trading_partner p where p.state = 'ended') pair
    join resources.entitlement e on e.owner = pair.one and e.firm = pair.other and e.state = 'granted'
    where not exists (
        select from partners.trading_partner p
        where (p.buyer, p.supplier) in ((pair.one, pair.other), (pair.other, pair.one)) and p.state <> 'ended')
    order by e.owner, e.id
    limit most;
end
$$;
create index entitlement_granted_idx on resources.entitlement (owner, firm) where state = 'granted';
create index download_entitlement_idx on resources.download (owner, firm, entitlement_id) where counted;
create index access_entry_firm_idx on resources.access_entry (owner, firm, id);

-- Whether what was granted to a firm stands on a partnership that is over. For the owner.
create function resources.has_left(of_firm uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return coalesce((
        select bool_and(p.state = 'ended') from partners.trading_partner p
        where (p.buyer, p.supplier) in ((me, of_firm), (of_firm, me))), false);
end
$$;

-- Which of these credentials work no more, with their people and firms. Of no tenant: one process asks for all that it sends.
create function resources.ended_credentials(kinds text[], ids text[]) returns table (kind text, id text)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
    select u.kind, u.id
    from unnest(kinds, ids) u (kind, id)
    where not exists (select from partners.live_credential c where c.kind = u.kind and c.id = u.id)
    order by u.kind, u.id;
end
$$;

-- Whether the tenant's person of this name looked at a resource, or at this revision of it, within the last ten seconds
-- already, as the owner's log has it.
create function resources.viewed_lately(of_owner uuid, of_resource uuid, of_revision uuid, by_name text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
    return exists (
        select from (
            select x.kind, x.resource_id, x.revision_id, x.actor_name, x.at
            from resources.access_entry x
            where x.owner = of_owner and x.firm = nullif(current_setting('tandem.firm', true), '')::uuid
            order by x.id desc limit 20) x
        where x.kind = 'viewed' and x.resource_id = of_resource and x.actor_name = by_name
            and x.at > clock_timestamp() - interval '10 seconds'
            and (of_revision is null or x.revision_id = of_revision));
end
$$;

-- As before, but that each firm of a cluster has the limit to itself, and that whoever waited for the last download of an
-- entitlement is given another one's.
create or replace function resources.begin_download(of_file uuid, new_download uuid, by_name text)
returns table (outcome text, entitlement_id uuid)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    at constant timestamptz := clock_timestamp();
    wanted record;
    told resources.resource;
    opened resources.resource;
    chosen resources.entitlement;
    spent uuid[] := '{}';
    used bigint;
    again boolean := false;
begin
    select f.owner, f.revision_id, v.resource_id into wanted
    from resources.revision_file f
    join resources.revision v on v.owner = f.owner and v.id = f.revision_id
    where f.id = of_file and f.owner <> me and not f.removed and v.state in ('released', 'superseded');
    if not found then
        return;
    end if;
    select r.* into told from resources.resource r where r.owner = wanted.owner and r.id = wanted.resource_id;
    -- A link may outlive the firm's account.
    if resources.sight(told, me) is distinct from 'use'
        or not exists (select from partners.active_firms(array[me])) then
        return;
    end if;
    -- No entitlement is for this one: what is left is whether it is open.
    opened := told;
    opened.id := null;
    opened.category := null;
    if resources.sight(opened, me) is distinct from 'use' then
        loop
            select e.* into chosen
            from resources.entitlement e
            where e.owner = wanted.owner and e.state = 'granted' and e.id <> all (spent)
                and e.valid_from <= at and (e.valid_until is null or e.valid_until > at)
                and (e.resource_id = told.id or (e.category = told.category and told.classification <> 3))
                and (e.firm = me or (told.classification <> 3 and e.cluster in (
                    select m.cluster from partners.cluster_membership m where m.firm = me)))
            order by e.download_limit is null desc,
                exists (select from resources.download d
                        where d.owner = wanted.owner and d.firm = me and d.file_id = of_file and d.counted
                            and d.began_at > at - interval '1 day' and d.entitlement_id = e.id) desc,
                e.id
            limit 1
            for no key update of e;
            if not found then
                if spent = '{}' then
                    return;
                end if;
                return query select 'limit'::text, spent[1];
                return;
            end if;
            again := exists (
                select from resources.download d
                where d.owner = wanted.owner and d.firm = me and d.file_id = of_file and d.counted
                    and d.began_at > at - interval '1 day' and d.entitlement_id = chosen.id);
            select count(*) into used from resources.download d
            where d.owner = wanted.owner and d.firm = me and d.entitlement_id = chosen.id and d.counted;
            exit when again or chosen.download_limit is null or used < chosen.download_limit;
            spent := spent || chosen.id;
        end loop;
        if not again then
            update resources.entitlement e set downloads = e.downloads + 1
            where e.owner = chosen.owner and e.id = chosen.id;
        end if;
    end if;
    insert into resources.download
        (owner, id, firm, actor_name, resource_id, revision_id, file_id, entitlement_id, counted, began_at, seen_at)
    values (wanted.owner, new_download, me, by_name, wanted.resource_id, wanted.revision_id, of_file, chosen.id,
            chosen.id is not null and not again, at, at);
    return query select 'begun'::text, chosen.id;
end
$$;

do $$
declare
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
begin
    -- What was downloaded, functions alone write.
    drop policy reader_insert on resources.access_entry;
    execute format($policy$create policy reader_insert on resources.access_entry for insert to tandem_app
        with check (firm = %s and kind in ('viewed', 'requested', 'acknowledged')
            and resources.sight_of(owner, resource_id) is not null)$policy$, me);
    drop policy publisher_insert on resources.entitlement;
    execute format($policy$create policy publisher_insert on resources.entitlement for insert to tandem_app
        with check (owner = %s and state = 'granted' and downloads = 0
            and case when firm is null then resources.in_cluster(cluster) else resources.knows(firm) end)$policy$, me);
end
$$;

revoke all on function
    resources.in_cluster(uuid),
    resources.viewed_lately(uuid, uuid, uuid, text),
    resources.ended_credentials(text[], text[]),
    resources.entitlements_left(int),
    resources.has_left(uuid)
    from public;
grant execute on function
    resources.in_cluster(uuid),
    resources.viewed_lately(uuid, uuid, uuid, text),
    resources.ended_credentials(text[], text[]),
    resources.entitlements_left(int),
    resources.has_left(uuid)
    to tandem_app;
