-- Links to sign in that members ask for themselves, by mail.

-- As before, with the roles: whoever names where a member is mailed links must have what these allow.
create or replace view partners.member_scope with (security_invoker = true) as
    select m.firm, m.id, m.disabled_at is null as active, m.sites, m.purchasing_groups, m.roles
    from partners.member m
    where m.firm = nullif(current_setting('tandem.firm', true), '')::uuid;

set local lock_timeout = '3s';
alter table partners.link add column mailed boolean not null default false;
comment on column partners.link.mailed is 'asked for by an address, and made when the mail was sent';

-- Stores a link that signs a member of the tenant in; whose it is, no row for somebody who is no longer here. Links of
-- before stay: else whoever knows an address could end them.
create function partners.new_sign_in_link(member uuid, sha256 bytea, at timestamptz, expires_at timestamptz)
returns table (firm_name text, member_name text)
language sql volatile set search_path = '' as $$
    with own as (
        select m.firm, m.id, m.name, f.name as firm_name
        from partners.member m
        join partners.firm f on f.id = m.firm
        where m.firm = nullif(current_setting('tandem.firm', true), '')::uuid and m.id = new_sign_in_link.member
            and m.disabled_at is null and f.state = 'active'
    ), made as (
        insert into partners.link (sha256, kind, firm, member, issuer, created_at, expires_at, mailed)
        select new_sign_in_link.sha256, 'sign_in', o.firm, o.id, o.firm, new_sign_in_link.at,
               new_sign_in_link.expires_at, true
        from own o
    )
    select o.firm_name, o.name from own o
$$;

-- Ends the links that a member of the tenant was mailed and has not used: an address is no longer the member's, or the member
-- may do something else than when it was mailed.
create function partners.end_mailed_links(member uuid, at timestamptz) returns void
language sql volatile security definer set search_path = '' as $$
    update partners.link l set ended_at = end_mailed_links.at
    where l.firm = nullif(current_setting('tandem.firm', true), '')::uuid and l.member = end_mailed_links.member
        and l.kind = 'sign_in' and l.mailed and l.used_at is null and l.ended_at is null
$$;
revoke all on function partners.new_sign_in_link(uuid, bytea, timestamptz, timestamptz),
    partners.end_mailed_links(uuid, timestamptz) from public;
grant execute on function partners.new_sign_in_link(uuid, bytea, timestamptz, timestamptz),
    partners.end_mailed_links(uuid, timestamptz) to tandem_app;
