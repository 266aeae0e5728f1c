-- Never run by the migrator: applied first, by whoever may create roles, under the advisory lock.
do $$
begin
    if not exists (select from pg_roles where rolname = 'tandem_owner') then
        create role tandem_owner login nosuperuser nobypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'tandem_app') then
        create role tandem_app login nosuperuser nobypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'tandem_stream') then
        create role tandem_stream login nosuperuser nobypassrls;
    end if;
end
$$;
