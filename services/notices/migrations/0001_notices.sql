-- Who is told of what, where, and what came of it. Rows of one firm.
--
-- An event on the firm's feed becomes a notice for each channel that asks for it (notice), in the transaction that
-- moves the firm's place on (follower): at least once, and by its key never twice. Notices of a kind whose time has
-- come become one message (delivery), which is tried until it is taken or given up (attempt).

grant usage on schema notices to tandem_app;

create table notices.follower (
    firm uuid not null,
    -- the last entry of the firm's feed that was looked at
    seq bigint not null,
    constraint follower_pkey primary key (firm)
);

create table notices.channel (
    firm uuid not null,
    id uuid not null,
    -- null: the firm's
    member uuid,
    medium text not null,
    name text not null,
    -- encrypted, with firm and channel as what it is bound to; empty once deleted
    address bytea not null,
    secret bytea not null,
    masked text not null,
    -- a keyed hash of medium and address, so that a firm has each once; null once deleted
    fingerprint bytea,
    -- numbers of tandem.notices.v1.NoticeKind; empty: all
    kinds integer[] not null,
    sites text[] not null,
    purchasing_groups text[] not null,
    locale text not null,
    digest_s integer not null,
    -- minutes of the day, Asia/Shanghai
    quiet_from smallint,
    quiet_until smallint,
    -- the other side asked us to wait
    paused_until timestamptz,
    deleted_at timestamptz,
    version bigint not null default 1,
    created_at timestamptz not null,
    constraint channel_pkey primary key (firm, id),
    constraint channel_medium_check check (medium in ('mail', 'wecom', 'dingtalk', 'feishu')),
    constraint channel_locale_check check (locale in ('zh', 'en')),
    constraint channel_digest_check check (digest_s between 0 and 86400),
    constraint channel_quiet_check check ((quiet_from is null) = (quiet_until is null)
        and quiet_from between 0 and 1439 and quiet_until between 0 and 1439)
);
create unique index channel_fingerprint_key on notices.channel (firm, fingerprint);
comment on column notices.channel.address is 'a secret: whoever has it can write to the group';

create table notices.delivery (
    firm uuid not null,
    id uuid not null,
    channel uuid not null,
    -- tandem.notices.v1.NoticeKind
    kind integer not null,
    state text not null,
    notices integer not null,
    title text not null,
    -- what is said, in the channel's language; the medium's form is made when it is sent
    body text not null,
    link text not null,
    attempts integer not null default 0,
    due_at timestamptz not null,
    -- another process may be sending it until then
    leased_until timestamptz,
    sent_at timestamptz,
    failure text not null default '',
    created_at timestamptz not null,
    constraint delivery_pkey primary key (firm, id),
    constraint delivery_channel_fkey foreign key (firm, channel) references notices.channel (firm, id),
    constraint delivery_state_check check (state in ('waiting', 'sent', 'failed'))
);
create index delivery_due_idx on notices.delivery (due_at, firm) where state = 'waiting';
create index delivery_channel_idx on notices.delivery (firm, channel, id);

create table notices.notice (
    firm uuid not null,
    channel uuid not null,
    event_id uuid not null,
    kind integer not null,
    -- what it happened to, such as `orders/<id>`
    subject text not null,
    -- such as the order's number; empty where there is none
    number text not null,
    -- one line, in the channel's language
    line text not null,
    at timestamptz not null,
    due_at timestamptz not null,
    -- the message that tells it; null until then
    delivery uuid,
    constraint notice_pkey primary key (firm, channel, event_id),
    constraint notice_channel_fkey foreign key (firm, channel) references notices.channel (firm, id),
    constraint notice_delivery_fkey foreign key (firm, delivery) references notices.delivery (firm, id)
);
create index notice_due_idx on notices.notice (due_at, firm) where delivery is null;

create table notices.attempt (
    firm uuid not null,
    id uuid not null,
    channel uuid not null,
    delivery uuid not null,
    at timestamptz not null,
    constraint attempt_pkey primary key (firm, id),
    constraint attempt_delivery_fkey foreign key (firm, delivery) references notices.delivery (firm, id)
);
create index attempt_channel_idx on notices.attempt (firm, channel, at);
comment on table notices.attempt is 'each call of the other side, counted against what it allows in a minute';

do $$
declare
    name text;
    me constant text := 'firm = nullif(current_setting(''tandem.firm'', true), '''')::uuid';
begin
    foreach name in array array['follower', 'channel', 'delivery', 'notice', 'attempt'] loop
        execute format('alter table notices.%I enable row level security', name);
        execute format('alter table notices.%I force row level security', name);
        execute format('create policy owner_all on notices.%I for all to tandem_owner using (true) with check (true)', name);
        execute format('create policy app_own on notices.%I for all to tandem_app using (%s) with check (%s)', name, me, me);
        execute format('grant select, insert on notices.%I to tandem_app', name);
    end loop;
end
$$;
grant update (seq) on notices.follower to tandem_app;
grant update (name, kinds, sites, purchasing_groups, locale, digest_s, quiet_from, quiet_until, paused_until, deleted_at,
    address, secret, fingerprint, version) on notices.channel to tandem_app;
grant update (state, attempts, due_at, leased_until, sent_at, failure) on notices.delivery to tandem_app;
grant update (delivery) on notices.notice to tandem_app;

-- Firms whose feed has entries that were not looked at yet: ids only, for the loop that works without a caller. A
-- suspended firm waits, and goes on from where it was.
create function notices.firms_behind(most int) returns table (firm uuid)
language sql stable security definer set search_path = '' as $$
    select f.firm
    from notices.follower f
    join event.feed_head h on h.feed = f.firm
    where h.next_seq - 1 > f.seq
        and exists (select from partners.active_firms(array[f.firm]))
    order by f.firm
    limit most
$$;

-- Firms with a notice or message whose time has come: ids only.
create function notices.firms_due(at timestamptz, most int) returns table (firm uuid)
language sql stable security definer set search_path = '' as $$
    select d.firm
    from (select n.firm from notices.notice n where n.delivery is null and n.due_at <= firms_due.at
          union
          select d.firm from notices.delivery d
          where d.state = 'waiting' and d.due_at <= firms_due.at
              and (d.leased_until is null or d.leased_until < firms_due.at)) d
    where exists (select from partners.active_firms(array[d.firm]))
    order by d.firm
    limit most
$$;
revoke all on function notices.firms_behind(int), notices.firms_due(timestamptz, int) from public;
grant execute on function notices.firms_behind(int), notices.firms_due(timestamptz, int) to tandem_app;
