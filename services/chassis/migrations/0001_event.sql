-- The event side of every service: outbox, log, feeds, idempotency.
-- Three logins share it: tandem_owner migrates, tandem_app acts in one firm's tenant, tandem_stream sequences.

grant usage on schema event to tandem_app, tandem_stream;

-- One row a command, written as the last statement of its transaction; gone once sequenced.
create table event.outbox (
    id bigint generated always as identity (cache 1) primary key,
    firm uuid not null,
    -- tandem.event.v1.Command
    payload bytea not null
);
comment on column event.outbox.firm is 'the firm whose command it is; says who may insert, not who may read';

-- The one fence of the sequencer: whoever holds this row's lock moves the log.
create table event.head (
    only_row boolean primary key default true check (only_row),
    log_pos bigint not null default 0,
    month date not null default date_trunc('month', now())::date
);
insert into event.head default values;

-- The record: one row an event variant, in one total order.
create table event.event_log (
    log_pos bigint not null,
    month date not null,
    event_id uuid not null,
    subject_id uuid,
    type text not null,
    source text not null,
    subject text not null,
    at timestamptz not null,
    traceparent text not null,
    version bigint not null,
    audience uuid[] not null,
    sites text[] not null,
    purchasing_group text not null,
    -- whose sites and purchasing group they are; readers of other firms are not narrowed by them
    scope_firm uuid,
    payload bytea not null,
    payload_sha256 bytea not null,
    constraint event_log_pkey primary key (log_pos, month)
) partition by range (month);

-- Each firm's feed: total, gapless, the same for every reader for ever.
create table event.feed_entry (
    feed uuid not null,
    seq bigint not null,
    month date not null,
    log_pos bigint not null,
    chain bytea not null,
    last_of_command boolean not null,
    constraint feed_entry_pkey primary key (feed, seq, month)
) partition by range (month);
create index feed_entry_log_pos_idx on event.feed_entry (log_pos);

create table event.feed_head (
    feed uuid primary key,
    next_seq bigint not null default 1,
    chain bytea not null,
    -- the oldest entry that is still there, and the chain before it
    min_seq bigint not null default 1,
    min_chain bytea not null
);

-- Receipts by request id; a repeated request is answered from here.
create table event.idempotency (
    firm uuid not null,
    method text not null,
    request_id text not null,
    request_sha256 bytea not null,
    receipt bytea not null,
    created_at timestamptz not null default now(),
    constraint idempotency_pkey primary key (firm, method, request_id)
);
create index idempotency_created_at_idx on event.idempotency (created_at);

-- Keeps this month and three ahead: a missing month would refuse every insert.
create function event.ensure_partitions() returns void
language plpgsql security definer set search_path = '' as $$
declare
    first_day date;
    suffix text;
begin
    for ahead in 0..3 loop
        first_day := (pg_catalog.date_trunc('month', pg_catalog.now()) + pg_catalog.make_interval(months => ahead))::date;
        suffix := pg_catalog.to_char(first_day, 'YYYY_MM');
        if pg_catalog.to_regclass('event.event_log_' || suffix) is null then
            execute pg_catalog.format(
                'create table event.event_log_%s partition of event.event_log for values from (%L) to (%L)',
                suffix, first_day, (first_day + interval '1 month')::date);
            execute pg_catalog.format('alter table event.event_log_%s enable row level security', suffix);
            execute pg_catalog.format('alter table event.event_log_%s force row level security', suffix);
        end if;
        if pg_catalog.to_regclass('event.feed_entry_' || suffix) is null then
            execute pg_catalog.format(
                'create table event.feed_entry_%s partition of event.feed_entry for values from (%L) to (%L)',
                suffix, first_day, (first_day + interval '1 month')::date);
            execute pg_catalog.format('alter table event.feed_entry_%s enable row level security', suffix);
            execute pg_catalog.format('alter table event.feed_entry_%s force row level security', suffix);
        end if;
    end loop;
end
$$;
revoke all on function event.ensure_partitions() from public;
grant execute on function event.ensure_partitions() to tandem_stream;
select event.ensure_partitions();

-- The firm of the running transaction; null outside one, which fits no row.
create function event.me() returns uuid language sql stable parallel safe set search_path = '' as
$$ select nullif(pg_catalog.current_setting('tandem.firm', true), '')::uuid $$;
grant execute on function event.me() to public;

do $$
declare
    name text;
begin
    foreach name in array array['outbox', 'head', 'event_log', 'feed_entry', 'feed_head', 'idempotency'] loop
        execute format('alter table event.%I enable row level security', name);
        execute format('alter table event.%I force row level security', name);
        execute format('create policy owner_all on event.%I for all to tandem_owner using (true) with check (true)', name);
        execute format('create policy stream_all on event.%I for all to tandem_stream using (true) with check (true)', name);
    end loop;
end
$$;

create policy app_insert on event.outbox for insert to tandem_app
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid);
create policy app_read on event.feed_entry for select to tandem_app
    using (feed = nullif(current_setting('tandem.firm', true), '')::uuid);
create policy app_read on event.feed_head for select to tandem_app
    using (feed = nullif(current_setting('tandem.firm', true), '')::uuid);
create policy app_read on event.event_log for select to tandem_app
    using (nullif(current_setting('tandem.firm', true), '')::uuid = any (audience));
create policy app_own on event.idempotency for all to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid);

grant insert on event.outbox to tandem_app;
grant select on event.feed_entry, event.feed_head, event.event_log to tandem_app;
grant select, insert on event.idempotency to tandem_app;
grant select, insert, update, delete on event.outbox, event.feed_head to tandem_stream;
grant select, update on event.head to tandem_stream;
grant select, insert on event.event_log, event.feed_entry to tandem_stream;
grant select, delete on event.idempotency to tandem_stream;
