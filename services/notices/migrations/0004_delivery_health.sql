-- What the operator sees of notices: which firms it may have to call, and nothing of what is said or where to.

-- Firms with channels that nothing arrives at since their last message that did, by id and medium: how many channels and
-- messages, the first of these, and why the last one did not arrive, as a code.
create function notices.delivery_health(after uuid, after_medium text, most bigint)
returns table (firm uuid, name text, name_en text, medium text, channels bigint, failed bigint, since timestamptz, failure text)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    perform partners.require_operator();
    return query
    select f.id, f.name, f.name_en, c.medium, count(distinct c.id), count(*), min(d.created_at),
           (array_agg(d.failure order by d.id desc))[1]
    from notices.channel c
    join partners.firm f on f.id = c.firm
    left join lateral (
        select s.id from notices.delivery s
        where s.firm = c.firm and s.channel = c.id and s.state = 'sent'
        order by s.id desc limit 1
    ) l on true
    join notices.delivery d on d.firm = c.firm and d.channel = c.id
        and d.id > coalesce(l.id, '00000000-0000-0000-0000-000000000000')
    -- a member who left misses nothing
    where c.deleted_at is null and d.failure not in ('', 'MEMBER_LEFT') and d.state <> 'sent'
        and (delivery_health.after is null
            or (c.firm, c.medium) > (delivery_health.after, delivery_health.after_medium))
    group by f.id, f.name, f.name_en, c.medium
    order by f.id, c.medium
    limit delivery_health.most;
end
$$;
revoke all on function notices.delivery_health(uuid, text, bigint) from public;
grant execute on function notices.delivery_health(uuid, text, bigint) to tandem_app;
