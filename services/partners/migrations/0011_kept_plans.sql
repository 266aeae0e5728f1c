-- As before, with a plan that is kept for the session: Postgres, until its version 18, plans the body of a `language sql`
-- function anew in every statement that calls it.
create or replace function partners.active_firms(firms uuid[]) returns table (firm uuid)
language plpgsql stable set search_path = '' as $$
begin
    return query select f.id from partners.firm f where f.id = any (active_firms.firms) and f.state = 'active';
end
$$;
