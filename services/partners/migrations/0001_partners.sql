-- Who is on the platform, who may act for whom, and who trades with whom.
-- tandem_app acts inside one firm's tenant; what reaches across firms stands in 0002 and 0003.

grant usage on schema partners to tandem_app;

create table partners.firm (
    id uuid primary key,
    name text not null,
    name_en text not null default '',
    uscc text not null default '',
    state text not null,
    sandbox boolean not null default false,
    operator boolean not null default false,
    invited_by uuid references partners.firm (id),
    created_at timestamptz not null,
    constraint firm_name_check check (name <> ''),
    constraint firm_state_check check (state in ('placeholder', 'active', 'claimed', 'suspended'))
);
-- Documents name a supplier by these; not unique, see below.
create index firm_uscc_idx on partners.firm (uscc) where uscc <> '';
comment on table partners.firm is 'a legal person; the tenant of everything';
comment on column partners.firm.uscc is
    'as entered, upper case; not unique, since a unique index would tell who else is here; whether it fits GB 32100-2015 is computed when it is read';
comment on column partners.firm.operator is 'may create firms and hold the operator role';
comment on column partners.firm.invited_by is
    'the buyer that created it as a placeholder; that buyer keeps seeing the row after a claim. Not granted to tandem_app: partners of this firm must not learn it';

create table partners.party_id (
    firm uuid not null references partners.firm (id),
    scheme text not null,
    value text not null,
    constraint party_id_pkey primary key (firm, scheme, value)
);
create index party_id_value_idx on partners.party_id (scheme, value);
comment on table partners.party_id is 'other numbers of a firm: GLN (0088), DUNS (0060), VAT';

create table partners.site (
    id uuid primary key,
    firm uuid not null references partners.firm (id),
    code text not null,
    name text not null,
    address text not null,
    country_code text not null,
    created_at timestamptz not null,
    constraint site_code_key unique (firm, code)
);
comment on table partners.site is 'a place of a firm where goods are made, sent or received';

create table partners.member (
    id uuid primary key,
    firm uuid not null references partners.firm (id),
    name text not null,
    roles integer[] not null,
    sites text[] not null default '{}',
    purchasing_groups text[] not null default '{}',
    locale text not null,
    disabled_at timestamptz,
    version bigint not null default 1,
    created_at timestamptz not null,
    -- what sessions and links refer to, so that they can only mean a member of their own firm
    constraint member_firm_id_key unique (firm, id),
    constraint member_roles_check check (cardinality(roles) > 0 and roles <@ array[1, 2, 3, 4, 5]),
    constraint member_locale_check check (locale in ('zh', 'en'))
);
create index member_name_idx on partners.member (firm, name, id);
comment on table partners.member is 'a person who acts for a firm';
comment on column partners.member.roles is 'numbers of tandem.partners.v1.Role';
comment on column partners.member.sites is 'codes of own sites that the member is narrowed to; empty narrows nothing';

create table partners.api_key (
    id text primary key,
    firm uuid not null references partners.firm (id),
    actor uuid not null,
    name text not null,
    sha256 bytea not null,
    roles integer[] not null,
    sites text[] not null default '{}',
    purchasing_groups text[] not null default '{}',
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    constraint api_key_actor_key unique (actor),
    constraint api_key_roles_check check (cardinality(roles) > 0 and roles <@ array[1, 2, 3, 4, 5])
);
create index api_key_firm_idx on partners.api_key (firm, actor);
comment on table partners.api_key is 'a machine''s credential';
comment on column partners.api_key.id is 'the visible part of the key';
comment on column partners.api_key.actor is 'what orders and events name as the actor; ordered by time';
comment on column partners.api_key.sha256 is 'of the whole key; the key itself stands nowhere. Not granted to tandem_app';

create table partners.session (
    id text primary key,
    firm uuid not null references partners.firm (id),
    member uuid not null,
    sha256 bytea not null,
    device text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    constraint session_member_fkey foreign key (firm, member) references partners.member (firm, id)
);
create index session_member_idx on partners.session (firm, member);
comment on table partners.session is 'a signed-in person on one device';
comment on column partners.session.sha256 is 'of the whole token; not granted to tandem_app';

create table partners.link (
    sha256 bytea primary key,
    kind text not null,
    firm uuid not null references partners.firm (id),
    member uuid,
    issuer uuid not null references partners.firm (id),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    ended_at timestamptz,
    constraint link_member_fkey foreign key (firm, member) references partners.member (firm, id),
    constraint link_kind_check check (kind in ('sign_in', 'invitation')),
    constraint link_member_check check ((kind = 'sign_in') = (member is not null))
);
create index link_firm_idx on partners.link (firm, kind) where used_at is null;
comment on table partners.link is 'a sign-in link (of a member) or an invitation (to a placeholder firm); works once';
comment on column partners.link.sha256 is 'of the token in the link; the token itself stands nowhere';
comment on column partners.link.firm is 'the firm that one gets into with it';
comment on column partners.link.issuer is 'the firm that handed it out; for an invitation, the buyer';
comment on column partners.link.ended_at is 'a newer link took its place';

create table partners.trading_relationship (
    id uuid primary key,
    buyer uuid not null references partners.firm (id),
    supplier uuid not null references partners.firm (id),
    vendor_number text not null default '',
    customer_number text not null default '',
    accepted_at timestamptz,
    buyer_suspended boolean not null default false,
    supplier_suspended boolean not null default false,
    ended_at timestamptz,
    state text not null generated always as (
        case when ended_at is not null then 'ended'
             when buyer_suspended or supplier_suspended then 'suspended'
             when accepted_at is null then 'invited'
             else 'active' end) stored,
    version bigint not null default 1,
    created_at timestamptz not null,
    constraint trading_relationship_sides_check check (buyer <> supplier),
    constraint trading_relationship_pair_key unique (buyer, supplier)
);
-- Within one buyer, so that it tells nothing of others; an ended relationship frees its number.
create unique index trading_relationship_vendor_number_key on partners.trading_relationship (buyer, vendor_number)
    where vendor_number <> '' and ended_at is null;
-- How a buyer's documents name a supplier, ended ones included.
create index trading_relationship_number_idx on partners.trading_relationship (buyer, vendor_number);
create index trading_relationship_buyer_idx on partners.trading_relationship (buyer, id);
create index trading_relationship_supplier_idx on partners.trading_relationship (supplier, id);
comment on table partners.trading_relationship is 'a buyer and a supplier; one row a pair, revived by a new invitation after its end';
comment on column partners.trading_relationship.vendor_number is 'the supplier''s number in the buyer''s system; the buyer writes it; leading zeros count';
comment on column partners.trading_relationship.customer_number is 'the buyer''s number in the supplier''s system; the supplier writes it';
comment on column partners.trading_relationship.buyer_suspended is 'the buyer''s own switch, so that the supplier cannot resume what the buyer suspended';
comment on column partners.trading_relationship.supplier_suspended is 'the supplier''s own switch';
comment on column partners.trading_relationship.version is 'behind the etag; every update adds one';

create table partners.known_as (
    buyer uuid not null references partners.firm (id),
    scheme text not null,
    value text not null,
    supplier uuid not null references partners.firm (id),
    constraint known_as_pkey primary key (buyer, scheme, value, supplier)
);
create index known_as_supplier_idx on partners.known_as (buyer, supplier);
comment on table partners.known_as is
    'how a buyer named a supplier when it invited it: NAME, USCC, party ids, and a VENDOR_NUMBER that gave way when two relationships became one; survives acceptance, renaming and claims, so that the next document finds the same firm';

create table partners.claim (
    placeholder uuid primary key references partners.firm (id),
    firm uuid not null references partners.firm (id),
    buyer uuid not null references partners.firm (id),
    accepted_at timestamptz not null
);
comment on table partners.claim is 'a placeholder that an existing firm took over; orders move by it. Not granted to tandem_app';

-- Each side writes its own columns, and nobody who is in the table, when the pair began or was accepted.
create function partners.guard_relationship() returns trigger
language plpgsql set search_path = '' as $$
declare
    me uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    if current_user = 'tandem_owner' then
        return new;
    end if;
    if (new.id, new.buyer, new.supplier, new.created_at) is distinct from (old.id, old.buyer, old.supplier, old.created_at)
        or new.accepted_at is distinct from old.accepted_at
        or (old.ended_at is not null and new is distinct from old)
        or new.version <> old.version + 1
        or (me is distinct from old.buyer
            and (new.vendor_number, new.buyer_suspended) is distinct from (old.vendor_number, old.buyer_suspended))
        or (me is distinct from old.supplier
            and (new.customer_number, new.supplier_suspended)
                is distinct from (old.customer_number, old.supplier_suspended))
    then
        raise exception 'this side may not change that of a relationship' using errcode = '42501';
    end if;
    return new;
end
$$;
revoke all on function partners.guard_relationship() from public;
create trigger guard_relationship before update on partners.trading_relationship
    for each row execute function partners.guard_relationship();

do $$
declare
    name text;
begin
    foreach name in array array['firm', 'party_id', 'site', 'member', 'api_key', 'session', 'link',
                                'trading_relationship', 'known_as', 'claim'] loop
        execute format('alter table partners.%I enable row level security', name);
        execute format('alter table partners.%I force row level security', name);
        execute format('create policy owner_all on partners.%I for all to tandem_owner using (true) with check (true)', name);
    end loop;
end
$$;

-- Own rows.
create policy app_own on partners.site for all to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid);
create policy app_own on partners.session for all to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid);
-- The operator role (5) exists in operators' firms alone.
create policy app_own on partners.member for all to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid
        and (5 <> all (roles) or exists (select from partners.firm f where f.id = member.firm and f.operator)));
create policy app_own on partners.api_key for all to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid
        and (5 <> all (roles) or exists (select from partners.firm f where f.id = api_key.firm and f.operator)));
-- Sign-in links of own members; invitations are made by partners.new_invitation alone.
create policy app_insert on partners.link for insert to tandem_app
    with check (kind = 'sign_in' and used_at is null
        and firm = nullif(current_setting('tandem.firm', true), '')::uuid
        and issuer = nullif(current_setting('tandem.firm', true), '')::uuid);

-- Two-firm rows: either side reads; what each may write, guard_relationship says.
create policy app_read on partners.trading_relationship for select to tandem_app
    using (buyer = nullif(current_setting('tandem.firm', true), '')::uuid
        or supplier = nullif(current_setting('tandem.firm', true), '')::uuid);
create policy app_update on partners.trading_relationship for update to tandem_app
    using (buyer = nullif(current_setting('tandem.firm', true), '')::uuid
        or supplier = nullif(current_setting('tandem.firm', true), '')::uuid)
    with check (buyer = nullif(current_setting('tandem.firm', true), '')::uuid
        or supplier = nullif(current_setting('tandem.firm', true), '')::uuid);
create policy app_read on partners.known_as for select to tandem_app
    using (buyer = nullif(current_setting('tandem.firm', true), '')::uuid);

-- The own firm, placeholders that it created, and partners. Firms are few, so that EXISTS costs little here.
create policy app_read on partners.firm for select to tandem_app
    using (id = nullif(current_setting('tandem.firm', true), '')::uuid
        or invited_by = nullif(current_setting('tandem.firm', true), '')::uuid
        or exists (select from partners.trading_relationship r
                   where r.buyer = nullif(current_setting('tandem.firm', true), '')::uuid and r.supplier = firm.id)
        or exists (select from partners.trading_relationship r
                   where r.supplier = nullif(current_setting('tandem.firm', true), '')::uuid and r.buyer = firm.id));
create policy app_read on partners.party_id for select to tandem_app
    using (firm = nullif(current_setting('tandem.firm', true), '')::uuid
        or exists (select from partners.firm f where f.id = party_id.firm));

grant select (id, name, name_en, uscc, state, sandbox, operator, created_at) on partners.firm to tandem_app;
grant select on partners.party_id, partners.trading_relationship, partners.known_as, partners.member to tandem_app;
grant select, insert on partners.site to tandem_app;
grant insert on partners.member, partners.api_key, partners.link to tandem_app;
grant update (roles, sites, purchasing_groups, locale, disabled_at, version) on partners.member to tandem_app;
grant select (id, firm, actor, name, roles, sites, purchasing_groups, created_at, expires_at, revoked_at),
    update (revoked_at) on partners.api_key to tandem_app;
grant select (id, firm, member, device, created_at, expires_at, ended_at), update (ended_at)
    on partners.session to tandem_app;
grant update (vendor_number, customer_number, buyer_suspended, supplier_suspended, ended_at, version)
    on partners.trading_relationship to tandem_app;

-- What other services read, in the reader's tenant.

create view partners.firm_name with (security_invoker = true) as
    select f.id, f.name, f.name_en, f.sandbox, f.state from partners.firm f;
comment on view partners.firm_name is 'names of the firms that the tenant may see';

create view partners.supplier_address with (security_invoker = true) as
    select r.buyer, r.supplier, r.id as relationship_id, r.state, r.vendor_number, f.name as supplier_name, f.uscc
    from partners.trading_relationship r
    join partners.firm f on f.id = r.supplier
    where r.buyer = nullif(current_setting('tandem.firm', true), '')::uuid;
comment on view partners.supplier_address is 'the tenant''s suppliers, one row a pair, ended ones included';

create view partners.supplier_party_id with (security_invoker = true) as
    select k.buyer, k.supplier, k.scheme, k.value
    from partners.known_as k
    where k.buyer = nullif(current_setting('tandem.firm', true), '')::uuid and k.scheme not in ('NAME', 'USCC')
    union
    select r.buyer, r.supplier, p.scheme, p.value
    from partners.trading_relationship r
    join partners.party_id p on p.firm = r.supplier
    where r.buyer = nullif(current_setting('tandem.firm', true), '')::uuid;
comment on view partners.supplier_party_id is 'numbers that mean a supplier of the tenant: the supplier''s own and those that the tenant gave when inviting';

grant select on partners.firm_name, partners.supplier_address, partners.supplier_party_id to tandem_app;

-- Every credential that works now; what makes one stop working stands here alone. Not granted to tandem_app.
create view partners.live_credential with (security_invoker = true) as
    select 'api_key'::text as kind, k.id, k.sha256, f.id as firm, f.name as firm_name, f.sandbox, k.actor,
           k.name as actor_name, k.roles, k.sites, k.purchasing_groups, 'zh'::text as locale
    from partners.api_key k
    join partners.firm f on f.id = k.firm
    where k.revoked_at is null and (k.expires_at is null or k.expires_at > now()) and f.state = 'active'
    union all
    select 'session'::text, s.id, s.sha256, f.id, f.name, f.sandbox, m.id, m.name, m.roles, m.sites,
           m.purchasing_groups, m.locale
    from partners.session s
    join partners.member m on m.firm = s.firm and m.id = s.member
    join partners.firm f on f.id = s.firm
    where s.ended_at is null and s.expires_at > now() and m.disabled_at is null and f.state = 'active';
comment on view partners.live_credential is 'api keys and sessions that work now';
