-- What a command and the sequencer ask of the database in fewer trips, and an outbox that neither packs nor unpacks.

-- Waits until no other transaction of the firm works on these requests, keeps others waiting until this one ends, and
-- answers the receipts of those that took effect before. What is locked is named as `chassis::command::lock` names it, and
-- in one order, so that two who want the same wait for one another and not each for the other. The receipts are read by
-- a statement of their own, which sees what those before committed; each is looked up by its whole key, whatever the
-- statistics say: a plan that was kept while the table was small would read every receipt of the firm.
create function event.enter(methods text[], ids text[])
returns table (method text, request_id text, request_sha256 bytea, receipt bytea)
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
declare
    me constant uuid := nullif(current_setting('tandem.firm', true), '')::uuid;
begin
    perform pg_advisory_xact_lock(wanted.key)
    from (select distinct hashtextextended(concat_ws(' ', me, w.method, w.id), 0) as key
          from unnest(methods, ids) w (method, id) order by 1) wanted;
    return query
    select w.method, w.id, r.request_sha256, r.receipt
    from unnest(methods, ids) w (method, id)
    cross join lateral (
        select i.request_sha256, i.receipt from event.idempotency i
        where i.firm = me and i.method = w.method and i.request_id = w.id limit 1) r;
end
$$;
revoke all on function event.enter(text[], text[]) from public;
grant execute on function event.enter(text[], text[]) to tandem_app;

-- A row of the outbox lives for milliseconds: to compress it cost more than to write it, and one of a few kilobytes fits
-- into a page without being cut up.
alter table event.outbox alter column payload set storage external;
alter table event.outbox set (toast_tuple_target = 8160);

-- The sequencer takes the fence, and then the oldest waiting commands out of the outbox, at most `most` and about `bytes`: by
-- a statement of its own, whose snapshot is not one that was taken while waiting for the fence, which would miss what
-- the sequencer before us saw. With each command where the log stands, and the month to write: the present one, but never
-- before the last one written. No rows where nothing waits.
create function event.take(most bigint, bytes bigint)
returns table (log_pos bigint, month date, at timestamptz, id bigint, payload bytea)
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
declare
    head event.head;
begin
    select h.* into head from event.head h for update;
    head.month := greatest(head.month, date_trunc('month', now() at time zone 'utc')::date);
    -- By ctid, since the planner's idea of a table that is nearly always empty is often wrong and rows are never updated.
    return query
    with taken as (
        delete from event.outbox o where o.ctid = any (array(
            select sized.row from (
                select first.row, sum(first.size) over (order by first.id) - first.size as before
                from (select w.ctid as row, w.id, octet_length(w.payload) as size
                      from event.outbox w order by w.id limit most) first
            ) sized where sized.before < bytes))
        returning o.id, o.payload)
    select head.log_pos, head.month, now(), t.id, t.payload from taken t order by t.id;
end
$$;
revoke all on function event.take(bigint, bigint) from public;
grant execute on function event.take(bigint, bigint) to tandem_stream;
