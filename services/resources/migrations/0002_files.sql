-- Files of revisions, up and down: uploads that go on where they stood, and downloads with what was sent of each.
--
-- The bytes stand in the store, never here. Downloads are written and read by functions alone: their reader's right may
-- end while they run, and who began one must be able to end it all the same.

create table resources.upload (
    owner uuid not null,
    id uuid not null,
    revision_id uuid not null,
    name text not null,
    media_type text not null,
    size_bytes bigint not null,
    -- what the content will hash to
    sha256 bytea not null,
    state text not null default 'open',
    -- counts how often it began anew; parts of an earlier attempt are not read any more
    attempt int not null default 1,
    -- how many parts of this attempt arrived, and where the next one begins
    parts int not null default 0,
    offset_bytes bigint not null default 0,
    -- the stream that goes on with it; an earlier one ends at its next part
    writer uuid,
    begun_at timestamptz not null,
    -- it is given up when nothing arrives until then
    expires_at timestamptz not null,
    -- what arrived is gone from the store
    swept boolean not null default false,
    constraint upload_pkey primary key (owner, id),
    constraint upload_revision_fkey foreign key (owner, revision_id) references resources.revision (owner, id),
    constraint upload_state_check check (state in ('open', 'finished', 'aborted', 'expired')),
    constraint upload_size_check check (size_bytes > 0),
    constraint upload_offset_check check (offset_bytes between 0 and size_bytes),
    constraint upload_parts_check check (parts between 0 and 20000),
    constraint upload_sha256_check check (length(sha256) = 32),
    constraint upload_swept_check check (not swept or state <> 'open')
);
create index upload_due_idx on resources.upload (expires_at) where state = 'open';
create index upload_unswept_idx on resources.upload (owner, id) where state <> 'open' and not swept;
create index upload_revision_idx on resources.upload (owner, revision_id) where state = 'open';

-- What arrived of an upload, one object of the store each.
create table resources.upload_part (
    owner uuid not null,
    upload_id uuid not null,
    attempt int not null,
    number int not null,
    offset_bytes bigint not null,
    size_bytes bigint not null,
    -- names the object, beside the upload
    writer uuid not null,
    constraint upload_part_pkey primary key (owner, upload_id, attempt, number),
    constraint upload_part_upload_fkey foreign key (owner, upload_id) references resources.upload (owner, id),
    constraint upload_part_size_check check (size_bytes > 0)
);

-- Downloads by other firms.
create table resources.download (
    owner uuid not null,
    id uuid not null,
    firm uuid not null,
    actor_name text not null,
    resource_id uuid not null,
    revision_id uuid not null,
    file_id uuid not null,
    -- the one that it stands on; null: the resource is open to the firm
    entitlement_id uuid,
    -- whether it used up one of the entitlement's downloads
    counted boolean not null,
    began_at timestamptz not null,
    -- when the process that sends it was last heard of
    seen_at timestamptz not null,
    sent_bytes bigint not null default 0,
    ended_at timestamptz,
    constraint download_pkey primary key (owner, id),
    constraint download_file_fkey foreign key (owner, file_id) references resources.revision_file (owner, id),
    constraint download_sent_check check (sent_bytes >= 0),
    constraint download_counted_check check (not counted or entitlement_id is not null)
);
create index download_id_idx on resources.download (id);
create index download_running_idx on resources.download (seen_at) where ended_at is null;
create index download_counted_idx on resources.download (owner, firm, file_id, began_at) where counted;

-- A download of a file of another firm begins: 'begun', 'limit' where no entitlement has one left, and no row where the
-- tenant may not use the file. Whoever gets the same file again within a day, such as what a break left, uses up no other
-- download.
create function resources.begin_download(of_file uuid, new_download uuid, by_name text)
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
        select e.* into chosen
        from resources.entitlement e
        where e.owner = wanted.owner and e.state = 'granted'
            and e.valid_from <= at and (e.valid_until is null or e.valid_until > at)
            and (e.resource_id = told.id or (e.category = told.category and told.classification <> 3))
            and (e.firm = me or (told.classification <> 3 and e.cluster in (
                select m.cluster from partners.cluster_membership m where m.firm = me)))
        order by e.download_limit is null desc,
            exists (select from resources.download d
                    where d.owner = wanted.owner and d.firm = me and d.file_id = of_file and d.counted
                        and d.began_at > at - interval '1 day' and d.entitlement_id = e.id) desc,
            e.downloads < e.download_limit desc, e.id
        limit 1
        for no key update of e;
        if not found then
            return;
        end if;
        again := exists (
            select from resources.download d
            where d.owner = wanted.owner and d.firm = me and d.file_id = of_file and d.counted
                and d.began_at > at - interval '1 day' and d.entitlement_id = chosen.id);
        if not again then
            if chosen.downloads >= chosen.download_limit then
                return query select 'limit'::text, chosen.id;
                return;
            end if;
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

-- A download of the tenant's has ended with so many bytes sent: stands in the owner's access log, once. What the log says,
-- as the owner reads it.
create function resources.end_download(of_download uuid, new_entry uuid, sent bigint)
returns table (owner uuid, id uuid, at timestamptz, firm uuid, firm_name text, actor_name text, resource_id uuid,
               resource_name text, resource_number text, revision_id uuid, revision_label text, file_id uuid,
               file_name text, sent_bytes bigint, entitlement_id uuid)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
    ended_now constant timestamptz := clock_timestamp();
    over resources.download;
begin
    update resources.download d
    set ended_at = ended_now, seen_at = ended_now, sent_bytes = greatest(d.sent_bytes, sent)
    where d.id = of_download and d.firm = me and d.ended_at is null
    returning d.* into over;
    if not found then
        return;
    end if;
    insert into resources.access_entry
        (owner, id, at, kind, firm, actor_name, resource_id, revision_id, file_id, sent_bytes, entitlement_id)
    values (over.owner, new_entry, ended_now, 'downloaded', over.firm, over.actor_name, over.resource_id,
            over.revision_id, over.file_id, over.sent_bytes, over.entitlement_id);
    return query
    select over.owner, new_entry, ended_now, over.firm,
           coalesce((select n.name from partners.firm_names(array[over.firm]) n), ''), over.actor_name,
           r.id, r.name, coalesce(r.resource_number, ''), v.id, v.label, f.id, f.name, over.sent_bytes,
           over.entitlement_id
    from resources.revision_file f
    join resources.revision v on v.owner = f.owner and v.id = f.revision_id
    join resources.resource r on r.owner = v.owner and r.id = v.resource_id
    where f.owner = over.owner and f.id = over.file_id;
end
$$;

-- Which of these running downloads must stop, since the right to them has ended; and how much was sent of each, now and
-- then, so that a process that is killed leaves that behind. Of no tenant: one process asks for all that it sends.
create function resources.stopped_downloads(running uuid[], sent bigint[]) returns table (id uuid)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
    at constant timestamptz := clock_timestamp();
begin
    update resources.download d set seen_at = at, sent_bytes = greatest(d.sent_bytes, s.sent_bytes)
    from unnest(running, sent) s (id, sent_bytes)
    where d.id = s.id and d.ended_at is null and d.seen_at < at - interval '10 seconds';
    return query
    with mine as materialized (select d.* from resources.download d where d.id = any (running)),
    rights as materialized (
        select r.owner, r.id, x.firm,
               case when exists (select from partners.active_firms(array[x.firm])) then resources.sight(r, x.firm) end as sight
        from (select distinct m.owner, m.resource_id, m.firm from mine m) x
        join resources.resource r on r.owner = x.owner and r.id = x.resource_id
    )
    select m.id
    from mine m
    join resources.revision_file f on f.owner = m.owner and f.id = m.file_id
    join resources.revision v on v.owner = f.owner and v.id = f.revision_id
    join rights g on g.owner = m.owner and g.id = m.resource_id and g.firm = m.firm
    where m.ended_at is not null or f.removed or v.state not in ('released', 'superseded')
        or g.sight is distinct from 'use'
    order by m.id;
end
$$;

-- Downloads of processes that were not heard of for two minutes; for the loop that works without a caller.
create function resources.lost_downloads(most int) returns table (firm uuid, id uuid)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
    select d.firm, d.id from resources.download d
    where d.ended_at is null and d.seen_at < clock_timestamp() - interval '2 minutes'
    order by d.seen_at, d.id limit most;
end
$$;

-- Uploads whose bytes are to go: those that stood still until this moment, and those that ended.
create function resources.uploads_due(at timestamptz, most int) returns table (firm uuid, id uuid)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
    (select u.owner, u.id from resources.upload u
     where u.state = 'open' and u.expires_at <= at order by u.expires_at, u.id limit most)
    union all
    (select u.owner, u.id from resources.upload u
     where u.state <> 'open' and not u.swept order by u.owner, u.id limit most);
end
$$;

do $$
declare
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
    name text;
begin
    foreach name in array array['upload', 'upload_part', 'download'] loop
        execute format('alter table resources.%I enable row level security', name);
        execute format('alter table resources.%I force row level security', name);
        execute format('create policy owner_all on resources.%I for all to tandem_owner using (true) with check (true)', name);
    end loop;
    foreach name in array array['upload', 'upload_part'] loop
        execute format('create policy publisher_all on resources.%I for all to tandem_app using (owner = %2$s) with check (owner = %2$s)', name, me);
        execute format('grant select, insert on resources.%I to tandem_app', name);
    end loop;
end
$$;
grant update (state, attempt, parts, offset_bytes, writer, expires_at, swept) on resources.upload to tandem_app;

revoke all on function
    resources.begin_download(uuid, uuid, text),
    resources.end_download(uuid, uuid, bigint),
    resources.stopped_downloads(uuid[], bigint[]),
    resources.lost_downloads(int),
    resources.uploads_due(timestamptz, int)
    from public;
grant execute on function
    resources.begin_download(uuid, uuid, text),
    resources.end_download(uuid, uuid, bigint),
    resources.stopped_downloads(uuid[], bigint[]),
    resources.lost_downloads(int),
    resources.uploads_due(timestamptz, int)
    to tandem_app;
