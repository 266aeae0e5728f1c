-- Webhooks: readers of a firm's feed that send it to a server of the firm's own. Rows of one firm, read and written in its
-- tenant; the loop that sends without a caller learns from event.webhooks_due which firms have something to send, and no more.

create table event.webhook (
    firm uuid not null,
    id uuid not null,
    name text not null,
    -- empty once deleted
    url text not null,
    -- which events; an empty list leaves nothing out. A type may end in `*`
    types text[] not null,
    counterparties uuid[] not null,
    subject_prefix text not null,
    -- narrowed to own sites and purchasing groups
    sites text[] not null,
    purchasing_groups text[] not null,
    ordered boolean not null,
    in_flight integer not null,
    -- empty while enabled
    disabled text not null default '',
    -- everything up to here was accepted or left out
    seq bigint not null,
    -- everything up to here was accepted, left out, or is noted below
    seen bigint not null,
    -- events behind `seq`, by their places: not accepted yet, or accepted before one that lies in front of them. Few, and
    -- always written together with the place, so that they stand in its row
    noted bigint[] not null default '{}',
    noted_accepted boolean[] not null default '{}',
    noted_attempts integer[] not null default '{}',
    noted_next_at timestamptz[] not null default '{}',
    -- how many of them were not accepted, and when the earliest of these is tried again
    pending integer not null default 0,
    retry_at timestamptz,
    -- moves when `seq` was set by hand or pending attempts were set back: what was on its way then counts no more
    epoch bigint not null default 1,
    -- the process that sends, and until when nobody else does
    lease uuid,
    leased_until timestamptz,
    version bigint not null default 1,
    created_at timestamptz not null,
    deleted_at timestamptz,
    constraint webhook_pkey primary key (firm, id),
    constraint webhook_in_flight_check check (in_flight between 1 and 32 and (not ordered or in_flight = 1)),
    constraint webhook_disabled_check check (disabled in ('', 'by_firm', 'gone', 'exhausted')),
    constraint webhook_place_check check (seq >= 0 and seen >= seq),
    constraint webhook_noted_check check (cardinality(noted) = cardinality(noted_accepted)
        and cardinality(noted) = cardinality(noted_attempts) and cardinality(noted) = cardinality(noted_next_at))
);
create index webhook_enabled_idx on event.webhook (firm, id) where disabled = '' and deleted_at is null;

create table event.webhook_secret (
    firm uuid not null,
    webhook uuid not null,
    id uuid not null,
    -- encrypted, with firm, webhook and id as what it is bound to; empty once it has ended
    sealed bytea not null,
    created_at timestamptz not null,
    -- null: the newest
    expires_at timestamptz,
    constraint webhook_secret_pkey primary key (firm, webhook, id),
    constraint webhook_secret_webhook_fkey foreign key (firm, webhook) references event.webhook (firm, id)
);

-- What was sent and what came of it, kept for 30 days.
create table event.webhook_delivery (
    firm uuid not null,
    id uuid not null,
    webhook uuid not null,
    -- numbers of tandem.stream.v1.WebhookDeliveryKind and WebhookOutcome
    kind integer not null,
    outcome integer not null,
    -- as the receiver knows it
    event_id text not null,
    type text not null,
    seq bigint not null,
    attempt integer not null,
    at timestamptz not null,
    duration_ms integer not null,
    status integer not null,
    failure text not null,
    answer text not null,
    retry_at timestamptz,
    constraint webhook_delivery_pkey primary key (firm, id),
    constraint webhook_delivery_webhook_fkey foreign key (firm, webhook) references event.webhook (firm, id),
    constraint webhook_delivery_answer_check check (length(answer) <= 500)
);
create index webhook_delivery_webhook_idx on event.webhook_delivery (firm, webhook, id);
create index webhook_delivery_at_idx on event.webhook_delivery (at);

do $$
declare
    name text;
    me constant text := 'firm = nullif(current_setting(''tandem.firm'', true), '''')::uuid';
begin
    foreach name in array array['webhook', 'webhook_secret', 'webhook_delivery'] loop
        execute format('alter table event.%I enable row level security', name);
        execute format('alter table event.%I force row level security', name);
        execute format('create policy owner_all on event.%I for all to tandem_owner using (true) with check (true)', name);
        execute format('create policy app_own on event.%I for all to tandem_app using (%s) with check (%s)', name, me, me);
        execute format('grant select, insert on event.%I to tandem_app', name);
    end loop;
end
$$;
grant update (name, url, types, counterparties, subject_prefix, sites, purchasing_groups, ordered, in_flight, disabled, seq,
    seen, noted, noted_accepted, noted_attempts, noted_next_at, pending, retry_at, epoch, lease, leased_until, version, deleted_at) on event.webhook to tandem_app;
grant update (sealed, expires_at) on event.webhook_secret to tandem_app;
grant update (outcome, duration_ms, status, failure, answer) on event.webhook_delivery to tandem_app;
-- What is older than 30 days goes, whosesoever it is.
create policy stream_all on event.webhook_delivery for all to tandem_stream using (true) with check (true);
grant select, delete on event.webhook_delivery to tandem_stream;

-- Webhooks with something to send now: ids only, for the loop that works without a caller. A suspended firm waits, and goes on
-- from where it was. Leases go by the database's clock, which all processes share. `partners` is made later than this
-- schema, so that the name is looked up when it is called.
create function event.webhooks_due(at timestamptz, most int) returns table (firm uuid, webhook uuid)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
    select w.firm, w.id
    from event.webhook w
    join event.feed_head h on h.feed = w.firm
    where w.disabled = '' and w.deleted_at is null
        and (w.lease is null or w.leased_until < clock_timestamp())
        and (w.retry_at <= webhooks_due.at
             or (h.next_seq - 1 > w.seen and w.pending < w.in_flight and w.seen - w.seq < 1000))
        and exists (select from partners.active_firms(array[w.firm]))
    order by w.leased_until nulls first, w.id
    limit most;
end
$$;
revoke all on function event.webhooks_due(timestamptz, int) from public;
grant execute on function event.webhooks_due(timestamptz, int) to tandem_app;
