-- Subscriptions: named places of a firm in its own feed, which readers acknowledge. Rows of one firm, read and written in its
-- tenant.

create table event.subscription (
    firm uuid not null,
    name text not null,
    -- everything up to here was acknowledged, and the beginning of the chain there
    seq bigint not null,
    chain bytea not null,
    created_at timestamptz not null,
    -- null: nothing was acknowledged yet
    acknowledged_at timestamptz,
    -- a name that was taken away may be set up again, in the same row
    deleted_at timestamptz,
    constraint subscription_pkey primary key (firm, name),
    constraint subscription_name_check check (name <> '' and length(name) <= 60),
    constraint subscription_place_check check (seq >= 0 and octet_length(chain) = 8)
);

alter table event.subscription enable row level security;
alter table event.subscription force row level security;
create policy owner_all on event.subscription for all to tandem_owner using (true) with check (true);
create policy app_own on event.subscription for all to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid);
grant select, insert on event.subscription to tandem_app;
grant update (seq, chain, created_at, acknowledged_at, deleted_at) on event.subscription to tandem_app;
