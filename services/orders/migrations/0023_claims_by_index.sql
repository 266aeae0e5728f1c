-- As before, but that the newest order of a placeholder is asked for, which its index has. Each second it is asked whether a
-- claimed placeholder has anything left to move, and nearly always it has nothing; a plan that goes for any order expects to come
-- upon one soon, since most suppliers have many, and read every order of every firm to find none.
create or replace function orders.claims_to_move() returns table (placeholder uuid, firm uuid)
language sql stable security definer set search_path = '' as $$
    select c.placeholder, c.firm
    from partners.pending_claims() c
    cross join lateral (
        (select true from orders.purchase_order o where o.supplier = c.placeholder
         order by o.published_at desc, o.id desc limit 1)
        union all
        (select true from orders.terms t where t.supplier = c.placeholder limit 1)
        limit 1
    ) something
$$;
