-- Moves what a sequencer saw, where all of it still is as it was seen: the log's head, the rows of the outbox, and the heads of
-- the feeds. Whoever comes second waits for the head's row and then finds it changed. The parts touch different tables.
with fence as (
    update event.head h set log_pos = $29, month = $1
    where h.log_pos = $30 and concat_ws(' ', h.xmin, pg_postmaster_start_time()) = $31
      and cardinality($32::bigint[]) =
          (select count(*) from event.outbox o where o.ctid = any($33::text[]::tid[]) and o.id = any($32))
      and not exists (
          select from unnest($26::uuid[], $34::bigint[], $35::bytea[]) u (feed, next_seq, chain)
          left join event.feed_head f on f.feed = u.feed
          where coalesce(f.next_seq, 1) <> u.next_seq or f.chain <> u.chain)
    returning concat_ws(' ', h.xmin, pg_postmaster_start_time()) as mark
), gone as (
    delete from event.outbox o using fence where o.ctid = any($33::text[]::tid[]) and o.id = any($32)
), facts as (
    insert into event.event_log
        (log_pos, month, event_id, subject_id, type, source, subject, at, traceparent, version,
         audience, sites, purchasing_group, scope_firm, payload, payload_sha256)
    select u.log_pos, $1, u.event_id, u.subject_id, u.type, u.source, u.subject, u.at, u.traceparent, u.version,
           ($2::uuid[])[u.audience_from:u.audience_upto], ($3::text[])[u.sites_from:u.sites_upto],
           u.purchasing_group, u.scope_firm, u.payload, u.payload_sha256
    from unnest($4::bigint[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::timestamptz[],
                $11::text[], $12::bigint[], $13::int[], $14::int[], $15::int[], $16::int[], $17::text[],
                $18::uuid[], $19::bytea[], $20::bytea[])
         u (log_pos, event_id, subject_id, type, source, subject, at, traceparent, version,
            audience_from, audience_upto, sites_from, sites_upto, purchasing_group, scope_firm,
            payload, payload_sha256), fence
), entries as (
    insert into event.feed_entry (feed, seq, month, log_pos, chain, last_of_command)
    select u.feed, u.seq, $1, u.log_pos, u.chain, u.last
    from unnest($21::uuid[], $22::bigint[], $23::bigint[], $24::bytea[], $25::boolean[])
         u (feed, seq, log_pos, chain, last), fence
), heads as (
    insert into event.feed_head (feed, next_seq, chain, min_chain)
    select u.feed, u.next_seq, u.chain, decode(repeat('00', 32), 'hex')
    from unnest($26::uuid[], $27::bigint[], $28::bytea[]) u (feed, next_seq, chain), fence
    on conflict (feed) do update set next_seq = excluded.next_seq, chain = excluded.chain
)
select mark as "mark!" from fence
