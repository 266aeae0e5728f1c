-- Of webhooks with something to send, the loop took those that had waited longest, whosesoever they were: twenty receivers of each
-- of four firms that answer nothing took every place of a process, and everybody else waited for them.

-- As event.webhooks_due, which the version before calls, and in turn: of each firm the one that has waited longest, then of each
-- the next. `busy` names the firm of each webhook that the caller serves already, so that a firm's first comes before another's
-- further ones, and no limit hides it behind these.
create function event.webhooks_in_turn(at timestamptz, most int, busy uuid[]) returns table (firm uuid, webhook uuid)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
begin
    return query
    select due.firm, due.id
    from (
        select w.firm, w.id, w.leased_until,
               row_number() over (partition by w.firm order by w.leased_until nulls first, w.id)
                   + cardinality(array_positions(webhooks_in_turn.busy, w.firm)) as turn
        from event.webhook w
        join event.feed_head h on h.feed = w.firm
        where w.disabled = '' and w.deleted_at is null
            and (w.lease is null or w.leased_until < clock_timestamp())
            and (w.retry_at <= webhooks_in_turn.at
                 or (h.next_seq - 1 > w.seen and w.pending < w.in_flight and w.seen - w.seq < 1000))
            and exists (select from partners.active_firms(array[w.firm]))
    ) due
    order by due.turn, due.leased_until nulls first, due.id
    limit most;
end
$$;
revoke all on function event.webhooks_in_turn(timestamptz, int, uuid[]) from public;
grant execute on function event.webhooks_in_turn(timestamptz, int, uuid[]) to tandem_app;
