-- What firms open to their partners: resources, their revisions, who may use them, and who did.
--
-- A resource and its revisions are the owner's rows; whoever may find or use one reads it through definer functions, which
-- ask resources.sight. An entitlement is read by both sides: the firm asks, the owner decides and ends. The access log is
-- read by the owner; each side writes what it does. Nothing is deleted, and files stand outside of the database.

grant usage on schema resources to tandem_app;

-- One row a firm that publishes: the lock under which it is decided who hears of something, so that nobody does after its
-- right has ended.
create table resources.publisher (
    owner uuid not null,
    constraint publisher_pkey primary key (owner)
);

create table resources.resource (
    owner uuid not null,
    id uuid not null,
    version bigint not null,
    -- the owner's own; null: none
    resource_number text,
    -- tandem.resources.v1.ResourceContent
    content bytea not null,
    -- of the content: what the database has to know, ResourceCategory and ResourceClassification included
    name text not null,
    category smallint not null,
    classification smallint not null,
    acknowledge boolean not null,
    seats int not null,
    visibility text not null,
    cluster uuid,
    -- whoever finds it may use it
    open boolean not null,
    -- what is looked for, folded; and its parts with the codes that it stands under, as search.rs makes them
    search_text text not null,
    search_keys text[] not null,
    withdrawn boolean not null default false,
    published_at timestamptz not null,
    changed_at timestamptz not null,
    constraint resource_pkey primary key (owner, id),
    constraint resource_number_key unique (owner, resource_number),
    constraint resource_version_check check (version > 0),
    constraint resource_category_check check (category between 1 and 8),
    constraint resource_classification_check check (classification between 1 and 3),
    constraint resource_seats_check check (seats >= 0),
    constraint resource_visibility_check check (visibility in ('granted', 'partners', 'cluster', 'all')),
    constraint resource_cluster_check check ((visibility = 'cluster') = (cluster is not null)),
    constraint resource_open_check check (not (open and visibility = 'granted')),
    -- important ones are not for all, core ones for nobody who was not named
    constraint resource_class_check check (
        (classification <> 2 or visibility <> 'all') and (classification <> 3 or visibility = 'granted'))
);
create index resource_id_idx on resources.resource (id);
create index resource_open_idx on resources.resource (id) where open and not withdrawn;
create index resource_search_idx on resources.resource using gin (search_keys);

-- Items of the owner's that a resource belongs to.
create table resources.resource_item (
    owner uuid not null,
    resource_id uuid not null,
    buyer_item_id text not null,
    removed boolean not null default false,
    constraint resource_item_pkey primary key (owner, resource_id, buyer_item_id),
    constraint resource_item_resource_fkey foreign key (owner, resource_id) references resources.resource (owner, id)
);
create index resource_item_item_idx on resources.resource_item (buyer_item_id) where not removed;

create table resources.revision (
    owner uuid not null,
    id uuid not null,
    resource_id uuid not null,
    number int not null,
    label text not null,
    state text not null,
    change_note text not null,
    location text not null,
    -- Effectivity; null until it is released
    effectivity smallint,
    effective_date date,
    created_at timestamptz not null,
    released_at timestamptz,
    ended_at timestamptz,
    constraint revision_pkey primary key (owner, id),
    constraint revision_number_key unique (owner, resource_id, number),
    constraint revision_resource_fkey foreign key (owner, resource_id) references resources.resource (owner, id),
    constraint revision_state_check check (state in ('draft', 'released', 'superseded', 'withdrawn')),
    constraint revision_number_check check (number > 0),
    constraint revision_released_check check (state not in ('released', 'superseded')
        or (released_at is not null and effectivity between 1 and 3)),
    constraint revision_from_date_check check (effectivity is distinct from 2 or effective_date is not null)
);
create unique index revision_released_key on resources.revision (owner, resource_id) where state = 'released';
create unique index revision_label_key on resources.revision (owner, resource_id, label) where state <> 'withdrawn';
create index revision_id_idx on resources.revision (id);

-- Files of revisions; what is uploaded becomes one when it is whole and hashes to what was announced.
create table resources.revision_file (
    owner uuid not null,
    id uuid not null,
    revision_id uuid not null,
    name text not null,
    media_type text not null,
    size_bytes bigint not null,
    -- names the content in the store, beside the owner
    sha256 bytea not null,
    removed boolean not null default false,
    created_at timestamptz not null,
    constraint revision_file_pkey primary key (owner, id),
    constraint revision_file_revision_fkey foreign key (owner, revision_id) references resources.revision (owner, id),
    constraint revision_file_size_check check (size_bytes >= 0),
    constraint revision_file_sha256_check check (length(sha256) = 32)
);
create unique index revision_file_name_key on resources.revision_file (owner, revision_id, name) where not removed;
create index revision_file_id_idx on resources.revision_file (id);

create table resources.entitlement (
    owner uuid not null,
    id uuid not null,
    -- who: a firm, or the members of a cluster
    firm uuid,
    cluster uuid,
    -- what: a resource, or all of a category but core ones
    resource_id uuid,
    category smallint,
    -- the resource's when it was asked for or granted, since its firm may not find it any more
    resource_name text not null,
    state text not null,
    version bigint not null,
    purpose text not null,
    valid_from timestamptz not null,
    valid_until timestamptz,
    -- null: no bound
    download_limit int,
    downloads int not null default 0,
    request_note text not null,
    decision_note text not null,
    -- the order that it is for
    order_id uuid,
    requested_at timestamptz,
    decided_at timestamptz,
    ended_at timestamptz,
    constraint entitlement_pkey primary key (owner, id),
    constraint entitlement_resource_fkey foreign key (owner, resource_id) references resources.resource (owner, id),
    constraint entitlement_who_check check ((firm is null) <> (cluster is null) and firm is distinct from owner),
    constraint entitlement_what_check check ((resource_id is null) <> (category is null)),
    constraint entitlement_state_check check (state in ('requested', 'granted', 'refused', 'expired', 'revoked')),
    constraint entitlement_asked_check check ((requested_at is not null and firm is not null and resource_id is not null)
        or state in ('granted', 'expired', 'revoked')),
    constraint entitlement_decided_check check ((state = 'requested') = (decided_at is null)),
    constraint entitlement_ended_check check ((state in ('expired', 'revoked')) = (ended_at is not null)),
    constraint entitlement_valid_check check (valid_until > valid_from),
    constraint entitlement_downloads_check check (downloads >= 0 and download_limit > 0)
);
-- One of the same that stands.
create unique index entitlement_stands_key on resources.entitlement (owner, firm, cluster, resource_id, category, order_id)
    nulls not distinct where state in ('requested', 'granted');
create index entitlement_firm_idx on resources.entitlement (firm, id);
create index entitlement_cluster_idx on resources.entitlement (cluster) where cluster is not null;
create index entitlement_resource_idx on resources.entitlement (owner, resource_id, id);
create index entitlement_due_idx on resources.entitlement (valid_until) where state = 'granted';

-- That a firm has taken note of a revision.
create table resources.acknowledgement (
    owner uuid not null,
    revision_id uuid not null,
    firm uuid not null,
    actor_name text not null,
    at timestamptz not null,
    constraint acknowledgement_pkey primary key (owner, revision_id, firm),
    constraint acknowledgement_revision_fkey foreign key (owner, revision_id) references resources.revision (owner, id)
);
create index acknowledgement_firm_idx on resources.acknowledgement (firm, revision_id);

-- What a firm wants to hear of; for itself alone.
create table resources.following (
    firm uuid not null,
    id uuid not null,
    owner uuid,
    category smallint,
    followed_at timestamptz not null,
    ended boolean not null default false,
    constraint following_pkey primary key (firm, id),
    constraint following_what_key unique nulls not distinct (firm, owner, category),
    constraint following_what_check check (owner is not null or category is not null),
    constraint following_owner_check check (owner is distinct from firm)
);
create index following_owner_idx on resources.following (owner, category) where not ended;

-- Who did what with a resource.
create table resources.access_entry (
    owner uuid not null,
    id uuid not null,
    at timestamptz not null,
    kind text not null,
    -- whose access it is; null for a cluster's entitlement
    firm uuid,
    actor_name text not null,
    resource_id uuid,
    revision_id uuid,
    file_id uuid,
    sent_bytes bigint,
    entitlement_id uuid,
    constraint access_entry_pkey primary key (owner, id),
    constraint access_entry_kind_check check (kind in (
        'viewed', 'downloaded', 'requested', 'granted', 'refused', 'expired', 'revoked', 'acknowledged')),
    constraint access_entry_download_check check ((kind = 'downloaded') = (file_id is not null and sent_bytes is not null))
);
create index access_entry_resource_idx on resources.access_entry (owner, resource_id, id);

-- What more firms are still to be told than one transaction tells, slice by slice, in the owner's tenant.
create table resources.announcement (
    owner uuid not null,
    id uuid not null,
    what text not null,
    resource_id uuid not null,
    revision_id uuid,
    -- the last firm that was told
    after uuid,
    done boolean not null default false,
    constraint announcement_pkey primary key (owner, id),
    constraint announcement_what_check check (what in (
        'published', 'changed', 'withdrawn', 'revision_released', 'revision_withdrawn')),
    constraint announcement_resource_fkey foreign key (owner, resource_id) references resources.resource (owner, id)
);
create index announcement_due_idx on resources.announcement (owner, id) where not done;

-- What the tenant may do with a resource of another firm at this moment: 'use' it, 'find' it, or null: it does not exist.
create function resources.sight(of_resource resources.resource, me uuid) returns text
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
            when 'cluster' then 2 = (
                select count(*) from partners.cluster_membership m
                where m.cluster = of_resource.cluster and m.firm in (me, of_resource.owner))
            else false
        end then case when of_resource.open then 'use' else 'find' end
    end;
end
$$;

-- Revisions that the tenant may use, the newest first: all of its own, released and superseded ones of others'.
create function resources.revisions_in_sight(of_resource uuid, only_revisions uuid[], before int, most bigint)
returns table (owner uuid, id uuid, resource_id uuid, number int, label text, state text, change_note text, location text,
               effectivity smallint, effective_date date, created_at timestamptz, released_at timestamptz,
               ended_at timestamptz, acknowledged_at timestamptz)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return query
    select v.owner, v.id, v.resource_id, v.number, v.label, v.state, v.change_note, v.location, v.effectivity,
           v.effective_date, v.created_at, v.released_at, v.ended_at,
           (select a.at from resources.acknowledgement a where a.owner = v.owner and a.revision_id = v.id and a.firm = me)
    from resources.revision v
    join resources.resource r on r.owner = v.owner and r.id = v.resource_id
    where (of_resource is null or r.id = of_resource) and (only_revisions is null or v.id = any (only_revisions))
        and not (of_resource is null and only_revisions is null)
        and (before is null or v.number < before)
        and (v.owner = me or (v.state in ('released', 'superseded') and resources.sight(r, me) = 'use'))
    order by v.number desc, v.id
    limit most;
end
$$;

-- Files of revisions that the tenant may use, by name.
create function resources.files_in_sight(of_revisions uuid[], only_file uuid)
returns table (owner uuid, id uuid, revision_id uuid, resource_id uuid, name text, media_type text, size_bytes bigint,
               sha256 bytea)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    return query
    select f.owner, f.id, f.revision_id, v.resource_id, f.name, f.media_type, f.size_bytes, f.sha256
    from resources.revision_file f
    join resources.revision v on v.owner = f.owner and v.id = f.revision_id
    join resources.resource r on r.owner = v.owner and r.id = v.resource_id
    where (of_revisions is null or f.revision_id = any (of_revisions)) and (only_file is null or f.id = only_file)
        and not (of_revisions is null and only_file is null) and not f.removed
        and (f.owner = me or (v.state in ('released', 'superseded') and resources.sight(r, me) = 'use'))
    order by f.revision_id, f.name, f.id;
end
$$;

-- What the tenant may do with a resource of this owner: as resources.sight. For policies.
create function resources.sight_of(of_owner uuid, of_resource uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
declare
    found_resource resources.resource;
begin
    select r.* into found_resource from resources.resource r where r.owner = of_owner and r.id = of_resource;
    if not found then
        return null;
    end if;
    return resources.sight(found_resource, nullif(current_setting('tandem.firm', true), '')::uuid);
end
$$;

do $$
declare
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
    name text;
begin
    foreach name in array array['publisher', 'resource', 'resource_item', 'revision', 'revision_file', 'entitlement',
                                'acknowledgement', 'following', 'access_entry', 'announcement'] loop
        execute format('alter table resources.%I enable row level security', name);
        execute format('alter table resources.%I force row level security', name);
        execute format('create policy owner_all on resources.%I for all to tandem_owner using (true) with check (true)', name);
        execute format('grant select, insert on resources.%I to tandem_app', name);
    end loop;
    foreach name in array array['publisher', 'resource', 'resource_item', 'revision', 'revision_file', 'announcement'] loop
        execute format('create policy publisher_all on resources.%I for all to tandem_app using (owner = %2$s) with check (owner = %2$s)', name, me);
    end loop;
    execute format('create policy firm_all on resources.following for all to tandem_app using (firm = %1$s) with check (firm = %1$s)', me);
    execute format('create policy publisher_read on resources.access_entry for select to tandem_app using (owner = %s)', me);
    execute format($policy$create policy publisher_insert on resources.access_entry for insert to tandem_app
        with check (owner = %s and kind in ('granted', 'refused', 'expired', 'revoked'))$policy$, me);
    execute format($policy$create policy reader_insert on resources.access_entry for insert to tandem_app
        with check (firm = %s and kind in ('viewed', 'downloaded', 'requested', 'acknowledged')
            and resources.sight_of(owner, resource_id) is not null)$policy$, me);
    foreach name in array array['entitlement', 'acknowledgement'] loop
        execute format('create policy two_firms_read on resources.%I for select to tandem_app using (owner = %2$s or firm = %2$s)', name, me);
    end loop;
    execute format($policy$create policy reader_insert on resources.entitlement for insert to tandem_app
        with check (firm = %s and state = 'requested' and version = 1 and downloads = 0 and order_id is null
            and decision_note = '' and resources.sight_of(owner, resource_id) = 'find')$policy$, me);
    execute format('create policy publisher_update on resources.entitlement for update to tandem_app using (owner = %1$s) with check (owner = %1$s)', me);
    execute format($policy$create policy reader_insert on resources.acknowledgement for insert to tandem_app
        with check (firm = %s and exists (
            select from resources.revisions_in_sight(null, array[revision_id], null, 1) v
            where v.owner = acknowledgement.owner and v.owner <> acknowledgement.firm and v.state = 'released'))$policy$, me);
end
$$;
-- The lock alone.
grant update (owner) on resources.publisher to tandem_app;
grant update (version, resource_number, content, name, category, classification, acknowledge, seats, visibility, cluster, open,
              search_text, search_keys, withdrawn, changed_at) on resources.resource to tandem_app;
grant update (removed) on resources.resource_item to tandem_app;
grant update (state, effectivity, effective_date, released_at, ended_at) on resources.revision to tandem_app;
grant update (removed) on resources.revision_file to tandem_app;
-- What was downloaded, functions alone count.
grant update (state, version, purpose, valid_from, valid_until, download_limit, decision_note, decided_at, ended_at)
    on resources.entitlement to tandem_app;
grant update (followed_at, ended) on resources.following to tandem_app;
grant update (after, done) on resources.announcement to tandem_app;

-- What stands for good: a released revision changes in nothing but how it ends, and a draft is the only one that is released.
create function resources.guard_revision() returns trigger
language plpgsql set search_path = '' as $$
begin
    if not coalesce(case new.state
            when 'released' then old.state = 'draft'
            when 'superseded' then old.state = 'released'
            when 'withdrawn' then old.state in ('draft', 'released', 'superseded')
        end, false)
        or (old.state <> 'draft' and (new.effectivity, new.effective_date, new.released_at)
            is distinct from (old.effectivity, old.effective_date, old.released_at)) then
        raise exception 'the revision does not go there' using errcode = '23514';
    end if;
    return new;
end
$$;
create trigger guard_revision before update on resources.revision
    for each row execute function resources.guard_revision();

-- Files come to drafts, and go from drafts alone.
create function resources.guard_revision_file() returns trigger
language plpgsql set search_path = '' as $$
begin
    if not exists (
        select from resources.revision v where v.owner = new.owner and v.id = new.revision_id and v.state = 'draft') then
        raise exception 'the revision is no draft' using errcode = '23514';
    end if;
    return new;
end
$$;
create trigger guard_revision_file before insert or update on resources.revision_file
    for each row execute function resources.guard_revision_file();

-- Which state follows which; what was granted changes in nothing but how it ends.
create function resources.guard_entitlement() returns trigger
language plpgsql set search_path = '' as $$
begin
    -- A download is counted by a function of tandem_owner and takes no version.
    if current_user = 'tandem_owner' and new.state = old.state then
        return new;
    end if;
    if new.version <> old.version + 1
        or not coalesce(case new.state
            when 'granted' then old.state = 'requested'
            when 'refused' then old.state = 'requested'
            when 'expired' then old.state = 'granted' and old.valid_until <= clock_timestamp()
            when 'revoked' then old.state = 'granted'
        end, false)
        or (old.state <> 'requested' and (new.purpose, new.valid_from, new.valid_until, new.download_limit, new.decided_at)
            is distinct from (old.purpose, old.valid_from, old.valid_until, old.download_limit, old.decided_at)) then
        raise exception 'the entitlement does not go there' using errcode = '23514';
    end if;
    return new;
end
$$;
create trigger guard_entitlement before update on resources.entitlement
    for each row execute function resources.guard_entitlement();

revoke all on function
    resources.sight(resources.resource, uuid),
    resources.revisions_in_sight(uuid, uuid[], int, bigint),
    resources.files_in_sight(uuid[], uuid),
    resources.sight_of(uuid, uuid),
    resources.guard_revision(),
    resources.guard_revision_file(),
    resources.guard_entitlement()
    from public;
grant execute on function
    resources.revisions_in_sight(uuid, uuid[], int, bigint),
    resources.files_in_sight(uuid[], uuid),
    resources.sight_of(uuid, uuid)
    to tandem_app;
