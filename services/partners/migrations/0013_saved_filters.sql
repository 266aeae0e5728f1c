-- What whoever acts for a firm keeps for itself: filters of its lists of orders.

create table partners.saved_filters (
    firm uuid not null references partners.firm (id),
    -- a member, or a key's actor
    actor uuid not null,
    -- tandem.partners.v1.ListSavedFiltersResponse
    content bytea not null,
    changed_at timestamptz not null,
    constraint saved_filters_pkey primary key (firm, actor),
    constraint saved_filters_size_check check (octet_length(content) <= 65536)
);
comment on table partners.saved_filters is 'filters of lists of orders, by who keeps them; read and written whole, since they are few';

alter table partners.saved_filters enable row level security;
alter table partners.saved_filters force row level security;
create policy owner_all on partners.saved_filters for all to tandem_owner using (true) with check (true);
create policy app_own on partners.saved_filters for all to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid);
grant select, insert, update (content, changed_at) on partners.saved_filters to tandem_app;
