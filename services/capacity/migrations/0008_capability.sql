-- What firms can make, whether or not they offer any of it now.
--
-- A profile is its firm's row; whoever may see it reads it through a definer function.

create table capacity.capability_profile (
    firm uuid not null,
    version bigint not null,
    -- tandem.capacity.v1.CapabilityContent
    content bytea not null,
    -- its processes, folded as need.rs has it
    process_keys text[] not null,
    visibility text not null,
    cluster uuid,
    changed_at timestamptz not null,
    constraint capability_profile_pkey primary key (firm),
    constraint capability_profile_version_check check (version > 0),
    constraint capability_profile_visibility_check check (visibility in ('partners', 'cluster', 'all')),
    constraint capability_profile_cluster_check check ((visibility = 'cluster') = (cluster is not null))
);
create index capability_profile_process_idx on capacity.capability_profile using gin (process_keys);

alter table capacity.capability_profile enable row level security;
alter table capacity.capability_profile force row level security;
create policy owner_all on capacity.capability_profile for all to tandem_owner using (true) with check (true);
create policy firm_all on capacity.capability_profile for all to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid);
grant select, insert on capacity.capability_profile to tandem_app;
grant update (version, content, process_keys, visibility, cluster, changed_at) on capacity.capability_profile to tandem_app;

-- Profiles of others that the tenant may see, by firm; by capacity.sees_offer's rule, for many at once. With the weeks of a
-- need, those alone of firms that offer the tenant nothing of the process in them: whether it is sold does not matter, or
-- what others hold would show in it.
create function capacity.profiles_in_sight(only_firm uuid, process text, first date, last date, after uuid, most bigint)
returns table (firm uuid, name text, name_en text, version bigint, content bytea, changed_at timestamptz)
language sql stable security definer set search_path = '' as $$
    with me as materialized (select nullif(current_setting('tandem.firm', true), '')::uuid as firm),
    reach as materialized (select r.* from me, capacity.reach(me.firm) r),
    seen as materialized (
        select p.firm, p.version, p.content, p.changed_at
        from me, capacity.capability_profile p
        where p.firm <> me.firm
            and (only_firm is null or p.firm = only_firm)
            and (process is null or p.process_keys @> array[process])
            and (after is null or p.firm > after)
            and p.firm not in (select r.firm from reach r where r.how = 'suspended')
            and case p.visibility
                when 'all' then true
                when 'partners' then p.firm in (select r.firm from reach r where r.how = 'active')
                when 'cluster' then (p.firm, p.cluster) in (select r.firm, r.cluster from reach r where r.how = 'cluster')
            end
            and (first is null or not exists (
                select from capacity.offer o
                join capacity.capacity_bucket b on b.supplier = o.supplier and b.offer_id = o.id
                where o.supplier = p.firm and o.process_key = process and not o.withdrawn
                    and b.monday between first and last and b.total > 0 and capacity.sees_offer(o, me.firm)))
    )
    select s.firm, n.name, n.name_en, s.version, s.content, s.changed_at
    from seen s
    join partners.firm_names((select array_agg(s.firm) from seen s)) n on n.firm = s.firm
    order by s.firm
    limit most
$$;

-- What those of these firms are called of which the tenant sees an offer or an open request, or has a match or a
-- reservation with: who they are is part of what it sees.
create function capacity.names_in_sight(firms uuid[]) returns table (firm uuid, name text, name_en text)
language sql stable security definer set search_path = '' as $$
    with me as materialized (select nullif(current_setting('tandem.firm', true), '')::uuid as firm),
    request as materialized (select q.firm from capacity.requests_in_sight(null, null, 1000) q),
    known as materialized (
        select a.firm
        from me, unnest(firms) a (firm)
        where a.firm in (select q.firm from request q)
            or exists (select from capacity.offers_in_sight(null, a.firm, null, 1))
            or exists (
                select from capacity.capacity_match m
                where (m.requester, m.supplier) in ((me.firm, a.firm), (a.firm, me.firm)))
            or exists (
                select from capacity.reservation r
                where (r.holder, r.supplier) in ((me.firm, a.firm), (a.firm, me.firm)))
    )
    select n.firm, n.name, n.name_en from partners.firm_names((select array_agg(k.firm) from known k)) n
$$;

-- A requester may also ask a firm whose profile it sees, without an offer.
drop policy proposer_insert on capacity.capacity_match;
do $$
declare
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
begin
    execute format($policy$create policy proposer_insert on capacity.capacity_match for insert to tandem_app
        with check (proposed_by = %1$s and state = 'proposed' and version = 1 and (
            (requester = %1$s
                and exists (select from capacity.request q where q.firm = %1$s and q.id = request_id and not q.closed)
                and case when offer_id is null
                    then exists (select from capacity.profiles_in_sight(supplier, null, null, null, null, 1))
                    else exists (select from capacity.offers_in_sight(offer_id, supplier, null, 1) o where o.id = offer_id)
                end)
            or (supplier = %1$s and exists (
                select from capacity.requests_in_sight(request_id, null, 1) q where q.firm = requester))))$policy$, me);
end
$$;

revoke all on function
    capacity.profiles_in_sight(uuid, text, date, date, uuid, bigint),
    capacity.names_in_sight(uuid[])
    from public;
grant execute on function
    capacity.profiles_in_sight(uuid, text, date, date, uuid, bigint),
    capacity.names_in_sight(uuid[])
    to tandem_app;
