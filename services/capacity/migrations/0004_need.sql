-- Capacity that is needed, and what comes of it.
--
-- A request is its firm's row; whoever may see it reads it through a definer function. A match is read by both sides,
-- proposed by either, and moved on as a trigger allows, so that neither says what the other has to.

-- What of a process counts when two are compared; the services write it, folded as need.rs has it. Null until then.
alter table capacity.offer add column process_key text;
grant update (process_key) on capacity.offer to tandem_app;
-- Offers that stand: the process is the content's first field (tag 0x0a, a length of one or two bytes, the text).
update capacity.offer set process_key = lower(regexp_replace(
    case when get_byte(content, 1) < 128
        then convert_from(substring(content from 3 for get_byte(content, 1)), 'UTF8')
        else convert_from(substring(content from 4 for get_byte(content, 1) - 128 + 128 * get_byte(content, 2)), 'UTF8')
    end, '[[:space:]_:/-]', '', 'g'))
where length(content) > 2 and get_byte(content, 0) = 10;
create index offer_process_idx on capacity.offer (process_key) where not withdrawn;

create table capacity.request (
    -- who asks
    firm uuid not null,
    id uuid not null,
    version bigint not null,
    -- tandem.capacity.v1.RequestContent
    content bytea not null,
    visibility text not null,
    cluster uuid,
    closed boolean not null default false,
    published_at timestamptz not null,
    changed_at timestamptz not null,
    constraint request_pkey primary key (firm, id),
    constraint request_visibility_check check (visibility in ('named', 'partners', 'cluster', 'all')),
    constraint request_cluster_check check ((visibility = 'cluster') = (cluster is not null))
);
create index request_open_idx on capacity.request (id) where not closed;

-- Whom a request names.
create table capacity.request_reader (
    firm uuid not null,
    request_id uuid not null,
    reader uuid not null,
    removed boolean not null default false,
    constraint request_reader_pkey primary key (firm, request_id, reader),
    constraint request_reader_request_fkey foreign key (firm, request_id) references capacity.request (firm, id)
);
create index request_reader_reader_idx on capacity.request_reader (reader, request_id) where not removed;

create table capacity.capacity_match (
    requester uuid not null,
    supplier uuid not null,
    id uuid not null,
    request_id uuid not null,
    offer_id uuid,
    proposed_by uuid not null,
    state text not null,
    version bigint not null,
    -- tandem.capacity.v1.RequestContent as it stood
    need bytea not null,
    note text not null,
    proposed_at timestamptz not null,
    changed_at timestamptz not null,
    constraint capacity_match_pkey primary key (supplier, id),
    constraint capacity_match_request_fkey foreign key (requester, request_id) references capacity.request (firm, id),
    constraint capacity_match_offer_fkey foreign key (supplier, offer_id) references capacity.offer (supplier, id),
    constraint capacity_match_sides_check check (requester <> supplier and proposed_by in (requester, supplier)),
    constraint capacity_match_state_check check (state in ('proposed', 'accepted', 'declined', 'contracted', 'delivered'))
);
-- One of the two firms for a request, unless it was declined.
create unique index capacity_match_stands_key on capacity.capacity_match (supplier, requester, request_id)
    where state <> 'declined';
create index capacity_match_requester_idx on capacity.capacity_match (requester, id);

-- Firms that a firm may reach: active and suspended partners, and members of its clusters. For definer functions.
create function capacity.reach(me uuid) returns table (firm uuid, how text, cluster uuid)
language sql stable set search_path = '' as $$
    select p.supplier, p.state, null::uuid from partners.trading_partner p
    where p.buyer = me and p.state in ('active', 'suspended')
    union
    select p.buyer, p.state, null::uuid from partners.trading_partner p
    where p.supplier = me and p.state in ('active', 'suspended')
    union
    select m.firm, 'cluster', m.cluster
    from partners.cluster_membership own
    join partners.cluster_membership m on m.cluster = own.cluster
    where own.firm = me and m.firm <> me
$$;

-- Open requests of others that the tenant may see, the newest first; by capacity.sees_offer's rule, for many at once.
create function capacity.requests_in_sight(only_request uuid, before uuid, most bigint)
returns table (firm uuid, id uuid, version bigint, content bytea, published_at timestamptz, changed_at timestamptz)
language sql stable security definer set search_path = '' as $$
    with me as materialized (select nullif(current_setting('tandem.firm', true), '')::uuid as firm),
    reach as materialized (select r.* from me, capacity.reach(me.firm) r)
    select q.firm, q.id, q.version, q.content, q.published_at, q.changed_at
    from me, capacity.request q
    where q.firm <> me.firm and not q.closed
        and (only_request is null or q.id = only_request) and (before is null or q.id < before)
        and q.firm not in (select r.firm from reach r where r.how = 'suspended')
        and case q.visibility
            when 'all' then true
            when 'named' then exists (
                select from capacity.request_reader n
                where n.firm = q.firm and n.request_id = q.id and n.reader = me.firm and not n.removed)
            when 'partners' then q.firm in (select r.firm from reach r where r.how = 'active')
            when 'cluster' then (q.firm, q.cluster) in (select r.firm, r.cluster from reach r where r.how = 'cluster')
        end
        and exists (select from partners.active_firms(array[q.firm]))
    order by q.id desc
    limit most
$$;

-- Offers of a process that the tenant may see, with what is free of them by week of the window; those alone of which
-- `at_least` is free in all, in a unit with one of these factors. By capacity.sees_offer's rule, for many at once: one
-- look at who can be reached instead of one for each offer.
create function capacity.offers_to_match(process text, first date, last date, units text[], factors numeric[], at_least numeric)
returns table (supplier uuid, id uuid, version bigint, content bytea, unit_code text, hold_seconds int,
               published_at timestamptz, changed_at timestamptz, mondays date[], free numeric[])
language sql stable security definer set search_path = '' as $$
    with me as materialized (select nullif(current_setting('tandem.firm', true), '')::uuid as firm),
    reach as materialized (select r.* from me, capacity.reach(me.firm) r),
    candidate as materialized (
        select o.supplier, o.id, o.version, o.content, o.unit_code, o.hold_seconds, o.published_at, o.changed_at
        from me, capacity.offer o
        where o.process_key = process and not o.withdrawn and o.supplier <> me.firm
            and o.supplier not in (select r.firm from reach r where r.how = 'suspended')
            and case o.visibility
                when 'all' then true
                when 'named' then exists (
                    select from capacity.offer_reader n
                    where n.supplier = o.supplier and n.offer_id = o.id and n.firm = me.firm and not n.removed)
                when 'partners' then o.supplier in (select r.firm from reach r where r.how = 'active')
                when 'cluster' then (o.supplier, o.cluster) in (select r.firm, r.cluster from reach r where r.how = 'cluster')
            end
    ),
    working as materialized (
        select a.firm from partners.active_firms((select array_agg(distinct c.supplier) from candidate c)) a
    )
    select c.supplier, c.id, c.version, c.content, c.unit_code, c.hold_seconds, c.published_at, c.changed_at, w.mondays,
           w.free
    from candidate c
    join working on working.firm = c.supplier
    left join unnest(units, factors) u (code, factor) on u.code = c.unit_code
    cross join lateral (
        select coalesce(array_agg(b.monday order by b.monday), '{}') as mondays,
               coalesce(array_agg(b.total - b.reserved order by b.monday), '{}') as free,
               coalesce(sum(b.total - b.reserved), 0) as whole
        from capacity.capacity_bucket b
        where b.supplier = c.supplier and b.offer_id = c.id and b.monday between first and last and b.reserved < b.total
    ) w
    where at_least is null or w.whole * u.factor >= at_least
$$;

-- Matches among members of a cluster that the tenant has joined, by state, with how many other firms they are about.
create function capacity.cluster_matches(of_cluster uuid) returns table (state text, matches bigint, others bigint)
language sql stable security definer set search_path = '' as $$
    with me as materialized (select nullif(current_setting('tandem.firm', true), '')::uuid as firm),
    member as materialized (
        select m.firm from partners.cluster_membership m
        where m.cluster = of_cluster and exists (
            select from me, partners.cluster_membership own where own.cluster = of_cluster and own.firm = me.firm)
    )
    select m.state, count(distinct m.id), count(distinct side.firm) filter (where side.firm <> me.firm)
    from me, capacity.capacity_match m
    cross join lateral (values (m.requester), (m.supplier)) side (firm)
    where m.requester in (select firm from member) and m.supplier in (select firm from member)
    group by m.state
$$;

do $$
declare
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
    name text;
begin
    foreach name in array array['request', 'request_reader', 'capacity_match'] loop
        execute format('alter table capacity.%I enable row level security', name);
        execute format('alter table capacity.%I force row level security', name);
        execute format('create policy owner_all on capacity.%I for all to tandem_owner using (true) with check (true)', name);
        execute format('grant select, insert on capacity.%I to tandem_app', name);
    end loop;
    foreach name in array array['request', 'request_reader'] loop
        execute format('create policy requester_all on capacity.%I for all to tandem_app using (firm = %2$s) with check (firm = %2$s)', name, me);
    end loop;
    execute format('create policy two_firms_read on capacity.capacity_match for select to tandem_app using (%s in (requester, supplier))', me);
    execute format('create policy two_firms_update on capacity.capacity_match for update to tandem_app using (%1$s in (requester, supplier)) with check (%1$s in (requester, supplier))', me);
    -- A requester asks the supplier of an offer that it may see about a request of its own; a supplier answers a request
    -- that it may see, at most with an offer of its own.
    execute format($policy$create policy proposer_insert on capacity.capacity_match for insert to tandem_app
        with check (proposed_by = %1$s and state = 'proposed' and version = 1 and (
            (requester = %1$s
                and exists (select from capacity.request q where q.firm = %1$s and q.id = request_id and not q.closed)
                and exists (select from capacity.offers_in_sight(offer_id, supplier, null, 1) o where o.id = offer_id))
            or (supplier = %1$s and exists (
                select from capacity.requests_in_sight(request_id, null, 1) q where q.firm = requester))))$policy$, me);
end
$$;
grant update (version, content, visibility, cluster, closed, changed_at) on capacity.request to tandem_app;
grant update (removed) on capacity.request_reader to tandem_app;
grant update (state, version, changed_at) on capacity.capacity_match to tandem_app;

-- Which state follows which, and who says so: the other side accepts, either declines until there is a contract, and
-- what comes then the requester says.
create function capacity.guard_match() returns trigger
language plpgsql set search_path = '' as $$
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    if new.version <> old.version + 1 or not coalesce(case new.state
            when 'accepted' then old.state = 'proposed' and me <> old.proposed_by
            when 'declined' then old.state in ('proposed', 'accepted')
            when 'contracted' then old.state = 'accepted' and me = old.requester
            when 'delivered' then old.state = 'contracted' and me = old.requester
        end, false) then
        raise exception 'the match does not go there' using errcode = '23514';
    end if;
    return new;
end
$$;
create trigger guard_match before update on capacity.capacity_match
    for each row execute function capacity.guard_match();

revoke all on function
    capacity.reach(uuid),
    capacity.requests_in_sight(uuid, uuid, bigint),
    capacity.offers_to_match(text, date, date, text[], numeric[], numeric),
    capacity.cluster_matches(uuid),
    capacity.guard_match()
    from public;
grant execute on function
    capacity.requests_in_sight(uuid, uuid, bigint),
    capacity.offers_to_match(text, date, date, text[], numeric[], numeric),
    capacity.cluster_matches(uuid)
    to tandem_app;
