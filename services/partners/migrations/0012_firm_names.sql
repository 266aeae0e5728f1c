-- What these firms are called; for definer functions of other services, which decide whether the tenant may know.
create function partners.firm_names(firms uuid[]) returns table (firm uuid, name text, name_en text)
language sql stable set search_path = '' as $$
    select f.id, f.name, f.name_en from partners.firm f where f.id = any (firm_names.firms) and f.state = 'active'
$$;
revoke all on function partners.firm_names(uuid[]) from public;
