-- What a buyer's ERP writes for units, plants and tax codes, and the names of its purchasing groups. Rows of one
-- firm; taken out by a mark, since tandem_app deletes nothing.

create table partners.alias (
    buyer uuid not null references partners.firm (id),
    kind text not null,
    source_system text not null,
    written text not null,
    meaning text not null,
    tax_rate numeric,
    deleted_at timestamptz,
    changed_at timestamptz not null,
    constraint alias_pkey primary key (buyer, kind, source_system, written),
    constraint alias_kind_check check (kind in ('unit', 'site', 'tax')),
    constraint alias_written_check check (written <> '' and meaning <> ''),
    constraint alias_tax_rate_check check ((kind = 'tax') = (tax_rate is not null) and tax_rate >= 0 and tax_rate < 1)
);
comment on table partners.alias is 'what the ERP of a buyer writes, and what it means; applied when an order is published';
comment on column partners.alias.source_system is 'the ERP that writes it; empty: every one';
comment on column partners.alias.meaning is 'unit: UN/ECE Rec 20; site: an own site''s code; tax: a category of UNCL5305';
comment on column partners.alias.tax_rate is 'as a fraction: 0.13';

create table partners.purchasing_group (
    firm uuid not null references partners.firm (id),
    code text not null,
    name text not null,
    deleted_at timestamptz,
    constraint purchasing_group_pkey primary key (firm, code),
    constraint purchasing_group_code_check check (code <> '' and name <> '')
);
comment on table partners.purchasing_group is 'names of the groups that buy; orders carry the code';

-- The buyer's own contacts at its suppliers: personal data that nobody else reads, the supplier included.
create table partners.supplier_contact (
    buyer uuid not null references partners.firm (id),
    relationship uuid not null,
    name text not null,
    phone text not null,
    mail text not null,
    locale text not null,
    changed_at timestamptz not null,
    constraint supplier_contact_pkey primary key (buyer, relationship),
    constraint supplier_contact_locale_check check (locale in ('zh', 'en'))
);
comment on table partners.supplier_contact is 'to whom a buyer hands an invitation; no foreign key, since relationships become one when firms do';

do $$
declare
    name text;
begin
    foreach name in array array['alias', 'purchasing_group', 'supplier_contact'] loop
        execute format('alter table partners.%I enable row level security', name);
        execute format('alter table partners.%I force row level security', name);
        execute format('create policy owner_all on partners.%I for all to tandem_owner using (true) with check (true)', name);
    end loop;
end
$$;
create policy app_own on partners.alias for all to tandem_app
    using (buyer = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid);
create policy app_own on partners.purchasing_group for all to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid);
create policy app_own on partners.supplier_contact for all to tandem_app
    using (buyer = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid);

grant select, insert, update (meaning, tax_rate, deleted_at, changed_at) on partners.alias to tandem_app;
grant select, insert, update (name, deleted_at) on partners.purchasing_group to tandem_app;
grant select, insert, update (name, phone, mail, locale, changed_at) on partners.supplier_contact to tandem_app;

create view partners.alias_in_use with (security_invoker = true) as
    select a.buyer, a.kind, a.source_system, a.written, a.meaning, a.tax_rate
    from partners.alias a
    where a.buyer = nullif(current_setting('tandem.firm', true), '')::uuid and a.deleted_at is null;
comment on view partners.alias_in_use is 'what the tenant''s documents mean';
grant select on partners.alias_in_use to tandem_app;
