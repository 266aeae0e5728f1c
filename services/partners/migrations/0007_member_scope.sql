-- What other services read of the tenant's own people: whether they are still here, and what they are narrowed to.
create view partners.member_scope with (security_invoker = true) as
    select m.firm, m.id, m.disabled_at is null as active, m.sites, m.purchasing_groups
    from partners.member m
    where m.firm = nullif(current_setting('tandem.firm', true), '')::uuid;
grant select on partners.member_scope to tandem_app;

-- Which of these firms act now; for services that work without a caller. Ids only.
create function partners.active_firms(firms uuid[]) returns table (firm uuid)
language sql stable set search_path = '' as $$
    select f.id from partners.firm f where f.id = any (active_firms.firms) and f.state = 'active'
$$;
revoke all on function partners.active_firms(uuid[]) from public;
