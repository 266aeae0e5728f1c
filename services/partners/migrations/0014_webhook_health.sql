-- What the operator sees of webhooks: which firms it may have to call, and nothing of what is sent or where to.

-- Firms with webhooks that are not accepted, ended or paused, by id. `since`: the first attempt that was not accepted of what
-- still waits, of those that are kept.
create function partners.webhook_health(after uuid, most bigint)
returns table (firm uuid, name text, name_en text, failing bigint, ended bigint, paused bigint, since timestamptz)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    perform partners.require_operator();
    return query
    select f.id, f.name, f.name_en, count(*) filter (where w.disabled = ''),
           count(*) filter (where w.disabled in ('gone', 'exhausted')),
           count(*) filter (where w.disabled = 'by_firm'), min(d.at)
    from event.webhook w
    join partners.firm f on f.id = w.firm
    left join lateral (
        -- 2: tandem.stream.v1.WEBHOOK_OUTCOME_FAILED
        select min(x.at) as at from event.webhook_delivery x
        where x.firm = w.firm and x.webhook = w.id and x.seq > w.seq and x.outcome = 2
    ) d on w.disabled <> 'by_firm'
    where w.deleted_at is null and (w.disabled <> '' or w.pending > 0)
        and (webhook_health.after is null or w.firm > webhook_health.after)
    group by f.id, f.name, f.name_en
    order by f.id
    limit webhook_health.most;
end
$$;
revoke all on function partners.webhook_health(uuid, bigint) from public;
grant execute on function partners.webhook_health(uuid, bigint) to tandem_app;
