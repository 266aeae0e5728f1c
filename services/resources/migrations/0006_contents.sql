-- Uploads whose size and hash nobody knows before they are over, such as those of a form; and contents of the store, so that
-- what no file is made of any more goes.

alter table resources.upload
    alter column size_bytes drop not null,
    alter column sha256 drop not null,
    drop constraint upload_offset_check,
    add constraint upload_offset_check check (offset_bytes >= 0 and (size_bytes is null or offset_bytes <= size_bytes)),
    -- null: the upload was not announced, and becomes what arrived
    add constraint upload_announced_check check ((size_bytes is null) = (sha256 is null));

-- What stands in the store by owner and hash. Its row is there before the content is, and is locked while the content goes:
-- whoever is about to make a file of the same content waits, or finds it gone.
create table resources.content (
    owner uuid not null,
    sha256 bytea not null,
    -- 'going': it may or may not stand; nobody counts on it until it is 'gone' for certain
    state text not null default 'kept',
    -- when it is looked whether a file is made of it; null: nothing happened since that was so
    check_at timestamptz,
    constraint content_pkey primary key (owner, sha256),
    constraint content_state_check check (state in ('kept', 'going', 'gone')),
    constraint content_sha256_check check (length(sha256) = 32)
);
create index content_due_idx on resources.content (check_at) where check_at is not null;

insert into resources.content (owner, sha256, check_at)
select f.owner, f.sha256, case when bool_and(f.removed) then now() end
from resources.revision_file f
group by f.owner, f.sha256;

create index revision_file_content_idx on resources.revision_file (owner, sha256) where not removed;

-- Contents that are to be looked at until this moment; for the loop that works without a caller.
create function resources.contents_due(at timestamptz, most int) returns table (firm uuid, sha256 bytea)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
    select c.owner, c.sha256 from resources.content c
    where c.check_at <= at order by c.check_at, c.owner, c.sha256 limit most;
end
$$;

alter table resources.content enable row level security;
alter table resources.content force row level security;
create policy owner_all on resources.content for all to tandem_owner using (true) with check (true);
do $$
declare
    me constant text := 'nullif(current_setting(''tandem.firm'', true), '''')::uuid';
begin
    execute format('create policy publisher_all on resources.content for all to tandem_app using (owner = %1$s) with check (owner = %1$s)', me);
end
$$;
grant select, insert, update (state, check_at) on resources.content to tandem_app;

revoke all on function resources.contents_due(timestamptz, int) from public;
grant execute on function resources.contents_due(timestamptz, int) to tandem_app;
