-- Documents of the field as they came in: rows of two firms once their order is published, of the buyer alone before.

grant usage on schema interchange to tandem_app;

create table interchange.document (
    id uuid not null,
    buyer uuid not null,
    supplier uuid,
    request_id text not null,
    format smallint not null,
    standard text not null,
    media_type text not null,
    sha256 bytea not null,
    content bytea not null,
    extension bytea not null,
    order_id uuid,
    received_at timestamptz not null,
    constraint document_pkey primary key (id),
    -- a repeated import finds its document again
    constraint document_request_key unique (buyer, request_id),
    constraint document_sha256_check check (octet_length(sha256) = 32),
    constraint document_published_check check ((order_id is null) = (supplier is null)),
    constraint document_two_firms_check check (supplier <> buyer)
);
-- an order finds the document that it came with
create index document_order_idx on interchange.document (order_id) where order_id is not null;
create index document_supplier_idx on interchange.document (supplier) where supplier is not null;

comment on table interchange.document is 'documents as they came in, with what the canonical order does not say of them';
comment on column interchange.document.id is 'UUIDv7';
comment on column interchange.document.buyer is 'the firm that imported it';
comment on column interchange.document.supplier is 'who received the order; null until it is published';
comment on column interchange.document.request_id is 'as the caller chose it; the order is published under it too';
comment on column interchange.document.format is 'tandem.interchange.v1.DocumentFormat';
comment on column interchange.document.standard is 'standard, version and customization that the document names';
comment on column interchange.document.media_type is 'such as application/xml';
comment on column interchange.document.sha256 is 'SHA-256 of content';
comment on column interchange.document.content is 'the bytes as they came in; never a source for export';
comment on column interchange.document.extension is 'JSON: what the canonical order does not say of the document';
comment on column interchange.document.order_id is 'the order that it became; null where publishing was refused or interrupted';
comment on column interchange.document.received_at is 'when it was first stored';

alter table interchange.document enable row level security;
alter table interchange.document force row level security;
create policy owner_all on interchange.document for all to tandem_owner using (true) with check (true);
create policy two_firms_read on interchange.document for select to tandem_app
    using (buyer = nullif(current_setting('tandem.firm', true), '')::uuid
        or supplier = nullif(current_setting('tandem.firm', true), '')::uuid);
create policy buyer_insert on interchange.document for insert to tandem_app
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid);
create policy buyer_update on interchange.document for update to tandem_app
    using (buyer = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid);
grant select, insert on interchange.document to tandem_app;
-- What came in never changes; only where it went is learnt later.
grant update (order_id, supplier) on interchange.document to tandem_app;

-- Gives the calling firm the documents of placeholders that it claimed, as their orders were given to it.
create function interchange.take_over_claimed() returns void
language sql security definer set search_path = '' as $$
    update interchange.document d
    set supplier = nullif(pg_catalog.current_setting('tandem.firm', true), '')::uuid
    from partners.pending_claims() c
    where d.supplier = c.placeholder
      and c.firm = nullif(pg_catalog.current_setting('tandem.firm', true), '')::uuid
$$;
revoke all on function interchange.take_over_claimed() from public;
grant execute on function interchange.take_over_claimed() to tandem_app;
