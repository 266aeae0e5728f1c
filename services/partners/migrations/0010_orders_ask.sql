-- What orders asks in the buyer's own transaction: whom the tenant may send new orders, and which relationships an
-- order has just begun.

create view partners.open_supplier with (security_invoker = true) as
    select r.supplier
    from partners.trading_relationship r
    where r.buyer = nullif(current_setting('tandem.firm', true), '')::uuid and r.state in ('invited', 'active');
comment on view partners.open_supplier is 'firms that the tenant may send new orders to; one look into an index';

create view partners.begun_relationship with (security_invoker = true) as
    select r.id, r.supplier, f.name as supplier_name, r.vendor_number, r.version, r.created_at
    from partners.trading_relationship r
    join partners.firm f on f.id = r.supplier
    where r.buyer = nullif(current_setting('tandem.firm', true), '')::uuid and r.created_at = now() and r.accepted_at is null;
comment on view partners.begun_relationship is
    'relationships that this very transaction began by partners.invite_placeholder, for the event that tells both firms';

grant select on partners.open_supplier, partners.begun_relationship to tandem_app;

-- Credentials whose owner may do something else than the reader knows: `known` is what this function last answered for
-- it, empty the first time. Not `live`: it does not work any more.
create function partners.changed_credentials(kinds text[], ids text[], known text[])
returns table (kind text, id text, live boolean, fingerprint text, roles integer[], sites text[],
               purchasing_groups text[])
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
        select u.kind, u.id, c.id is not null, coalesce(p.fingerprint, ''), coalesce(c.roles, '{}'),
               coalesce(c.sites, '{}'), coalesce(c.purchasing_groups, '{}')
        from unnest(changed_credentials.kinds, changed_credentials.ids, changed_credentials.known)
            u (kind, id, known)
        left join partners.live_credential c on c.kind = u.kind and c.id = u.id
        left join lateral (select md5(row (c.roles, c.sites, c.purchasing_groups)::text) as fingerprint) p
            on c.id is not null
        where c.id is null or p.fingerprint <> u.known;
end
$$;
revoke all on function partners.changed_credentials(text[], text[], text[]) from public;
grant execute on function partners.changed_credentials(text[], text[], text[]) to tandem_app;
drop function partners.ended_credentials(text[], text[]);
