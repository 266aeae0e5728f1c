-- What of resources is in a firm's sight: found by words, seen one by one, told of; by resources.sight's rule everywhere.

-- Firms that a firm may reach: partners with their state, and members of its clusters. For definer functions.
create function resources.reach(me uuid) returns table (firm uuid, how text, cluster uuid)
language plpgsql stable set search_path = '' as $$
#variable_conflict use_column
begin
    return query
    select p.supplier, p.state, null::uuid from partners.trading_partner p where p.buyer = me
    union
    select p.buyer, p.state, null::uuid from partners.trading_partner p where p.supplier = me
    union
    select m.firm, 'cluster', m.cluster
    from partners.cluster_membership own
    join partners.cluster_membership m on m.cluster = own.cluster
    where own.firm = me and m.firm <> me;
end
$$;

-- Ids of the tenant's own resources, or of others' that it may find, those published last first; by resources.sight's rule,
-- for many at once. All of `keys` and all of `words` must be in them. Null: no condition.
--
-- What many have is found among the newest, and what few have by the index of keys: which of the two it is, statistics of
-- single keys do not tell, so that the newest are looked at first, and the index where they do not fill the page.
create function resources.search(own boolean, keys text[], words text[], categories smallint[], only_owner uuid, item text,
                                 only_usable boolean, to_acknowledge boolean, before uuid, most bigint)
returns table (id uuid)
language plpgsql stable security definer set search_path = ''
-- which index is best depends on what is asked for
set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    at constant timestamptz := clock_timestamp();
    -- words are letters, digits and Chinese characters alone
    patterns constant text[] := array(select '%' || w.word || '%' from unnest(words) w (word));
    newest constant int := 4000;
    since uuid;
    -- null: all
    among uuid[];
    ids uuid[];
begin
    -- Few at most, so that they are looked up and not come upon.
    if item is not null then
        among := array(select i.resource_id from resources.resource_item i where i.buyer_item_id = item and not i.removed);
    elsif (only_usable or to_acknowledge) and not own then
        among := array(
            with granted as materialized (
                select e.owner, e.resource_id, e.category
                from resources.entitlement e
                where e.state = 'granted' and (e.firm = me
                    or e.cluster in (select m.cluster from partners.cluster_membership m where m.firm = me)))
            select g.resource_id from granted g where g.resource_id is not null
            union
            select r.id from granted g join resources.resource r on r.owner = g.owner and r.category = g.category
            union
            select r.id from resources.resource r where r.open and not r.withdrawn);
    end if;
    if among is null then
        select r.id into since from resources.resource r
        where (before is null or r.id < before) and (not own or r.owner = me)
        order by r.id desc offset newest limit 1;
    end if;
    loop
        ids := array(
            with reach as materialized (select x.* from resources.reach(me) x),
            working as materialized (
                select a.firm from partners.active_firms((select array_agg(p.owner) from resources.publisher p)) a
                where a.firm <> me and a.firm not in (select x.firm from reach x where x.how = 'suspended')
            ),
            granted as materialized (
                select e.owner, e.resource_id, e.category, e.cluster is not null as shared
                from resources.entitlement e
                where e.state = 'granted' and e.valid_from <= at and (e.valid_until is null or e.valid_until > at)
                    and (e.firm = me
                            and (e.owner not in (select x.firm from reach x where x.how = 'ended')
                                or e.owner in (select x.firm from reach x where x.how = 'active'))
                        or e.cluster in (select m.cluster from partners.cluster_membership m where m.firm = me))
            ),
            hit as materialized (
                select r.owner, r.id, r.category, r.classification, r.visibility, r.cluster, r.open, r.acknowledge
                from resources.resource r
                where (among is null or r.id = any (among)) and (since is null or r.id > since)
                    and (before is null or r.id < before)
                    and (not own or r.owner = me) and (own or (not r.withdrawn and r.owner <> me))
                    and (categories is null or r.category = any (categories))
                    and (only_owner is null or r.owner = only_owner)
                    and r.search_text like all (patterns)
                    -- an index serves the plain form alone
                    and (keys is null or case when since is null then r.search_keys @> keys
                                              else coalesce(r.search_keys @> keys, false) end)
            )
            select r.id
            from hit r
            cross join lateral (
                select (r.owner, r.id) in (
                        select g.owner, g.resource_id from granted g where g.resource_id is not null and not g.shared)
                    or (r.classification <> 3 and (
                        (r.owner, r.id) in (
                            select g.owner, g.resource_id from granted g where g.resource_id is not null and g.shared)
                        or (r.owner, r.category) in (select g.owner, g.category from granted g where g.category is not null))
                    ) as entitled,
                    case r.visibility
                        when 'all' then true
                        when 'partners' then r.owner in (select x.firm from reach x where x.how = 'active')
                        when 'cluster' then
                            (r.owner, r.cluster) in (select x.firm, x.cluster from reach x where x.how = 'cluster')
                        else false
                    end as found
                offset 0
            ) s
            where own or (
                r.owner in (select w.firm from working w) and (s.entitled or s.found)
                and (not (only_usable or to_acknowledge or item is not null) or s.entitled or r.open)
                and (not to_acknowledge or (r.acknowledge and exists (
                    select from resources.revision v
                    where v.owner = r.owner and v.resource_id = r.id and v.state = 'released' and not exists (
                        select from resources.acknowledgement a
                        where a.owner = v.owner and a.revision_id = v.id and a.firm = me)))))
            order by r.id desc
            limit most);
        exit when since is null or cardinality(ids) >= most;
        since := null;
    end loop;
    return query select f.id from unnest(ids) f (id) order by f.id desc;
end
$$;

-- Resources as the tenant sees them: 'own', 'use' or 'find', each with what is in force. What is not in its sight is left
-- out. A resource may be named by the number that is the tenant's own.
create function resources.seen(ids uuid[], own_number text)
returns table (owner uuid, owner_name text, id uuid, version bigint, resource_number text, content bytea, category smallint,
               visibility text, cluster uuid, open boolean, withdrawn boolean, published_at timestamptz,
               changed_at timestamptz, sight text, revision_id uuid, label text, released_at timestamptz,
               to_acknowledge boolean, items text[], seats_taken bigint)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return query
    select r.owner, coalesce((select n.name from partners.firm_names(array[r.owner]) n), ''), r.id, r.version,
           r.resource_number, r.content, r.category, r.visibility, r.cluster, r.open, r.withdrawn, r.published_at,
           r.changed_at, s.sight, v.id, v.label, v.released_at,
           r.acknowledge and v.id is not null and s.sight = 'use' and not exists (
               select from resources.acknowledgement a
               where a.owner = r.owner and a.revision_id = v.id and a.firm = me),
           coalesce((select array_agg(i.buyer_item_id order by i.buyer_item_id) from resources.resource_item i
                     where i.owner = r.owner and i.resource_id = r.id and not i.removed), '{}'),
           (select count(*) from resources.entitlement e
            where e.owner = r.owner and e.resource_id = r.id and e.state = 'granted')
    from resources.resource r
    cross join lateral (
        select case when r.owner = me then 'own' else resources.sight(r, me) end as sight
    ) s
    left join resources.revision v on v.owner = r.owner and v.resource_id = r.id and v.state = 'released'
    where (r.id = any (ids) or (r.owner = me and r.resource_number = own_number)) and s.sight is not null
    order by r.id desc;
end
$$;

-- Whether the tenant knows a firm: a partner, ended ones aside, a member of one of its clusters, who asked it for a
-- resource, or the owner of one that it may find.
create function resources.knows(of_firm uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return me <> of_firm and (
        exists (select from resources.reach(me) x where x.firm = of_firm and x.how <> 'ended')
        or exists (select from resources.entitlement e where e.owner = me and e.firm = of_firm)
        or exists (select from resources.search(false, null, null, null, of_firm, null, false, false, null, 1)));
end
$$;

-- What firms of the tenant's access log and entitlements are called, and owners that it knows.
create function resources.names(firms uuid[]) returns table (firm uuid, name text)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return query
    select n.firm, n.name
    from partners.firm_names((
        select array_agg(a.firm) from unnest(firms) a (firm)
        where a.firm = me
            or exists (select from resources.entitlement e where (e.owner, e.firm) in ((me, a.firm), (a.firm, me)))
            or exists (
                select from resources.entitlement e
                join partners.cluster_membership m on m.cluster = e.cluster and m.firm = me
                where e.owner = a.firm)
            or exists (select from resources.access_entry x where x.owner = me and x.firm = a.firm)
            or exists (select from resources.acknowledgement k where k.owner = me and k.firm = a.firm))) n
    order by n.firm;
end
$$;

-- Entitlements of the tenant's to others' resources, and of the clusters that it has joined, the newest first. Null: no
-- condition.
create function resources.held_entitlements(only_entitlement uuid, states text[], of_owner uuid, of_resource uuid,
                                            before uuid, most bigint)
returns setof resources.entitlement
language plpgsql stable security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return query
    select e.*
    from resources.entitlement e
    where e.owner <> me
        and (e.firm = me or e.cluster in (select m.cluster from partners.cluster_membership m where m.firm = me))
        and (only_entitlement is null or e.id = only_entitlement) and (states is null or e.state = any (states))
        and (of_owner is null or e.owner = of_owner) and (of_resource is null or e.resource_id = of_resource)
        and (before is null or e.id < before)
    order by e.id desc
    limit most;
end
$$;

-- Whom the tenant has to tell of a resource of its own, by firm: those who may use it by an entitlement, and those who
-- follow and may find it. With `gone`, those with an entitlement, of a resource that nobody finds any more.
create function resources.readers(of_resource uuid, gone boolean, after uuid, most bigint)
returns table (firm uuid, sight text)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    told resources.resource;
begin
    select r.* into told from resources.resource r where r.owner = me and r.id = of_resource;
    if not found then
        return;
    end if;
    -- As it stood before, for the last time.
    if gone then
        told.withdrawn := false;
        told.visibility := 'granted';
        told.open := false;
    end if;
    return query
    with candidate as materialized (
        select e.firm from resources.entitlement e
        where e.owner = me and e.state = 'granted' and e.firm is not null
            and (e.resource_id = of_resource or e.category = told.category)
        union
        select m.firm from resources.entitlement e
        join partners.cluster_membership m on m.cluster = e.cluster
        where e.owner = me and e.state = 'granted' and (e.resource_id = of_resource or e.category = told.category)
        union
        select f.firm from resources.following f
        where not f.ended and (f.owner is null or f.owner = me) and (f.category is null or f.category = told.category)
    )
    select c.firm, s.sight
    from candidate c
    cross join lateral (select resources.sight(told, c.firm) as sight offset 0) s
    where c.firm <> me and (after is null or c.firm > after) and s.sight is not null
        and exists (select from partners.active_firms(array[c.firm]))
    order by c.firm
    limit most;
end
$$;

-- Entitlements whose time is over, and firms with something to announce; for the loop that works without a caller.
create function resources.entitlements_due(most int) returns table (firm uuid, id uuid)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    at constant timestamptz := clock_timestamp();
begin
    return query
    select e.owner, e.id from resources.entitlement e
    where e.state = 'granted' and e.valid_until <= at order by e.valid_until, e.id limit most;
end
$$;
create function resources.owners_to_announce(most int) returns table (firm uuid)
language plpgsql stable security definer set search_path = '' as $$
begin
    return query select distinct a.owner from resources.announcement a where not a.done order by a.owner limit most;
end
$$;

-- An owner grants to firms that it knows.
do $$
declare
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
begin
    execute format($policy$create policy publisher_insert on resources.entitlement for insert to tandem_app
        with check (owner = %s and state = 'granted' and downloads = 0 and (firm is null or resources.knows(firm)))$policy$, me);
end
$$;

revoke all on function
    resources.reach(uuid),
    resources.search(boolean, text[], text[], smallint[], uuid, text, boolean, boolean, uuid, bigint),
    resources.seen(uuid[], text),
    resources.knows(uuid),
    resources.names(uuid[]),
    resources.held_entitlements(uuid, text[], uuid, uuid, uuid, bigint),
    resources.readers(uuid, boolean, uuid, bigint),
    resources.entitlements_due(int),
    resources.owners_to_announce(int)
    from public;
grant execute on function
    resources.search(boolean, text[], text[], smallint[], uuid, text, boolean, boolean, uuid, bigint),
    resources.seen(uuid[], text),
    resources.knows(uuid),
    resources.names(uuid[]),
    resources.held_entitlements(uuid, text[], uuid, uuid, uuid, bigint),
    resources.readers(uuid, boolean, uuid, bigint),
    resources.entitlements_due(int),
    resources.owners_to_announce(int)
    to tandem_app;
