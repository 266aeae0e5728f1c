-- Whoever runs a cluster opens courses, templates and the like to its members, and belongs to it no more than before: it finds
-- nothing that members open to each other.

-- As before; and who runs the clusters of a firm.
create or replace function resources.reach(me uuid) returns table (firm uuid, how text, cluster uuid)
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
    where own.firm = me and m.firm <> me
    union
    select c.operator, 'cluster', c.id
    from partners.cluster_membership own
    join partners.cluster c on c.id = own.cluster
    where own.firm = me and c.operator <> me;
end
$$;

-- As before, but that a resource for a cluster may be of whoever runs it.
create or replace function resources.sight(of_resource resources.resource, me uuid) returns text
language plpgsql stable set search_path = '' as $$
declare
    at constant timestamptz := clock_timestamp();
    states text[];
begin
    if me is null or me = of_resource.owner or of_resource.withdrawn
        or not exists (select from partners.active_firms(array[of_resource.owner])) then
        return null;
    end if;
    select array_agg(p.state) into states from partners.trading_partner p
    where (p.buyer, p.supplier) in ((me, of_resource.owner), (of_resource.owner, me));
    if 'suspended' = any (states) then
        return null;
    end if;
    -- What was granted to a partner ends with the partnership.
    if (states is null or 'active' = any (states) or not 'ended' = any (states))
        and exists (
            select from resources.entitlement e
            where e.owner = of_resource.owner and e.state = 'granted' and e.firm = me
                and e.valid_from <= at and (e.valid_until is null or e.valid_until > at)
                and (e.resource_id = of_resource.id
                    or (e.category = of_resource.category and of_resource.classification <> 3)))
        or of_resource.classification <> 3 and exists (
            select from resources.entitlement e
            join partners.cluster_membership m on m.cluster = e.cluster and m.firm = me
            where e.owner = of_resource.owner and e.state = 'granted'
                and e.valid_from <= at and (e.valid_until is null or e.valid_until > at)
                and (e.resource_id = of_resource.id or e.category = of_resource.category)) then
        return 'use';
    end if;
    return case
        when case of_resource.visibility
            when 'all' then true
            when 'partners' then coalesce('active' = any (states), false)
            when 'cluster' then exists (
                    select from partners.cluster_membership m where m.cluster = of_resource.cluster and m.firm = me)
                and (exists (
                        select from partners.cluster_membership m
                        where m.cluster = of_resource.cluster and m.firm = of_resource.owner)
                    or exists (
                        select from partners.cluster c
                        where c.id = of_resource.cluster and c.operator = of_resource.owner))
            else false
        end then case when of_resource.open then 'use' else 'find' end
    end;
end
$$;

-- Whether the tenant is in a cluster, or runs it. For policies.
create or replace function resources.in_cluster(of_cluster uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return exists (select from partners.cluster_membership m where m.cluster = of_cluster and m.firm = me)
        or exists (select from partners.cluster c where c.id = of_cluster and c.operator = me);
end
$$;
