-- The outbox in two halves, which ids fill in turn, 2,048 at a time. A transaction that has been open for long, anywhere in the
-- cluster, keeps rows that were deleted since from being removed, and each look of the sequencer reads over them: over 50,000 of
-- them it took twenty times as long. The half that is not written just now soon holds nothing but such rows, and is emptied as
-- a whole, whoever still looks at an older state. The look reads both halves from their beginnings: a row that becomes visible
-- late is found wherever it lies, also where its half was emptied before it was written.

-- Who writes now is waited for, and everybody else waits for the end of this: nobody is given an id meanwhile. A backup holds
-- every table until its end, and whoever writes queues behind this: it gives up soon, with nothing done, and is run again.
set local lock_timeout = '3s';
lock table event.outbox in access exclusive mode;
create table event.outbox_waiting as select id, firm, payload from event.outbox;
create table event.outbox_given as select last_value, is_called from event.outbox_id_seq;
drop table event.outbox;

-- No key of the whole can be had over an expression. Each half has one, and an id decides its half: so it is one of the whole.
create table event.outbox (
    id bigint generated always as identity (cache 1),
    firm uuid not null,
    -- tandem.event.v1.Command
    payload bytea not null
) partition by list (((id / 2048) % 2));
comment on table event.outbox is 'One row a command, written as the last statement of its transaction; gone once sequenced.';
comment on column event.outbox.firm is 'the firm whose command it is; says who may insert, not who may read';
create table event.outbox_even partition of event.outbox
    (constraint outbox_even_pkey primary key (id)) for values in (0) with (toast_tuple_target = 8160);
create table event.outbox_odd partition of event.outbox
    (constraint outbox_odd_pkey primary key (id)) for values in (1) with (toast_tuple_target = 8160);

do $$
declare
    name text;
begin
    foreach name in array array['outbox', 'outbox_even', 'outbox_odd'] loop
        execute format('alter table event.%I alter column payload set storage external', name);
        execute format('alter table event.%I enable row level security', name);
        execute format('alter table event.%I force row level security', name);
    end loop;
end
$$;
-- Of the whole alone: nobody reaches a half by itself, and the owner sees no row there.
create policy owner_all on event.outbox for all to tandem_owner using (true) with check (true);
create policy stream_all on event.outbox for all to tandem_stream using (true) with check (true);
create policy app_insert on event.outbox for insert to tandem_app
    with check (firm = nullif(current_setting('tandem.firm', true), '')::uuid);
grant insert on event.outbox to tandem_app;
grant select, insert, update, delete on event.outbox to tandem_stream;

-- What waits keeps its ids, and ids go on after the last one that was ever given.
insert into event.outbox (id, firm, payload) overriding system value
    select id, firm, payload from event.outbox_waiting order by id;
select setval('event.outbox_id_seq', last_value, is_called) from event.outbox_given;
drop table event.outbox_waiting;
drop table event.outbox_given;

-- As before, for the version before, and by id: a row's place is one within its half.
create or replace function event.take(most bigint, bytes bigint)
returns table (log_pos bigint, month date, at timestamptz, id bigint, payload bytea)
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
declare
    head event.head;
begin
    select h.* into head from event.head h for update;
    head.month := greatest(head.month, date_trunc('month', now() at time zone 'utc')::date);
    return query
    with taken as (
        delete from event.outbox o where o.id = any (array(
            select sized.id from (
                select first.id, sum(first.size) over (order by first.id) - first.size as before
                from (select w.id, octet_length(w.payload) as size
                      from event.outbox w order by w.id limit most) first
            ) sized where sized.before < bytes))
        returning o.id, o.payload)
    select head.log_pos, head.month, now(), t.id, t.payload from taken t order by t.id;
end
$$;

-- Empties the half that is not written just now, where it has more than the few pages that reuse keeps it at, and answers
-- whether that is done; where not, it is to be tried again after a rest. It waits for nobody to speak of, and whoever comes
-- second is told to come again.
--
-- Whoever has written into the half and not committed, and whoever reads it, holds a lock on it until the end of his
-- transaction: under the lock that goes with none of these, everything in it is committed or gone, and a look of its own
-- moment sees whether a row waits. It looks through the whole, whose policy shows its owner every row; the half would show none.
--
-- Whoever sees an older state finds an emptied table empty, so that a backup would lose what waited at its moment and was
-- sequenced since. pg_dump locks every table when it begins, but a little later than its moment: nothing is emptied while
-- anybody but the services, which row-level security keeps from dumping, has a moment in this database. Whoever dumps from
-- a standby is not seen from here.
--
-- Both are asked without the lock first, so that nobody is kept waiting for nothing.
create function event.clear_outbox() returns boolean
language plpgsql volatile security definer set search_path = '' set lock_timeout = '10ms' as $$
declare
    idle bigint;
    half regclass;
    look text;
    under_lock boolean;
    waits boolean;
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise 'the outbox is cleared in READ COMMITTED, where each look is of its own moment';
    end if;
    select 1 - given.last_value / 2048 % 2 into idle from event.outbox_id_seq given;
    half := case idle when 0 then 'event.outbox_even' else 'event.outbox_odd' end;
    -- Large payloads lie beside the rows, and dead ones with them. Where nothing is left, maps of free space and of what is
    -- visible, of both, and the index of large payloads still take up to ten pages.
    if pg_table_size(half) <= 32 * 8192 then
        return true;
    end if;
    -- The half by its number, so that the other one is not even locked.
    look := format('select exists (select from event.outbox where (id / 2048) %% 2 = %s)', idle);
    foreach under_lock in array array[false, true] loop
        if under_lock then
            execute format('lock table %s in access exclusive mode nowait', half);
            -- Or the answer would stay as it was first, until the transaction ends.
            perform pg_stat_clear_snapshot();
        end if;
        if exists (
            select from pg_stat_activity other
            where other.datname = current_database() and other.backend_xmin is not null
                and other.usename not in ('tandem_app', 'tandem_stream'))
        then
            return false;
        end if;
        execute look into waits;
        if waits then
            return false;
        end if;
    end loop;
    execute format('truncate %s', half);
    return true;
exception when lock_not_available then
    return false;
end
$$;
revoke all on function event.clear_outbox() from public;
grant execute on function event.clear_outbox() to tandem_stream;
