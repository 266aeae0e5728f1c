-- Which promises may still come late. Whoever looks for those that do read every promise of the last month and the next week,
-- nearly all of which are long kept: among a million orders that took half a second.
set local lock_timeout = '3s';
alter table orders.promise add column watched boolean not null default true;
comment on column orders.promise.watched is
    'false: the line is ready to ship, or closed, so that its day is no risk; true says nothing, the line has to be looked at';

-- What makes the difference: what was last said of the line since it was last put back to unanswered, and whether it is closed.
-- By keys, whatever the tables had when its plan was made.
create function orders.watch_promise() returns trigger
language plpgsql security definer set search_path = ''
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    update orders.promise m
    set watched = said.watched
    from orders.schedule_state q
    cross join lateral (
        select not q.closed and coalesce((
            -- READY_TO_SHIP of tandem.orders.v1.ProgressStage, and whatever comes after it
            select g.stage < 5 from orders.progress g
            where g.order_id = q.order_id and g.buyer = q.buyer and g.schedule_line_id = q.schedule_line_id
                and g.version > q.answered_since
            order by g.version desc limit 1), true) as watched
    ) said
    where q.schedule_line_id = new.schedule_line_id and q.buyer = new.buyer
        and m.schedule_line_id = q.schedule_line_id and m.buyer = q.buyer and m.watched <> said.watched;
    return null;
end
$$;
revoke all on function orders.watch_promise() from public;
create trigger progress_said after insert on orders.progress
    for each row execute function orders.watch_promise();
create trigger schedule_state_moved after update on orders.schedule_state
    for each row when (old.closed <> new.closed or old.answered_since <> new.answered_since)
    execute function orders.watch_promise();

with said as (
    select distinct on (g.schedule_line_id, g.buyer) g.schedule_line_id, g.buyer, g.stage
    from orders.progress g
    join orders.schedule_state q on q.schedule_line_id = g.schedule_line_id and q.buyer = g.buyer
    where g.version > q.answered_since
    order by g.schedule_line_id, g.buyer, g.version desc
)
update orders.promise m set watched = false
from orders.schedule_state q
left join said on said.schedule_line_id = q.schedule_line_id and said.buyer = q.buyer
where m.schedule_line_id = q.schedule_line_id and m.buyer = q.buyer and (q.closed or said.stage >= 5);

create index promise_watched_idx on orders.promise (buyer, committed_date, schedule_line_id) where watched;
drop index orders.promise_buyer_idx;
