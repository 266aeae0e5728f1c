-- Months of the log that are older than events are kept go as a whole. Each feed says first that it begins behind them, in
-- commits of their own by event.feed_head, so that a reader is told so and never finds a gap.

-- How many followers of this deployment's own have not read their feed up to the end of a month: what they keep of it would
-- miss what happened there. Readers of firms' own, webhooks among them, are told that it is gone. A suspended firm's
-- followers stand still, and keep nobody's log; nor does a publisher that was switched off a day ago. Each service says by a
-- function where its followers stand; these are made later than this schema, so that the names are looked up when it is called.
create function event.unread_upto(upto date) returns bigint
language plpgsql stable security definer set search_path = '' as $$
begin
    return (
        select count(*)
        from (
            select c.feed, c.seq from capacity.feeds_read() c
            union all select r.feed, r.seq from resources.feeds_read() r
            union all select n.feed, n.seq from notices.feeds_read() n
        ) place
        cross join lateral (
            select e.seq from event.feed_entry e
            where e.feed = place.feed and e.month <= unread_upto.upto order by e.seq desc limit 1) last
        where place.seq < last.seq and exists (select from partners.active_firms(array[place.feed]))
    ) + (
        select count(*)
        from event.kafka_place k
        where k.held_until > clock_timestamp() - interval '1 day'
            and exists (select from event.event_log l where l.log_pos > k.log_pos and l.month <= unread_upto.upto)
    );
end
$$;
revoke all on function event.unread_upto(date) from public;
grant execute on function event.unread_upto(date) to tandem_stream;

-- Drops one of the two parts of a month, and answers whether nothing of it is left; where not, it is to be called again after a
-- rest. One part a transaction, since whoever reads locks both tables, and some the one first and some the other. Entries go
-- before the facts that they name.
--
-- Whoever reads or writes the log waits behind this for as long as it waits for those before it: it gives up soon. A backup
-- that has its moment already, and locks every table a little later, would find one gone: it is not begun while anybody but the
-- services has a moment in this database.
create function event.drop_month(gone date) returns boolean
language plpgsql volatile security definer set search_path = '' set lock_timeout = '200ms' as $$
declare
    suffix constant text := to_char(gone, 'YYYY_MM');
    entries constant text := 'event.feed_entry_' || suffix;
    facts constant text := 'event.event_log_' || suffix;
    part text;
begin
    if to_regclass(entries) is not null then
        part := entries;
    elsif to_regclass(facts) is not null then
        part := facts;
    else
        return true;
    end if;
    if gone >= (select h.month from event.head h) then
        raise 'the month % may still be written', suffix;
    end if;
    if exists (
        select from event.feed_head h
        join event.feed_entry e on e.feed = h.feed and e.seq = h.min_seq
        where e.month <= gone)
    then
        raise 'a feed still begins in the month %', suffix;
    end if;
    if exists (
        select from pg_stat_activity other
        where other.datname = current_database() and other.backend_xmin is not null
            and other.usename not in ('tandem_app', 'tandem_stream'))
    then
        return false;
    end if;
    execute 'drop table ' || part;
    return to_regclass(entries) is null and to_regclass(facts) is null;
exception when lock_not_available or undefined_table then
    return false;
end
$$;
revoke all on function event.drop_month(date) from public;
grant execute on function event.drop_month(date) to tandem_stream;
