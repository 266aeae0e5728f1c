-- What the operator tells everybody who signs in, and what each has put away.

-- Whether the tenant is an operator's firm; the function that refuses is for the owner's functions alone.
create function partners.operates() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
    perform partners.require_operator();
    return true;
exception when insufficient_privilege then
    return false;
end
$$;

create table partners.announcement (
    -- the operator's
    firm uuid not null references partners.firm (id),
    id uuid not null,
    kind text not null,
    text_zh text not null,
    text_en text not null,
    begins_at timestamptz,
    ends_at timestamptz,
    shown_from timestamptz not null,
    shown_until timestamptz not null,
    published_at timestamptz not null,
    changed_at timestamptz not null,
    changed_by text not null,
    withdrawn_at timestamptz,
    version bigint not null default 1,
    constraint announcement_pkey primary key (firm, id),
    constraint announcement_kind_check check (kind in ('notice', 'maintenance')),
    constraint announcement_text_check check (text_zh <> '' or text_en <> ''),
    constraint announcement_time_check check (case kind when 'maintenance' then begins_at < ends_at
        else begins_at is null and ends_at is null end),
    constraint announcement_shown_check check (shown_from < shown_until)
);
create index announcement_shown_idx on partners.announcement (shown_until) where withdrawn_at is null;
comment on table partners.announcement is 'what the operator tells everybody who signs in; others read it by current_announcements alone';

alter table partners.announcement enable row level security;
alter table partners.announcement force row level security;
create policy owner_all on partners.announcement for all to tandem_owner using (true) with check (true);
create policy app_operator on partners.announcement for all to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid and partners.operates());
grant select, insert on partners.announcement to tandem_app;
grant update (kind, text_zh, text_en, begins_at, ends_at, shown_from, shown_until, changed_at, changed_by, withdrawn_at,
              version) on partners.announcement to tandem_app;

create table partners.dismissal (
    firm uuid not null references partners.firm (id),
    -- a member, or a key's actor
    actor uuid not null,
    announcement uuid not null,
    -- what was read: what changed since is shown again
    version bigint not null,
    at timestamptz not null,
    constraint dismissal_pkey primary key (firm, actor, announcement)
);
comment on table partners.dismissal is 'announcements that somebody has put away';

alter table partners.dismissal enable row level security;
alter table partners.dismissal force row level security;
create policy owner_all on partners.dismissal for all to tandem_owner using (true) with check (true);
create policy app_own on partners.dismissal for all to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid);
grant select, insert, update (version, at) on partners.dismissal to tandem_app;

-- What is shown to everybody at a time, the oldest first. What is planned, over or withdrawn stays the operator's.
create function partners.current_announcements(at timestamptz)
returns table (id uuid, kind text, text_zh text, text_en text, begins_at timestamptz, ends_at timestamptz,
               shown_from timestamptz, shown_until timestamptz, version bigint)
language sql stable security definer set search_path = '' as $$
    select a.id, a.kind, a.text_zh, a.text_en, a.begins_at, a.ends_at, a.shown_from, a.shown_until, a.version
    from partners.announcement a
    where a.withdrawn_at is null and a.shown_until > current_announcements.at
        and a.shown_from <= current_announcements.at
    order by a.id
$$;

revoke all on function partners.operates(), partners.current_announcements(timestamptz) from public;
grant execute on function partners.operates(), partners.current_announcements(timestamptz) to tandem_app;
