-- A search which nothing can be found by ends before it is planned: most firms have nothing to acknowledge, and every look at an
-- inbox asks.

-- What waits for a firm's word, at most: resources that it was granted or that all may use, of whose released revision it has said
-- nothing.
create function resources.unacknowledged(me uuid) returns uuid[]
-- It asks for the same each time, so that its plan is kept also where the search, which calls it, plans for each.
language plpgsql stable set search_path = '' set plan_cache_mode = auto as $$
begin
    return array(
        with granted as materialized (
            select e.owner, e.resource_id, e.category
            from resources.entitlement e
            where e.state = 'granted' and (e.firm = me
                or e.cluster in (select m.cluster from partners.cluster_membership m where m.firm = me))),
        used as (
            select g.owner, g.resource_id as id from granted g where g.resource_id is not null
            union
            select r.owner, r.id from granted g join resources.resource r on r.owner = g.owner and r.category = g.category
            union
            select r.owner, r.id from resources.resource r where r.open and not r.withdrawn)
        select u.id
        from used u
        join resources.resource r on r.owner = u.owner and r.id = u.id and r.acknowledge
        where exists (
            select from resources.revision v
            where v.owner = u.owner and v.resource_id = u.id and v.state = 'released' and not exists (
                select from resources.acknowledgement a
                where a.owner = v.owner and a.revision_id = v.id and a.firm = me)));
end
$$;
revoke all on function resources.unacknowledged(uuid) from public;

-- As before, but for these two.
create or replace function resources.search(own boolean, keys text[], words text[], categories smallint[], only_owner uuid, item text,
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
    elsif to_acknowledge and not own then
        among := resources.unacknowledged(me);
    elsif only_usable and not own then
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
    if among = '{}' then
        -- To plan the whole search took longer than all else that a page asks where nothing waits for anybody.
        return;
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
