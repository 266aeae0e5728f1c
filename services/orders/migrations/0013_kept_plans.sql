-- As before, with a plan that is kept for the session: Postgres, until its version 18, plans the body of a `language sql`
-- function anew in every statement that calls it, and every write of a supplier asks this one.
create or replace function orders.adopting(the_order uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
    return exists (
        select from orders.pending_end e
        where e.order_id = the_order and e.outcome = 'accepted'
            and e.supplier = nullif(pg_catalog.current_setting('tandem.firm', true), '')::uuid
            and e.xmin = pg_catalog.pg_current_xact_id()::xid);
end
$$;
